"""What was measured, whichever log it comes from: calls, people's work, and when lifecycles began."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from domain.calendar import SECOND_US

DONE, FAILED, TIMED_OUT = "done", "failed", "timed_out"
OUTCOMES = (DONE, FAILED, TIMED_OUT)
PROBLEMS_SHOWN = 20


class Unusable(ValueError):
    """A log cannot be used; the message names every place that is wrong (the first twenty), and what was expected."""


class Call(msgspec.Struct, frozen=True, gc=False):
    """One call of a system: its duration is right-censored when the caller gave up (`timed_out`).

    `repeats` tells that it repeats an earlier call; None when the log does not say.
    """

    system: str
    start_us: int
    duration_us: int
    outcome: str = DONE
    writes: bool = True
    repeats: bool | None = None

    @property
    def is_censored(self) -> bool:
        """Whether only a lower bound of the duration is known."""
        return self.outcome == TIMED_OUT


class Work(msgspec.Struct, frozen=True, gc=False):
    """One piece of work of a person, from when it was taken up to when it was done."""

    person: str
    start_us: int
    duration_us: int


class Observations(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a log tells: calls, work and the instants at which lifecycles began, each in order of time.

    `unknown` names the activities that no system of a scenario stands for, with how often each was met.
    """

    source: str
    calls: tuple[Call, ...] = ()
    work: tuple[Work, ...] = ()
    begun_us: tuple[int, ...] = ()
    unknown: tuple[tuple[str, int], ...] = ()

    @property
    def span_us(self) -> tuple[int, int]:
        """Return the first and the last instant of the log; raise ValueError for an empty one."""
        edges = [(call.start_us, call.start_us + call.duration_us) for call in self.calls]
        edges += [(work.start_us, work.start_us + work.duration_us) for work in self.work]
        edges += [(at_us, at_us) for at_us in self.begun_us]
        return min(first for first, _ in edges), max(last for _, last in edges)

    def systems(self) -> tuple[str, ...]:
        """Return the systems that were called, in alphabetical order."""
        return tuple(sorted({call.system for call in self.calls}))


def ordered(
    source: str, calls: Iterable[Call], work: Iterable[Work], begun_us: Iterable[int], unknown: dict[str, int]
) -> Observations:
    """Return observations in order of time; raise Unusable when there are too few to say anything."""
    found = Observations(
        source=source,
        calls=tuple(sorted(calls, key=lambda each: each.start_us)),
        work=tuple(sorted(work, key=lambda each: each.start_us)),
        begun_us=tuple(sorted(begun_us)),
        unknown=tuple(sorted(unknown.items(), key=lambda each: (-each[1], each[0]))),
    )
    events = max(len(found.calls) + len(found.work), len(found.begun_us))
    if events == 0:
        named = ", ".join(repr(name) for name, _ in found.unknown[:6])
        hint = f"; it has {named}: say what they are with --name 'ACTIVITY=erp'" if named else ""
        raise Unusable(f"{source}: found no call of a known system, expected at least a few{hint}")
    first, last = found.span_us
    if events == 1 or last - first < SECOND_US:
        said = "one event" if events == 1 else f"{events} events within a second"
        raise Unusable(f"{source}: found {said}, expected a stretch of time that shows how often things happen")
    return found


def complain(problems: list[str]) -> None:
    """Raise Unusable with the problems there are, if there are any."""
    if problems:
        more = len(problems) - PROBLEMS_SHOWN
        rest = [f"... and {more:,} more"] if more > 0 else []
        raise Unusable("\n".join(problems[:PROBLEMS_SHOWN] + rest))
