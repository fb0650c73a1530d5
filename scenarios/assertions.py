"""The expected outcome of a scenario as values: which figure, of what, played by which engine, compared with what.

A figure is compared with a value (`at_least`, `at_most`, `about`) or with the same figure of another variant
(`more`, `less`, `same`; with a value, `at_least` and the others compare the quotient of the two).
"""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from scenarios.values import Shape, Share, duration, share, wrong
from scenarios.words import REHEARSAL, WHATIF, Text, Words, percent

SHARE_UNIT, SECONDS, COUNT = "share", "seconds", "count"

METRICS: dict[str, tuple[str, str, str, str]] = {
    "within": (WHATIF, SHARE_UNIT, "service level", "clocks that stopped within the bound"),
    "p50": (WHATIF, SECONDS, "service level", "median of its clock"),
    "p95": (WHATIF, SECONDS, "service level", "95th percentile of its clock"),
    "p99": (WHATIF, SECONDS, "service level", "99th percentile of its clock"),
    "mean": (WHATIF, SECONDS, "service level", "mean of its clock"),
    "late": (WHATIF, COUNT, "", "orders signed before the cut-off and booked after it"),
    "lost": (WHATIF, COUNT, "", "lifecycles that were given up"),
    "duplicates": (WHATIF, COUNT, "", "work that was done twice"),
    "dead_letters": (WHATIF, COUNT, "", "lifecycles that had to wait for a clerk"),
    "attempts": (WHATIF, COUNT, "", "calls of all kinds"),
    "repeats": (WHATIF, COUNT, "", "work that was asked for again, without harm"),
    "estimated": (WHATIF, COUNT, "", "calls whose answer was estimated for a while"),
    "refused": (WHATIF, COUNT, "system", "calls refused for lack of slots, rate or quota"),
    "calls": (WHATIF, COUNT, "system", "calls a system was asked"),
    "utilisation": (WHATIF, SHARE_UNIT, "system", "part of its slots that were busy, over the run"),
    "utilisation_peak": (WHATIF, SHARE_UNIT, "system", "the same in its busiest hour"),
    "wait_mean": (WHATIF, SECONDS, "system", "mean wait for a slot"),
    "queue_max": (WHATIF, COUNT, "system", "the longest queue"),
    "backlog": (WHATIF, COUNT, "system", "the most work that an outage left behind"),
    "drain": (WHATIF, SECONDS, "system", "until that was worked off, the longest after an outage"),
    "made": (WHATIF, SHARE_UNIT, "service level", "clocks that stopped before the cut-off"),
    "unfinished": (WHATIF, COUNT, "service level", "clocks that never stopped"),
    "retries": (WHATIF, COUNT, "", "attempts after the first"),
    "check": (REHEARSAL, COUNT, "check", "violations of a check of the verdict"),
    "verdict": (REHEARSAL, COUNT, "", "checks of the verdict that do not hold"),
    "kpi": (REHEARSAL, COUNT, "key figure", "a key figure: its id, and after a colon its label"),
    "attained": (REHEARSAL, SHARE_UNIT, "service level", "clocks that stopped within the target"),
    "records": (REHEARSAL, COUNT, "kind", "cases by the start of their code, `case:DATA`, or faults, `fired:crash`"),
    "differences": (REHEARSAL, COUNT, "", "documents that end otherwise than in the variant `against`"),
}
"""Metric -> (engine, unit, what `of` names, meaning)."""

if TYPE_CHECKING:
    Metric = str
else:
    Metric = Literal[tuple(METRICS)]
RELATIVE = ("more", "less", "same")
DIFFERENCES = "differences"
"""The one figure that is made of two runs: it needs `against`, and its value is a count."""
BASE = "base"
"""What `against` calls the scenario itself, as it is without a variant."""


class Assertion(Words):
    """One thing that must come out, as a figure that a test compares."""

    says: Text = Field(description="the same for people, in a sentence")
    metric: Metric = Field(description="the figure (below); it decides which engine plays the scenario")
    of: str = Field(default="", description="whose figure: a service level, a system, a check, a key figure")
    variant: str = Field(default="", description="the variant that is played; the scenario itself by default")
    against: str = Field(default="", description="the variant compared with, or `base`; both on the same chance")
    is_: Literal["at_least", "at_most", "about", "more", "less", "same"] = Field(
        alias="is", description="the comparison; `more`, `less` and `same` need `against`"
    )
    value: Annotated[str | int | float | None, Shape("number, share or duration")] = Field(
        default=None, description="in the figure's unit; beside `against`, the quotient of both figures"
    )
    tolerance: Share = Field(default=percent("5"), description="how far `about` and `same` may be off")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.is_ in RELATIVE and (not self.against or self.value is not None):
            raise wrong(f"`against` and no `value` beside `{self.is_}`")
        if self.is_ not in RELATIVE and self.value is None:
            raise wrong(f"a `value` beside `{self.is_}`")
        if self.is_difference and (not self.against or self.is_ in RELATIVE):
            raise wrong(f"`against` and a `value` beside `{DIFFERENCES}`")
        if self.against and self.against == (self.variant or BASE):
            raise wrong("two different variants to compare", f"both are {self.against!r}")
        named = METRICS[self.metric][2]
        if bool(named) != bool(self.of):
            raise wrong(f"`of` with a {named}" if named else f"no `of`: {self.metric} is a figure of the whole run")
        if self.value is not None:
            assert self.amount is not None, "a value that is there has an amount"
        return self

    @property
    def engine(self) -> str:
        """Return the engine that gives the figure."""
        return METRICS[self.metric][0]

    @property
    def is_difference(self) -> bool:
        """Whether the figure is made of two runs itself."""
        return self.metric == DIFFERENCES

    @property
    def unit(self) -> str:
        """Return the unit of the value: share, seconds, count, or times when two figures are divided."""
        return "times" if self.against and not self.is_difference else METRICS[self.metric][1]

    @property
    def amount(self) -> float | None:
        """Return the value as a number in its unit; None for `more`, `less` and `same`."""
        if self.value is None:
            return None
        if self.unit == SHARE_UNIT:
            return float(share(self.value))
        if self.unit == SECONDS:
            return duration(self.value) / timedelta(seconds=1)
        return _number(self.value)


def _number(value: str | float) -> float:
    if isinstance(value, str):
        raise wrong("a number")
    return float(Fraction(value))


class Expectations(Words):
    """What a scenario's tests play: how often, how large."""

    replications: Annotated[int, Field(ge=1, le=1_000)] = Field(
        default=5, description="runs of the what-if engine whose mean is compared"
    )
    orders: Annotated[int, Field(ge=1, le=499_999)] | None = Field(
        default=None, description="orders in the rehearsed days of a rehearsal; as many as the world has by default"
    )
    subscriptions: Annotated[int, Field(ge=0, le=99_999)] | None = Field(
        default=None, description="live subscriptions of a rehearsal; as many as the world has by default"
    )
