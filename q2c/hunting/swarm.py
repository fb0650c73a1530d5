"""Swarm testing: whole kinds of fault are off in a run, so that what one kind hides another run can see.

A run in which everything goes wrong at once never gets far: its first outage hides every later fault. With half of the
kinds off, each pair of kinds is met together in a quarter of the runs and apart in a half (Groce et al., "Swarm
Testing", ISSTA 2012; TigerBeetle's VOPR does the same).
"""

from __future__ import annotations

from collections.abc import Collection

from domain.draws import Draws

ON = 0.5
"""Part of the runs in which a kind is on."""


def kinds_on(draws: Draws, kinds: Collection[str]) -> frozenset[str]:
    """Return the kinds of fault that are on in the run whose draws these are; another kind moves none of the others."""
    return frozenset(kind for kind in kinds if draws.chance(ON, "swarm", kind))
