"""What vendors grant from when on: of changes of a limit that overlap, the one that began last holds while it lasts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from scenarios.moments import Moments
from scenarios.trouble import LimitChange

LIMITS = ("slots", "rps", "daily_calls")


class _Spell(NamedTuple):
    """How long a change holds; in order of their beginnings, those of one instant in the order of the file."""

    from_us: int
    place: int
    until_us: int
    change: LimitChange


def granted(changes: Iterable[LimitChange], name: str, bounds: Moments) -> list[tuple[int, LimitChange | None]]:
    """Return from which instants on (microseconds) which change of a limit holds; None: what was granted at first."""
    spells = [
        _spell(place, each, bounds) for place, each in enumerate(changes) if getattr(each, name, None) is not None
    ]
    edges = {edge for spell in spells for edge in (spell.from_us, spell.until_us)}
    return [(edge, _holding(spells, edge)) for edge in sorted(edges) if edge < bounds.horizon_us]


def _spell(place: int, change: LimitChange, bounds: Moments) -> _Spell:
    from_us, until_us = bounds.window_us(change.from_, change.to, change.lasts, change.entity)
    return _Spell(from_us, place, until_us if change.ends else bounds.horizon_us, change)


def _holding(spells: list[_Spell], at_us: int) -> LimitChange | None:
    running = [spell for spell in spells if spell.from_us <= at_us < spell.until_us]
    return max(running).change if running else None
