"""Messages of a live world: whom it tells, when, how often, and what befalls them on the way."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from domain.faults import Fault
from domain.http import Request
from mocks.doors.live import LiveWorld
from mocks.doors.post import Targets
from tests.mocks.doors.conftest import (
    SECOND_US,
    START_US,
    Receiver,
    live,
    played,
    put_task,
)


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
