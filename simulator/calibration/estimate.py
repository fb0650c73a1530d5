"""The estimate: everything a log says of a company's systems, people and arrivals, each figure with its sample size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from statistics import median

import msgspec

from domain.calendar import SECOND_US, local_datetime
from simulator.calibration.arrivals import Arrivals, arrivals
from simulator.calibration.fitting import MINIMUM, Fit, best
from simulator.calibration.goodness import Goodness, goodness
from simulator.calibration.observations import DONE, FAILED, Call, Observations, Work

_EDGE = 0.02
_LONGER_SHARE_MAX = 0.05
"""Work outside the hours that hold all but so much of it at either end is overtime."""


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """The fits of one kind of durations (the best first), how good the best one is, and the durations in seconds."""

    fits: tuple[Fit, ...]
    goodness: Goodness
    finished: tuple[float, ...]
    censored: tuple[float, ...]

    @property
    def best(self) -> Fit:
        """Return the most likely fit."""
        return self.fits[0]


class SystemEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """One system: durations of its writing and reading calls (None: too few), and how its calls went.

    `repeats` of `told` calls that say so repeat an earlier one; `timeout_seconds` is how long callers wait (None: it
    cannot be told); `at_once` the most calls under way together.
    """

    system: str
    calls: int
    writes: Fitted | None
    reads: Fitted | None
    failed: int
    timed_out: int
    repeats: int
    told: int
    timeout_seconds: float | None
    at_once: int


class PeopleEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """The people: how long a piece of work takes, how many they are, and from when to when they work (local hours)."""

    touch: Fitted | None
    pieces: int
    people: int
    at_once: int
    opens_hour: int
    closes_hour: int


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a log says; `notes` say what it could not."""

    source: str
    zone: str
    systems: tuple[SystemEstimate, ...]
    people: PeopleEstimate | None
    arrivals: Arrivals | None
    notes: tuple[str, ...]


def estimate(seen: Observations, zone: str, quarter: tuple[date, date] | None = None) -> Estimate:
    """Return what a log says; what it has too little of becomes a note, never a figure."""
    notes: list[str] = []
    for name, count in seen.unknown[:6]:
        notes.append(f"{name!r} ({count:,} times) is no system that is known; say what it is: --name {name!r}=erp")
    systems = tuple(_system(name, [call for call in seen.calls if call.system == name]) for name in seen.systems())
    for each in systems:
        if each.writes is None and each.reads is None:
            notes.append(f"{each.system}: {each.calls} calls are too few or too equal for a fit (expected {MINIMUM})")
        if each.timed_out and each.timeout_seconds is None:
            notes.append(f"{each.system}: how long callers wait; calls that went well took longer than those given up")
    people = _people(seen.work, zone) if seen.work else None
    if people is None:
        notes.append("nothing tells how long people work on exceptions")
    try:
        begun = arrivals(seen.begun_us, zone, quarter, seen.span_us)
    except ValueError as error:
        begun = None
        notes.append(f"arrivals: {error}")
    return Estimate(
        source=seen.source, zone=zone, systems=systems, people=people, arrivals=begun, notes=tuple(notes)
    )  # fmt: skip


def _system(name: str, calls: Sequence[Call]) -> SystemEstimate:
    censored = [call.duration_us / SECOND_US for call in calls if call.is_censored]
    told = [call for call in calls if call.repeats is not None]
    writing = [call for call in calls if call.writes]
    reading = [call for call in calls if not call.writes]
    return SystemEstimate(
        system=name, calls=len(calls), writes=_fitted(writing), reads=_fitted(reading),
        failed=sum(call.outcome == FAILED for call in calls), timed_out=len(censored),
        repeats=sum(bool(call.repeats) for call in told), told=len(told),
        timeout_seconds=_timeout(calls, censored),
        at_once=most_at_once([(call.start_us, call.start_us + call.duration_us) for call in calls]),
    )  # fmt: skip


def _timeout(calls: Sequence[Call], censored: Sequence[float]) -> float | None:
    """Return how long callers wait; None where many calls that went well took longer: then nobody gave up after that.

    A gateway that answers 504 after half a second says nothing of its callers' patience.
    """
    if not censored:
        return None
    waited = median(censored)
    finished = [call.duration_us / SECOND_US for call in calls if call.outcome == DONE]
    longer = sum(seconds > waited for seconds in finished)
    return None if longer > _LONGER_SHARE_MAX * len(finished) else waited


def _fitted(calls: Sequence[Call]) -> Fitted | None:
    finished = [call.duration_us / SECOND_US for call in calls if call.outcome == DONE]
    return fitted(finished, [call.duration_us / SECOND_US for call in calls if call.is_censored])


def fitted(finished: Sequence[float], censored: Sequence[float] = ()) -> Fitted | None:
    """Return the fits of durations in seconds, or None when there are too few, or all are the same."""
    if len(finished) < MINIMUM or min(finished) == max(finished):
        return None
    fits = best(finished, censored)
    return Fitted(
        fits=fits, goodness=goodness(fits[0], finished, censored), finished=tuple(sorted(finished)),
        censored=tuple(sorted(censored)),
    )  # fmt: skip


def _people(work: Sequence[Work], zone: str) -> PeopleEstimate:
    hours = sorted(local_datetime(each.start_us, zone).hour for each in work)
    ends = sorted(local_datetime(each.start_us + each.duration_us, zone).hour for each in work)
    cut = int(len(work) * _EDGE)
    opens, closes = hours[cut], ends[-1 - cut] + 1
    return PeopleEstimate(
        touch=fitted([each.duration_us / SECOND_US for each in work]),
        pieces=len(work),
        people=len(Counter(each.person for each in work)),
        at_once=most_at_once([(each.start_us, each.start_us + each.duration_us) for each in work]),
        opens_hour=min(opens, 22),
        closes_hour=max(min(closes, 23), min(opens, 22) + 1),
    )


def most_at_once(spans: Sequence[tuple[int, int]]) -> int:
    """Return how many half-open spans overlap at most."""
    edges = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans], key=lambda each: each)
    most = now = 0
    for _, step in edges:
        now += step
        most = max(most, now)
    return most
