"""Attribution: what each trouble of a scenario costs, by playing the same seeds without it.

A cost is what the run with everything has more than the run without this one trouble. Costs need not add up: two
outages at once cost less than their sum, or more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import msgspec

from domain.faults import CATALOGUE
from scenarios.language import Scenario
from scenarios.trouble import FaultPlan
from scenarios.values import duration_text

WINDOWS = {"outages": "is down", "brownouts": "is slow and fails", "maintenance": "is in maintenance"}
OTHERS = {
    "limit_changes": "changes its limits", "invoice_runs": "makes its invoice run", "replays": "replays its messages",
}  # fmt: skip


class Trouble(msgspec.Struct, frozen=True):
    """One thing that goes wrong: what it is for people, and the scenario without it."""

    text: str
    without: Scenario


def troubles(scenario: Scenario) -> Iterator[Trouble]:
    """Yield every trouble of a scenario: each window by itself, single faults by their kind."""
    for section, does in (*WINDOWS.items(), *OTHERS.items()):
        entries = getattr(scenario, section)
        for i, entry in enumerate(entries):
            rest = (*entries[:i], *entries[i + 1 :])
            yield Trouble(_said(entry, does), scenario.model_copy(update={section: rest}))
    for kind in dict.fromkeys(fault.kind for fault in scenario.faults):
        rest = tuple(fault for fault in scenario.faults if fault.kind != kind)
        said = _struck(kind, [fault for fault in scenario.faults if fault.kind == kind])
        yield Trouble(said, scenario.model_copy(update={"faults": rest}))


def _struck(kind: str, faults: Sequence[FaultPlan]) -> str:
    """Return what a kind does, with the numbers that its faults have in place of their names."""
    text = CATALOGUE[kind].summary.rstrip(".")
    for parameter in CATALOGUE[kind].parameters:
        shown = dict.fromkeys(_shown(getattr(fault, parameter.word)) for fault in faults)
        text = text.replace(f"`{parameter.word}`", " or ".join(shown))
    return text


def _shown(value: timedelta | float | None) -> str:
    if value is None:
        return "a while"
    return duration_text(value) if isinstance(value, timedelta) else f"{value:,g}"


def _said(entry: object, does: str) -> str:
    who = getattr(entry, "system", None) or "billing"
    lasts = getattr(entry, "lasts", None)
    at = f", from {getattr(entry, 'from_', '')}" if getattr(entry, "from_", None) else ""
    return f"{who} {does}" + (f" for {duration_text(lasts)}" if lasts else "") + at
