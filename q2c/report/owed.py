"""Owed: what customers owe, as the documents of the ERP add up to it; and quotes that no order stands for, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from contracts.checks.facts import BOOKED, Facts
from contracts.checks.lives import Life, document_of, quote_of
from contracts.checks.receivables import BAD_DEBT, RECEIVABLE
from contracts.checks.reconciliation import Row
from domain.objects import Cash, Entry
from q2c.report.journeys import Journeys

Home = tuple[str, str]
"""A legal entity and a currency."""


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """One legal entity and currency, all in the ERP: before + posted - credits - losses - cash + on account = open.

    `before` was open when the run began, `losses` were written off, `on_account` is cash that pays no invoice (yet),
    `cash` is net of refunds, those of a credit too.
    """

    entity: str
    currency: str
    before_minor: int
    posted_minor: int
    credits_minor: int
    losses_minor: int
    cash_minor: int
    on_account_minor: int
    open_minor: int

    @property
    def apart_minor(self) -> int:
        """What the documents do not explain of what is open; zero when the row adds up."""
        grown = self.before_minor + self.posted_minor + self.on_account_minor
        return grown - self.credits_minor - self.losses_minor - self.cash_minor - self.open_minor


class Unordered(msgspec.Struct, frozen=True):
    """Accepted quotes of one entity and currency that no order stands for: their value, and how many by stage."""

    amount_minor: int
    stages: tuple[tuple[str, int], ...]


def owed_of(facts: Facts, rows: tuple[Row, ...]) -> tuple[Owed, ...]:
    """Return the way from what was posted to what is open, for every row of the reconciliation."""
    before, losses, on_account = (_sums(part) for part in (_before(facts), _losses(facts), _on_account(facts)))
    return tuple(
        Owed(
            entity=row.entity, currency=row.currency, before_minor=before[row.entity, row.currency],
            posted_minor=row.posted_minor, credits_minor=row.posted_credits_minor,
            losses_minor=losses[row.entity, row.currency], cash_minor=row.cash_minor,
            on_account_minor=on_account[row.entity, row.currency], open_minor=row.receivable_minor,
        )
        for row in rows
    )  # fmt: skip


def _sums(amounts: Iterator[tuple[Home, int]]) -> Counter[Home]:
    found: Counter[Home] = Counter()
    for home, amount in amounts:
        found[home] += amount
    return found


def _before(facts: Facts) -> Iterator[tuple[Home, int]]:
    """Seeded invoices as they first stood; one that was paid before is put down and settled in the same instant."""
    opening: dict[str, tuple[Home, int]] = {}
    seeded = {life.id: life.created_us for life in facts.lives("invoice", "erp").values() if life.is_seeded}
    for change in facts.history.changes("invoice", "erp"):
        if seeded.get(change.id) == change.at_us:
            invoice = document_of(change)
            opening[change.id] = ((invoice.entity, invoice.currency), invoice.balance_minor)
    yield from opening.values()


def _losses(facts: Facts) -> Iterator[tuple[Home, int]]:
    for change in facts.history.changes("entry", "erp"):
        entry: Entry = document_of(change)
        if not change.before and any(posting.account == BAD_DEBT for posting in entry.postings):
            owed = sum(posting.amount_minor for posting in entry.postings if posting.account == RECEIVABLE)
            yield (entry.entity, entry.currency), -owed


def _on_account(facts: Facts) -> Iterator[tuple[Home, int]]:
    payments = facts.lives("cash", "erp")
    for life in payments.values():
        cash: Cash = life.document
        yield (cash.entity, cash.currency), cash.amount_minor - sum(amount for _, amount in cash.applied)
    for life in facts.lives("refund", "erp").values():
        paid = payments.get(life.document.payment)
        if paid is not None:
            yield (paid.document.entity, paid.document.currency), -life.document.amount_minor


def unordered_of(facts: Facts, journeys: Journeys) -> dict[Home, Unordered]:
    """Return the accepted quotes that no order stands for, with the stage that each is in."""
    amounts: Counter[Home] = Counter()
    stages: dict[Home, Counter[str]] = {}
    for reference, life in facts.accepted.items():
        quote = quote_of(life)
        if life.status == "accept_failed" or any(map(_stands, facts.orders.get(reference, []))):
            continue
        home = (quote.entity, quote.currency)
        amounts[home] += quote.total_minor
        stages.setdefault(home, Counter())[journeys.stage_of[reference]] += 1
    return {home: Unordered(amounts[home], tuple(sorted(counts.items()))) for home, counts in stages.items()}


def _stands(order: Life) -> bool:
    """Tell whether an order is among those that the reconciliation adds up."""
    return not order.is_seeded and (order.since(BOOKED) is not None or order.status != "cancelled")
