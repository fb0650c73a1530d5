"""A live world: what it does by itself, whom it tells, what strikes it, and how it is made again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.acts import Act, UnknownAct
from domain.faults import Fault
from domain.http import Request
from mocks.doors.live import Divergence, LiveWorld
from mocks.doors.post import Targets
from mocks.doors.settings import OPEN_QUIRKS, opened, quirks_of
from mocks.doors.state import FileState
from mocks.fulfilment import Quirks
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.outcome import CLOSE, DELIVER, DRIP, RESET, SILENCE, TRUNCATE
from scenarios.ground import ground
from scenarios.library import find
from scenarios.population import seeds
from scenarios.scale import scaled
from tests.mocks.doors.conftest import SECOND_US, START_US, Receiver, Wall, get_task, listening, put_task

R = TypeVar("R")
QUIRKS = {"fulfilment": Quirks(median_seconds=600, p95_seconds=601)}


def live(wall: Wall | None = None, **said: Any) -> LiveWorld:
    return LiveWorld(clock=(wall or Wall()).clock(), quirks=QUIRKS, **said)


def status(world: LiveWorld, number: int = 1) -> str:
    reply = world.handle("fulfilment", get_task(number)).reply
    return str(msgspec.json.decode(reply.body)["status"]) if reply.status == 200 else ""


def played(work: Callable[[], Awaitable[R]]) -> R:
    async def main() -> R:
        return await work()

    return asyncio.run(main())


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


# --- messages -------------------------------------------------------------------------------------------------------


def completed(receiver: Receiver, *faults: Fault, seconds: float = 3_600) -> LiveWorld:
    world = live(faults=faults, targets=Targets(intake=receiver.url))
    world.handle("fulfilment", put_task())
    played(lambda: world.advance(seconds))
    return world


def webhook(kind: str, **said: Any) -> Fault:
    return Fault(kind=kind, system="fulfilment", operation="task.completed", **said)


def test_messages_go_out_when_they_are_due(receiver: Receiver) -> None:
    world = completed(receiver)
    assert receiver.topics() == ["task.completed"]
    assert [row.status for row in world.attempts()] == [200]
    assert all("signature" in " ".join(headers) for _, headers, _ in receiver.got)


def test_a_message_nobody_takes_is_sent_again_on_the_clock_of_the_world(receiver: Receiver) -> None:
    receiver.status = 500
    world = completed(receiver, seconds=2_000)
    rows = [*world.attempts()][::-1]
    assert [row.arrival.delivery.attempt for row in rows] == [1, 2, 3]
    assert [(row.at_us - rows[0].at_us) // SECOND_US for row in rows] == [0, 60, 360]


def test_a_log_that_is_kept_short_forgets_the_oldest_attempts(receiver: Receiver) -> None:
    receiver.status = 500
    world = completed(receiver, seconds=2_000)
    world.deliveries.keep(1)
    assert [row.arrival.delivery.attempt for row in world.attempts()] == [3]
    world.deliveries.keep(0)
    played(lambda: world.advance(6_000))
    assert list(world.attempts()) == []


def test_a_lost_message_never_arrives(receiver: Receiver) -> None:
    world = completed(receiver, webhook("loss"), seconds=300_000)
    assert receiver.topics() == []
    assert next(row.note for row in world.attempts()) == "lost on the way"


def test_a_message_may_come_more_than_once(receiver: Receiver) -> None:
    completed(receiver, webhook("duplicate", count=2))
    assert receiver.topics() == ["task.completed"] * 3
    assert len({body for _, _, body in receiver.got}) == 1


def test_a_delayed_message_is_overtaken(receiver: Receiver) -> None:
    world = live(faults=[webhook("reorder", txn="Q-000001", seconds=3_000)], targets=Targets(intake=receiver.url))
    for number in (1, 2):
        world.handle("fulfilment", put_task(number))
    played(lambda: world.advance(6_000))
    tasks = [msgspec.json.decode(body)["task"]["id"] for _, _, body in receiver.got]
    assert tasks == ["Q-000002-v1", "Q-000001-v1"]


@pytest.mark.parametrize("count", [0, 1])
def test_a_forgery_comes_first_and_differs(receiver: Receiver, count: int) -> None:
    world = completed(receiver, webhook("forged", count=count))
    assert receiver.topics() == ["task.completed"] * 2
    (_, forged, forged_body), (_, genuine, genuine_body) = receiver.got
    signature = next(name for name in genuine if "signature" in name)
    assert (forged[signature], forged_body) != (genuine[signature], genuine_body)
    assert [row.arrival.is_forged for row in world.attempts()] == [False, True]


def test_a_person_can_have_a_message_sent_again(receiver: Receiver) -> None:
    world = completed(receiver)
    attempt = next(iter(world.attempts()))

    async def again() -> None:
        world.redeliver(attempt.number)
        await world.settled()

    asyncio.run(again())
    assert receiver.topics() == ["task.completed"] * 2
    assert next(iter(world.attempts())).arrival.manual
    with pytest.raises(KeyError):
        world.redeliver(999)


def test_a_message_may_overtake_the_answer_of_its_call(receiver: Receiver) -> None:
    first = Fault(kind="webhook_first", system="payment")
    world = live(faults=[first], targets=Targets(intake=receiver.url))
    form = b"amount=2000&currency=usd&confirm=true&payment_method=pm_card_visa&return_url=http://x"
    request = Request("payment", "POST", "/v1/payment_intents", {"authorization": "Bearer sk_test_1"}, form)

    async def work() -> int:
        await world.answer("payment", request)
        return len(receiver.got)

    assert asyncio.run(work()) > 0


def test_without_anybody_who_listens_messages_are_noted_and_not_repeated() -> None:
    world = live()
    world.handle("fulfilment", put_task())
    played(lambda: world.advance(500_000))
    assert {row.status for row in world.attempts()} == {0}
    assert all("nobody listens" in row.note for row in world.attempts())
    assert [row.arrival.delivery.attempt for row in world.attempts()] == [1]


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


def test_an_act_that_nobody_knows_is_refused() -> None:
    world = live()
    with pytest.raises(UnknownAct):
        world.act(Act(at_us=START_US, system="tax", action="dance", arguments={}))
    assert len(world.snapshot()) == 2


def test_many_messages_go_out_a_few_at_a_time_and_all_arrive(receiver: Receiver) -> None:
    world = live(targets=Targets(intake=receiver.url))
    for number in range(1, 151):
        world.handle("fulfilment", put_task(number))
    most = 0

    async def work() -> None:
        nonlocal most
        world.clock.move_to(START_US + 86_400 * SECOND_US)
        world.tick()
        await asyncio.sleep(0)
        most = len(world._carrying)
        await world.settled()

    asyncio.run(work())
    assert 0 < most <= 64
    assert len(receiver.got) == 150


def test_a_message_that_cannot_be_rendered_is_noted(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    world = live(targets=Targets(intake=receiver.url))
    world.handle("fulfilment", put_task())

    def broken(*_: Any) -> Request:
        raise RuntimeError("a bug")

    monkeypatch.setattr(world.services["fulfilment"], "prepare", broken)
    played(lambda: world.advance(86_400))
    assert [row.note for row in world.attempts()] == ["it cannot be rendered"]


def test_a_receiver_that_is_not_there_is_tried_again() -> None:
    world = live(targets=Targets(intake="http://127.0.0.1:9"))
    world.handle("fulfilment", put_task())
    played(lambda: world.advance(2_000))
    assert [row.arrival.delivery.attempt for row in world.attempts()] == [3, 2, 1]
    assert all("127.0.0.1:9" in row.note for row in world.attempts())


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
