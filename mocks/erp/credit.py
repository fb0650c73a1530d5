"""Credit: exposure against the limit, holds, and who is told to wait.

Exposure is open AR plus booked orders not yet billed less unapplied cash. What waits on hold counts as demand, so an
order that does not fit keeps its customer on soft hold until payments or a higher limit make room. Levels follow the
credit chart one step at a time; a person may override them (ON holds, OFF never holds).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

import msgspec

from domain.calendar import local_date
from domain.objects import Hold
from mocks.erp.catalogue import Catalogue
from mocks.erp.customers import AUTO, OFF, ON, CustomerRecord, Customers
from mocks.erp.quirks import Quirks
from mocks.erp.rates import Rates
from mocks.erp.scripts import credit_changed
from mocks.kernel.desk import Desk
from mocks.kernel.tables import Table

LEVELS = ("clear", "warning", "soft_hold", "hard_hold")
HELD = frozenset({"soft_hold", "hard_hold"})


class Balance(msgspec.Struct, frozen=True, gc=False):
    """What one customer owes and has coming in one currency, in minor units."""

    open_minor: int = 0
    unbilled_minor: int = 0
    unapplied_minor: int = 0
    waiting_minor: int = 0

    @property
    def exposure_minor(self) -> int:
        """Open AR plus unbilled orders less unapplied cash; may be negative when there is more cash than debt."""
        return self.open_minor + self.unbilled_minor - self.unapplied_minor


_NOTHING = Balance()
_NONE: Mapping[str, Any] = MappingProxyType({})


class Credit:
    """The balances and levels of all customers; `follow` is told of each change between levels."""

    def __init__(self, desk: Desk, customers: Customers, catalogue: Catalogue, rates: Rates, quirks: Quirks) -> None:
        self._desk = desk
        self._customers = customers
        self._catalogue = catalogue
        self._rates = rates
        self._quirks = quirks
        self._balances: Table[dict[str, Balance]] = desk.tables.table()  # by customer and currency
        self._due: Table[dict[str, date]] = desk.tables.table()  # by customer and invoice with a balance
        self._holds: dict[str, Hold] = {}
        self._reasons: dict[str, str] = {}  # customer -> why a script holds it

    def balance(self, customer: str, currency: str) -> Balance:
        """Return the balance of a customer in one currency."""
        return self._balances.get(customer, _NONE).get(currency, _NOTHING)

    def move(
        self, customer: str, currency: str, *, owed: int = 0, unbilled: int = 0, unapplied: int = 0, waiting: int = 0
    ) -> None:
        """Change a balance by differences in minor units; what waits does so on hold."""
        balances = self._balances.get(customer, _NONE)
        before = balances.get(currency, _NOTHING)
        after = Balance(
            before.open_minor + owed, before.unbilled_minor + unbilled, before.unapplied_minor + unapplied,
            before.waiting_minor + waiting,
        )  # fmt: skip
        self._balances[customer] = {**balances, currency: after}

    def note_due(self, customer: str, invoice: str, due: date | None) -> None:
        """Remember an open invoice's due date, or forget it (None) when it is paid."""
        dates = dict(self._due.get(customer, _NONE))
        if due is None:
            dates.pop(invoice, None)
        else:
            dates[invoice] = due
        self._due[customer] = dates

    def totals(self, record: CustomerRecord) -> Balance:
        """Return the balance over all currencies in the customer's own one."""
        balances = self._balances.get(record.id, _NONE)
        if balances.keys() <= {record.currency}:
            return balances.get(record.currency, _NOTHING)
        totals = [0, 0, 0, 0]
        for currency, balance in balances.items():
            for at, amount in enumerate(msgspec.structs.astuple(balance)):
                totals[at] += self._convert(amount, currency, record)
        return Balance(*totals)

    def owed_minor(self, record: CustomerRecord) -> int:
        """Return what a customer owes: open AR less unapplied cash, in its own currency."""
        total = self.totals(record)
        return total.open_minor - total.unapplied_minor

    def _convert(self, amount_minor: int, currency: str, record: CustomerRecord) -> int:
        if currency == record.currency or not amount_minor:
            return amount_minor
        rate = self._rates.find(currency, record.currency, self._today(record))
        return rate.convert(amount_minor) if rate is not None else amount_minor

    def _today(self, record: CustomerRecord) -> date:
        return local_date(self._desk.now_us, self._catalogue.subsidiaries[record.entity].zone)

    def holds_order(self, record: CustomerRecord, currency: str, amount_minor: int) -> bool:
        """Decide on a new order: held while the customer is on hold, or when it does not fit into the limit."""
        if record.override == OFF:
            return False
        if record.status in HELD:
            return True
        if not record.limit_minor or amount_minor <= 0:
            return False
        total = self.totals(record)
        wanted = total.exposure_minor + total.waiting_minor + self._convert(amount_minor, currency, record)
        return wanted > record.limit_minor

    def level(self, record: CustomerRecord) -> str:
        """Return the level the customer should be on now."""
        if record.override == ON:
            return record.manual_level
        if record.override == OFF:
            return "clear"
        if record.limit_minor:
            total = self.totals(record)
            demand = total.exposure_minor + total.waiting_minor
            if demand > record.limit_minor:
                return "soft_hold"
            if demand * 100 > record.limit_minor * self._quirks.warning_percent:
                return "warning"
        dates = self._due.get(record.id)
        if dates and (self._today(record) - min(dates.values())).days > self._quirks.overdue_warning_days:
            return "warning"
        return "clear"

    def review(self, customer: str, follow: Callable[[CustomerRecord], None]) -> None:
        """Bring a customer to the level of the moment, tell `follow`, and again until nothing changes."""
        for _ in range(4):
            record = self._customers.records[customer]
            target = self.level(record)
            if target == record.status:
                return
            self._walk(record, target)
            follow(self._customers.records[customer])

    def _walk(self, record: CustomerRecord, target: str) -> None:
        at, goal = LEVELS.index(record.status), LEVELS.index(target)
        steps = list(LEVELS[at + 1 : goal + 1]) if goal > at else ["clear", *LEVELS[1 : goal + 1]]
        for status in steps:
            record = msgspec.structs.replace(record, status=status, modified_us=self._desk.now_us)
            self._customers.save(record)
        self._mark(record)
        if self._quirks.notifies_credit:
            credit_changed(self._desk, record)

    def _mark(self, record: CustomerRecord) -> None:
        hold = self._holds.get(record.id)
        level = record.status.removesuffix("_hold") if record.status in HELD else ""
        if hold is not None and hold.level != level:
            del self._holds[record.id]
            released = msgspec.structs.replace(hold, status="released")
            self._desk.book.put("hold", hold.id, released, released, "released")
            hold = None
        if level and hold is None:
            key = f"HOLD{self._desk.next('hold'):06d}"
            hold = Hold(id=key, customer=record.account, account=record.account, level=level, status="active")
            self._holds[record.id] = hold
            self._desk.book.put("hold", key, hold, hold, "active")

    def place(self, record: CustomerRecord, level: str) -> None:
        """Let a person put the customer on hold (soft or hard)."""
        if level not in ("soft", "hard"):
            raise ValueError(f"a hold is soft or hard, not {level!r}")
        self._reasons.pop(record.id, None)
        self._override(record, ON, f"{level}_hold")

    def release(self, record: CustomerRecord) -> None:
        """Let a person end a hold; when the limit alone would hold the customer, override it until the next act."""
        automatic = msgspec.structs.replace(record, override=AUTO, manual_level="")
        fits = record.override == ON and self.level(automatic) not in HELD
        self._override(record, AUTO if fits else OFF, "")

    def hold_for(self, record: CustomerRecord, level: str, reason: str) -> None:
        """Let a script hold a customer for a reason (soft or hard), or end the hold of that reason (empty level).

        A hold for another reason, or of a person, is left as it is.
        """
        placed = self.reason_of(record)
        if record.override == ON and placed != reason:
            return
        if level:
            self._reasons[record.id] = reason
            self._override(record, ON, f"{level}_hold")
        elif placed:
            del self._reasons[record.id]
            self._override(record, AUTO, "")

    def reason_of(self, record: CustomerRecord) -> str:
        """Return why a script holds a customer; empty when none does."""
        return self._reasons.get(record.id, "") if record.override == ON else ""

    def set_limit(self, record: CustomerRecord, limit_minor: int) -> None:
        """Let a person change the limit (0: none); an override by release ends here."""
        override = AUTO if record.override == OFF else record.override
        self._customers.save(
            msgspec.structs.replace(
                record, limit_minor=limit_minor, override=override, modified_us=self._desk.now_us
            )
        )  # fmt: skip

    def _override(self, record: CustomerRecord, override: str, level: str) -> None:
        self._customers.save(
            msgspec.structs.replace(
                record, override=override, manual_level=level, modified_us=self._desk.now_us
            )
        )  # fmt: skip
