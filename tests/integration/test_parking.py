"""Parking: a flow that cannot go on waits for people with a code that says why, and does no harm meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from domain import history
from integration.effects import Emit, Now, Park, Sleep, Start
from integration.flow import FlowContext
from integration.outcomes import Conflict, Failed
from integration.retry import call_with_retries
from integration.systems.wire import UnexpectedReply
from tests.integration.booking import LAST_SECOND, LOCAL, PROGRAMS, START, Arguments, write_call


def test_a_conflict_inside_a_flow_parks_it_with_the_code_of_the_taxonomy(world: Any) -> None:
    async def twice(context: FlowContext, arguments: Arguments) -> None:
        await Start(flow_id="child", name="bill", arguments={"parent": "a"})
        await Start(flow_id="child", name="bill", arguments={"parent": "b"})

    made = world({**PROGRAMS, "twice": twice})
    made.integration.launch(Start(flow_id="twice", name="twice"))
    made.run(10)
    assert [case.code for case in made.integration.open_cases()] == [Conflict.code]
    assert made.statuses("child") == []


def test_an_answer_that_breaks_its_contract_parks_a_flow_with_the_code_of_the_drift(world: Any) -> None:
    async def sweep(context: FlowContext, arguments: Arguments) -> None:
        raise UnexpectedReply("a field is gone")

    made = world({"sweep": sweep})
    made.integration.launch(Start(flow_id="a", name="sweep"))
    made.run(10)
    (case,) = made.integration.open_cases()
    assert (case.code, case.owner) == ("CONTRACT.SCHEMA_DRIFT", "integration owner")


def test_a_parked_flow_keeps_its_entity_until_it_is_discarded(world: Any) -> None:
    async def amend(context: FlowContext, arguments: Arguments) -> None:
        if arguments.get("bad"):
            raise ValueError("no such plan")
        await Sleep(1)

    made = world({"amend": amend})
    made.integration.launch(Start(flow_id="a", name="amend", arguments={"bad": True}, entity_key="s"))
    made.integration.launch(Start(flow_id="b", name="amend", entity_key="s"))
    made.integration.launch(Start(flow_id="c", name="amend", entity_key="t"))
    made.run(10)
    assert (made.statuses("b"), made.statuses("c")) == ([], ["started", "finished"])
    (case,) = made.integration.open_cases()
    assert (case.code, case.owner, case.detail) == ("INTERNAL.BUG", "dev", "ValueError: no such plan")
    made.integration.discard(case.id, "dev on call", "was a test quote")
    made.integration.approve_discard(case.id, "team lead")
    made.run(20)
    assert made.statuses("a") == ["started", "parked", "discarded"]
    assert made.statuses("b") == ["started", "finished"]
    assert made.integration.open_cases() == []


def test_a_flow_that_raised_repeats_its_last_call_when_it_is_re_driven(world: Any) -> None:
    async def create(context: FlowContext, arguments: Arguments) -> str:
        return (await call_with_retries(context, write_call(context, "create"))).body.decode()

    made = world({"create": create}, script=lambda now, call: Failed("rejected", 422, "bad") if now < 60 else None)
    made.integration.launch(Start(flow_id="a", name="create"))
    made.run(100)
    (case,) = made.integration.open_cases()
    assert (case.code, case.detail) == ("VALIDATION.BUSINESS_RULE", "CallFailed: rejected: 422 bad")
    made.integration.kill()
    made.integration.restart()
    made.integration.re_drive(case.id, "sales ops", note="fixed the terms")
    made.run(200)
    assert made.times("create") == [0, 100]
    assert made.statuses("a") == ["started", "parked", "resumed", "finished"]
    states = [record.status for record in made.of(history.Case)]
    assert states == ["new", "triaged", "assigned", "in_progress", "resolved", "verified"]
    assert {record.actor for record in made.of(history.Case)} == {"", "sales ops"}


def test_a_changed_flow_is_parked_not_guessed(world: Any) -> None:
    pauses = [7200.0]

    async def sleeper(context: FlowContext, arguments: Arguments) -> None:
        await Sleep(pauses[0])
        await Sleep(1)

    made = world({"sleeper": sleeper})
    made.integration.launch(Start(flow_id="a", name="sleeper"))
    made.at(100, lambda: pauses.__setitem__(0, 60.0))
    made.run(8000)
    (case,) = made.integration.open_cases()
    assert case.code == "INTERNAL.BUG"
    assert "seconds was 7200.0, now 60.0" in case.detail
    pauses[0] = 7200.0
    made.integration.re_drive(case.id, "dev")
    made.run(8100)
    assert made.statuses("a") == ["started", "parked", "resumed", "finished"]


def test_a_flow_that_never_waits_is_stopped(world: Any) -> None:
    async def endless(context: FlowContext, arguments: Arguments) -> None:
        while True:
            await Now()

    made = world({"endless": endless})
    made.integration.launch(Start(flow_id="a", name="endless"))
    made.run(10)
    assert "endless loop" in made.integration.open_cases()[0].detail


@pytest.mark.parametrize("poison", ["emit", "start", "park", "result", "number"])
def test_a_flow_with_values_that_cannot_be_stored_parks_and_harms_nobody(world: Any, poison: str) -> None:
    async def poisoned(context: FlowContext, arguments: Arguments) -> Any:
        await call_with_retries(context, write_call(context, "create"))
        if poison == "emit":
            await Emit(type="t", subject="s", body={"o": object()})
        if poison == "start":
            await Start(flow_id="child", name="bill", arguments={"t": "\ud800"})
        if poison == "park":
            await Park(code="INTERNAL.BUG", context={"n": 2**70})
        return {"o": object()} if poison == "result" else 2**70

    made = world({**PROGRAMS, "poisoned": poisoned}, routes=LOCAL)
    made.integration.launch(Start(flow_id="a", name="poisoned"))
    made.integration.launch(START)
    made.run(LAST_SECOND)
    (case,) = made.integration.open_cases()
    assert (case.flow, case.code, case.context["effect"]) == ("a", "INTERNAL.BUG", "Call")
    assert made.statuses("a") == ["started", "parked"]
    assert made.statuses(START.flow_id) == ["started", "finished"]
    assert made.journal.verify().intact
    made.integration.kill()
    made.integration.restart()
    made.integration.re_drive(case.id, "dev")
    made.run(LAST_SECOND + 100)
    assert made.statuses("a")[2:] == ["resumed", "parked"]
    assert made.done["q2c/a/create"] == 1
