"""Pointing: from the faults that struck some transactions to faults that strike just there.

A plan says "1 % of the replies of the ERP are lost until Thursday". What matters for a story is the strike: "the reply
to the first order posting of Q-000007 is lost". A point fault says that: kind, system, operation, transaction and the
how-manieth opportunity. Which one it was is counted in the history that the strike was seen in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from contracts.checks.facts import Facts
from domain.calendar import SECOND_US
from domain.faults import CATALOGUE, Fault, Place
from domain.history import Arrived, Attempted, Delivered, Fired

Form = Callable[[Fault, Fired, Facts], Fault]
_COMMITTED = frozenset({"done", "replayed"})


def strikes_on(facts: Facts, quotes: Iterable[str]) -> tuple[Fired, ...]:
    """Return the strikes that hit some quotes' transactions, in order; the members of a family are their quote's."""
    wanted = set(quotes)
    return tuple(each for each in facts.history.of(Fired) if each.txn and each.txn.partition(".")[0] in wanted)


def strikes_on_nobody(facts: Facts) -> tuple[Fired, ...]:
    """Return the strikes that hit an operation, but no transaction: the integration's own sweeps and tables."""
    return tuple(each for each in facts.history.of(Fired) if each.operation and not each.txn)


def pointed(strikes: Sequence[Fired], facts: Facts, form: Form) -> tuple[Fault, ...]:
    """Return a plan with one fault for each strike, in one of the `FORMS`."""
    plan = facts.context.faults
    return tuple(dict.fromkeys(form(plan[each.fault], each, facts) for each in strikes))


def at_nth(fault: Fault, strike: Fired, facts: Facts) -> Fault:
    """Return the fault that strikes the same opportunity, counted among those of its transaction and operation."""
    return msgspec.structs.replace(_aimed(fault, strike), nth=_turn(fault, strike, facts))


def at_instant(fault: Fault, strike: Fired, facts: Facts) -> Fault:
    """Return the fault that strikes the same operation of the same transaction within the second."""
    start_us = strike.at_us // SECOND_US * SECOND_US
    return msgspec.structs.replace(_aimed(fault, strike), start_us=start_us, end_us=start_us + SECOND_US)


def at_every_try(fault: Fault, strike: Fired, facts: Facts) -> Fault:
    """Return the fault that strikes that operation of that transaction as long as the fault of the plan lasts."""
    return msgspec.structs.replace(_aimed(fault, strike), start_us=fault.start_us, end_us=fault.end_us)


def is_point(fault: Fault) -> bool:
    """Tell whether a fault strikes an operation of one transaction, or once."""
    is_once = fault.nth > 0 or 0 < fault.end_us - fault.start_us <= SECOND_US
    return fault.share_ppm == 1_000_000 and bool(fault.operation) and (bool(fault.txn) or is_once)


FORMS: tuple[Form, ...] = (at_nth, at_instant, at_every_try)
"""From the simplest to the one that is surest to strike."""


def _aimed(fault: Fault, strike: Fired) -> Fault:
    return msgspec.structs.replace(
        fault, system=strike.system, operation=strike.operation, txn=strike.txn, share_ppm=1_000_000, nth=0,
        start_us=0, end_us=0,
    )  # fmt: skip


def _turn(fault: Fault, strike: Fired, facts: Facts) -> int:
    """Return which opportunity of its transaction and operation a strike was, from 1."""
    where = strike.system, strike.operation, strike.txn
    place = CATALOGUE[fault.kind].place
    if place is Place.WEBHOOK:
        return 1 + len({each.message for each in _messages(facts, where) if each.sent_us < strike.at_us})
    numbers = _attempts(facts, where) if place is Place.NETWORK else _arrivals(facts, where, place)
    earlier = {number for number in numbers if _order(number) < _order(strike.number)}
    return 1 + len(earlier)


def _attempts(facts: Facts, where: tuple[str, str, str]) -> list[str]:
    records = facts.history.of(Attempted)
    return [each.number for each in records if (each.system, each.operation, each.txn) == where]


def _arrivals(facts: Facts, where: tuple[str, str, str], place: Place) -> list[str]:
    return [
        each.number
        for each in facts.history.of(Arrived)
        if (each.system, each.operation, each.txn) == where and (place is Place.BEFORE or each.effect in _COMMITTED)
    ]


def _messages(facts: Facts, where: tuple[str, str, str]) -> list[Delivered]:
    records = facts.history.of(Delivered)
    return [each for each in records if each.genuine and (each.system, each.topic, each.txn) == where]


def _order(number: str) -> tuple[int, str]:
    """Return the place of an attempt in the order in which they were made (`r9` comes before `r10`)."""
    return len(number), number
