"""Judging an assertion: where the figure, with what chance leaves open of it, lies against what was expected.

One observation is what one whole run says. The figure is their mean with its interval; compared with another variant it
is the mean of the differences, run by run on the same chance. An interval that lies within the expectation holds, one
that lies outside is broken, and one that lies across its edge proves nothing: more replications are needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from contracts.checks.verdict import BROKEN, HOLDS, UNKNOWN
from scenarios.assertions import Assertion
from simulator.experiments.intervals import Interval, difference, interval


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one assertion: its figure (the mean, in the assertion's unit) and, compared, the other one.

    `reason` says why nothing was proved.
    """

    assertion: Assertion
    status: str
    figure: float | None = None
    other: float | None = None
    half_width: float = 0.0
    reason: str = ""


class _Band(msgspec.Struct, frozen=True):
    """What is expected of a figure: from `low` to `high`, the ends included unless `is_open`."""

    low: float
    high: float
    is_open: bool = False

    def takes(self, found: Interval) -> bool:
        """Tell whether all of an interval is expected."""
        if self.is_open:
            return self.low < found.low and found.high < self.high
        return self.low <= found.low and found.high <= self.high

    def leaves(self, found: Interval) -> bool:
        """Tell whether nothing of an interval is expected."""
        return found.high < self.low or self.high < found.low or (self.is_open and found.high <= self.low)


def judged(assertion: Assertion, ours: Sequence[float], theirs: Sequence[float] | None = None) -> Answer:
    """Return the answer to an assertion from its figure in every run, and from the other variant's in the same runs."""
    is_relative = bool(assertion.against) and not assertion.is_difference
    assert (theirs is not None) == is_relative, "an assertion against a variant needs the other's figures"
    if not ours or theirs == []:
        return Answer(assertion=assertion, status=UNKNOWN, reason="no run had a case of it")
    found, band = _compared(assertion, ours, theirs)
    status = HOLDS if band.takes(found) else BROKEN if band.leaves(found) else UNKNOWN
    return Answer(
        assertion=assertion,
        status=status,
        figure=math.fsum(ours) / len(ours),
        other=math.fsum(theirs) / len(theirs) if theirs else None,
        half_width=found.half_width,
        reason="chance alone may decide it: play more replications" if status == UNKNOWN else "",
    )


def _compared(assertion: Assertion, ours: Sequence[float], theirs: Sequence[float] | None) -> tuple[Interval, _Band]:
    amount = assertion.amount
    if theirs is None:
        assert amount is not None, "the schema asks for a value"
        return _known(ours), _band(assertion, amount)
    if amount is not None:  # ours / theirs, decided as ours - times * theirs, which no division makes lopsided
        mean = math.fsum(theirs) / len(theirs)
        limits = _band(assertion, amount)
        shifted = [x - amount * y for x, y in zip(ours, theirs, strict=True)]
        return _known(shifted), _Band((limits.low - amount) * abs(mean), (limits.high - amount) * abs(mean))
    gap = difference(theirs, ours) if len(ours) > 1 else _known([ours[0] - theirs[0]])
    slack = float(assertion.tolerance) * abs(math.fsum(theirs) / len(theirs))
    bands = {"more": _Band(0.0, math.inf, True), "less": _Band(-math.inf, 0.0, True), "same": _Band(-slack, slack)}
    return gap, bands[assertion.is_]


def _band(assertion: Assertion, amount: float) -> _Band:
    slack = float(assertion.tolerance) * abs(amount)
    bands = {
        "at_least": _Band(amount, math.inf), "at_most": _Band(-math.inf, amount),
        "about": _Band(amount - slack, amount + slack),
    }  # fmt: skip
    return bands[assertion.is_]


def _known(values: Sequence[float]) -> Interval:
    """Return the interval of several runs; of a single one (a rehearsal is exact) the figure itself."""
    if len(values) == 1:
        return Interval(mean=values[0], half_width=0.0, deviation=0.0, count=1)
    return interval(values)
