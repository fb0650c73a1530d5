"""Causes: nothing unexpected, nothing lost, no children of the dead, no strangers (S8-S11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from contracts.checks.facts import CAPTURED, Facts, base_of, intent_of
from contracts.checks.lives import Life, document_of, invoice_of, quote_of
from contracts.checks.under_way import is_under_way
from contracts.checks.unlinked import Excuses
from contracts.checks.verdict import Findings, Tally
from domain.history import Attempted, Changed

_HELD = frozenset({"soft_hold", "hard_hold"})
_ALIVE = frozenset({"accepted", "accept_failed", "converted"})
_ENTITY_KINDS = (
    ("order", "erp"),
    ("invoice", "erp"),
    ("credit_memo", "erp"),
    ("cash", "erp"),
    ("subscription", "billing"),
    ("invoice", "billing"),
    ("credit_memo", "billing"),
)
_POSTED = frozenset({"invoice", "payment"})
_ACTIVE = frozenset({"active", "trialing"})
Expected = tuple[str, Life, bool]
INTERCOMPANY = "journal/IC-"
"""The sources of entries between legal entities."""


def nothing_unexpected(facts: Facts) -> Findings:
    """Every order, subscription, invoice, capture and tax document in a system has a cause in the history."""
    tally = Tally("S8")
    for cause, life, is_expected in _children(facts):
        if life.is_seeded:
            continue
        tally.examined += 1
        if not is_expected:
            sentence = f"{life.name} has no cause: there is no {cause}"
            tally.violation(life.txn, sentence, life.first, entities=(life.name,))
    return tally.findings()


def _children(facts: Facts) -> Iterator[Expected]:
    accepted, invoices = facts.accepted_by_txn, facts.lives("invoice", "billing")
    known = accepted.keys() | facts.subscriptions.keys()
    notes, payments = facts.lives("credit_memo", "billing"), facts.lives("payment", "payment")
    for reference, orders in facts.orders.items():
        for life in orders:
            yield f"accepted quote {reference or life.document.ref}", life, reference in facts.accepted
    for life in facts.lives("subscription", "billing").values():
        yield f"accepted quote {life.txn or life.id}", life, life.txn in accepted
    for life in invoices.values():
        cause = invoice_of(life).subscription
        yield (
            f"subscription {cause}",
            life,
            cause in facts.lives("subscription", "billing") if cause else life.txn in known,
        )
    for life in notes.values():
        yield f"invoice {life.document.invoice}", life, life.document.invoice in invoices
    for kind, billed in (("invoice", invoices), ("credit_memo", notes)):
        yield from _posted(facts, kind, billed)
    named = (
        frozenset() if facts.context.inside else known
    )  # our own names what it pays and takes in, others name the deal
    for life in payments.values():
        yield f"billing invoice {life.document.ref}", life, _is(life.document.ref, invoices) or life.txn in named
    money = {**payments, **facts.lives("dispute", "payment")}
    for life in facts.lives("cash", "erp").values():
        is_known = intent_of(base_of(life.document.ref)) in money
        yield f"payment {life.document.ref}", life, is_known or _is(life.document.ref, money) or life.txn in named
    sources = {**facts.lives("cash", "erp"), **facts.lives("credit_memo", "erp")}
    for life in facts.lives("refund", "erp").values():
        yield f"payment or credit {life.document.payment}", life, life.document.payment in sources
    for code, lives in facts.tax_documents.items():
        for life in lives:
            yield f"billing document {code}", life, code in invoices or code in notes or life.txn in known


def _posted(facts: Facts, kind: str, billed: dict[str, Life]) -> Iterator[Expected]:
    """Yield what the ERP has of a kind; what names nothing stands for one that billing has and no document names."""
    posted = list(facts.lives(kind, "erp").values())
    named = {base_of(life.document.ref) for life in posted}
    unnamed = Counter(
        (life.document.currency, life.document.total_minor) for key, life in billed.items() if key not in named
    )
    for life in posted:
        is_billed = _is(life.document.ref, billed)
        if not is_billed and not life.is_seeded:
            worth = (life.document.currency, life.document.total_minor)
            is_billed = unnamed[worth] > 0
            unnamed[worth] -= 1
        yield f"billing {kind.replace('_', ' ')} {life.document.ref}", life, is_billed


def _is(reference: str, table: dict[str, Life]) -> bool:
    return reference in table or base_of(reference) in table


def nothing_lost(facts: Facts) -> Findings:
    """Each accepted quote, billing invoice and captured payment is taken further, or people have it in hand."""
    tally, excuses = Tally("S9"), Excuses(facts)
    for cause, life, due_us, is_found in _parents(facts):
        tally.examined += 1
        if not is_found and life.last.kind in _POSTED and excuses.takes(life):
            continue
        if is_found or _in_hand(facts, life):
            continue
        tally.under_way += is_under_way(facts, due_us)
        if facts.is_due(due_us):
            sentence = f"{life.name} was lost: {cause}, no flow works on it and no exception case names it"
            tally.violation(life.txn, sentence, life.last, entities=(life.name,))
    if not facts.has_settled:
        return tally.findings("the run ended before its last events could be taken up")
    return tally.findings(excuses.unjudged)


def _parents(facts: Facts) -> Iterator[tuple[str, Life, int, bool]]:
    for reference, life in facts.accepted.items():
        taken = reference in facts.orders or life.status != "accepted"
        clear_us = life.entered["accepted"]
        if not facts.context.inside:  # a black box may keep what credit holds back; our own has a flow for it
            clear_us = credit_clear_us(facts, quote_of(life).account, clear_us)
        yield "there is no order for it", life, clear_us, taken
    for life in facts.lives("invoice", "billing").values():
        if not life.is_seeded:
            taken = life.id in facts.posted or life.status not in ("draft", "tax_pending", "ready")
            yield "it is still not posted", life, life.created_us, taken
    for life in facts.lives("payment", "payment").values():
        captured_us = captured_at(life)
        if captured_us is not None:
            yield "the ERP knows no cash for it", life, captured_us, intent_of(life.id) in facts.cash


def credit_clear_us(facts: Facts, account: str, accepted_us: int) -> int:
    """Return when a customer who accepted at an instant was clear to buy; beyond the end of the run while on hold.

    Only a hold that began within the settling time excuses: by then the order should have been made.
    """
    clear_us = accepted_us
    for from_us, until_us in facts.once(_holds).get(account, ()):
        if from_us <= clear_us + facts.settle_us and clear_us < until_us:
            clear_us = until_us
    return clear_us


def _holds(facts: Facts) -> dict[str, list[tuple[int, int]]]:
    """Return when the credit of each customer was held, by the ERP; what still is, ends after the run."""
    found: dict[str, list[tuple[int, int]]] = {}
    since: dict[str, int] = {}
    for change in facts.history.changes("customer", "erp"):
        is_held = change.status in _HELD or document_of(change).credit_status in _HELD
        if is_held:
            since.setdefault(change.id, change.at_us)
        elif change.id in since:
            found.setdefault(change.id, []).append((since.pop(change.id), change.at_us))
    for account, from_us in since.items():
        found.setdefault(account, []).append((from_us, facts.context.horizon_us + 1))
    return found


def captured_at(life: Life) -> int | None:
    """Return when a payment's money was there, or None; for a debit that was returned it never was."""
    if life.document.captured_minor == 0 or life.status == "returned":
        return None
    return life.since(CAPTURED)


def _in_hand(facts: Facts, life: Life) -> bool:
    if facts.is_in_hand(life):
        return True
    own = {life.id, getattr(life.document, "ref", "") if life.last.kind == "payment" else life.id}
    return not own.isdisjoint(facts.subjects)


def no_children_of_the_dead(facts: Facts) -> Findings:
    """Nothing starts from a dead parent: no order from a withdrawn quote, no invoice after the order was cancelled."""
    tally = Tally("S10")
    for reference, orders in facts.orders.items():
        for order in orders:
            tally.examined += 1
            _from_quote(tally, facts, reference, order)
            ended_us = order.entered.get("cancelled")
            if ended_us is not None and order.document.kind != "amend" and len(orders) == 1:
                _after_cancellation(tally, facts, order, ended_us)
    invoices = facts.lives("invoice", "billing")
    for life in facts.lives("payment", "payment").values():
        invoice = invoices.get(base_of(life.document.ref))
        voided_us = invoice.entered.get("voided") if invoice is not None else None
        tally.examined += 1
        if invoice is not None and voided_us is not None and life.created_us > voided_us:
            sentence = f"payment {life.id} was made for invoice {invoice.id}, which had been voided"
            tally.violation(life.txn, sentence, invoice.last, life.first, entities=(life.name, invoice.name))
    return tally.findings()


def _from_quote(tally: Tally, facts: Facts, reference: str, order: Life) -> None:
    quote = facts.lives("quote", "crm").get(reference)
    if quote is None or reference not in facts.accepted or order.is_seeded:
        return
    accepted_us = quote.entered["accepted"]
    if order.created_us < accepted_us or quote.status not in _ALIVE:
        sentence = f"order {order.id} was made from quote {reference} when it was not accepted"
        tally.violation(order.txn, sentence, quote.last, order.first, entities=(order.name, quote.name))


def _after_cancellation(tally: Tally, facts: Facts, order: Life, ended_us: int) -> None:
    """Find what was started afterwards, and not by a request that was on its way when the order ended."""
    late = [
        (subscription, _activation(facts, subscription))
        for subscription in facts.subscriptions.get(order.txn, [])
        if (subscription.since(_ACTIVE) or 0) > ended_us
    ]
    late += [(task, task.first) for task in facts.tasks.get(order.txn, []) if task.created_us > ended_us]
    for child, change in late:
        if _asked_us(facts, change) > ended_us:
            sentence = f"{child.name} was started after its order {order.id} had been cancelled"
            tally.violation(order.txn, sentence, order.last, child.last, entities=(order.name, child.name))


def _activation(facts: Facts, subscription: Life) -> Changed:
    changes = facts.history.changes("subscription", "billing")
    return next(change for change in changes if change.id == subscription.id and change.status in _ACTIVE)


def _asked_us(facts: Facts, change: Changed) -> int:
    """Return when the request left that made a change, or when it was made when nobody asked for it."""
    sent = (each.sent_us for each in facts.history.of(Attempted) if each.number == change.cause)
    return next(sent, change.at_us)


def entities_apart(facts: Facts) -> Findings:
    """Every document of a business transaction belongs to the legal entity of its quote, in every system."""
    tally = Tally("S11")
    homes = {txn: life.document.entity for txn, life in facts.accepted_by_txn.items()}
    for txn, lives in facts.subscriptions.items():
        homes.setdefault(txn, lives[0].document.entity)
    for kind, system in _ENTITY_KINDS:
        for life in facts.lives(kind, system).values():
            _at_home(tally, homes, life, life.document.entity)
    for change in facts.history.changes("entry", "erp"):
        home = homes.get(change.txn)
        if home is None or document_of(change).source.startswith(INTERCOMPANY):
            continue  # what entities owe each other is in the books of both (M19)
        tally.examined += 1
        entity = document_of(change).entity
        if entity != home:
            sentence = f"entry {change.id} is in the books of {entity}, the sale is one of {home}"
            tally.violation(change.txn, sentence, change, entities=(f"erp entry {change.id}",))
    return tally.findings()


def _at_home(tally: Tally, homes: dict[str, str], life: Life, entity: str) -> None:
    home = homes.get(life.txn)
    if home is None or not entity:
        return
    tally.examined += 1
    if entity != home:
        sentence = f"{life.name} belongs to {entity}, but {life.txn} was sold by {home}"
        tally.violation(life.txn, sentence, life.last, entities=(life.name,))
