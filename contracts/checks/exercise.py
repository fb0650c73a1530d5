"""Anti-vacuity: a verdict counts only if the run did what it was meant to do (A8).

A planned fault that had every chance to strike and never did, and an operation that never once succeeded, make the
verdict unknown. A fault without an opportunity in its window and scope, or with too few to expect it, is only reported.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.verdict import Findings, Tally
from domain.calendar import SECOND_US
from domain.faults import CATALOGUE, Fault, Place
from domain.history import Arrived, Attempted, Delivered, Fired, Sealed

STRIKES_MIN = 3
"""Expected strikes below which a fault that never fired proves nothing."""
_SILENCE_MAX = 1e-6
"""The chance that a fault stays silent by accident, above which its silence proves nothing."""
_ATTEMPTS_MIN = 3
_BUSINESS_ANSWERS = frozenset({400, 402, 409, 412, 422})
Offer = Callable[[Sequence[int], int, str, str, str], None]
KEYED = frozenset({"billing", "payment"})
"""Systems that know a repeated intent by an idempotency key."""


class Chance(msgspec.Struct, frozen=True):
    """How often a planned fault could have struck, and how often it did. `fault` is its index in the plan."""

    fault: int
    opportunities: int
    expected: float
    fired: int

    @property
    def is_suspicious(self) -> bool:
        """Whether the fault should have fired and did not."""
        if self.fired or self.expected < STRIKES_MIN:
            return False
        return math.exp(-self.expected) < _SILENCE_MAX or self.expected == self.opportunities


def plan_was_exercised(facts: Facts) -> Findings:
    """Every planned fault that could strike did strike, and every kind of write succeeded at least once."""
    tally = Tally("A8")
    problems, notes = [], []
    for chance in chances(facts):
        tally.examined += 1
        fault = facts.context.faults[chance.fault]
        name = " ".join(part for part in (fault.kind, fault.system, fault.operation, fault.txn) if part)
        if chance.is_suspicious:
            problems.append(f"the planned fault {name} never fired in {chance.opportunities} opportunities")
        elif not chance.fired:
            notes.append(f"{name} was not exercised ({chance.opportunities} opportunities)")
    tried, answered = _operations(facts)
    for operation, count in sorted(tried.items()):
        tally.examined += 1
        if count >= _ATTEMPTS_MIN and operation not in answered:
            problems.append(
                f"{' '.join(operation)} was tried {count} times with no fault in its way and never succeeded"
            )
    return tally.findings("; ".join(problems), notes=notes)


def _operations(facts: Facts) -> tuple[Counter[tuple[str, str]], set[tuple[str, str]]]:
    """Return how often each kind of write was tried with no fault in its way, and those that a system did.

    Whether or not an answer came is nothing to go by.
    """
    struck = {fired.number for fired in facts.history.of(Fired)}
    tried: Counter[tuple[str, str]] = Counter()
    answered: set[tuple[str, str]] = set()
    for attempt in facts.history.of(Attempted):
        if attempt.write:
            name = (attempt.system, attempt.operation)
            tried[name] += attempt.number not in struck
            if attempt.outcome == "ok" or attempt.status in _BUSINESS_ANSWERS:
                answered.add(name)
    if not answered >= tried.keys():
        done = (arrived for arrived in facts.history.of(Arrived) if arrived.effect == "done")
        answered.update((arrived.system, arrived.operation) for arrived in done)
    return tried, answered


def chances(facts: Facts) -> tuple[Chance, ...]:
    """Return, for each planned fault, its opportunities, the strikes to expect of them, and the strikes there were."""
    faults = facts.context.faults
    fired: Counter[int] = Counter()
    hit: dict[str, int] = {}
    for strike in facts.history.of(Fired):
        fired[strike.fault] += 1
        hit[strike.number] = strike.fault
    seen = _opportunities(facts, [i for i in range(len(faults)) if not fired[i]], hit)
    result = []
    for index, fault in enumerate(faults):
        found = seen.get(index, 0)
        result.append(Chance(index, found, found * fault.share_ppm / 1_000_000, fired[index]))
    return tuple(result)


def _opportunities(facts: Facts, silent: list[int], hit: dict[str, int]) -> dict[int, int]:
    """Count the opportunities of the faults that never fired; the others need no proof."""
    faults = facts.context.faults
    by_place: dict[Place, list[int]] = {}
    for index in silent:
        by_place.setdefault(_place(faults[index]), []).append(index)
    found: Counter[int] = Counter()
    ordinals: Counter[tuple[int, str, str]] = Counter()

    def offer(indexes: Sequence[int], at_us: int, system: str, operation: str, txn: str) -> None:
        for index in indexes:
            if _matches(faults[index], at_us, system, operation, txn):
                ordinals[index, operation, txn] += 1
                nth = faults[index].nth
                found[index] += not nth or ordinals[index, operation, txn] == nth

    network = by_place.get(Place.NETWORK, [])
    able = _able(faults, network)
    for attempt in facts.history.of(Attempted) if network else ():
        if attempt.number not in hit:
            keyed = attempt.write and attempt.system in KEYED and bool(attempt.key)
            indexes = able(attempt.system, attempt.operation, attempt.write, keyed)
            offer(indexes, attempt.sent_us, attempt.system, attempt.operation, attempt.txn)
    _offer_arrivals(facts, by_place, hit, offer)
    _offer_messages(facts, by_place.get(Place.WEBHOOK, []), hit, offer)
    for index in by_place.get(Place.PROCESS, []):
        found[index] = STRIKES_MIN if _writes(facts) >= faults[index].count > 0 else 0
    return found


def _offer_arrivals(facts: Facts, by_place: dict[Place, list[int]], hit: dict[str, int], offer: Offer) -> None:
    calls = [*by_place.get(Place.BEFORE, []), *by_place.get(Place.AFTER, [])]
    able = _able(facts.context.faults, calls)
    for arrived in facts.history.of(Arrived) if calls else ():
        if arrived.number in hit or arrived.effect == "refused":
            continue
        writes = arrived.effect in ("done", "replayed")
        keyed = writes and arrived.system in KEYED and bool(arrived.key)
        indexes = able(arrived.system, arrived.operation, writes, keyed)
        offer(indexes, arrived.at_us, arrived.system, arrived.operation, arrived.txn)


def _offer_messages(facts: Facts, webhooks: list[int], hit: dict[str, int], offer: Offer) -> None:
    """Offer messages; nothing else strikes a copy of one, nor what waits behind one that does not get through."""
    blocked = [
        (fired.system, fired.at_us, fired.at_us + round(facts.context.faults[fired.fault].seconds * SECOND_US))
        for fired in facts.history.of(Fired)
        if fired.kind == "blocked_queue"
    ]
    for delivered in facts.history.of(Delivered) if webhooks else ():
        system, sent_us = delivered.system, delivered.sent_us
        if delivered.genuine and _original(delivered.message) not in hit:
            is_held_up = any(name == system and since_us <= sent_us < until_us for name, since_us, until_us in blocked)
            offer([] if is_held_up else webhooks, sent_us, system, delivered.topic, delivered.txn)


def _original(message: str) -> str:
    """Return the message that a spoilt copy, such as `evt_7-poison`, is a copy of."""
    name, _, kind = message.rpartition("-")
    return name if kind in CATALOGUE else message


def _able(faults: Sequence[Fault], indexes: Sequence[int]) -> Callable[[str, str, bool, bool], Sequence[int]]:
    """Return which of some planned faults can strike a kind of call: calls are many, their kinds a few dozen."""

    @cache
    def able(system: str, operation: str, write: bool, keyed: bool) -> Sequence[int]:
        return [index for index in indexes if _can_strike(faults[index], system, operation, write, keyed)]

    return able


def _can_strike(fault: Fault, system: str, operation: str, write: bool, keyed: bool) -> bool:
    if fault.system not in ("", system) or fault.operation not in ("", operation):
        return False
    kind = CATALOGUE[fault.kind]
    return not kind.is_conditional and kind.reach.covers(system, operation, write=write, keyed=keyed)


def _place(fault: Fault) -> Place:
    return CATALOGUE[fault.kind].place if fault.kind in CATALOGUE else Place.PROCESS


def _matches(fault: Fault, at_us: int, system: str, operation: str, txn: str) -> bool:
    if fault.system not in ("", system) or fault.operation not in ("", operation) or fault.txn not in ("", txn):
        return False
    return (fault.start_us == 0 and fault.end_us == 0) or fault.start_us <= at_us < fault.end_us


def _writes(facts: Facts) -> int:
    return max((sealed.entries for sealed in facts.history.of(Sealed)), default=0)
