"""Told: whatever the systems of record show to have happened leaves as an event of its own (L11).

Whoever lives on events (analytics, a warehouse, a portal) never asks the systems. `FACTS` is the table: what happened,
to which documents, and the event that tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from contracts.checks.facts import BOOKED, Facts, base_of
from contracts.checks.lives import Life, quote_of
from contracts.checks.verdict import Findings, Tally
from domain.history import Emitted

_BEGUN = frozenset({"active", "trialing"})
_OVER = frozenset({"cancelled", "closed"})
Dated = tuple[Life, str, int | None]
"""A document, what its event is about, and since when there is something to tell; None for nothing."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of news: the event that tells it, and the documents that show it."""

    event: str
    shown: Callable[[Facts], Iterable[Dated]]


def news_is_told(facts: Facts) -> Findings:
    """What systems show to have happened has its event: bookings, postings, money that came and went, and ends."""
    tally = Tally("L11")
    told = {(event.type, event.subject) for event in facts.history.of(Emitted)}
    for fact in FACTS if told else ():  # a site without events tells nobody anything
        for life, subject, since_us in fact.shown(facts):
            if since_us is None or life.is_seeded or not facts.is_due(since_us) or facts.is_in_hand(life):
                continue
            tally.examined += 1
            if (fact.event, subject) not in told:
                sentence = f"{life.name} is {life.status}, and no {fact.event} of {subject} was ever told"
                tally.violation(life.txn, sentence, life.last, entities=(life.name, subject))
    return tally.findings()


def _undone(facts: Facts) -> Iterator[Dated]:
    for life in facts.undone.values():
        yield life, base_of(life.document.ref), life.since(_OVER)


def _created(kind: str, system: str) -> Callable[[Facts], Iterable[Dated]]:
    return lambda facts: [(life, life.id, life.created_us) for life in facts.lives(kind, system).values()]


def _ended(kind: str, system: str, status: str) -> Callable[[Facts], Iterable[Dated]]:
    return lambda facts: [(life, life.id, life.entered.get(status)) for life in facts.lives(kind, system).values()]


def _booked(facts: Facts) -> Iterator[Dated]:
    for life in facts.lives("order", "erp").values():
        if life.txn not in facts.undone:  # what was undone may never have been seen
            yield life, base_of(life.document.ref), life.since(BOOKED)


def _subscribed(facts: Facts) -> Iterator[Dated]:
    for life in facts.lives("subscription", "billing").values():
        if life.txn not in facts.undone:
            yield life, life.id, life.created_us


def _begun(facts: Facts) -> Iterator[Dated]:
    """Yield the subscriptions of new orders: a renewal begins by itself on its day."""
    for life in facts.lives("subscription", "billing").values():
        quote = facts.accepted_by_txn.get(life.txn)
        if quote is not None and quote_of(quote).kind == "new" and life.txn not in facts.undone:
            yield life, life.id, life.since(_BEGUN)


def _posted(facts: Facts) -> Iterator[Dated]:
    for reference, lives in facts.posted.items():
        yield lives[0], reference, lives[0].created_us


def _given_up(facts: Facts) -> Iterator[Dated]:
    for reference, lives in facts.posted.items():
        yield lives[0], reference, lives[0].entered.get("written_off")


def _credited(facts: Facts) -> Iterator[Dated]:
    notes = facts.lives("credit_memo", "billing")
    for reference, lives in facts.memos.items():
        if reference in notes:
            yield lives[0], reference, lives[0].created_us


def _paid(facts: Facts) -> Iterator[Dated]:
    payments = facts.lives("payment", "payment")
    for reference, lives in facts.cash.items():
        if reference in payments:
            yield lives[0], reference, lives[0].created_us


FACTS = (
    Fact(event="q2c.order.booked.v1", shown=_booked),
    Fact(event="q2c.order.cancelled.v1", shown=_undone),
    Fact(event="q2c.subscription.created.v1", shown=_subscribed),
    Fact(event="q2c.subscription.activated.v1", shown=_begun),
    Fact(event="q2c.invoice.posted.v1", shown=_posted),
    Fact(event="q2c.payment.received.v1", shown=_paid),
    Fact(event="q2c.payment.applied.v1", shown=_paid),
    Fact(event="q2c.credit_memo.issued.v1", shown=_credited),
    Fact(event="q2c.payment.refunded.v1", shown=_created("refund", "payment")),
    Fact(event="q2c.payout.settled.v1", shown=_created("payout", "payment")),
    Fact(event="q2c.invoice.written_off.v1", shown=_given_up),
)
