"""Reasons: what people are asked to decide has a cause. What a case's code says was seen before it was opened (L4).

`BORNE_OUT` is the table: a code, or its class, and what must have been seen. No history can tell it of the codes that
are missing there: of what is inside answers, mappings and price books (CONTRACT, DATA_QUALITY, TAX, most of
VALIDATION), of checklists and sums (CONFLICT.PERIOD_CLOSED, INTEGRITY), and of what customers object to
(PAYMENT.DISPUTE). INTERNAL is never right, whatever was seen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.lives import Life, document_of, quote_of
from domain.calendar import MINUTE_US
from domain.errors import by_code
from domain.families import family_of
from domain.history import Attempted, Case, Changed, Crashed, Fired

_JUST_THEN_US = MINUTE_US
_LATER = frozenset({408, 425, 429})
_NOT_THERE = 404
_UNPAID = frozenset({"failed", "returned"})
_SIGNED = frozenset({"accepted", "accept_failed", "converted"})
_OPEN_ORDERS = frozenset({"submitted", "booked", "credit_hold", "in_fulfilment", "partially_fulfilled", "fulfilled"})
_OPEN_SUBSCRIPTIONS = frozenset({"pending_activation", "trialing", "active"})
_OLD_COPIES = frozenset({"stale_read", "stale_snapshot"})
REFUSED, ABSENT, PASSING, UNKNOWN = "refused", "absent", "passing", "unknown"


class Troubles(msgspec.Struct, frozen=True, gc=False):
    """When calls ended badly, by how they did: all of them, and the first of each whole deal."""

    all_us: dict[str, list[int]]
    own_us: dict[tuple[str, str], int]

    def met(self, own: frozenset[str], since_us: int, by_us: int, ways: tuple[str, ...]) -> bool:
        """Tell whether a call of some deals had ever ended in one of some ways, or any call did from an instant on."""
        return any(_before(self.own_us.get((way, txn)), by_us) for way in ways for txn in own) or any(
            self.lately(way, since_us, by_us) for way in ways
        )

    def lately(self, way: str, since_us: int, by_us: int) -> bool:
        """Tell whether any call ended in a way between two instants."""
        ended_us = self.all_us.get(way, [])
        place = bisect_left(ended_us, since_us)
        return place < len(ended_us) and ended_us[place] <= by_us


def troubles(facts: Facts) -> Troubles:
    """Return when calls ended badly."""
    found = Troubles({}, {})
    for attempt in facts.history.of(Attempted):
        if attempt.outcome != "ok":
            way = _way(attempt)
            found.all_us.setdefault(way, []).append(attempt.at_us)
            found.own_us.setdefault((way, family_of(attempt.txn)), attempt.at_us)
    return found


def _way(attempt: Attempted) -> str:
    if attempt.outcome == "unknown":
        return UNKNOWN
    if attempt.status == _NOT_THERE:
        return ABSENT
    return REFUSED if 300 <= attempt.status < 500 and attempt.status not in _LATER else PASSING


def _met(facts: Facts, case: Case, by_us: int, *ways: str) -> bool:
    """Tell whether a call that belongs to a case had ended in one of some ways: one of its deal, or of none.

    A change of a contract calls in the name of the contract, and its invoice in its own: so the deal of the invoice
    that a flow is about belongs to the case, and so does whatever ended just then.
    """
    invoice = facts.lives("invoice", "billing").get(_subject(case))
    own = frozenset({family_of(case.txn), "", *([family_of(invoice.txn)] if invoice is not None else [])})
    return facts.once(troubles).met(own, case.at_us - _JUST_THEN_US if case.txn else 0, by_us, ways)


# --- what bears a code out --------------------------------------------------------------------------------------------


def _was_refused(facts: Facts, case: Case, by_us: int) -> bool:
    return _met(facts, case, by_us, REFUSED, ABSENT)


def _was_not_let_in(facts: Facts, case: Case, by_us: int) -> bool:
    """No status is known of a system that we did not trust."""
    return _met(facts, case, by_us, REFUSED, PASSING)


def _was_unknown(facts: Facts, case: Case, by_us: int) -> bool:
    """A process that died does not know either what came of the call it was in."""
    return _met(facts, case, by_us, UNKNOWN) or _before(facts.once(_crashed_us), by_us)


def _was_in_trouble(facts: Facts, _case: Case, by_us: int) -> bool:
    """A system that refused others, or did not answer them, is not called at all."""
    return any(facts.once(troubles).lately(way, 0, by_us) for way in (PASSING, UNKNOWN))


def _was_held_off(facts: Facts, case: Case, by_us: int) -> bool:
    """A refusal may be one, too: something else was at work on the same (409), or a throttle has another status."""
    return _was_in_trouble(facts, case, by_us) or _was_refused(facts, case, by_us)


def _broke_a_rule(facts: Facts, case: Case, by_us: int) -> bool:
    """Besides calls, work of fulfilment fails, people ask for more than there is, and a quote contradicts itself."""
    if _was_refused(facts, case, by_us) or not _is_of_a_document(facts, case) or _pauses(facts, case):
        return True
    work = facts.tasks.get(case.txn, ())
    return any(not life.entered.keys().isdisjoint({"failed", "cancelled"}) for life in work)


def _was_not_paid(facts: Facts, case: Case, by_us: int) -> bool:
    known = facts.once(_unpaid_us)
    return any(_before(known.get(name), by_us) for name in (*case.flow.split("/"), case.txn))


def _nobody_can_tell(_facts: Facts, _case: Case, _by_us: int) -> bool:
    """Customers object to what they like."""
    return True


def _needs_approval(facts: Facts, case: Case, _by_us: int) -> bool:
    """A partner or a renewal is in the quote, or a discount that nobody approved; what people ask for always does."""
    life = facts.accepted.get(_subject(case))
    if life is None:
        return True
    quote = quote_of(life)
    is_simple = quote.kind != "renew" and not quote.partner_model
    return not is_simple or (Decimal(quote.discount_percent) > 0 and not quote.approvals)


def _conflicts(facts: Facts, case: Case, by_us: int) -> bool:
    """A document of the deal is not in a state for it, a call said so, or a copy was old. Only deals can be judged."""
    life = facts.accepted_by_txn.get(case.txn)
    if life is None or quote_of(life).amendment_kind == "notice" or _pauses(facts, case):
        return True  # when notice may be given, and what may change before a pause, is not for this rule to say
    if _met(facts, case, by_us, REFUSED, UNKNOWN) or _before(facts.once(_crashed_us), by_us):
        return True
    if quote_of(life).kind != "amend" and _before(facts.once(_struck_us), by_us):
        return True
    return _before(facts.once(_aged_us), by_us) or any(_is_closed(each, by_us) for each in _papers(facts, life))


def _papers(facts: Facts, life: Life) -> Iterator[tuple[Life, frozenset[str]]]:
    """Yield a quote, its order and its subscription, each with the states in which there is work to do for it."""
    quote = quote_of(life)
    yield life, _SIGNED
    for order in facts.orders.get(life.id, ()):
        yield order, _OPEN_ORDERS
    subscription = facts.lives("subscription", "billing").get(quote.subscription)
    if subscription is not None:
        yield subscription, _OPEN_SUBSCRIPTIONS
    for own in facts.subscriptions.get(quote.number, ()):
        yield own, _OPEN_SUBSCRIPTIONS


def _is_closed(paper: tuple[Life, frozenset[str]], by_us: int) -> bool:
    """Tell whether a document had left the states for work by an instant, having been in one or not."""
    life, states = paper
    reached_us = life.since(states)
    return any(
        at_us <= by_us and status not in states and (reached_us is None or at_us > reached_us)
        for status, at_us in life.entered.items()
    )


def _subject(case: Case) -> str:
    return case.flow.rpartition("/")[2]


def _is_of_a_document(facts: Facts, case: Case) -> bool:
    """Tell whether a flow is about a quote, an invoice or a payment, and not about what somebody asked for."""
    subject = _subject(case)
    lives = facts.accepted, facts.lives("invoice", "billing"), facts.lives("payment", "payment")
    return any(subject in known for known in lives)


def _pauses(facts: Facts, case: Case) -> bool:
    life = facts.accepted_by_txn.get(case.txn)
    return life is not None and quote_of(life).subscription in facts.once(_paused)


# --- the facts of that, each worked out once --------------------------------------------------------------------------


def _before(at_us: int | None, by_us: int) -> bool:
    return at_us is not None and at_us <= by_us


def _paused(facts: Facts) -> frozenset[str]:
    quotes = map(quote_of, facts.accepted.values())
    return frozenset(quote.subscription for quote in quotes if quote.amendment_kind == "pause")


def _crashed_us(facts: Facts) -> int | None:
    return next((crash.at_us for crash in facts.history.of(Crashed)), None)


def _struck_us(facts: Facts) -> int | None:
    return next((fired.at_us for fired in facts.history.of(Fired)), None)


def _aged_us(facts: Facts) -> int | None:
    return next((fired.at_us for fired in facts.history.of(Fired) if fired.kind in _OLD_COPIES), None)


def _unpaid_us(facts: Facts) -> dict[str, int]:
    """Return when a payment first failed or came back, by the invoice it was to pay and by transaction."""
    found: dict[str, int] = {}
    for change in facts.history.changes("payment", "payment"):
        if change.status in _UNPAID:
            for name in _names(change):
                found.setdefault(name, change.at_us)
    return found


def _names(change: Changed) -> tuple[str, ...]:
    return document_of(change).ref, change.txn or change.id, change.id


Judge = Callable[[Facts, Case, int], bool]
BORNE_OUT: Mapping[str, Judge] = MappingProxyType(
    {
        "AUTH": _was_not_let_in,
        "CONFLICT.DUPLICATE_REQUEST": _was_refused,
        "CONFLICT.STATE": _conflicts,
        "DEPENDENCY": _was_in_trouble,
        "DEPENDENCY.CONCURRENCY_LIMIT": _was_held_off,
        "DEPENDENCY.RATE_LIMITED": _was_held_off,
        "DEPENDENCY.TIMEOUT": _was_unknown,
        "PAYMENT": _was_not_paid,
        "PAYMENT.DISPUTE": _nobody_can_tell,
        "POLICY.APPROVAL_REQUIRED": _needs_approval,
        "VALIDATION.BUSINESS_RULE": _broke_a_rule,
        "VALIDATION.LIMIT": _was_refused,
    }
)
"""What must have been seen before a case of a code, or of a class, was opened."""


def is_borne_out(facts: Facts, case: Case) -> bool:
    """Tell whether what the code of a case says was seen before `case`, its first record; true when nobody can tell."""
    judge = by_code(BORNE_OUT, case.code)
    return judge is None or judge(facts, case, case.at_us + facts.set_back_us)
