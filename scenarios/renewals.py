"""Renewals: live contracts whose time is up while the run goes on, and what their customers decide.

A contract of these is renewed by a signature (mostly before its end, sometimes a few days late), renews itself when
nobody gives notice, is given up by notice in time, or runs out. It has no other amendments. Its successor's quote has
the number that the contract's first amendment would have.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.calendar import add_months
from scenarios.ground import LIVE_FIRST, Ground
from scenarios.moments import DAY

NOTICE_DAYS = 30
LATE_MAX_DAYS, EARLY_MAX_DAYS = 3, 25
"""How long after and before the end of a contract its renewal is signed [E]."""
AUTO_AFTER_DAYS, AUTO_BEFORE_DAYS = -3, 6
"""How long after and before the last day of notice a contract signs its own renewal [E]."""
NOTICE_AHEAD_DAYS = (31, 60)
RUNS_OUT_AHEAD_DAYS = (1, 20)
SPECIAL = 2  # the first contracts have amendments of their own


@dataclass(frozen=True, slots=True)
class Ending:
    """What is decided of a contract on a day: `how` is signed, auto, notice or lapse; it ends on `end`."""

    how: str
    day: date
    end: date
    uplift_percent: int


def ending(ground: Ground, serial: int) -> Ending | None:
    """Return what is decided of a contract in the rehearsed days, or None for one that simply goes on."""
    if serial - LIVE_FIRST < SPECIAL or not ground.chance("ending", serial):
        return None
    day = ground.signing_day("decides", serial)
    how = _how(ground, serial)
    ahead = {
        "signed": (-LATE_MAX_DAYS, EARLY_MAX_DAYS),
        "auto": (NOTICE_DAYS + AUTO_AFTER_DAYS, NOTICE_DAYS + AUTO_BEFORE_DAYS),
        "notice": NOTICE_AHEAD_DAYS,
        "lapse": RUNS_OUT_AHEAD_DAYS,
    }[how]
    end = max(day + ground.draws.whole(*ahead, "ahead_of_end", serial) * DAY, ground.moments.first_day + 2 * DAY)
    uplift = ground.draws.whole(0, int(ground.scenario.contracts.uplift_max * 100), "uplift", serial)
    return Ending(how, day, end if end.day <= 28 else add_months(end.replace(day=1), 1), uplift)


def _how(ground: Ground, serial: int) -> str:
    if ground.chance("renewed", serial):
        return "auto" if ground.chance("automatic", serial) else "signed"
    return "notice" if ground.chance("noticed", serial) else "lapse"


def renews_itself(found: Ending | None) -> bool:
    """Tell whether a contract renews itself unless notice is given."""
    return found is not None and found.how in ("auto", "notice")


def raised(minor: int, percent: int) -> int:
    """Return a price after an uplift in whole percent, rounded down: never above the cap."""
    return minor * (100 + percent) // 100


def lines(
    items: tuple[tuple[str, int, int, int], ...], months: int, half_percents: int, percent: int
) -> list[dict[str, Any]]:
    """Return the lines of a renewal: all that the contract has, at raised prices and no greater discount."""
    made = []
    for sku, quantity, listed, unit in items:
        new_unit = raised(unit, percent)
        new_list = min(raised(listed, percent), new_unit * 200 // (200 - half_percents))
        row = {"sku": sku, "kind": "recurring", "quantity": quantity, "months": months}
        made.append({**row, "list_unit_minor": new_list, "unit_minor": new_unit})
    return made
