"""Reconciliation: the money of each legal entity and currency, as each system tells it, and where they differ.

Amounts are integer minor units of the row's currency. What is still on its way at the end of the run shows as a
difference too; the checks M13 and L1 say whether a difference is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from contracts.checks.facts import BILLED, BOOKED, Facts, base_of
from contracts.checks.lives import document_of, invoice_of, quote_of
from domain.objects import Entry

RECEIVABLE = "1100"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One legal entity and currency. `trial_balance_minor` is zero when the books are right."""

    entity: str
    currency: str
    accepted_minor: int = 0
    ordered_minor: int = 0
    invoiced_minor: int = 0
    credited_minor: int = 0
    posted_minor: int = 0
    posted_credits_minor: int = 0
    captured_minor: int = 0
    recorded_minor: int = 0
    cash_minor: int = 0
    receivable_minor: int = 0
    ledger_receivable_minor: int = 0
    trial_balance_minor: int = 0

    @property
    def differences(self) -> tuple[tuple[str, int], ...]:
        """What two neighbours do not agree on: (what, left minus right in minor units), zeros left out."""
        pairs = (
            ("accepted in CRM - ordered in ERP", self.accepted_minor - self.ordered_minor),
            ("invoiced in billing - posted in ERP", self.invoiced_minor - self.posted_minor),
            ("captured - recorded in billing", self.captured_minor - self.recorded_minor),
            ("captured - cash in ERP", self.captured_minor - self.cash_minor),
            ("open invoices in ERP - receivables in the ledger", self.receivable_minor - self.ledger_receivable_minor),
            ("trial balance", self.trial_balance_minor),
        )
        return tuple((what, amount) for what, amount in pairs if amount)


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """The payouts of one currency and their entries in the books."""

    currency: str
    payouts: int
    net_minor: int
    booked_minor: int


class Reconciliation(msgspec.Struct, frozen=True):
    """All rows, by entity and currency, and the settlements by currency."""

    rows: tuple[Row, ...]
    settlements: tuple[Settlement, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nobody disagrees with anybody."""
        return not any(row.differences for row in self.rows) and all(
            each.net_minor == each.booked_minor for each in self.settlements
        )


Amount = tuple[str, str, str, int]


def reconcile(facts: Facts) -> Reconciliation:
    """Return the money of a history, system by system."""
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for part in (_sold(facts), _billed(facts), _paid(facts), _booked(facts)):
        for entity, currency, field, amount in part:
            row = sums.setdefault((entity, currency), {})
            row[field] = row.get(field, 0) + amount
    rows = [Row(entity=entity, currency=currency, **fields) for (entity, currency), fields in sorted(sums.items())]
    return Reconciliation(tuple(rows), tuple(_settlements(facts)))


def _sold(facts: Facts) -> Iterator[Amount]:
    for life in facts.accepted.values():
        quote = quote_of(life)
        if life.status != "accept_failed":
            yield quote.entity, quote.currency, "accepted_minor", quote.total_minor
    for life in facts.lives("order", "erp").values():
        order = life.document
        if not life.is_seeded and (life.since(BOOKED) is not None or life.status != "cancelled"):
            yield order.entity, order.currency, "ordered_minor", order.total_minor


def _billed(facts: Facts) -> Iterator[Amount]:
    for life in facts.lives("invoice", "billing").values():
        invoice = invoice_of(life)
        if life.since(BILLED) is not None and not life.is_seeded:
            yield invoice.entity, invoice.currency, "invoiced_minor", invoice.total_minor
    for life in facts.lives("credit_memo", "billing").values():
        yield life.document.entity, life.document.currency, "credited_minor", life.document.total_minor
    for life in facts.lives("invoice", "erp").values():
        invoice = invoice_of(life)
        if not life.is_seeded:
            yield invoice.entity, invoice.currency, "posted_minor", invoice.total_minor
        yield invoice.entity, invoice.currency, "receivable_minor", invoice.balance_minor
    for life in facts.lives("credit_memo", "erp").values():
        memo = life.document
        yield memo.entity, memo.currency, "posted_credits_minor", memo.total_minor
        yield memo.entity, memo.currency, "receivable_minor", -memo.balance_minor


def _paid(facts: Facts) -> Iterator[Amount]:
    invoices = facts.lives("invoice", "billing")
    for reference, payments in facts.payments.items():
        invoice = invoices.get(base_of(reference))
        for payment in payments:
            paid = payment.document
            captured = paid.captured_minor - paid.refunded_minor - paid.disputed_minor
            entity = invoice_of(invoice).entity if invoice is not None else ""
            if captured:
                yield entity, payment.document.currency, "captured_minor", captured
    for system, field in (("billing", "recorded_minor"), ("erp", "cash_minor")):
        homes: dict[str, str] = {}
        for life in facts.lives("cash", system).values():
            homes.setdefault(life.txn, life.document.entity)
            if not life.is_seeded:
                yield life.document.entity, life.document.currency, field, life.document.amount_minor
        for life in facts.lives("refund", system).values():
            yield homes.get(life.txn, ""), life.document.currency, field, -life.document.amount_minor


def _booked(facts: Facts) -> Iterator[Amount]:
    for change in facts.history.changes("entry", "erp"):
        if change.before:
            continue
        entry: Entry = document_of(change)
        for posting in entry.postings:
            yield entry.entity, entry.currency, "trial_balance_minor", posting.amount_minor
            if posting.account == RECEIVABLE:
                yield entry.entity, entry.currency, "ledger_receivable_minor", posting.amount_minor


def _settlements(facts: Facts) -> Iterator[Settlement]:
    payouts = facts.lives("payout", "payment")
    booked: dict[str, int] = {}
    for change in facts.history.changes("entry", "erp") if payouts else ():
        entry: Entry = document_of(change)
        key = base_of(entry.source.partition("/")[2])
        if key in payouts and not change.before:
            bank = sum(posting.amount_minor for posting in entry.postings if posting.account == "1000")
            booked[key] = booked.get(key, 0) + bank
    for currency in sorted({life.document.currency for life in payouts.values()}):
        own = [life for life in payouts.values() if life.document.currency == currency]
        yield Settlement(
            currency=currency, payouts=len(own), net_minor=sum(life.document.net_minor for life in own),
            booked_minor=sum(booked.get(life.id, 0) for life in own),
        )  # fmt: skip
