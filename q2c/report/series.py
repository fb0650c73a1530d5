"""Series: what a history says hour by hour: the load, and the calls to each system with their outcomes."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from contracts.checks.facts import BOOKED, Facts
from domain.calendar import HOUR_US
from domain.history import Attempted

OUTCOMES = ("ok", "failed", "unknown")


class Load(msgspec.Struct, frozen=True):
    """The instants at which quotes were accepted and orders were booked, sorted."""

    accepted_us: tuple[int, ...]
    booked_us: tuple[int, ...]


class Calls(msgspec.Struct, frozen=True, kw_only=True):
    """The calls to one system: counts, repeats, latency of answered calls, and counts by (hour, outcome).

    `repeats` are attempts whose intent had already failed or ended unknown; `throttled` were answered 429.
    """

    system: str
    total: int
    ok: int
    failed: int
    unknown: int
    throttled: int
    repeats: int
    p50_us: int
    p95_us: int
    p99_us: int
    hourly: dict[tuple[int, str], int]

    def by_hour(self, outcome: str, first_hour: int, hours: int) -> tuple[int, ...]:
        """Return the counts of one outcome for each hour since the epoch, from `first_hour` on."""
        return tuple(self.hourly.get((first_hour + i, outcome), 0) for i in range(hours))


def load_of(facts: Facts) -> Load:
    """Return the load of a history: what customers signed, and what was booked."""
    accepted = sorted(life.entered["accepted"] for life in facts.accepted.values())
    booked = (order.since(BOOKED) for orders in facts.orders.values() for order in orders)
    return Load(tuple(accepted), tuple(sorted(at for at in booked if at is not None)))


def histogram(instants_us: Iterable[int], start_us: int, step_us: int, steps: int) -> tuple[int, ...]:
    """Count instants in equal steps of time; those outside are left out."""
    found = [0] * steps
    for at_us in instants_us:
        step = (at_us - start_us) // step_us
        if 0 <= step < steps:
            found[step] += 1
    return tuple(found)


class _Tally:
    def __init__(self) -> None:
        self.hourly: dict[tuple[int, str], int] = {}
        self.latencies_us: list[int] = []
        self.throttled = self.repeats = 0
        self.troubled: set[tuple[str, str, str]] = set()

    def add(self, attempt: Attempted) -> None:
        hour = (attempt.sent_us // HOUR_US, attempt.outcome)
        self.hourly[hour] = self.hourly.get(hour, 0) + 1
        self.throttled += attempt.status == 429
        if attempt.status:
            self.latencies_us.append(attempt.at_us - attempt.sent_us)
        intent = (attempt.operation, attempt.key or attempt.fingerprint, attempt.txn)
        self.repeats += intent in self.troubled
        if attempt.outcome == "ok":
            self.troubled.discard(intent)
        else:
            self.troubled.add(intent)


def calls_of(facts: Facts) -> tuple[Calls, ...]:
    """Return the calls to each system, busiest first; one pass over the attempts."""
    tallies: dict[str, _Tally] = {}
    for attempt in facts.history.of(Attempted):
        tally = tallies.get(attempt.system)
        if tally is None:
            tally = tallies[attempt.system] = _Tally()
        tally.add(attempt)
    found = [_calls(system, tally) for system, tally in tallies.items()]
    return tuple(sorted(found, key=lambda calls: (-calls.total, calls.system)))


def _calls(system: str, tally: _Tally) -> Calls:
    sums = dict.fromkeys(OUTCOMES, 0)
    for (_, outcome), number in tally.hourly.items():
        sums[outcome] = sums.get(outcome, 0) + number
    ordered = sorted(tally.latencies_us)
    return Calls(
        system=system, total=sum(sums.values()), ok=sums["ok"], failed=sums["failed"], unknown=sums["unknown"],
        throttled=tally.throttled, repeats=tally.repeats, p50_us=rank(ordered, 50), p95_us=rank(ordered, 95),
        p99_us=rank(ordered, 99), hourly=tally.hourly,
    )  # fmt: skip


def rank(ordered: list[int], percent: int) -> int:
    """Return a percentile of sorted numbers by nearest rank; 0 of nothing."""
    return ordered[max(1, -(-len(ordered) * percent // 100)) - 1] if ordered else 0
