"""Files in, batches, result files out: the rules of the legacy ERP."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from domain.calendar import MINUTE_US, SECOND_US
from domain.objects import Line, Order
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal
from mocks.kernel.tables import Table
from mocks.legacy_erp.quirks import Quirks

HEADER = "#ORDERS;1"
_FIELDS = {"O": 9, "L": 9, "F": 2, "X": 2}


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was put; `result` is None until a batch has worked it off."""

    name: str
    text: str
    received_us: int
    result: str | None = None


class Bad(Exception):
    """A file that cannot be read: all of it is refused."""


class LegacyErp:
    """State and rules; it knows no HTTP."""

    def __init__(self, desk: Desk, quirks: Quirks) -> None:
        self.desk, self.quirks = desk, quirks
        self.items: dict[str, str] = {}
        self._zone = ZoneInfo(quirks.zone)
        self._planned_us = 0

    # --- files --------------------------------------------------------------------------------------------------

    def put(self, name: str, text: str) -> File:
        """Take a file until the next batch; one that waits is replaced, one that was worked off is not."""
        wait = self._closed_seconds(self.desk.now_us)
        if wait:
            raise Refusal(
                "window_closed", f"files are taken from {self.quirks.opens_hour}:00", retry_after_seconds=wait
            )
        known: File | None = self.desk.book.get("file", name)
        if known is not None and known.result is not None:
            raise Refusal("worked_off", f"{name} was worked off")
        file = File(name=name, text=text, received_us=self.desk.now_us)
        self.desk.book.keep("file", name, file)
        self._plan(self.desk.now_us)
        return file

    def result(self, name: str) -> str:
        """Return the result file of a file; there is none before its batch."""
        known: File | None = self.desk.book.get("file", name)
        if known is None or known.result is None:
            raise Refusal("not_found", f"there is no result of {name}")
        return known.result

    # --- hours --------------------------------------------------------------------------------------------------

    def _closed_seconds(self, at_us: int) -> int:
        """Return how long it takes until files are taken again; 0 while they are."""
        local = datetime.fromtimestamp(at_us // SECOND_US, UTC).astimezone(self._zone)
        if self.quirks.opens_hour <= local.hour < self.quirks.closes_hour:
            return 0
        day = local.date() + timedelta(days=local.hour >= self.quirks.closes_hour)
        opens = datetime.combine(day, time(self.quirks.opens_hour), self._zone)
        return int((opens - local).total_seconds())

    def _plan(self, at_us: int) -> None:
        """Plan the next batch: at the next full step of the clock, when files are taken by then."""
        step_us = self.quirks.batch_minutes * MINUTE_US
        next_us = (at_us // step_us + 1) * step_us
        next_us += self._closed_seconds(next_us) * SECOND_US
        if next_us != self._planned_us:
            self._planned_us = next_us
            self.desk.agenda.add(next_us, "run_batch")

    # --- batches ------------------------------------------------------------------------------------------------

    def run_batch(self) -> None:
        """Work off every file that waits, in the order in which they came."""
        files: Table[File] = self.desk.book.table("file")
        for file in [each for each in files.values() if each.result is None]:
            self.desk.book.keep("file", file.name, msgspec.structs.replace(file, result=self._worked_off(file)))

    def _worked_off(self, file: File) -> str:
        try:
            rows = self._rows(file.text)
        except Bad as bad:
            return f"REJECTED;{bad}\n"
        return "".join(f"{line}\n" for row in rows for line in self._taken(row))

    def _rows(self, text: str) -> list[list[str]]:
        """Return the rows of a file; one bad row spoils all of it."""
        head, *lines = text.splitlines() or [""]
        if head != HEADER:
            raise Bad(f"the first line is not {HEADER}")
        rows = [line.split(";") for line in lines]
        for number, row in enumerate(rows, 2):
            if _FIELDS.get(row[0]) != len(row):
                raise Bad(f"line {number} is no record")
            if row[0] == "L" and not (row[4].isdecimal() and row[5].isdecimal()):
                raise Bad(f"line {number}: quantity and amount are whole numbers")
            if row[0] == "L" and row[3] not in self.items and not self.quirks.drops_silently:
                raise Bad(f"line {number}: there is no item {row[3]}")
        return rows

    def _taken(self, row: list[str]) -> list[str]:
        """Do what one record asks for; return what the result file says of it, nothing for what is dropped."""
        kind, ref = row[0], row[1]
        order: Order | None = self.desk.book.get("order", self._id_of(ref))
        if kind == "O":
            return [self._ordered(row, order)]
        if order is None:
            return []  # a record of an order that is not there: not worth a word
        if kind == "L":
            return self._line(row, order)
        steps = ("in_fulfilment", "fulfilled") if kind == "F" else ("cancelling", "compensating", "cancelled")
        if order.status not in steps:
            for status in steps:
                order = self._keep(order, status=status)
        return [f"{kind};{ref};TAKEN"]

    def _ordered(self, row: list[str], known: Order | None) -> str:
        _, ref, customer, entity, currency, day, txn, kind, user = row
        if known is not None:
            return f"O;{ref};REJECTED;the order exists"
        number = self.quirks.first_number + self.desk.next("order")
        self.desk.book.keep("order_id", ref, str(number))
        order = Order(
            id=str(number), ref=ref, txn=txn, version=int(ref.rpartition("-v")[2] or 1), number=f"L{number}",
            customer=customer, entity=entity, currency=currency, kind=kind, status="submitted", lines=(),
            total_minor=0, business_date=date.fromisoformat(day), end_customer=user,
        )  # fmt: skip
        self._keep(self._keep(order), status="booked")
        return f"O;{ref};TAKEN;L{number}"

    def _line(self, row: list[str], order: Order) -> list[str]:
        _, ref, line_id, item, quantity, amount, kind, months, listed = row
        if item not in self.items:
            return []  # the silent drop: a known record of an unknown item
        if any(line.id == line_id for line in order.lines):
            return [f"L;{ref};{line_id};REJECTED;the line exists"]
        line = Line(
            id=line_id, sku=self.items[item], kind=kind, quantity=int(quantity),
            unit_minor=int(amount) // max(int(quantity), 1), amount_minor=int(amount), months=int(months),
            list_unit_minor=int(listed),
        )  # fmt: skip
        self._keep(order, lines=(*order.lines, line), total_minor=order.total_minor + line.amount_minor)
        return [f"L;{ref};{line_id};TAKEN"]

    def _id_of(self, ref: str) -> str:
        return str(self.desk.book.get("order_id", ref) or "")

    def _keep(self, order: Order, **changes: object) -> Order:
        kept = msgspec.structs.replace(order, **changes)
        self.desk.book.put("order", kept.id, kept, kept, kept.status, kept.txn)
        return kept


def open_item(erp: LegacyErp, sku: str, item: str) -> None:
    """Enter an item under its legacy number."""
    erp.items[item] = sku


def retire_item(erp: LegacyErp, item: str) -> None:
    """Take an item out of the catalogue: what is ordered of it from now on is dropped."""
    erp.items.pop(item, None)
