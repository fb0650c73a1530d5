"""Rounding: from the numbers that chance drew to numbers that people say: the first try, whole hours, ten minutes.

Each candidate is one change of one fault; whether the story survives it is for who asks to find out.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from domain.calendar import HOUR_US
from domain.faults import Fault

Plan = tuple[Fault, ...]
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_ROUND_SECONDS = (
    1, 2, 5, 10, 15, 30, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE,
    _HOUR, 2 * _HOUR, 4 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY, 3 * _DAY, 7 * _DAY,
)  # fmt: skip
_ROUND_FACTORS = (2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


def rounder(fault: Fault) -> Iterator[Fault]:
    """Yield rounder forms of a fault, what is worth most first; none for one that is round already."""
    replace = msgspec.structs.replace
    if fault.share_ppm != 1_000_000:
        yield replace(fault, share_ppm=1_000_000)
    if fault.nth > 1:
        yield replace(fault, nth=1)
    if fault.txn and not fault.nth:
        yield replace(fault, nth=1, start_us=0, end_us=0)
    if fault.start_us or fault.end_us:
        if fault.nth or fault.end_us - fault.start_us < HOUR_US:  # an outage that never ends is a larger fault
            yield replace(fault, start_us=0, end_us=0)
        whole = replace(fault, start_us=_hours_down(fault.start_us), end_us=-_hours_down(-fault.end_us))
        if whole != fault:
            yield whole
    yield from (replace(fault, seconds=float(seconds)) for seconds in _beside(fault.seconds, _ROUND_SECONDS))
    yield from (replace(fault, factor=factor) for factor in _beside(fault.factor, _ROUND_FACTORS) if fault.factor != 1)
    if fault.count > 1 and not fault.kind.startswith("crash"):
        yield replace(fault, count=1)


def roundest(fault: Fault) -> Fault:
    """Return the roundest form of a fault: the best of `rounder` again and again."""
    while (better := next(rounder(fault), None)) is not None:
        fault = better
    return fault


def rounder_plans(plan: Plan, index: int) -> Iterator[Plan]:
    """Yield the plans in which one fault is rounder."""
    for fault in rounder(plan[index]):
        yield (*plan[:index], fault, *plan[index + 1 :])


def _hours_down(at_us: int) -> int:
    return at_us // HOUR_US * HOUR_US


def _beside(number: float, ladder: tuple[float, ...]) -> tuple[float, ...]:
    """Return the rungs beside a number, the nearer one first; none for 0 and for a rung."""
    if not number or number in ladder:
        return ()
    below = [rung for rung in ladder if rung < number][-1:]
    above = [rung for rung in ladder if rung > number][:1]
    return tuple(sorted((*below, *above), key=lambda rung: abs(rung - number)))
