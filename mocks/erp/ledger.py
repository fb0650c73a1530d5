"""The general ledger: balanced entries in document and base currency, and the balances they make."""

from __future__ import annotations

from collections.abc import Sequence

from domain.objects import Entry, Posting
from mocks.erp.catalogue import Catalogue
from mocks.erp.periods import Slot
from mocks.erp.rates import Rate
from mocks.kernel.desk import Desk

Rows = Sequence[tuple[str, int]]


def postings_of(rows: Rows, rate: Rate) -> tuple[Posting, ...]:
    """Return (account, amount) rows in both currencies; the last row takes the base residual."""
    kept = [(account, amount) for account, amount in rows if amount]
    if not kept or rate.numerator == rate.denominator:
        return tuple([Posting(account, amount, amount) for account, amount in kept])
    head = [Posting(account, amount, rate.convert(amount)) for account, amount in kept[:-1]]
    account, amount = kept[-1]
    return (*head, Posting(account, amount, -sum([posting.base_minor for posting in head])))


class Ledger:
    """Posts entries and keeps the balance of every account by entity and currency."""

    def __init__(self, desk: Desk, catalogue: Catalogue) -> None:
        self._desk = desk
        self._catalogue = catalogue
        self.balances: dict[tuple[str, str, str], list[int]] = {}

    def post(
        self, source: str, entity: str, currency: str, rate: Rate, slot: Slot, postings: tuple[Posting, ...], txn: str
    ) -> None:
        """Write one entry; nothing is written when there is nothing to post (a document of zero)."""
        if not postings:
            return
        assert not sum([row.amount_minor for row in postings]), f"{source} does not balance in {currency}"
        assert not sum([row.base_minor for row in postings]), f"{source} does not balance in base currency"
        key = f"GL{self._desk.next('entry'):07d}"
        entry = Entry(
            id=key, source=source, entity=entity, currency=currency,
            base_currency=self._catalogue.subsidiaries[entity].currency, rate=rate.text, rate_id=rate.id,
            period=slot.period, business_date=slot.day, postings=postings, original_date=slot.original,
        )  # fmt: skip
        self._desk.book.put("entry", key, entry, entry, "posted", txn)
        for row in postings:
            balance = self.balances.get((entity, currency, row.account))
            if balance is None:
                balance = self.balances[entity, currency, row.account] = [0, 0]
            balance[0] += row.amount_minor
            balance[1] += row.base_minor

    def trial_balance(self, entity: str, currency: str = "") -> dict[str, tuple[int, int]]:
        """Return account -> (amount, base) in minor units; over all currencies the amounts mean nothing, base does."""
        result: dict[str, tuple[int, int]] = {}
        for (owner, unit, account), (amount, base) in sorted(self.balances.items()):
            if owner == entity and currency in ("", unit):
                before = result.get(account, (0, 0))
                result[account] = (before[0] + amount, before[1] + base)
        return result
