"""A live world is made again: from what it noted, in memory or in a file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.acts import Act
from domain.faults import Fault
from domain.http import Request
from mocks.doors.live import Divergence, LiveWorld
from mocks.doors.post import Targets
from mocks.doors.state import FileState
from mocks.kernel.limits import LimitPolicy
from tests.mocks.doors.conftest import (
    SECOND_US,
    Receiver,
    Wall,
    get_task,
    listening,
    live,
    put_task,
    status,
)


def books(world: LiveWorld) -> Any:
    return msgspec.to_builtins(
        {
            name: {kind: list(service.desk.book.table(kind).items()) for kind in service.desk.book.kinds()}
            for name, service in world.services.items()
        },
        enc_hook=repr,
    )


STEP = st.one_of(
    st.tuples(st.just("put"), st.integers(1, 4)),
    st.tuples(st.just("get"), st.integers(1, 4)),
    st.tuples(st.just("pay"), st.integers(1, 3)),
    st.tuples(st.just("wait"), st.integers(1, 4_000)),
    st.tuples(st.just("advance"), st.integers(1, 90_000)),
    st.tuples(st.just("faults"), st.integers(0, 2)),
    st.tuples(st.just("limit"), st.integers(0, 2)),
    st.tuples(st.just("answer"), st.sampled_from([200, 500])),
    st.tuples(st.just("restart"), st.just(0)),
)
PLANS = (
    [],
    [Fault(kind="error_after", share_ppm=500_000), Fault(kind="duplicate", share_ppm=500_000, count=1, seconds=5)],
    [Fault(kind="late_arrival", share_ppm=300_000, seconds=9), Fault(kind="loss", share_ppm=300_000)],
)


def pay(key: int) -> Request:
    headers = {"authorization": "Bearer sk_test_1", "idempotency-key": f"k{key}"}
    form = b"amount=2000&currency=usd&confirm=true&payment_method=pm_card_visa&return_url=http://x"
    return Request("payment", "POST", "/v1/payment_intents", headers, form)


async def happen(world: LiveWorld, wall: Wall, receiver: Receiver, step: tuple[str, Any]) -> None:
    what, how = step
    if what == "put":
        world.handle("fulfilment", put_task(how))
    elif what == "get":
        world.handle("fulfilment", get_task(how))
    elif what == "pay":
        world.handle("payment", pay(how))
    elif what == "wait":
        wall.now_us += how * SECOND_US
        world.tick()
    elif what == "advance":
        await world.advance(how)
    elif what == "faults":
        world.plan(PLANS[how])
    elif what == "limit":
        world.limit("payment", LimitPolicy(requests=how, window_seconds=100))
    elif what == "answer":
        receiver.status = how
    elif what == "restart":
        world.restore(world.snapshot())
    await world.settled()


@given(st.lists(STEP, max_size=14))
@settings(max_examples=25, deadline=None)
def test_a_snapshot_is_the_world_itself(steps: list[tuple[str, Any]]) -> None:
    with listening() as receiver:
        wall = Wall()
        world = live(wall, targets=Targets(intake=receiver.url))

        async def play() -> None:
            for step in steps:
                await happen(world, wall, receiver, step)

        asyncio.run(play())
        lines = world.snapshot()
        twin = LiveWorld(clock=wall.clock(), targets=world.targets)
        twin.restore(lines)
        assert books(twin) == books(world)
        assert [row.number for row in twin.attempts()] == [row.number for row in world.attempts()]
        assert twin.clock.now_us() == world.clock.now_us()
        assert twin.due_us() == world.due_us()
        after = [twin.handle("payment", pay(1)).reply.body, twin.handle("fulfilment", put_task(2)).reply.body]
        assert after == [world.handle("payment", pay(1)).reply.body, world.handle("fulfilment", put_task(2)).reply.body]


def test_a_world_in_a_file_goes_on_where_it_was(tmp_path: Path) -> None:
    wall = Wall()
    world = live(wall, state=FileState(tmp_path / "w.db"))
    world.handle("fulfilment", put_task())
    world.act(
        Act(
            at_us=wall.now_us,
            system="payment",
            action="create_customer",
            arguments={"account": "A-000001", "name": "A", "currency": "USD"},
        )
    )
    before = books(world)
    world.state.close()
    again = LiveWorld(clock=wall.clock(), state=FileState(tmp_path / "w.db"))
    assert books(again) == before
    wall.now_us += 61 * SECOND_US
    assert status(again) == "in_progress"
    again.state.close()


def test_a_message_that_was_under_way_when_the_process_died_is_carried_again(
    tmp_path: Path, receiver: Receiver
) -> None:
    wall = Wall()
    world = live(wall, state=FileState(tmp_path / "w.db"), targets=Targets(intake=receiver.url))
    world.handle("fulfilment", put_task())
    wall.now_us += 3_600 * SECOND_US
    world.tick()  # nobody runs an event loop: the message is due and never sent
    world.state.close()
    again = LiveWorld(clock=wall.clock(), state=FileState(tmp_path / "w.db"), targets=Targets(intake=receiver.url))
    asyncio.run(again.settled())
    assert receiver.topics() == ["task.completed"]
    again.state.close()


def test_a_snapshot_of_another_release_is_refused_and_changes_nothing() -> None:
    world = live()
    world.handle("fulfilment", put_task())
    lines = [line.replace(b'"status":201', b'"status":202') for line in world.snapshot()]
    with pytest.raises(Divergence, match="201"):
        world.restore(lines)
    assert status(world) == "requested"


@pytest.mark.parametrize("lines", [[b"{}"], [b"nonsense"], [b'{"is":"tick","at_us":1,"system":"erp"}']])
def test_lines_that_are_no_snapshot_are_refused(lines: list[bytes]) -> None:
    with pytest.raises(ValueError, match="line"):
        live().restore(lines)
