"""Drift: what vendors and their customers' administrators change, as named switches on a running world.

DRIFTS          every drift by name
Drifts          those of one world: which are on, and how they are put on and taken off
known(names)    the rows of some names, or a ValueError that lists what there is
"""

from mocks.drift.row import Drift
from mocks.drift.switches import DRIFTS, Drifts, known

__all__ = ["DRIFTS", "Drift", "Drifts", "known"]
