"""Tests of integration.intake and integration.mailroom: verify, deduplicate, store, answer, and only then work."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from domain import history
from domain.http import Reply, Request
from integration.effects import Deliver, Emit, Receive, Sleep, Start
from integration.flow import FlowContext
from integration.intake import Route, Source, Unreadable, Unverified
from integration.journal.protocol import CrashPoint
from integration.outcomes import Message
from tests.integration.conftest import World

Arguments = Mapping[str, Any]


def verify(request: Request, now_us: int) -> None:
    if request.headers.get("x-secret") != "s3cret":
        raise Unverified("wrong secret", 401)


def parse(request: Request) -> Sequence[Message]:
    try:
        events = json.loads(request.body)
    except ValueError as mistake:
        raise Unreadable(str(mistake)) from mistake
    return [
        Message(source="", id=event["id"], topic=event["topic"], key=event["key"], body=event, txn="Q-000123")
        for event in events
    ]


def event(number: int, topic: str = "task.completed", key: str = "Q-1") -> dict[str, Any]:
    return {"id": f"ev_{number}", "topic": topic, "key": key}


def webhook(*events: dict[str, Any], secret: str = "s3cret", path: str = "/webhooks/fulfilment") -> Request:
    body = json.dumps(list(events)).encode()
    return Request("integration", "POST", path, {"x-secret": secret}, body)


async def waiter(context: FlowContext, arguments: Arguments) -> str:
    """Wait for two messages, with a pause before the first."""
    await Sleep(arguments.get("pause", 0))
    first = await Receive("done", "Q-1", timeout_seconds=1000)
    second = await Receive("done", "Q-1", timeout_seconds=1000)
    return f"{first and first.id} {second and second.id}"


async def started(context: FlowContext, arguments: Arguments) -> str:
    """End at once."""
    await Emit(type="order.accepted", subject=arguments["key"])
    return str(arguments["key"])


def accept(message: Message) -> Start:
    return Start(flow_id=f"order/{message.key}", name="started", arguments={"key": message.key}, txn=message.txn)


async def sweep(context: FlowContext, arguments: Arguments) -> list[str]:
    """Take in what the source says it has told."""
    await Sleep(10)
    return list(await Deliver("fulfilment", tuple(parse(webhook(*arguments["events"])))))


SOURCES = (Source("fulfilment", "/webhooks/fulfilment", verify, parse, Reply(202)),)
ROUTES = (
    Route(source="fulfilment", topic="task.completed", deliver_as="done"),
    Route(source="fulfilment", topic="quote.accepted", start=accept, deliver=False),
)


def made(world: Any, **options: Any) -> Any:
    return world({"waiter": waiter, "started": started, "sweep": sweep}, sources=SOURCES, routes=ROUTES, **options)


def result(place: Any, flow: str) -> str:
    return str(
        next(record.result for record in place.of(history.Flow) if (record.flow, record.status) == (flow, "finished"))
    )


def test_a_message_reaches_the_flow_that_waits_for_it_after_the_answer(world: Any) -> None:
    place = made(world)
    place.integration.launch(Start(flow_id="w", name="waiter"))
    place.run(10)
    assert place.integration.receive(webhook(event(1))) == Reply(202)
    assert place.of(history.Applied) == []
    place.run(11)
    assert [(record.consumer, record.system, record.message) for record in place.of(history.Applied)] == [
        ("w", "fulfilment", "ev_1")
    ]


def test_early_messages_wait_and_are_taken_in_the_order_of_arrival(world: Any) -> None:
    place = made(world)
    assert place.integration.receive(webhook(event(2), event(1))) == Reply(202)
    place.integration.launch(Start(flow_id="w", name="waiter", arguments={"pause": 50}))
    place.run(20)
    place.integration.kill()
    place.integration.restart()
    place.run(100)
    assert result(place, "w") == "ev_2 ev_1"


def test_a_copy_is_answered_and_has_no_effect(world: Any) -> None:
    place = made(world)
    place.integration.launch(Start(flow_id="w", name="waiter"))
    for _ in range(3):
        assert place.integration.receive(webhook(event(1), event(1))) == Reply(202)
    place.run(2000)
    assert result(place, "w") == "ev_1 None"


def test_an_unverified_request_is_refused_and_leaves_nothing(world: Any) -> None:
    place = made(world)
    writes = place.journal.writes
    reply = place.integration.receive(webhook(event(1), secret="guess"))
    assert (reply.status, reply.body) == (401, b"wrong secret")
    assert place.journal.writes == writes
    assert place.integration.receive(webhook(event(1))) == Reply(202)


def test_other_requests_are_refused_politely(world: Any) -> None:
    place = made(world)
    assert place.integration.receive(webhook(path="/webhooks/unknown")).status == 404
    broken = Request("integration", "POST", "/webhooks/fulfilment", {"x-secret": "s3cret"}, b"{")
    assert place.integration.receive(broken).status == 400
    huge = Request("integration", "POST", "/webhooks/fulfilment", {"x-secret": "s3cret"}, b"x" * 1_000_001)
    assert place.integration.receive(huge).status == 413


def test_a_message_starts_its_flow_once(world: Any) -> None:
    place = made(world)
    place.integration.receive(webhook(event(1, "quote.accepted", "Q-7")))
    place.integration.receive(webhook(event(2, "quote.accepted", "Q-7")))
    place.run(10)
    assert place.statuses("order/Q-7") == ["started", "finished"]
    assert [(record.consumer, record.message) for record in place.of(history.Applied)] == [("started", "ev_1")]


def test_a_topic_without_a_route_is_answered_and_forgotten(world: Any) -> None:
    place = made(world)
    writes = place.journal.writes
    assert place.integration.receive(webhook(event(1, "task.renamed"))) == Reply(202)
    assert place.journal.writes == writes


def test_nobody_answers_while_the_process_is_down_and_the_sender_comes_again(world: Any) -> None:
    place = made(world, crash_points=[CrashPoint(1, after=True)])
    assert place.integration.receive(webhook(event(1, "quote.accepted", "Q-7"))) is None
    assert place.integration.receive(webhook(event(1, "quote.accepted", "Q-7"))) is None
    place.run(60)
    assert place.integration.receive(webhook(event(1, "quote.accepted", "Q-7"))) == Reply(202)
    assert place.statuses("order/Q-7") == ["started", "finished"]


def test_events_leave_in_order_with_a_gapless_sequence_and_again_after_a_crash(world: Any) -> None:
    async def talkative(context: FlowContext, arguments: Arguments) -> None:
        for _ in range(3):
            await Emit(type="told", subject="Q-1")
        await Emit(type="told", subject="Q-2")
        await Sleep(1)

    place = world({"talkative": talkative}, crash_points=[CrashPoint(3, after=False)])
    place.integration.launch(Start(flow_id="t", name="talkative"))
    place.run(100)
    told = [(record.subject, record.sequence, record.id) for record in place.of(history.Emitted)]
    once = [("Q-1", 1, "t/0"), ("Q-1", 2, "t/1"), ("Q-1", 3, "t/2"), ("Q-2", 1, "t/3")]
    assert told == once + once


def test_a_verification_that_fails_unexpectedly_is_a_refusal_and_ends_nothing(world: Any) -> None:
    def stumbles(request: Request, now_us: int) -> None:
        raise TypeError("comparing strings with non-ASCII characters is not supported")

    place = world({}, sources=(Source("fulfilment", "/webhooks/fulfilment", stumbles, parse),), routes=ROUTES)
    reply = place.integration.receive(webhook(event(1)))
    assert reply.status == 400
    assert place.integration.is_alive


def swept(world: Any, *events: dict[str, Any], **options: Any) -> Any:
    """Let a flow wait, tell it the first of some messages, and have all of them asked for."""
    place = made(world, **options)
    for start in (Start(flow_id="w", name="waiter"), Start(flow_id="s", name="sweep", arguments={"events": events})):
        if place.integration.launch(start) is None:  # it died of it before it was written
            place.at(60, partial(place.integration.launch, start))
    place.at(5, lambda: place.integration.receive(webhook(events[0])))
    place.run(600)
    return place


def test_messages_that_are_asked_for_reach_who_waits_and_start_what_they_start() -> None:
    place = swept(World, event(1), event(2), event(2), event(3, "quote.accepted"), event(4, "nobody.cares"))
    assert result(place, "w") == "ev_1 ev_2"
    assert result(place, "s") == '["ev_2","ev_3"]', "known ones and those that nobody wants are passed over"
    assert result(place, "order/Q-1") == "Q-1"
    place.integration.receive(webhook(event(2), event(3, "quote.accepted")))
    assert place.integration.duplicates == {"fulfilment": 2}, "told late, they are known"


def test_messages_that_are_asked_for_arrive_once_whatever_write_the_process_dies_at() -> None:
    events = event(1), event(2), event(3, "quote.accepted")
    for write in range(1, swept(World, *events).journal.writes + 1):
        for after in (False, True):
            place = swept(World, *events, crash_points=[CrashPoint(write, after)])
            assert place.crashes == [CrashPoint(write, after)]
            assert place.integration.open_flows() == []
            assert sorted(record.message for record in place.of(history.Applied)) == ["ev_1", "ev_2", "ev_3"]


def test_a_message_that_is_asked_for_and_contradicts_a_flow_is_noted_in_the_trail() -> None:
    place = made(World)
    place.integration.launch(Start(flow_id="order/Q-1", name="started", arguments={"key": "other"}))
    told = {"events": [event(3, "quote.accepted")]}
    place.integration.launch(Start(flow_id="s", name="sweep", arguments=told))
    place.run(60)
    assert result(place, "s") == '["ev_3"]'
    notes = [entry.note for _, _, entry in place.journal.entries() if entry.note]
    assert [(note["action"], note["message"]) for note in notes] == [("refuse", "ev_3")]
    assert place.journal.verify().intact
