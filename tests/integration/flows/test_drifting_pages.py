"""Lists that change between two pages: by a place nothing is lost; what an offset hides, the next sweep sees."""

from __future__ import annotations

from typing import Any

import pytest

from integration.effects import Call
from tests.integration.flows.test_paging import READERS, ROWS, by_cursor, by_offset, by_place, swept

BY_PLACE = [name for name, (_, serve, _, _) in READERS.items() if serve in (by_cursor, by_place)]
BY_OFFSET = [name for name, (_, serve, _, _) in READERS.items() if serve is by_offset]


class Drifting:
    """A list to which something happens after its first page was read."""

    def __init__(self, name: str, change: str) -> None:
        self.program, self._serve, make, self.pattern = READERS[name]
        self.rows, self._strange, self._change = [make(n) for n in range(1, ROWS + 1)], make(ROWS + 1), change

    def answer(self, call: Call) -> Any:
        answered = self._serve(call, self.rows)
        if self._change == "vanishes":
            self.rows = self.rows[1:]
        elif self._change == "appears":
            self.rows = [*self.rows, self._strange]
        self._change = ""
        return answered

    def sweep(self) -> list[str]:
        """Return the flows that a sweep starts."""
        return [start.flow_id for start in swept(self.program, self.answer)]

    def wanted(self) -> set[str]:
        return {self.pattern.format(number) for number in range(1, ROWS + 1)}


def found(drifting: Drifting, seen: list[str]) -> set[str]:
    return {want for want in drifting.wanted() if any(flow.startswith(want) for flow in seen)}


@pytest.mark.parametrize("change", ["vanishes", "appears"])
@pytest.mark.parametrize("name", BY_PLACE)
def test_a_list_by_place_loses_nothing(name: str, change: str) -> None:
    drifting = Drifting(name, change)
    assert found(drifting, drifting.sweep()) == drifting.wanted()


@pytest.mark.parametrize("name", BY_OFFSET)
def test_what_a_list_by_offset_hides_is_seen_by_the_next_sweep(name: str) -> None:
    drifting = Drifting(name, "vanishes")
    first = found(drifting, drifting.sweep())
    assert first < drifting.wanted(), "an offset hides a row when another goes"
    assert first | found(drifting, drifting.sweep()) == drifting.wanted()
