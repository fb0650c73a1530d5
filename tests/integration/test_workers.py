"""Tests of the engine among many workers on one PostgreSQL: the same ends as alone, whoever dies, races or acts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from domain import history
from domain.http import Request
from integration.effects import Assign, Call, Deliver, Emit, Receive, Sleep, Start
from integration.flow import FlowContext
from integration.journal.postgres import PostgresJournal
from integration.journal.protocol import CrashPoint
from integration.process import Integration
from integration.retry import call_with_retries
from tests.integration.booking import LAST_SECOND, START, outcome_of, undisturbed
from tests.integration.crews import crew, news, seldom
from tests.postgres import postgres, postgres_server

__all__ = ["crew", "postgres", "postgres_server", "seldom"]
Arguments = Mapping[str, Any]


async def amend(context: FlowContext, arguments: Arguments) -> str:
    """Apply, wait, and write down what was done."""
    key = f"q2c/{context.flow_id}"
    call = Call(system="billing", operation="apply", method="PUT", target=f"/{key}", key=key, write=True)
    await call_with_retries(context, call)
    await Sleep(100)
    return context.flow_id


async def listen(context: FlowContext, arguments: Arguments) -> str:
    """Wait for a message."""
    message = await Receive("news", arguments["key"], timeout_seconds=5000)
    return message.id if message else "nothing"


async def sweep(context: FlowContext, arguments: Arguments) -> list[str]:
    """Take in what the source says it has told."""
    await Sleep(1)
    return list(await Deliver("crm", (news("n1 k"), news("n2 k"))))


def test_one_worker_ends_as_the_embedded_journal_does_after_a_crash_at_any_write(
    world: Any, postgres_server: Any
) -> None:
    plain = undisturbed(world)
    for write in range(plain.journal.writes + 1):
        for after in (False, True) if write else (False,):
            address = postgres_server.create()
            points = [CrashPoint(write, after)] if write else []
            journal = PostgresJournal(address, "w", crash_points=points)
            made = undisturbed(world, journal=journal)
            assert made.crashes == points
            assert outcome_of(made) == outcome_of(plain), f"write {write}, after {after}"
            assert journal.verify().intact
            applied = [(record.consumer, record.message) for record in made.of(history.Applied)]
            assert len(applied) == len(set(applied))
            journal.close()
            postgres_server.drop(address)


def test_two_workers_share_the_work_and_each_entity_keeps_its_order(crew: Any) -> None:
    made = crew({"amend": amend}, "a", "b")
    for number in range(150):
        start = Start(
            flow_id=f"f{number:03}", name="amend", entity_key=f"e{number % 100}", order_key=f"{200 - number:04}"
        )
        made.workers[number % 2].launch(start)
    made.world.run(2000)
    ran = [call.key.split("/")[1] for _, call, _ in made.world.sent]
    assert sorted(ran) == [f"f{number:03}" for number in range(150)]
    assert set(made.world.done.values()) == {1}
    for entity in range(100):
        mine = [int(name[1:]) for name in ran if int(name[1:]) % 100 == entity]
        assert mine == sorted(mine, reverse=True), "all had come before the first was claimed: the order keys decide"
    owners = {head.chain: head.entries for head in made.journals[0].verify().heads}
    assert len(owners) == 2
    assert min(owners.values()) > 50


@pytest.mark.parametrize("second", range(0, 12, 2))
def test_the_work_of_a_worker_that_dies_for_good_is_done_by_the_others(crew: Any, second: int) -> None:
    made = crew({"amend": amend, "listen": listen}, "a", "b")
    one, other = made.workers
    one.launch(START)
    for number in range(12):
        one.launch(Start(flow_id=f"f{number}", name="amend", entity_key=f"e{number % 5}"))
    one.launch(Start(flow_id="ear", name="listen", arguments={"key": "k"}))
    if second:
        made.world.run(second)
    one.kill()
    made.let_leases_run_out(other)
    other.receive(Request("integration", "POST", "/crm", {}, b"n1 k"))
    made.world.run(LAST_SECOND)
    finished = {record.flow: record.result for record in made.world.of(history.Flow) if record.status == "finished"}
    assert finished["ear"] == "n1"
    assert finished[START.flow_id] == "1200 ['Answer', 'Slept', 'Answer']"
    assert len(finished) == 15
    assert set(made.world.done.values()) == {1}
    assert other.open_flows() == []
    assert made.journals[1].verify().intact


def test_a_zombie_dies_when_it_comes_back_and_nothing_is_done_twice(crew: Any) -> None:
    made = crew({"amend": amend}, "a", "b")
    zombie, heir = made.workers
    for number in range(6):
        zombie.launch(Start(flow_id=f"f{number}", name="amend"))
    made.world.run(1)
    made.let_leases_run_out(heir)
    heir._engine.enter(heir._engine.adoption.poll)
    made.world.run(500)
    assert (zombie.is_alive, heir.is_alive) == (False, True)
    statuses = [made.world.statuses(f"f{number}") for number in range(6)]
    assert all(found[-1] == "finished" and found.count("finished") == 1 for found in statuses)


def test_a_start_that_another_worker_made_first_is_found_and_the_answer_before_it_is_kept(crew: Any) -> None:
    """The worker reads that no such flow exists; before it writes, the other one starts it."""

    async def parent(context: FlowContext, arguments: Arguments) -> Any:
        await Call(system="erp", operation="post", method="POST", target="/x", write=True)  # no key: never repeated
        return (await Start(flow_id="child", name="amend", arguments={})).created

    made = crew({"parent": parent, "amend": amend}, "a", "b")
    one, other = made.workers
    one.launch(Start(flow_id="parent", name="parent"))
    made.world.before_reply = lambda call: _launch_between(one, other) if call.operation == "post" else None
    made.world.run(200)
    assert [record.result for record in made.world.of(history.Flow) if record.status == "finished"][-1:] == ["child"]
    assert made.world.statuses("parent") == ["started", "finished"]
    assert ("parent", "false") in [(record.flow, record.result) for record in made.world.of(history.Flow)]
    assert made.world.times("post") == [0]


def _launch_between(one: Integration, other: Integration) -> None:
    """Let the next flow that `one` looks for be started by `other` right after it was not found."""
    lease = one._engine.lease  # type: ignore[union-attr]
    find = lease.find

    def found(flow_id: str) -> Any:
        row = find(flow_id)
        lease.find = find  # type: ignore[method-assign]
        other.launch(Start(flow_id=flow_id, name="amend", arguments={}))
        return row

    lease.find = found  # type: ignore[method-assign]


NEWS = Request("integration", "POST", "/crm", {}, b"n1 k")


def _hear_between(one: Integration, other: Integration) -> None:
    """Let the next message that `one` looks for be told to `other` right after it was not found."""
    lease = one._engine.lease  # type: ignore[union-attr]
    known = lease.has_message

    def raced(source: str, message: str) -> bool:
        lease.has_message = known  # type: ignore[method-assign]
        found = known(source, message)
        reply = other.receive(NEWS)
        assert reply is not None
        assert reply.status == 200
        return found

    lease.has_message = raced  # type: ignore[method-assign]


def test_a_message_that_one_worker_asks_for_while_another_is_told_it_is_stored_once(crew: Any) -> None:
    made = crew({"listen": listen, "sweep": sweep}, "a", "b")
    one, _ = made.workers
    one.launch(Start(flow_id="swept", name="sweep"))
    made.world.run(1)
    _hear_between(*made.workers)
    for name in ("first", "second"):
        one.launch(Start(flow_id=name, name="listen", arguments={"key": "k"}))
    made.world.run(LAST_SECOND)
    results = {record.flow: record.result for record in made.world.of(history.Flow) if record.status == "finished"}
    assert results.pop("swept") == '["n2"]'
    assert sorted(results.values()) == ["n1", "n2"]


def test_a_webhook_that_two_workers_get_at_once_is_stored_once(crew: Any) -> None:
    made = crew({"listen": listen}, "a", "b")
    one, _ = made.workers
    _hear_between(*made.workers)
    assert one.receive(NEWS).status == 200
    for name in ("first", "second"):
        one.launch(Start(flow_id=name, name="listen", arguments={"key": "k"}))
    made.world.run(LAST_SECOND)
    results = {record.flow: record.result for record in made.world.of(history.Flow) if record.status == "finished"}
    assert sorted(results.values()) == ["n1", "nothing"]


def test_of_two_flows_of_different_workers_that_wait_for_one_message_one_gets_it(crew: Any) -> None:
    made = crew({"listen": listen}, "a", "b")
    one, other = made.workers
    for name, worker in (("x", one), ("y", other)):
        worker.launch(Start(flow_id=name, name="listen", arguments={"key": "k"}))
        worker._engine.enter(worker._engine.adoption.poll)
    made.world.run(10)
    one.receive(Request("integration", "POST", "/crm", {}, b"n1 k"))
    found = {name: worker._engine.lease.poll(0) for name, worker in (("x", one), ("y", other))}
    for name, worker in (("x", one), ("y", other)):
        worker._engine.enter(worker._engine.recovery.take_up, found[name])
    other.receive(Request("integration", "POST", "/crm", {}, b"n2 k"))
    made.world.run(LAST_SECOND)
    results = {record.flow: record.result for record in made.world.of(history.Flow) if record.status == "finished"}
    assert sorted(results.values()) == ["n1", "n2"]


def test_what_one_worker_writes_into_the_cross_reference_the_others_see(crew: Any) -> None:
    async def match(context: FlowContext, arguments: Arguments) -> Any:
        matched = await Assign(kind="customer", key="A-1", value={"by": context.flow_id})
        return matched["by"] if matched else ""

    made = crew({"match": match}, "a", "b")
    one, other = made.workers
    for name, worker in (("x", one), ("y", other)):
        worker.launch(Start(flow_id=name, name="match"))
        worker._engine.enter(worker._engine.adoption.poll)
    made.world.run(60)
    results = {record.flow: record.result for record in made.world.of(history.Flow) if record.status == "finished"}
    assert len(results) == 2
    assert set(results.values()) in ({"x"}, {"y"})


def test_text_that_postgresql_does_not_take_is_refused_or_parks_its_flow(crew: Any) -> None:
    async def poisoned(context: FlowContext, arguments: Arguments) -> None:
        await Emit(type="t", subject="a\x00b")
        await Sleep(1)

    made = crew({"poisoned": poisoned}, "a")
    (one,) = made.workers
    assert one.receive(Request("integration", "POST", "/crm", {}, b"n\x001 k")).status == 400
    one.launch(Start(flow_id="p", name="poisoned"))
    one.launch(START)
    made.world.run(LAST_SECOND)
    (case,) = one.open_cases()
    assert (case.flow, case.code) == ("p", "INTERNAL.BUG")
    assert made.world.statuses(START.flow_id)[-1] == "finished"


def test_a_worker_that_leaves_hands_its_flows_over_at_once(crew: Any) -> None:
    made = crew({"amend": amend}, "a", "b")
    one, other = made.workers
    one.launch(Start(flow_id="f", name="amend"))
    one._engine.enter(one._engine.adoption.poll)
    made.world.run(10)
    one.leave()
    made.world.run(300)
    assert made.world.statuses("f") == ["started", "finished"]
    assert other.open_flows() == []
