"""The cross-reference as flows use it: what is assigned stands, the first one wins, and a crash loses none of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from integration.effects import Assign, Lookup, Now, Sleep, Start
from integration.flow import FlowContext
from integration.journal.protocol import CrashPoint
from tests.integration.conftest import World

FIRST, SECOND = {"id": "A-1"}, {"id": "A-2"}


async def claims(context: FlowContext, arguments: Mapping[str, Any]) -> list[Any]:
    """Look, write, look again; then try to take the row over, replace it, and remove it."""
    found = [await Lookup("customer", "crm/A-1")]
    found.append(await Assign(kind="customer", key="crm/A-1", value=FIRST))
    found.append(await Lookup("customer", "crm/A-1"))
    await Sleep(10)
    found.append(await Assign(kind="customer", key="crm/A-1", value=SECOND))  # too late: it is taken
    found.append(await Assign(kind="customer", key="crm/A-1", value=SECOND, expected=FIRST))
    await Now()
    found.append(await Assign(kind="customer", key="crm/A-1", value=None, expected=SECOND))
    found.append(await Lookup("customer", "crm/A-1"))
    return found


WRITES = 3  # the start, the pause, the end
START = Start(flow_id="claims", name="claims")
EXPECTED = [None, FIRST, FIRST, FIRST, SECOND, None, None]


@pytest.mark.parametrize("write", range(1, 6))
@pytest.mark.parametrize("after", [False, True])
def test_a_row_is_written_once_whatever_write_the_process_dies_at(write: int, after: bool) -> None:
    results: list[Any] = []

    async def told(context: FlowContext, arguments: Mapping[str, Any]) -> None:
        results.append(await claims(context, arguments))

    world = World({"claims": told}, crash_points=[CrashPoint(write, after)])
    if world.integration.launch(START) is None:  # it died of it before it was written
        world.at(60, lambda: world.integration.launch(START))
    world.run(200)
    assert results[-1] == EXPECTED
    assert len(world.crashes) == 1 or write > WRITES


def test_rows_outlive_the_incarnation_that_wrote_them() -> None:
    seen: list[Any] = []

    async def writes(context: FlowContext, arguments: Mapping[str, Any]) -> None:
        await Assign(kind="customer", key="crm/A-1", value=FIRST)

    async def reads(context: FlowContext, arguments: Mapping[str, Any]) -> None:
        seen.append(await Lookup("customer", "crm/A-1"))

    world = World({"writes": writes, "reads": reads})
    world.integration.launch(Start(flow_id="writes", name="writes"))
    world.run(1)
    world.integration.kill()
    world.integration.restart()
    world.integration.launch(Start(flow_id="reads", name="reads"))
    world.run(2)
    assert seen == [FIRST]
