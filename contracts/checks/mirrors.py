"""Mirrors: sales sees the financial truth in the CRM, in time, and the right balance once all is quiet (L3)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from contracts.checks.facts import BILLED, Facts
from contracts.checks.lives import Life, document_of, invoice_of, whole_of
from contracts.checks.mirror_news import credits_are_shown
from contracts.checks.mirror_words import words_are_true
from contracts.checks.under_way import is_under_way
from contracts.checks.verdict import Evidence, Findings, Tally
from domain.history import Changed
from domain.money import said

UNSETTLED = "the run ended before the systems had their settling time after the faults"


def sales_sees_the_truth(facts: Facts) -> Findings:
    """The CRM shows each invoice of a quote as posted and as paid in time, and at the end what is open in billing.

    What it says of the order and of its invoices is so then, and what nobody goes on with is back with sales. A credit
    is shown by the work that books it.
    """
    tally = Tally("L3")
    shown = {change.id: change for change in facts.history.changes("mirror", "crm")}
    for life in facts.lives("invoice", "billing").values():
        _shown_in_time(tally, facts, life, shown.get(whole_of(invoice_of(life).ref)))
    if facts.context.inside or any(document_of(each).invoice_balance_minor for each in shown.values()):
        for owed in _owed(facts):
            _right_balance(tally, facts, owed, shown.get(owed.quote))
    if facts.context.inside:
        words_are_true(tally, facts, shown)
        credits_are_shown(tally, facts)
    return tally.findings("" if facts.has_settled else UNSETTLED)


def _shown_in_time(tally: Tally, facts: Facts, life: Life, last: Changed | None) -> None:
    reference = invoice_of(life).ref
    if reference not in facts.accepted or life.is_seeded or life.status == "voided":
        return
    for statuses, word in ((BILLED, "posted"), (("paid",), "paid")):
        fact_us = life.since(statuses)
        if fact_us is None:
            continue
        is_due = facts.is_due(fact_us)
        tally.examined += is_due
        is_seen = last is not None and (last.at_us >= fact_us or _shows(facts, last, life))
        if is_seen or facts.is_in_hand(life):
            continue
        tally.under_way += is_under_way(facts, fact_us)
        if is_due:
            sentence = (
                f"invoice {life.id} was {word}, and the CRM still shows {_picture(last, invoice_of(life).currency)}"
            )
            evidence: Evidence = (fact_us, f"invoice {life.id} was {word} in billing")
            seen = (last,) if last is not None else ()
            tally.violation(life.txn, sentence, *seen, evidence, life.last, entities=(life.name,))


def _shows(facts: Facts, mirror: Changed, invoice: Life) -> bool:
    """Tell whether what sales sees is true already: a black box that says it once more changes nothing in the CRM."""
    document = document_of(mirror)
    seen = (document.invoice_status, document.invoice_balance_minor)
    return not facts.context.inside and seen == (invoice.status, invoice_of(invoice).balance_minor)


def _picture(mirror: Changed | None, currency: str) -> str:
    if mirror is None:
        return "nothing of it"
    document = document_of(mirror)
    status = document.invoice_status or document.order_status or "no status"
    return f"{mirror.id} as {status} with {said(document.invoice_balance_minor, currency)} open"


# --- what is open, once all is quiet ----------------------------------------------------------------------------------


class Owed(msgspec.Struct, frozen=True, gc=False):
    """The invoices of a quote by the part of it that they bill: one part, or one for each legal entity that sells."""

    quote: str
    parts: tuple[tuple[Life, ...], ...]

    @property
    def latest(self) -> Life:
        """The invoice that changed last."""
        return max([life for part in self.parts for life in part], key=lambda life: life.last.at_us)

    def balances_minor(self) -> set[int]:
        """Return what may be shown as open: of each part the balance of one invoice, whichever had news last."""
        sums = {0}
        for part in self.parts:
            sums = {known + invoice_of(life).balance_minor for known in sums for life in part}
        return sums


def _owed(facts: Facts) -> Iterator[Owed]:
    """Yield what is owed of each quote with an invoice, unless somebody has one of them in hand."""
    parts: dict[str, dict[str, list[Life]]] = {}
    for life in facts.lives("invoice", "billing").values():
        reference = invoice_of(life).ref
        if reference in facts.accepted and life.since(BILLED) is not None and not life.is_seeded:
            parts.setdefault(whole_of(reference), {}).setdefault(reference, []).append(life)
    for quote, found in parts.items():
        if not any(facts.is_in_hand(life) for lives in found.values() for life in lives):
            yield Owed(quote, tuple(map(tuple, found.values())))


def _right_balance(tally: Tally, facts: Facts, owed: Owed, last: Changed | None) -> None:
    life = owed.latest
    is_due = facts.is_due(life.last.at_us)
    tally.examined += is_due
    if last is None or document_of(last).invoice_balance_minor in owed.balances_minor():
        return
    tally.under_way += is_under_way(facts, life.last.at_us)
    if is_due:
        invoice = invoice_of(life)
        sentence = (
            f"invoice {life.id} has {said(invoice.balance_minor, invoice.currency)} open in billing, "
            f"and the CRM shows {_picture(last, invoice.currency)}"
        )
        tally.violation(life.txn, sentence, last, life.last, entities=(life.name, f"crm mirror {owed.quote}"))
