"""Systems whose records leave the memory answer as those do that keep them all in memory."""

from __future__ import annotations

from functools import partial

import pytest

from mocks.kernel.spilled import SpilledTables
from mocks.world import World
from simulator import scene
from tests.demo import digest

SIZE = (20, 20, 3)  # orders, subscriptions, seed


def test_a_quarter_is_the_same_when_one_record_of_a_table_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    in_memory = digest(*SIZE)
    spilled = SpilledTables(hot_max=1)
    monkeypatch.setattr(scene, "World", partial(World, tables=spilled))
    assert digest(*SIZE) == in_memory
    assert spilled.file.tables > 40, "most tables were written"
