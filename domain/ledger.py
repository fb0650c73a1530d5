"""The ledger holds balanced double entries: per legal entity and currency, debits equal credits, base amounts too.

Accounts are a chart as data; the postings themselves, one pure function per business event,
are in `domain.postings`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType

import msgspec


class Account(Enum):
    """Account numbers of the chart."""

    BANK = "1000"
    PROCESSOR_CLEARING = "1050"
    DISPUTED_FUNDS = "1060"
    RECEIVABLE = "1100"
    CONTRACT_ASSET = "1150"
    TAX_PAYABLE = "2100"
    UNAPPLIED_CASH = "2150"
    DEFERRED_REVENUE = "2200"
    PARTNER_PAYABLE = "2300"
    INTERCOMPANY = "2900"
    REVENUE = "4000"
    DISCOUNTS = "4100"
    INTERCOMPANY_COST = "5100"
    PARTNER_COMMISSION = "5200"
    PROCESSOR_FEES = "6100"
    BAD_DEBT = "6200"
    REALISED_FX = "7000"
    UNREALISED_FX = "7050"
    ROUNDING = "7900"


ACCOUNT_NAMES: Mapping[Account, str] = MappingProxyType(
    {account: account.name.replace("_", " ").capitalize() for account in Account}
)
"""Plain names for reports."""


class Line(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One side of an entry: a debit or a credit of `account` in document currency and in the entity's base.

    Exactly one of `debit_minor` and `credit_minor` is above zero unless the line is of base only (an exchange
    difference), where both are zero. `base_minor` is signed, debit positive. `detail` is the sub-account: a
    jurisdiction, a performance obligation, a partner.
    """

    account: Account
    currency: str
    debit_minor: int = 0
    credit_minor: int = 0
    base_minor: int = 0
    detail: str = ""

    def __post_init__(self) -> None:
        """Refuse negative sides and lines on both sides at once."""
        if min(self.debit_minor, self.credit_minor) < 0 or (self.debit_minor and self.credit_minor):
            raise ValueError(f"line on {self.account.value} needs one side, not {self}")

    @property
    def signed_minor(self) -> int:
        """Return the amount, debit positive."""
        return self.debit_minor - self.credit_minor

    def reversed(self) -> "Line":
        """Return the line with its sides exchanged."""
        return msgspec.structs.replace(
            self, debit_minor=self.credit_minor, credit_minor=self.debit_minor, base_minor=-self.base_minor
        )


class Unbalanced(ValueError):
    """An entry's debits and credits differ; nothing may be posted (INTEGRITY.UNBALANCED_ENTRY)."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A journal entry of one legal entity, caused by `source` (a document or event id)."""

    entity: str
    event: str
    lines: tuple[Line, ...]
    source: str = ""

    def amount(self, account: Account, detail: str | None = None) -> int:
        """Return the signed document amount on an account, debit positive."""
        return sum(
            line.signed_minor
            for line in self.lines
            if line.account is account and (detail is None or line.detail == detail)
        )

    def base_amount(self, account: Account) -> int:
        """Return the signed base amount on an account, debit positive."""
        return sum(line.base_minor for line in self.lines if line.account is account)

    def reversed(self, event: str, source: str = "") -> "Entry":
        """Return the entry that undoes this one exactly."""
        lines = tuple(line.reversed() for line in self.lines)
        return Entry(entity=self.entity, event=event, lines=lines, source=source or self.source)


def differences(entries: Iterable[Entry]) -> dict[tuple[str, str], int]:
    """Return debits minus credits per (entity, currency), and base totals under (entity, "base"); zeros left out."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for entry in entries:
        for line in entry.lines:
            sums[entry.entity, line.currency] += line.signed_minor
            sums[entry.entity, "base"] += line.base_minor
    return {key: value for key, value in sums.items() if value}


def is_balanced(entry: Entry) -> bool:
    """Tell whether debits equal credits in every currency and in base."""
    return not differences([entry])


def trial_balance(entries: Iterable[Entry]) -> dict[tuple[str, Account, str], int]:
    """Return the signed balance per (entity, account, currency)."""
    sums: dict[tuple[str, Account, str], int] = defaultdict(int)
    for entry in entries:
        for line in entry.lines:
            sums[entry.entity, line.account, line.currency] += line.signed_minor
    return dict(sums)


class Writer:
    """Collects the lines of one entry and refuses to write an unbalanced one.

    A line's base amount is that of the document unless another one is given.
    """

    def __init__(self, entity: str, event: str, currency: str, source: str = "") -> None:
        """Begin an entry in one document currency."""
        self._entity, self._event, self._source = entity, event, source
        self._currency = currency
        self._lines: list[Line] = []

    def debit(self, account: Account, amount_minor: int, detail: str = "", base_minor: int | None = None) -> None:
        """Add a debit; a negative amount lands on the other side, zero adds nothing."""
        base = amount_minor if base_minor is None else base_minor
        if amount_minor or base:
            line = Line(
                account=account,
                currency=self._currency,
                debit_minor=max(amount_minor, 0),
                credit_minor=max(-amount_minor, 0),
                base_minor=base,
                detail=detail,
            )
            self._lines.append(line)

    def credit(self, account: Account, amount_minor: int, detail: str = "", base_minor: int | None = None) -> None:
        """Add a credit; a negative amount lands on the other side, zero adds nothing."""
        self.debit(account, -amount_minor, detail, None if base_minor is None else -base_minor)

    def entry(self) -> Entry:
        """Return the finished entry; raise Unbalanced when its sides differ."""
        entry = Entry(entity=self._entity, event=self._event, lines=tuple(self._lines), source=self._source)
        off = differences([entry])
        if off:
            raise Unbalanced(f"entry {self._event} of {self._entity} is off by {off}: nothing posted")
        return entry
