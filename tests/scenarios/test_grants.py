"""Limits that vendors change: which change holds when, also where changes overlap."""

from __future__ import annotations

from scenarios import loader
from scenarios.grants import granted
from scenarios.moments import moments

HEAD = "name: a_scenario\ntitle: t\nquestion: q\n"
HOUR_US = 3_600_000_000


def held(changes: str, name: str) -> list[tuple[float, int | None]]:
    """Return (hours before the cut-off, what is granted) of the ERP; None: what was granted at first."""
    scenario = loader.parse(HEAD + "limit_changes:\n" + changes)
    bounds = moments(scenario)
    cutoff_us = bounds.at_us("quarter_end", None)
    return [
        ((cutoff_us - at_us) / HOUR_US, getattr(change, name) if change else None)
        for at_us, change in granted(scenario.limit_changes, name, bounds)
    ]


def test_a_change_for_a_while_gives_way_to_the_one_that_still_holds() -> None:
    changes = (
        "  - {system: erp, from: quarter_end - 48h, slots: 10}\n"
        "  - {system: erp, from: quarter_end - 24h, lasts: 6h, slots: 2}\n"
    )
    assert held(changes, "slots") == [(48, 10), (24, 2), (18, 10)]


def test_of_two_changes_the_one_that_began_last_holds_and_an_instant_later_the_other() -> None:
    changes = (
        "  - {system: erp, from: quarter_end - 24h, lasts: 6h, slots: 2}\n"
        "  - {system: erp, from: quarter_end - 30h, lasts: 20h, slots: 9}\n"
    )
    assert held(changes, "slots") == [(30, 9), (24, 2), (18, 9), (10, None)]


def test_a_change_of_another_limit_leaves_this_one_alone() -> None:
    assert held("  - {system: erp, from: quarter_end - 24h, rps: 5}\n", "slots") == []
