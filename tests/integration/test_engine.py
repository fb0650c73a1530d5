"""Tests of integration.engine: flows survive crashes at any durable write, wait passively, and take turns."""

from __future__ import annotations

from typing import Any

import pytest

from domain import history
from integration.drivers.simpy_driver import simulated
from integration.effects import Call, Lookup, Now, Receive, Sleep, Start
from integration.flow import FlowContext
from integration.journal.protocol import CrashPoint
from integration.outcomes import Answer, Failed, Unknown
from integration.process import Parts
from integration.retry import call_with_retries
from integration.settings import Settings
from integration.system import System, Token, TokenSource
from integration.systems.wire import UnexpectedReply
from q2c.mutants import broken
from tests.integration.booking import (
    LAST_SECOND,
    LOCAL,
    PROGRAMS,
    START,
    Arguments,
    outcome_of,
    undisturbed,
    write_call,
)


def test_a_flow_of_many_effects_comes_to_its_end(world: Any) -> None:
    made = undisturbed(world)
    finished, done, _, open_flows = outcome_of(made)
    assert finished["Q-000123-v1"] == "1200 ['Answer', 'Slept', 'Answer']"
    assert set(done.values()) == {1}
    assert len(done) == 5
    assert open_flows == []
    assert made.journal.verify().intact


def test_a_crash_at_any_durable_write_changes_nothing_in_the_end(world: Any) -> None:
    plain = undisturbed(world)
    for write in range(1, plain.journal.writes + 1):
        for after in (False, True):
            made = undisturbed(world, crash_points=[CrashPoint(write, after)])
            assert made.crashes == [CrashPoint(write, after)]
            assert outcome_of(made) == outcome_of(plain), f"write {write}, after {after}"
            assert made.journal.verify().intact
            applied = [(record.consumer, record.message) for record in made.of(history.Applied)]
            assert len(applied) == len(set(applied))


def test_two_crashes_change_nothing_either(world: Any) -> None:
    plain = undisturbed(world)
    for first in range(1, plain.journal.writes, 3):
        points = [CrashPoint(first, True), CrashPoint(first + 2, False)]
        made = undisturbed(world, crash_points=points)
        assert sorted(made.crashes) == points
        assert outcome_of(made) == outcome_of(plain)


def test_a_passive_wait_ends_as_an_active_one(world: Any) -> None:
    active = undisturbed(world, settings=Settings(passive_after_seconds=10**9))
    passive = undisturbed(world, settings=Settings(passive_after_seconds=0))
    assert active.records == passive.records
    assert active.journal.head() == passive.journal.head()


def test_the_same_run_twice_is_the_same_history(world: Any) -> None:
    first, second = undisturbed(world), undisturbed(world)
    assert first.records == second.records
    assert first.journal.head() == second.journal.head()


def test_a_dead_incarnation_has_no_effect_on_the_next_one(world: Any) -> None:
    made = world(PROGRAMS, routes=LOCAL)
    made.integration.launch(START)
    made.before_reply = lambda call: made.integration.kill() if made.now_seconds < 1 else None
    made.at(10, made.integration.restart)
    made.run(LAST_SECOND)
    assert outcome_of(made)[0]["Q-000123-v1"] == "1200 ['Answer', 'Slept', 'Answer']"
    assert made.times("create_order") == [0, 10]
    assert made.done["q2c/Q-000123-v1/create_order"] == 1


def test_the_same_start_twice_is_one_flow_and_another_under_its_id_a_conflict(world: Any) -> None:
    made = world(PROGRAMS, routes=LOCAL)
    assert made.integration.launch(START).created
    again = made.integration.launch(START)
    assert (again.created, again.conflict) == (False, "")
    other = made.integration.launch(Start(flow_id=START.flow_id, name="order", arguments={"quote": "Q-000999"}))
    assert "exists as order({'quote': 'Q-000123'})" in other.conflict
    made.run(LAST_SECOND)
    assert not made.integration.launch(START).created
    assert made.times("create_order") == [0]


def test_flows_of_one_entity_run_one_at_a_time_in_the_order_of_their_keys(world: Any) -> None:
    async def amend(context: FlowContext, arguments: Arguments) -> None:
        await call_with_retries(context, write_call(context, "apply", "billing"))
        await Sleep(100)

    def ran() -> list[str]:
        made = world({"amend": amend})
        for name, order_key in (("a", "2026-11-01"), ("c", "2026-12-05"), ("b", "2026-12-01"), ("z", "2026-12-05")):
            start = Start(flow_id=name, name="amend", entity_key="Q-000001", order_key=order_key)
            made.integration.launch(start)
        made.integration.launch(Start(flow_id="free", name="amend", entity_key="Q-000002"))
        made.run(150)
        assert made.statuses("free") == ["started", "finished"]
        made.integration.kill()
        made.integration.restart()
        made.run(1000)
        return [call.key.split("/")[1] for _, call, _ in made.sent if "free" not in call.key]

    assert ran() == ["a", "b", "c", "z"]
    with broken("amendments_in_arrival_order"):
        assert ran() == ["a", "c", "b", "z"]


@pytest.mark.parametrize(("hours", "creates"), [(1, 2), (25, 1)])
def test_a_call_that_was_not_understood_is_looked_up_once_its_key_is_forgotten(
    world: Any, hours: int, creates: int
) -> None:
    async def pay(context: FlowContext, arguments: Arguments) -> str:
        key = f"q2c/{context.flow_id}/pay"
        call = Call(system="payment", operation="pay", target="/pay", key=key, key_lives_seconds=86_400, write=True)

        async def there() -> Answer:
            return await Call(system="payment", operation="find", target="/find")

        answer = await call_with_retries(context, call, there)
        if not understood:
            raise UnexpectedReply("expected `int`, got `float`")
        return answer.body.decode()

    understood: list[bool] = []
    made = world({"pay": pay})
    made.integration.launch(Start(flow_id="a", name="pay"))
    made.run(100)
    (case,) = made.integration.open_cases()
    made.run(3600 * hours)
    understood.append(True)
    made.integration.re_drive(case.id, "integration owner", note="it is read as it is now")
    made.run(3600 * hours + 100)
    assert made.statuses("a") == ["started", "parked", "resumed", "finished"]
    assert len(made.times("pay")) == creates
    assert len(made.times("find")) == 2 - creates


def test_a_call_that_a_restart_repeats_is_looked_up_when_it_waits_until_its_key_is_forgotten(world: Any) -> None:
    """It was sent and done; the death lost the answer, and the successor got no access token for an hour."""

    async def pay(context: FlowContext, arguments: Arguments) -> str:
        call = Call(system="payment", operation="pay", target="/pay", key="pay", key_lives_seconds=1800, write=True)

        async def there() -> Answer:
            return await Call(system="payment", operation="find", target="/find")

        return (await call_with_retries(context, call, there)).body.decode()

    def mishap(now: int, call: Call) -> Failed | Unknown | None:
        if call.operation == "pay":
            return Unknown("timeout")
        return Failed("throttled", 429, retry_after_seconds=3600) if 20 <= now < 100 else None

    token = TokenSource(
        call=lambda now_us: Call(system="payment", operation="token", target="/token"),
        read=lambda answer: Token({}, 86_400),
    )
    made = world({"pay": pay}, script=mishap, systems=[System("payment", token=token)], settings=Settings(limits={}))
    made.integration.launch(Start(flow_id="a", name="pay"))
    made.run(20)
    made.integration.kill()
    made.integration.restart()
    made.run(2 * 3600)
    assert made.statuses("a") == ["started", "finished"]
    assert (made.times("pay"), len(made.times("find"))) == ([0], 1)


def test_the_clock_and_the_cross_reference_are_journaled(world: Any) -> None:
    seen: list[Any] = []

    async def curious(context: FlowContext, arguments: Arguments) -> None:
        found = (await Now(), await Lookup("item", "SKU-1"))
        await Sleep(7200)
        seen.append(found)

    made = world({"curious": curious})
    made.integration.launch(Start(flow_id="a", name="curious"))
    made.run(10_000)
    assert seen == [(1_790_000_000_000_000, None)]


def test_a_write_without_a_key_that_a_crash_interrupted_is_unknown_not_repeated(world: Any) -> None:
    caught: list[str] = []

    async def blind(context: FlowContext, arguments: Arguments) -> None:
        try:
            await Call(system="erp", operation="post", method="POST", target="/x", write=True)
        except Exception as trouble:
            caught.append(str(trouble))

    made = world({"blind": blind}, script=lambda now, call: Unknown("timeout"))
    made.integration.launch(Start(flow_id="a", name="blind"))
    made.at(10, made.integration.kill)
    made.at(20, made.integration.restart)
    made.run(100)
    assert caught == ["unknown outcome: interrupted by a restart"]
    assert made.times("post") == [0]


def test_a_timer_that_lost_its_race_is_ignored(world: Any) -> None:
    async def waiter(context: FlowContext, arguments: Arguments) -> str:
        first = await Receive("never", "k", timeout_seconds=50)
        answer = await Call(system="erp", operation="read", target="/x")
        assert isinstance(answer, Answer)
        return str(first)

    made = world({"waiter": waiter})
    made.integration.launch(Start(flow_id="a", name="waiter"))
    made.run(200)
    assert made.statuses("a") == ["started", "finished"]
    assert made.times("read") == [50]


@pytest.mark.parametrize("keep", [True, False])
def test_finished_steps_are_kept_or_blanked_and_the_trail_holds(world: Any, keep: bool) -> None:
    made = undisturbed(world, settings=Settings(keep_finished_steps=keep))
    rows = {number for number, _, entry in made.journal.entries() if entry.kind == "step"}
    assert (len(rows) > 2) is keep
    assert made.integration.seal(state_changes=5).intact


def test_a_zombie_dies_at_its_first_write_and_the_successor_goes_on(world: Any) -> None:
    made = world(PROGRAMS, routes=LOCAL)
    made.integration.launch(START)
    made.run(10)
    parts = Parts(programs=PROGRAMS, systems={}, routes=LOCAL)
    successor = simulated(made.env, Settings(), parts, made.journal, made.send, made.records.append, made.crashed)
    successor.start()
    assert made.integration.is_alive
    made.run(LAST_SECOND)
    assert (made.integration.is_alive, successor.is_alive) == (False, True)
    assert made.statuses("Q-000123-v1") == ["started", "finished"]
    assert set(made.done.values()) == {1}
    assert successor.open_flows() == []


def test_a_zombie_that_waits_for_a_peer_asks_who_it_is_before_it_goes_on(world: Any) -> None:
    async def create(context: FlowContext, arguments: Arguments) -> None:
        await call_with_retries(context, write_call(context, "create"))

    def throttle(now: int, call: Call) -> Failed | None:
        return Failed("throttled", 429, retry_after_seconds=120) if now < 1 else None

    programs = {"create": create}
    made = world(programs, script=throttle, settings=Settings(limits={}))
    made.integration.launch(Start(flow_id="a", name="create"))
    made.at(5, lambda: made.integration.launch(Start(flow_id="b", name="create")))
    made.run(10)
    parts = Parts(programs=programs, systems={}, routes=())
    successor = simulated(made.env, Settings(), parts, made.journal, made.send, made.records.append, made.crashed)
    successor.start()
    made.run(100)
    before = len(made.sent)
    made.run(1000)
    assert not made.integration.is_alive
    assert [call.key for _, call, _ in made.sent[before:]] == ["q2c/a/create"]  # the successor, which woke to try again
    assert set(made.done.values()) == {1}
