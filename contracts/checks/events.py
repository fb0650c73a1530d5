"""Events and beginnings: what is told comes in order, and nothing is charged before it is delivered (O10, O11)."""

from __future__ import annotations

from datetime import date

from contracts.checks.facts import Facts
from contracts.checks.lives import Life, document_of, invoice_of, quote_of, subscription_of
from contracts.checks.verdict import Findings, Tally
from domain.calendar import add_months, local_date
from domain.history import Emitted
from domain.objects import Subscription

_BEGUN = frozenset({"active", "trialing"})
_UNDONE = frozenset({"cancelled", "reversed", "failed"})
_HELD = frozenset({"soft_hold", "hard_hold"})
_HELD_TOLD, _FREE_TOLD = "q2c.credit_hold.applied.v1", "q2c.credit_hold.released.v1"


def events_in_order(facts: Facts) -> Findings:
    """The events of each subject leave in the order of their sequence, none left out; one told again is the same.

    Each says all that the schema of its type asks for, and the last one of a credit hold is true.
    """
    tally = Tally("O10")
    told: dict[str, Emitted] = {}
    last: dict[str, Emitted] = {}
    for event in facts.history.of(Emitted):
        tally.examined += 1
        first = told.setdefault(event.id, event)
        before = last.get(event.subject)
        if first is not event:  # the process died before it knew that it had told it
            if (first.subject, first.sequence) != (event.subject, event.sequence):
                sentence = f"event {event.id} left as number {first.sequence} and {event.sequence} of {event.subject}"
                tally.violation(event.txn, sentence, first, event, entities=(event.subject,))
            continue
        last[event.subject] = event
        if event.problem:
            sentence = f"{event.type} of {event.subject} breaks its schema: {event.problem}"
            tally.violation(event.txn, sentence, event, entities=(event.subject,))
        if event.sequence != (before.sequence if before is not None else 0) + 1:
            number = before.sequence if before is not None else "nothing"
            sentence = f"number {event.sequence} of {event.subject} ({event.type}) left after {number}"
            evidence = (before, event) if before is not None else (event,)
            tally.violation(event.txn, sentence, *evidence, entities=(event.subject,))
    _holds_are_told(tally, facts)
    return tally.findings()


def _holds_are_told(tally: Tally, facts: Facts) -> None:
    """Find customers whose credit hold began or ended in the run, while what was told of it last says otherwise."""
    told = {each.subject: each for each in facts.history.of(Emitted) if each.type in (_HELD_TOLD, _FREE_TOLD)}
    for life in facts.lives("customer", "erp").values():
        event = told.get(life.id)
        is_in_hand = life.id in facts.excused or any(life.id in flow.flow for flow in facts.parked)
        if (event is None and len(life.entered) == 1) or is_in_hand or not facts.is_due(life.last.at_us):
            continue
        tally.examined += 1
        if (event is not None and event.type == _HELD_TOLD) != (life.status in _HELD):
            sentence = f"{life.name} is {life.status}, and {event.type if event is not None else 'nothing'} was told"
            evidence = (event,) if event is not None else ()
            tally.violation(life.txn, sentence, life.last, *evidence, entities=(life.name,))


def charges_begin_in_time(facts: Facts) -> Findings:
    """A subscription begins once all is delivered and its first day is here, for its term; no invoice before."""
    tally = Tally("O11")
    subscriptions = facts.lives("subscription", "billing")
    for life in subscriptions.values():
        begun_us = life.since(_BEGUN)
        if begun_us is None or life.is_seeded:
            continue
        tally.examined += 1
        problem = _too_early(facts, life, begun_us) or _other_term(facts, life)
        if problem:
            tasks = [task.last for task in facts.tasks.get(life.txn, [])]
            evidence = (begun_us, f"subscription {life.id} began")
            tally.violation(life.txn, f"{life.name} began {problem}", *tasks, evidence, entities=(life.name,))
    for invoice in facts.lives("invoice", "billing").values():
        owner = subscriptions.get(invoice_of(invoice).subscription)
        if owner is None or invoice.is_seeded or owner.is_seeded:
            continue
        tally.examined += 1
        begun_us = owner.since(_BEGUN)
        if begun_us is None or begun_us > invoice.created_us:
            sentence = f"{invoice.name} charges {owner.name} before it began"
            tally.violation(invoice.txn, sentence, owner.last, invoice.first, entities=(invoice.name, owner.name))
    return tally.findings()


def _too_early(facts: Facts, life: Life, begun_us: int) -> str:
    for task in facts.tasks.get(life.txn, []):
        delivered_us = task.entered.get("completed")
        if task.status not in _UNDONE and (delivered_us is None or delivered_us > begun_us):
            return f"before task {task.id} was completed"
    start, zone = subscription_of(life).start, facts.zones.get(life.document.entity, "UTC")
    today = local_date(begun_us, zone)
    if today < start:
        return f"on {today}, its first day is {start}"
    return _charged_before(facts, life, start, zone)


def _charged_before(facts: Facts, life: Life, start: date, zone: str) -> str:
    """Return what was delivered only after the first day that is charged; a clock that was set back may say so."""
    for task in facts.tasks.get(life.txn, []):
        delivered_us = task.entered.get("completed")
        if delivered_us is None or task.status in _UNDONE:
            continue
        day = local_date(delivered_us - facts.set_back_us, zone)
        if start < day:
            return f"on {start}, task {task.id} was completed on {day}"
    return ""


def _other_term(facts: Facts, life: Life) -> str:
    """Return what is wrong with the term of a new subscription; amendments may change it later."""
    quote = facts.accepted_by_txn.get(life.txn)
    months = quote_of(quote).term_months if quote is not None and quote_of(quote).kind == "new" else 0
    begun: Subscription | None = facts.once(_begun).get(life.id)
    if not months or begun is None or begun.applied or add_months(begun.start, months) == begun.term_end:
        return ""
    return f"for {begun.start} to {begun.term_end}, and {months} months were agreed"


def _begun(facts: Facts) -> dict[str, Subscription]:
    """Return each subscription as it was when it began."""
    found: dict[str, Subscription] = {}
    for change in facts.history.changes("subscription", "billing"):
        if change.status in _BEGUN:
            found.setdefault(change.id, document_of(change))
    return found
