"""A live world: what it does by itself, what strikes it, and what it is founded with."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from domain.acts import Act, UnknownAct
from domain.faults import Fault
from mocks.doors.settings import OPEN_QUIRKS, opened, quirks_of
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.outcome import CLOSE, DELIVER, DRIP, RESET, SILENCE, TRUNCATE
from scenarios.ground import ground
from scenarios.library import find
from scenarios.population import seeds
from scenarios.scale import scaled
from tests.mocks.doors.conftest import (
    SECOND_US,
    START_US,
    Wall,
    get_task,
    live,
    played,
    put_task,
    status,
)

# --- time -----------------------------------------------------------------------------------------------------------


def test_what_was_due_is_done_before_the_next_request_is_answered() -> None:
    wall = Wall()
    world = live(wall)
    world.handle("fulfilment", put_task())
    assert status(world) == "requested"
    wall.now_us += 61 * SECOND_US
    assert status(world) == "in_progress"
    wall.now_us += 700 * SECOND_US
    assert status(world) == "completed"


def test_time_that_is_skipped_is_worked_through_in_order() -> None:
    world, seen = live(), []
    world.listeners.append(lambda record: seen.append(record.at_us))
    world.handle("fulfilment", put_task())
    played(lambda: world.advance(86_400))
    assert status(world) == "completed"
    assert seen == sorted(seen)
    assert world.clock.now_us() == START_US + 86_400 * SECOND_US


def test_a_frozen_world_answers_at_one_instant() -> None:
    wall = Wall()
    world = live(wall)
    world.freeze()
    wall.now_us += 86_400 * SECOND_US
    world.handle("fulfilment", put_task())
    wall.now_us += 86_400 * SECOND_US
    world.tick()
    assert status(world) == "requested"
    world.run(speed=10)
    wall.now_us += 7 * SECOND_US
    assert status(world) == "in_progress"


def test_a_model_that_wishes_for_another_time_gets_it() -> None:
    world = live()

    async def work() -> int:
        world.services["fulfilment"].desk.wish_time(START_US + 100 * SECOND_US)
        world.handle("fulfilment", put_task())
        await asyncio.sleep(0.01)
        return world.clock.now_us()

    assert played(work) == START_US + 100 * SECOND_US


# --- faults and limits ----------------------------------------------------------------------------------------------


BROKEN = [
    ("refused", RESET, False),
    ("reset_before", RESET, False),
    ("black_hole", SILENCE, False),
    ("closed_before", CLOSE, False),
    ("truncated_before", TRUNCATE, False),
    ("drip_before", DRIP, False),
    ("reset_after", RESET, True),
    ("lost_reply", SILENCE, True),
    ("closed_after", CLOSE, True),
    ("truncated_after", TRUNCATE, True),
    ("drip_after", DRIP, True),
]


@pytest.mark.parametrize(("kind", "wire", "is_done"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_connection_breaks_before_or_after_the_commit(kind: str, wire: str, is_done: bool) -> None:
    world = live(faults=[Fault(kind=kind, system="fulfilment", operation="request_task")])
    outcome = world.handle("fulfilment", put_task())
    assert outcome.wire == wire
    world.plan([])
    assert (status(world) == "requested") is is_done


def test_a_late_request_is_performed_when_nobody_waits_for_it() -> None:
    wall = Wall()
    world = live(wall, faults=[Fault(kind="late_arrival", operation="request_task", seconds=30)])
    assert world.handle("fulfilment", put_task()).wire == SILENCE
    world.tick()
    assert status(world) == ""
    wall.now_us += 31 * SECOND_US
    world.tick()
    assert status(world) == "requested"


def test_faults_and_limits_can_be_changed_while_it_runs() -> None:
    world = live()
    world.plan([Fault(kind="error_before", system="fulfilment")])
    assert world.handle("fulfilment", put_task()).reply.status == 500
    world.plan([])
    assert world.handle("fulfilment", put_task()).reply.status == 201
    world.limit("fulfilment", LimitPolicy(requests=1, window_seconds=60))
    assert [world.handle("fulfilment", get_task()).reply.status for _ in range(2)] == [200, 429]
    with pytest.raises(ValueError, match="unknown fault kind"):
        world.plan([Fault(kind="gremlin")])


def test_our_own_bug_is_the_vendors_server_error_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    world = live()

    def broken(*_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(world.services["fulfilment"], "handle", broken)
    outcome = world.handle("fulfilment", put_task())
    assert (outcome.wire, outcome.reply.status) == (DELIVER, 500)
    assert outcome.reply.headers["content-type"] == "application/problem+json"


# --- the whole world ------------------------------------------------------------------------------------------------


def test_a_reset_world_is_as_it_began() -> None:
    world = live()
    world.handle("fulfilment", put_task())
    world.plan([Fault(kind="error_before")])
    world.reset()
    assert status(world) == ""
    assert world.handle("fulfilment", put_task()).reply.status == 201


def test_an_act_that_nobody_knows_is_refused() -> None:
    world = live()
    with pytest.raises(UnknownAct):
        world.act(Act(at_us=START_US, system="tax", action="dance", arguments={}))
    assert len(world.snapshot()) == 2


def test_what_billing_was_seeded_with_stands_in_the_books_of_the_erp() -> None:
    chosen = scaled(find("quarter_end"), orders=3, subscriptions=3)
    world = live()
    acts = list(seeds(ground(chosen, 1)))
    assert world.seed(acts) == len(acts)
    invoiced = {name.id for name in world.services["billing"].desk.book.table("invoice").values()}
    opened = [line for line in world.snapshot() if b'"open_item"' in line]
    assert len(opened) == len(invoiced) > 0
    assert world.seed([]) == 0
    assert len([line for line in world.snapshot() if b'"open_item"' in line]) == len(opened)


def test_an_open_world_is_in_everyday_use_and_one_for_the_reference_as_that_asks_for() -> None:
    said = {"erp": {"job_seconds": 1}}
    everyday = quirks_of(opened(said))
    assert everyday["tax"] == OPEN_QUIRKS["tax"]
    assert (everyday["erp"].opens_periods, everyday["erp"].job_seconds) == (True, 1)
    reference = quirks_of(opened(said, reference=True))
    assert (reference["erp"].opens_periods, reference["crm"]) == (False, OPEN_QUIRKS["crm"])
    assert {"billing", "tax"}.isdisjoint(reference)
