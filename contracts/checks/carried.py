"""What one system carries over from another besides amounts: days, terms, tax bases, and what is credited (M13)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from contracts.checks.facts import BILLED, Facts, base_of, intent_of
from contracts.checks.lives import Life
from domain.money import said


class Carried(msgspec.Struct, frozen=True):
    """What two systems say of one matter, in words: the same words, when they agree."""

    left: Life
    right: Life
    told: str
    repeated: str


def carried(facts: Facts) -> Iterator[Carried]:
    """Yield what the right system has from the left one."""
    yield from _due_dates(facts)
    yield from _terms(facts)
    yield from _tax_bases(facts)
    yield from _won_back(facts)
    yield from _credited(facts)


def _due_dates(facts: Facts) -> Iterator[Carried]:
    invoices = facts.lives("invoice", "billing")
    for reference, lives in facts.posted.items():
        bill = invoices.get(reference)
        for life in lives if bill is not None and bill.since(BILLED) is not None else []:
            assert bill is not None, "guarded by the loop"
            yield Carried(bill, life, f"due on {bill.document.due_date}", f"due on {life.first_document.due_date}")


def _terms(facts: Facts) -> Iterator[Carried]:
    """Terms of payment: who names none (0) leaves them to the other system's own."""
    customers = facts.lives("customer", "billing")
    for key, life in facts.lives("customer", "erp").items():
        customer = customers.get(key)
        if customer is not None and not life.is_seeded and life.document.terms_days and customer.document.terms_days:
            left, right = customer.document.terms_days, life.document.terms_days
            yield Carried(customer, life, f"to pay in {left} days", f"to pay in {right} days")


def _tax_bases(facts: Facts) -> Iterator[Carried]:
    bills = {**facts.lives("invoice", "billing"), **facts.lives("credit_memo", "billing")}
    for code, lives in facts.tax_documents.items():
        bill = bills.get(code)
        for life in lives if bill is not None and not bill.is_seeded else []:
            assert bill is not None, "guarded by the loop"
            if life.status == "committed":
                left, right = bill.document.net_minor, abs(life.document.net_minor)
                currency = bill.document.currency
                yield Carried(
                    bill, life, f"a tax base of {said(left, currency)}", f"a tax base of {said(right, currency)}"
                )


def _won_back(facts: Facts) -> Iterator[Carried]:
    """What the ERP took in again for a dispute that was won, under the name of the dispute."""
    disputes = facts.lives("dispute", "payment")
    for reference, lives in facts.cash.items():
        dispute = disputes.get(intent_of(reference))
        for life in lives if dispute is not None else []:
            assert dispute is not None, "guarded by the loop"
            left, right = dispute.document, life.document
            told, repeated = said(left.amount_minor, left.currency), said(right.amount_minor, right.currency)
            yield Carried(dispute, life, f"{told} are disputed", f"{repeated} are disputed")


def _credited(facts: Facts) -> Iterator[Carried]:
    """Which invoice a credit is of, where the ERP's names one."""
    notes, posted = facts.lives("credit_memo", "billing"), facts.lives("invoice", "erp")
    for reference, memos in facts.memos.items():
        note = notes.get(reference)
        for memo in memos if note is not None else []:
            assert note is not None, "guarded by the loop"
            own = posted.get(memo.document.invoice)
            right = base_of(own.document.ref) if own is not None else memo.document.invoice
            if right:
                left = note.document.invoice
                yield Carried(note, memo, f"that it credits {left}", f"that it credits {right}")
