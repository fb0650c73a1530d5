"""Order of things: legal steps only, causes first, no lost updates (O1, O3, O4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from contracts.checks.facts import BILLED, CAPTURED, Facts, base_of, intent_of
from contracts.checks.lives import Life, document_of
from contracts.checks.verdict import Findings, Tally
from domain.charts import CHARTS, Chart
from domain.history import Changed
from domain.objects import Customer, Mirror, Quote

CHARTS_OF = {
    ("quote", "crm"): "quote",
    ("order", "erp"): "order",
    ("customer", "erp"): "credit",
    ("invoice", "billing"): "invoice",
    ("invoice", "erp"): "invoice",
    ("credit_memo", "billing"): "credit_memo",
    ("credit_memo", "erp"): "credit_memo",
    ("subscription", "billing"): "subscription",
    ("task", "fulfilment"): "fulfilment",
    ("dispute", "payment"): "dispute",
    ("period", "erp"): "period",
}
"""The chart that governs each kind of document in each system; payments have one per method."""
_SHOWN = ("order_status", "order_number", "invoice_status", "payment_status")
"""What a mirror says in words; once there is something to say, there always is."""


def legal_steps(facts: Facts) -> Findings:
    """Every status moves only along the transitions of its state chart, from the status it really had."""
    tally = Tally("O1")
    for (kind, system), name in CHARTS_OF.items():
        _fold(tally, facts.history.changes(kind, system), CHARTS[name])
    _fold(tally, facts.history.changes("payment", "payment"), None)
    chart = CHARTS["exception_case"]
    for case, records in facts.cases.items():
        before = ""
        for record in records:
            if before and before != record.status and not chart.allows(before, record.status):
                sentence = f"case {case} went from {before} to {record.status}, which is no transition"
                tally.violation(record.txn, sentence, records[0], record, entities=(case,))
            before = record.status
            tally.examined += 1
    return tally.findings()


def _fold(tally: Tally, changes: Iterable[Changed], chart: Chart | None) -> None:
    """Follow the status of each document; without a chart the document is a payment and has one by its method."""
    known: dict[str, str] = {}
    for change in changes:
        before, status = known.get(change.id, ""), change.status
        tally.examined += 1
        if before == status:
            continue
        known[change.id] = status
        table = chart or CHARTS[f"{document_of(change).method}_payment"]
        if change.before != before:
            problem = f"says it was {change.before or 'not there'} when it was {before or 'not there'}"
        elif before and not table.allows(before, status):
            problem = f"went from {before} to {status}, which is no transition of {table.name}"
        else:
            continue
        name = f"{change.system} {change.kind} {change.id}"
        tally.violation(change.txn, f"{name} {problem}", change, entities=(name,))


def causes_first(facts: Facts) -> Findings:
    """A cause comes before its effect: order, then invoice, then capture, then cash."""
    tally = Tally("O3")
    for cause, cause_us, effect, effect_us in _pairs(facts):
        tally.examined += 1
        if cause_us is None or cause_us > effect_us:
            sentence = f"{effect.name} came before {cause.name}, which is its cause"
            tally.violation(effect.txn, sentence, cause.last, effect.first, entities=(cause.name, effect.name))
    return tally.findings()


Pair = tuple[Life, int | None, Life, int]


def _pairs(facts: Facts) -> Iterator[Pair]:
    invoices = facts.lives("invoice", "billing")
    booked = {orders[0].txn: orders[0] for orders in facts.orders.values() if orders[0].document.kind != "amend"}
    for invoice in invoices.values():
        order = booked.get(invoice.txn)
        if order is not None and not invoice.is_seeded:
            yield order, order.created_us, invoice, invoice.created_us
        for posted in facts.posted.get(invoice.id, []):
            yield invoice, invoice.created_us, posted, posted.created_us
    for payments in facts.payments.values():
        for payment in payments:
            paid = invoices.get(base_of(payment.document.ref))
            if paid is not None and not paid.is_seeded:
                yield paid, paid.since(BILLED), payment, payment.created_us
    payments_by_id = facts.lives("payment", "payment")
    for reference, cash in facts.cash.items():
        captured = payments_by_id.get(reference)
        if captured is not None:
            captured_us = min(_captures(facts, captured), default=None)
            for life in cash:
                yield captured, captured_us, life, life.created_us
    for note in facts.lives("credit_memo", "billing").values():
        for memo in facts.memos.get(note.id, []):
            yield note, note.created_us, memo, memo.created_us


def _captures(facts: Facts, payment: Life) -> Iterator[int]:
    """Yield when each life of a payment intent got its money."""
    for life in facts.payments.get(base_of(payment.document.ref), []):
        at_us = life.since(CAPTURED)
        if intent_of(life.id) == intent_of(payment.id) and at_us is not None:
            yield at_us


def no_lost_update(facts: Facts) -> Findings:
    """What a system owns is never overwritten from an older picture, nor what sales is shown by one or by nothing."""
    tally = Tally("O4")
    mirrors: dict[str, Changed] = {}
    for change in facts.history.changes("mirror", "crm"):
        tally.examined += 1
        earlier = mirrors.get(change.id)
        mirrors[change.id] = change
        if earlier is not None and _sequence(earlier) > _sequence(change):
            sentence = f"the CRM's picture of {change.id} went back from {_sequence(earlier)} to {_sequence(change)}"
            tally.violation(change.txn, sentence, earlier, change, entities=(f"crm mirror {change.id}",))
        lost = [name for name in _SHOWN if earlier is not None and _said(earlier, name) and not _said(change, name)]
        if lost and earlier is not None:
            sentence = f"the CRM showed {_said(earlier, lost[0])!r} of {change.id} and shows no {lost[0]} any more"
            tally.violation(change.txn, sentence, earlier, change, entities=(f"crm mirror {change.id}",))
    _owned(tally, facts, "quote", "crm")
    _owned(tally, facts, "customer", "erp")
    return tally.findings()


def _said(mirror: Changed, name: str) -> str:
    return str(getattr(document_of(mirror), name))


def _sequence(change: Changed) -> int:
    document = change.document
    assert isinstance(document, Mirror), "changes of mirrors carry mirrors"
    return document.sequence


def _owned(tally: Tally, facts: Facts, kind: str, system: str) -> None:
    """Find requests of the integration that changed what only the system's own people may change."""
    known: dict[str, Changed] = {}
    for change in facts.history.changes(kind, system):
        earlier = known.get(change.id)
        known[change.id] = change
        if earlier is None or not change.cause.startswith("r"):
            continue
        tally.examined += 1
        if _kept(earlier) != _kept(change):
            name = f"{system} {kind} {change.id}"
            sentence = f"a request of the integration overwrote what the {system} owns of {kind} {change.id}"
            tally.violation(change.txn, sentence, earlier, change, entities=(name,))


def _kept(change: Changed) -> object:
    document = document_of(change)
    if isinstance(document, Customer):
        return document.credit_limit_minor
    assert isinstance(document, Quote), "quotes and customers are owned by their systems"
    return msgspec.structs.replace(document, status="")
