"""Ranges: the values of `--vary PATH=VALUES`: a list `5,7,15`, or a range `5..15:2`, `1h..12h:1h`, `0%..10%:2%`.

A range is counted before any of its values is made, so that a million of them can be refused.
"""

from __future__ import annotations

import re
from fractions import Fraction

import msgspec

from domain.calendar import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from scenarios.values import MICROSECOND, decimal_text, duration_text

GRAMMAR = "values such as 5,7,15 or a range such as 5..15:2, 1h..12h:1h or 0%..10%:2%"
_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)(ms|[smhdw%])?")
_DURATIONS_US = {
    "ms": SECOND_US // 1000, "s": SECOND_US, "m": MINUTE_US, "h": HOUR_US,
    "d": DAY_US, "w": 7 * DAY_US,
}  # fmt: skip


class Listed(msgspec.Struct, frozen=True, tag="listed"):
    """Values as they were written, one by one."""

    texts: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.texts)

    def text(self, index: int) -> str:
        """Return the n-th value as the scenario language writes it."""
        return self.texts[index]

    def number(self, index: int) -> float:
        """Return the n-th value as a number to plot against: its own if it is one, else its place in the list."""
        numbers = [number_of(text) for text in self.texts]
        found = numbers[index]
        return float(index) if found is None or None in numbers else found


class Range(msgspec.Struct, frozen=True, kw_only=True, tag="range"):
    """Equal steps from `low` to at most `high`, both in units of `kind`: number, percent or duration (microseconds).

    Bounds and step are exact fractions, written as text ("1/2"), so that a range survives JSON unharmed.
    """

    kind: str
    low_text: str
    high_text: str
    step_text: str

    @property
    def low(self) -> Fraction:
        """The first value."""
        return Fraction(self.low_text)

    @property
    def high(self) -> Fraction:
        """The bound that no value exceeds."""
        return Fraction(self.high_text)

    @property
    def step(self) -> Fraction:
        """From each value to the next."""
        return Fraction(self.step_text)

    @property
    def count(self) -> int:
        """How many values there are."""
        return (self.high - self.low) // self.step + 1

    def text(self, index: int) -> str:
        """Return the n-th value as the scenario language writes it."""
        return self._written(self.low + index * self.step)

    def number(self, index: int) -> float:
        """Return the n-th value as a number to plot against: percent as percent, durations in hours."""
        found = number_of(self.text(index))
        assert found is not None, "a range is one of numbers"
        return found

    def _written(self, value: Fraction) -> str:
        if self.kind == "duration":
            return duration_text(int(value) * MICROSECOND)
        return decimal_text(value) + ("%" if self.kind == "percent" else "")


Values = Listed | Range


def parsed(text: str) -> Values:
    """Return the values written in a text; raise ValueError that says what was expected."""
    if ".." not in text:
        texts = tuple(part.strip() for part in text.split(","))
        if not all(texts):
            raise ValueError(f"found {text!r}, expected {GRAMMAR}")
        if len(set(texts)) < len(texts):
            raise ValueError(f"found a value twice in {text!r}")
        return Listed(texts)
    return _range(text)


def _range(text: str) -> Range:
    bounds, _, step_text = text.partition(":")
    low_text, _, high_text = bounds.partition("..")
    high, low = _scalar(high_text.strip()), _scalar(low_text.strip())
    if high is None or low is None:
        raise ValueError(f"found {text!r}, expected {GRAMMAR}")
    if low[1] == "number" and high[1] != "number":  # 1..12h means 1h..12h
        low = _scalar(low_text.strip() + _unit(high_text.strip()))
        assert low is not None, "a number with a unit is a scalar"
    step = _scalar(step_text.strip()) if step_text else (Fraction(1), "number")
    if step is None or low[1] != high[1] or (step[1] != high[1] and (step_text or step[1] != "number")):
        raise ValueError(f"found {text!r} with units that do not go together, expected {GRAMMAR}")
    if not step_text and (high[1] != "number" or low[0].denominator != 1 or high[0].denominator != 1):
        raise ValueError(f"found {text!r} without a step, expected one after a colon, such as {bounds}:{high_text}")
    if step[0] <= 0 or high[0] < low[0]:
        raise ValueError(f"found {text!r}, expected a range that rises by a step greater than zero")
    return Range(kind=high[1], low_text=str(low[0]), high_text=str(high[0]), step_text=str(step[0]))


def _scalar(text: str) -> tuple[Fraction, str] | None:
    """Return a number with its kind, durations in microseconds; None for what is no number."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    number, unit = Fraction(found.group(1)), found.group(2)
    if unit is None:
        return number, "number"
    return (number, "percent") if unit == "%" else (number * _DURATIONS_US[unit], "duration")


def number_of(text: str) -> float | None:
    """Return a value of the language as the number that ranges plot it at; None for what is no number."""
    found = _scalar(text)
    if found is None:
        return None
    return float(found[0] / _DURATIONS_US["h"]) if found[1] == "duration" else float(found[0])


def _unit(text: str) -> str:
    found = _NUMBER.fullmatch(text)
    return (found.group(2) or "") if found is not None else ""
