"""Tests of integration.exceptions, integration.desk and the steward's side of integration.process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import history
from domain.acts import Act, UnknownAct
from domain.charts.exception_case import EXCEPTION_CASE
from integration.effects import Lookup, Park, Sleep, Start
from integration.exceptions import ExceptionCase, by_code, moved, opened, route_between, settled
from integration.flow import FlowContext
from integration.settings import Settings

HOUR_US = 3_600_000_000
Arguments = Mapping[str, Any]


def case(status: str = "new", code: str = "DATA_QUALITY.MAPPING_MISSING") -> ExceptionCase:
    return ExceptionCase(
        id="order/Q-1#3", flow="order/Q-1", txn="Q-1", code=code, owner="", status=status, opened_us=0, due_us=0
    )


async def mapped(context: FlowContext, arguments: Arguments) -> str | dict[str, str]:
    """Park until the sku is mapped."""
    while (item := await Lookup("item", arguments["sku"])) is None:
        decision = await Park(
            code=f"DATA_QUALITY.MAPPING_MISSING.{arguments['sku']}", detail="no item", context={"sku": arguments["sku"]}
        )
        if decision.action == "cancel":
            return {"status": "cancelled"}
    await Sleep(1)
    return str(item["id"])


def made(world: Any, *skus: str, **options: Any) -> Any:
    place = world({"mapped": mapped}, **options)
    for sku in skus:
        place.integration.launch(Start(flow_id=f"order/{sku}", name="mapped", arguments={"sku": sku}, txn=f"Q-{sku}"))
    place.run(1)
    return place


def act(action: str, **arguments: Any) -> Act:
    return Act(at_us=0, system="integration", action=action, arguments=arguments)


def test_an_opened_case_has_an_owner_and_a_due_time_from_the_taxonomy() -> None:
    normal, urgent = opened(case(), quarter_end=False), opened(case(), quarter_end=True)
    assert (normal.owner, normal.due_us, urgent.due_us) == ("data steward", 24 * HOUR_US, 4 * HOUR_US)
    assert urgent.escalates_us == 4 * HOUR_US * 8 // 10


def test_an_unknown_code_becomes_a_case_of_our_own_configuration() -> None:
    odd = opened(case(code="NOSUCH.THING"), quarter_end=False)
    assert (odd.code, odd.owner) == ("INTERNAL.CONFIG", "dev")
    assert "NOSUCH.THING" in odd.detail


@given(st.sampled_from(EXCEPTION_CASE.states), st.sampled_from(["resolved", "verified"]))
def test_every_walk_of_a_case_is_legal(source: str, target: str) -> None:
    if source in EXCEPTION_CASE.terminal or source == target:
        return
    state = source
    for status in route_between(source, target):
        assert EXCEPTION_CASE.allows(state, status)
        state = status
    assert state == target


def test_a_case_that_is_over_cannot_be_moved() -> None:
    with pytest.raises(ValueError, match="cannot go from verified to resolved"):
        moved(case("verified"), "resolved", "me")


def test_a_case_nobody_touched_resolves_itself_and_a_touched_one_is_verified() -> None:
    assert [state.status for state in settled(case("new"))] == ["auto_resolved"]
    assert [state.status for state in settled(case("resolved"))] == ["verified"]
    assert settled(case("escalated"))[-1].status == "verified"
    assert settled(case("verified")) == []


def test_cases_are_chosen_by_class_or_by_code_but_not_by_a_piece_of_a_word() -> None:
    cases = [case(), case(code="DEPENDENCY.TIMEOUT"), case("resolved", "DEPENDENCY.TIMEOUT")]
    assert by_code(cases, "DEPENDENCY") == [cases[1]]
    assert by_code(cases, "DATA_QUALITY.MAPPING_MISSING") == [cases[0]]
    assert by_code(cases, "DEPEND") == []


def test_a_steward_adds_a_mapping_and_re_drives_the_flow(world: Any) -> None:
    place = made(world, "A")
    (found,) = place.integration.open_cases()
    assert (found.owner, found.context, found.txn) == ("data steward", {"sku": "A"}, "Q-A")
    place.integration.act(act("add_mapping", kind="item", key="A", value={"id": "SKU-77"}, actor="Mo"))
    place.integration.act(act("re_drive", code="DATA_QUALITY", actor="Mo"))
    place.run(10)
    last = place.of(history.Flow)[-1]
    assert (last.result, last.ending) == ("SKU-77", "done")
    assert [record.status for record in place.of(history.Case)][-2:] == ["resolved", "verified"]
    place.integration.kill()
    place.integration.restart()
    place.integration.launch(Start(flow_id="later", name="mapped", arguments={"sku": "A"}))
    place.run(20)
    last = place.of(history.Flow)[-1]
    assert (last.result, last.ending) == ("SKU-77", "done")


def test_a_case_that_was_not_really_resolved_is_reopened(world: Any) -> None:
    place = made(world, "A")
    (found,) = place.integration.open_cases()
    place.integration.re_drive(found.id, "Mo")
    (again,) = place.integration.open_cases()
    assert (again.id, again.status, again.actor) == (found.id, "reopened", "integration")
    place.integration.re_drive(found.id, "Mo", action="cancel", note="customer gave up")
    place.run(10)
    last = place.of(history.Flow)[-1]
    assert (last.flow, last.status, last.ending) == ("order/A", "finished", "cancelled")
    assert place.integration.open_cases() == []


def test_bulk_re_drive_takes_all_cases_of_a_code(world: Any) -> None:
    place = made(world, "A", "B", "C")
    for sku in "AB":
        place.integration.act(act("add_mapping", kind="item", key=sku, value={"id": sku}))
    assert place.integration.re_drive_all("DATA_QUALITY.MAPPING_MISSING", "Mo") == 3
    place.run(10)
    assert [found.flow for found in place.integration.open_cases()] == ["order/C"]


def test_a_steward_may_choose_by_transaction_or_case_and_discard(world: Any) -> None:
    place = made(world, "A", "B")
    place.integration.act(act("re_drive", txn="Q-A", decision="cancel"))
    place.integration.act(act("discard", case=place.integration.open_cases()[0].id, note="duplicate"))
    place.integration.act(act("approve_discard", case=place.integration.open_cases()[0].id, actor="Ada"))
    place.run(10)
    assert (place.statuses("order/A")[-1], place.statuses("order/B")[-1]) == ("finished", "discarded")
    with pytest.raises(KeyError, match="no open case has the id 'x'"):
        place.integration.act(act("discard", case="x"))
    known = "it knows: add_mapping, approve_discard, comment, discard, hand_over, re_drive"
    with pytest.raises(UnknownAct, match=known):
        place.integration.act(act("dance"))


def test_a_mapping_can_be_removed(world: Any) -> None:
    place = made(world)
    place.integration.act(act("add_mapping", kind="item", key="A", value={"id": "A"}))
    place.integration.act(act("remove_mapping", kind="item", key="A"))
    place.integration.launch(Start(flow_id="order/A", name="mapped", arguments={"sku": "A"}))
    place.run(5)
    assert len(place.integration.open_cases()) == 1


def test_a_case_is_escalated_when_most_of_its_time_is_spent_even_across_a_restart(world: Any) -> None:
    place = made(world, "A", settings=Settings(quarter_end=True))
    place.at(1000, place.integration.kill)
    place.at(1001, place.integration.restart)
    place.run(4 * 3600 * 8 // 10 - 1)
    assert place.integration.open_cases()[0].status == "new"
    place.run(4 * 3600)
    (found,) = place.integration.open_cases()
    assert (found.status, found.history) == ("escalated", ("new", "escalated"))
    place.integration.act(act("add_mapping", kind="item", key="A", value={"id": "A"}))
    place.integration.re_drive(found.id, "Mo")
    place.run(5 * 3600)
    assert place.integration.open_cases() == []


def test_every_action_on_a_case_is_in_the_audit_trail(world: Any) -> None:
    place = made(world, "A")
    place.integration.act(act("add_mapping", kind="item", key="A", value={"id": "A"}, actor="Mo"))
    place.integration.re_drive(place.integration.open_cases()[0].id, "Mo", note="mapped")
    notes = [entry.note for _, _, entry in place.journal.entries() if entry.kind == "note"]
    assert [(note["action"], note["actor"]) for note in notes if note] == [("map", "Mo"), ("retry", "Mo")]
    sealed = place.integration.seal(state_changes=0)
    assert (sealed.intact, sealed.entries) == (True, place.journal.head().entries)
