"""Targets: what a key figure should be, and how figures and their targets are said."""

from __future__ import annotations

from collections.abc import Callable

from contracts.checks.kpi import KpiResult
from domain.calendar import SECOND_US
from domain.money import said
from web.words import count, duration

_SHARE_MIN, _TOUCHLESS_MIN, _RECOVERY_SECONDS_MAX = 100.0, 95.0, 900.0
_MINOR = " minor units "
"""Stands between the label and the currency of an amount in a mixed figure."""
Met = Callable[[KpiResult], bool]
TARGETS: dict[str, tuple[str, Met]] = {
    "K-12": ("touchless 95 %", lambda kpi: kpi.value("touchless percent") >= _TOUCHLESS_MIN),
    "K-15": ("0", lambda kpi: not any(value for _, value in kpi.values)),
    "K-16": ("none late", lambda kpi: not kpi.value("late")),
    "K-21": ("0", lambda kpi: not any(value for _, value in kpi.values)),
    "K-23": ("15 min", lambda kpi: all(value <= _RECOVERY_SECONDS_MAX for _, value in kpi.values)),
    "K-24": ("100 %", lambda kpi: kpi.value("share") >= _SHARE_MIN),
}
"""The key figures that have a target: how it is said, whether it is met."""


def figure(unit: str, label: str, value: float) -> str:
    """Return one value of a key figure in its unit; a mixed figure's labels name their own."""
    kind = label.rpartition(" ")[2] if unit == "mixed" else unit
    if unit == "mixed" and _MINOR in label:
        return said(round(value), kind)
    if kind == "percent" or label in ("auto-resolved", "replay success"):
        return f"{value:.1f} %"
    if kind in ("seconds", "hours"):
        return duration(round(value * SECOND_US * (3600 if kind == "hours" else 1)))
    if unit == "minor units":
        return said(round(value), label)
    if kind == "days":
        return f"{value:.1f} d"
    return count(round(value)) if value == round(value) else f"{value:.2f}"


def label_of(unit: str, label: str) -> str:
    """Return the label without the unit that its value shows."""
    if unit == "mixed":
        label = label.partition(_MINOR)[0]
        for kind in (" percent", " seconds", " hours"):
            label = label.removesuffix(kind)
    return label
