"""Tests of integration.casework and integration.people: who may do what with a case, and what is left in the trail."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import history
from domain.acts import Act
from integration import casework
from integration.casework import Choice, Refused
from integration.effects import Call, Lookup, Park, Sleep, Start
from integration.exceptions import ExceptionCase
from integration.flow import FlowContext
from integration.journal.protocol import CrashPoint
from integration.outcomes import Failed
from integration.retry import call_with_retries
from integration.settings import Settings

HOUR = 3600
HOUR_US = HOUR * 1_000_000
Arguments = Mapping[str, Any]


def case(number: int = 1, **fields: Any) -> ExceptionCase:
    told: dict[str, Any] = {
        "id": f"f{number}#0", "flow": f"f{number}", "txn": f"Q-{number}", "code": "DATA_QUALITY.MAPPING_MISSING",
        "owner": "data steward", "status": "new", "opened_us": 0, "due_us": 24 * HOUR_US, "version": 1,
    }  # fmt: skip
    return ExceptionCase(**{**told, **fields})


# --- the rules, without an engine -----------------------------------------------------------------------------------


def test_a_case_is_taken_by_one_person_and_the_second_is_told_who_has_it_and_since_when() -> None:
    mine = casework.taken(case(), "Mo", 5_000_000)
    assert [(state.status, state.assignee) for state in mine] == [("triaged", ""), ("assigned", "Mo")]
    assert casework.taken(mine[-1], "mo ", 6_000_000) == []
    with pytest.raises(Refused, match=r"is with Mo since 1970-01-01 00:00:05 UTC; ask Mo to hand it over"):
        casework.taken(mine[-1], "Ada", 6_000_000)
    (theirs,) = casework.taken(mine[-1], "Ada", 7_000_000, from_person="Mo")
    assert (theirs.assignee, theirs.assigned_us) == ("Ada", 7_000_000)
    with pytest.raises(Refused, match="is with Ada"):  # the second of two who take it over from Mo
        casework.taken(theirs, "Eve", 8_000_000, from_person="Mo")


def test_only_who_has_a_case_hands_it_over_and_it_may_go_back_to_the_queue() -> None:
    mine = casework.taken(case(), "Mo", 0)[-1]
    with pytest.raises(Refused, match="is with Mo"):
        casework.handed_over(mine, "Ada", "Eve", 0)
    (theirs,) = casework.handed_over(mine, "Mo", "Eve", 9)
    assert (theirs.assignee, theirs.actor, theirs.status) == ("Eve", "Mo", "assigned")
    (free,) = casework.handed_over(theirs, "Eve", "", 10)
    assert (free.assignee, free.assigned_us) == ("", 0)
    assert casework.taken(free, "Mo", 11)[-1].assignee == "Mo"


def test_nobody_acts_without_a_name() -> None:
    with pytest.raises(Refused, match="say who acts"):
        casework.taken(case(), " ", 0)
    with pytest.raises(Refused, match="say who acts"):
        casework.re_driven(case(), "", 0)
    with pytest.raises(Refused, match="say who acts"):
        casework.asked_to_discard(case(), "", 0, "a duplicate")


@given(st.integers(1, 40 * HOUR_US), st.integers(0, 40 * HOUR_US))
def test_a_pause_moves_the_due_time_by_its_length_and_the_escalation_with_it(start_us: int, length_us: int) -> None:
    waits = casework.paused(case(), "Mo", start_us, "the customer")[-1]
    assert (waits.status, waits.next_escalation_us) == ("waiting_external", None)
    (goes_on,) = casework.continued(waits, "Mo", start_us + length_us)
    assert goes_on.due_us - case().due_us == goes_on.escalates_us - case().escalates_us
    assert goes_on.due_us - case().due_us == length_us
    assert goes_on.status == "in_progress"


def test_a_pause_says_for_whom() -> None:
    with pytest.raises(Refused, match="for whom or what"):
        casework.paused(case(), "Mo", 1, " ")
    with pytest.raises(Refused, match="does not wait for anybody"):
        casework.continued(case(), "Mo", 1)


def test_a_discard_takes_two_people_and_a_reason() -> None:
    with pytest.raises(Refused, match="say why"):
        casework.asked_to_discard(case(), "Mo", 1, "dup")
    with pytest.raises(Refused, match="nobody has asked"):
        casework.approved(case(), "Ada", 1)
    (asked,) = casework.asked_to_discard(case(), "Mo", 1, "a test quote")
    for same in ("Mo", " mo", "MO "):
        with pytest.raises(Refused, match="somebody else has to approve"):
            casework.approved(asked, same, 2)
    with pytest.raises(Refused, match=r"Mo asked at .* \(a test quote\)"):
        casework.re_driven(asked, "Ada", 3)
    with pytest.raises(Refused, match=r"Mo asked at .* \(a test quote\)"):
        casework.asked_to_discard(asked, "Ada", 3, "me too please")
    assert casework.approved(asked, "Ada", 4)[-1].note == "a test quote (asked for by Mo, approved by Ada)"
    assert casework.refused_discard(asked, "Ada", "keep it")[-1].discard is None


def test_a_case_that_changed_since_it_was_looked_at_is_refused() -> None:
    with pytest.raises(Refused, match=r"was changed by Mo at .* look at it again"):
        casework.require_version(case(version=3, actor="Mo"), 2)
    casework.require_version(case(version=3), 3)
    casework.require_version(case(version=3), 0)


def test_cases_are_chosen_by_everything_that_is_said_and_come_due_first() -> None:
    cases = [
        case(1, due_us=9), case(2, due_us=8, owner="platform", code="DEPENDENCY.TIMEOUT", context={"system": "erp"}),
        case(3, due_us=7, assignee="Mo"), case(4, status="resolved"), case(5, opened_us=HOUR_US, due_us=1),
    ]  # fmt: skip
    ids = [each.flow for each in casework.chosen(cases, Choice(), 2 * HOUR_US)]
    assert ids == ["f5", "f3", "f2", "f1"]
    for choice, expected in (
        (Choice(code="DEPENDENCY"), ["f2"]), (Choice(system="erp"), ["f2"]), (Choice(owner="platform"), ["f2"]),
        (Choice(txn="Q-1"), ["f1"]), (Choice(assignee="mo"), ["f3"]),
        (Choice(older_than_seconds=2 * HOUR), ["f3", "f2", "f1"]), (Choice(code="DATA"), []),
    ):  # fmt: skip
        assert [each.flow for each in casework.chosen(cases, choice, 2 * HOUR_US)] == expected, choice


def test_a_bulk_decides_nothing_that_it_does_not_name() -> None:
    approval = case(1, code="POLICY.APPROVAL_REQUIRED")
    assert not casework.is_meant(approval, Choice())
    assert not casework.is_meant(approval, Choice(code="POLICY"))
    assert casework.is_meant(approval, Choice(code="POLICY.APPROVAL_REQUIRED"))
    assert casework.is_meant(case(2), Choice())


@given(st.integers(0, 50), st.integers(1, 600), st.integers(0, 20))
def test_a_bulk_never_goes_faster_than_its_pace(number: int, per_minute: int, at_once: int) -> None:
    turns = [at_us for _, at_us in casework.spread([case()] * number, 0, per_minute, at_once)]
    assert turns == sorted(turns)
    assert sum(at_us == 0 for at_us in turns) <= max(at_once, 1)
    for start_us in turns:
        assert sum(start_us < at_us <= start_us + 60_000_000 for at_us in turns) <= per_minute


# --- in an engine ---------------------------------------------------------------------------------------------------


async def mapped(context: FlowContext, arguments: Arguments) -> str | dict[str, str]:
    """Park until the sku is mapped, or until somebody corrects it."""
    sku = arguments["sku"]
    while (item := await Lookup("item", sku)) is None:
        decision = await Park(code="DATA_QUALITY.MAPPING_MISSING", detail="no item", context={"sku": sku})
        if decision.action == "cancel":
            return {"status": "cancelled"}
        sku = decision.correction.get("sku", sku)
    await Sleep(1)
    return str(item["id"])


async def calling(context: FlowContext, arguments: Arguments) -> str:
    """Call a system that is down."""
    call = Call(system="erp", operation="put_order", target=f"/{arguments['sku']}", method="PUT", key=arguments["sku"])
    await call_with_retries(context, call)
    return "done"


def made(world: Any, *skus: str, name: str = "mapped", **options: Any) -> Any:
    place = world({"mapped": mapped, "calling": calling}, **options)
    for sku in skus:
        place.integration.launch(Start(flow_id=f"order/{sku}", name=name, arguments={"sku": sku}, txn=f"Q-{sku}"))
    place.run(1)
    return place


def do(place: Any, action: str, **arguments: Any) -> None:
    place.integration.act(Act(at_us=0, system="integration", action=action, arguments=arguments))


def notes(place: Any) -> list[dict[str, Any]]:
    return [entry.note for _, _, entry in place.journal.entries() if entry.kind == "note" and entry.note]


def told(place: Any) -> list[str]:
    types = {record.id: record.type.removeprefix("q2c.").removesuffix(".v1") for record in place.of(history.Emitted)}
    return list(types.values())  # a restart repeats the last ones under the same ids


def test_the_second_of_two_people_is_refused_with_the_name_of_the_first(world: Any) -> None:
    place = made(world, "A")
    (found,) = place.integration.open_cases()
    do(place, "take", case=found.id, actor="Mo")
    with pytest.raises(Refused, match="is with Mo since"):
        do(place, "re_drive", case=found.id, actor="Ada")
    do(place, "add_mapping", kind="item", key="A", value={"id": "A"}, actor="Mo")
    do(place, "re_drive", case=found.id, actor="Mo")
    with pytest.raises(Refused, match="is resolved already: Mo was first"):
        do(place, "re_drive", case=found.id, actor="Ada")
    place.run(10)
    with pytest.raises(Refused, match="is verified already: Mo was first"):
        do(place, "discard", case=found.id, actor="Ada", note="a duplicate")


def test_a_correction_maps_and_lets_the_flow_go_on_in_one_act(world: Any) -> None:
    place = made(world, "A")
    (found,) = place.integration.open_cases()
    mapping = {"kind": "item", "key": "A", "value": {"id": "SKU-77"}}
    do(place, "re_drive", case=found.id, actor="Mo", correction={"mapping": mapping}, note="mapped")
    place.run(10)
    assert place.of(history.Flow)[-1].result == "SKU-77"
    assert [(note["action"], note["actor"]) for note in notes(place)] == [("map", "Mo"), ("retry", "Mo")]


def test_a_correction_reaches_the_flow_that_asked(world: Any) -> None:
    place = made(world, "A")
    do(place, "add_mapping", kind="item", key="B", value={"id": "B"}, actor="Mo")
    do(place, "re_drive", case=place.integration.open_cases()[0].id, actor="Mo", correction={"sku": "B"})
    place.run(10)
    assert place.of(history.Flow)[-1].result == "B"


def test_a_refused_re_drive_changes_no_mapping(world: Any) -> None:
    place = made(world, "A")
    (found,) = place.integration.open_cases()
    do(place, "take", case=found.id, actor="Mo")
    mapping = {"kind": "item", "key": "A", "value": {"id": "X"}}
    with pytest.raises(Refused):
        do(place, "re_drive", case=found.id, actor="Ada", correction={"mapping": mapping})
    with pytest.raises(Refused, match="says kind, key and value"):
        do(place, "re_drive", case=found.id, actor="Mo", correction={"mapping": {"kind": "item"}})
    do(place, "re_drive", case=found.id, actor="Mo")
    place.run(10)
    assert [each.status for each in place.integration.open_cases()] == ["reopened"]


def test_escalations_come_at_80_percent_and_at_the_due_time_and_are_told(world: Any) -> None:
    place = made(world, "A", settings=Settings(quarter_end=True))
    place.run(4 * HOUR * 8 // 10 + 1)
    (found,) = place.integration.open_cases()
    assert (found.status, found.escalations, found.note) == ("escalated", 1, "80 % of the time to act is spent")
    do(place, "take", case=found.id, actor="Mo")
    place.at(4 * HOUR - 60, place.integration.kill)
    place.at(4 * HOUR - 50, place.integration.restart)
    place.run(4 * HOUR + 1)
    (found,) = place.integration.open_cases()
    assert (found.status, found.escalations, found.assignee) == ("escalated", 2, "Mo")
    assert told(place) == ["exception.opened", "exception.escalated", "exception.assigned", "exception.escalated"]
    assert [note["action"] for note in notes(place)] == ["escalate", "take", "escalate"]
    place.run(40 * HOUR)
    assert place.integration.open_cases()[0].escalations == 2


def test_a_case_that_waits_for_somebody_outside_is_not_escalated_and_is_due_later(world: Any) -> None:
    place = made(world, "A", settings=Settings(quarter_end=True))
    (found,) = place.integration.open_cases()
    place.at(HOUR, lambda: do(place, "wait", case=found.id, actor="Mo", note="the customer's VAT number"))
    place.at(10 * HOUR, lambda: do(place, "resume", case=found.id, actor="Mo"))
    place.run(12 * HOUR)
    (later,) = place.integration.open_cases()
    assert (later.escalations, later.due_us - found.due_us) == (0, 9 * HOUR_US)
    place.run(13 * HOUR)
    assert place.integration.open_cases()[0].escalations == 1


def test_a_bulk_re_drive_keeps_its_pace_and_outlives_a_crash(world: Any) -> None:
    skus = [f"S{number:02d}" for number in range(20)]
    place = made(world, *skus, settings=Settings(redrives_at_once=2, redrives_per_minute=6))
    for sku in skus:
        do(place, "add_mapping", kind="item", key=sku, value={"id": sku}, actor="Mo")
    do(place, "take", case="order/S07#1", actor="Ada")
    do(place, "re_drive", code="DATA_QUALITY", actor="Mo", note="all mapped")
    place.run(65)
    place.integration.kill()
    place.at(66, place.integration.restart)
    finished = {record.flow: record.at_us for record in place.of(history.Flow) if record.status == "finished"}
    assert 6 <= len(finished) <= 8
    place.run(300)
    assert [each.flow for each in place.integration.open_cases()] == ["order/S07"]
    resumed = sorted(record.at_us for record in place.of(history.Flow) if record.status == "resumed")
    assert len(resumed) == 19
    assert all(sum(at <= other < at + 60_000_000 for other in resumed) <= 6 + 2 for at in resumed)
    assert sum(note["action"] == "retry" and note["actor"] == "Mo" for note in notes(place)) == 19


def test_who_takes_a_case_takes_it_out_of_a_bulk(world: Any) -> None:
    place = made(world, "A", "B", settings=Settings(redrives_at_once=1, redrives_per_minute=1))
    do(place, "re_drive", owner="data steward", decision="cancel", actor="Mo")
    (left,) = place.integration.open_cases()
    assert left.planned is not None
    do(place, "take", case=left.id, actor="Ada")
    place.run(300)
    assert [(each.id, each.planned) for each in place.integration.open_cases()] == [(left.id, None)]


def test_a_flow_is_given_up_by_two_people_only(world: Any) -> None:
    place = made(world, "A")
    (found,) = place.integration.open_cases()
    do(place, "discard", case=found.id, actor="Mo", note="a test quote")
    with pytest.raises(Refused, match="somebody else"):
        do(place, "approve_discard", case=found.id, actor="Mo")
    assert place.statuses("order/A")[-1] == "parked"
    do(place, "refuse_discard", case=found.id, actor="Ada", note="it is real")
    do(place, "discard", case=found.id, actor="Ada", note="no, a duplicate of B")
    do(place, "approve_discard", case=found.id, actor="Mo")
    assert place.statuses("order/A")[-1] == "discarded"
    assert place.integration.open_cases() == []
    assert [(note["action"], note["actor"]) for note in notes(place)] == [
        ("ask_to_discard", "Mo"), ("refuse_discard", "Ada"), ("ask_to_discard", "Ada"), ("discard", "Mo"),
    ]  # fmt: skip
    place.run(2)
    assert "message.discarded" in told(place)


def test_the_integration_does_not_retry_what_somebody_asked_to_discard(world: Any) -> None:
    place = made(world, "A", name="calling", script=lambda seconds, call: Failed("refused"))
    place.run(3 * HOUR)
    (found,) = place.integration.open_cases()
    do(place, "discard", case=found.id, actor="Mo", note="the peer is switched off for good")
    before = len(place.sent)
    place.run(6 * HOUR)
    assert len(place.sent) == before
    do(place, "refuse_discard", case=found.id, actor="Mo", note="it is back")
    do(place, "re_drive", case=found.id, actor="Mo")
    place.run(7 * HOUR)
    assert len(place.sent) > before


def test_a_retry_that_breaks_at_once_is_in_the_trail_nevertheless(world: Any) -> None:
    async def broken(context: FlowContext, arguments: Arguments) -> None:
        await Park(code="VALIDATION.BUSINESS_RULE")
        raise ValueError("a bug")

    place = world({"broken": broken})
    place.integration.launch(Start(flow_id="x", name="broken"))
    place.run(1)
    for _ in range(2):
        do(place, "re_drive", case=place.integration.open_cases()[0].id, actor="Mo")
    assert [(note["action"], note["actor"]) for note in notes(place)] == [("retry", "Mo"), ("retry", "Mo")]
    assert place.integration.open_cases()[0].decisions == ("retry",)


@pytest.mark.parametrize("write", range(1, 9))
@pytest.mark.parametrize("after", [False, True])
def test_casework_survives_a_crash_at_any_durable_write(world: Any, write: int, after: bool) -> None:
    place = made(world, "A", crash_points={CrashPoint(write, after)}, restart_seconds=1)
    acts: list[tuple[str, dict[str, Any]]] = [
        ("take", {"actor": "Mo"}), ("wait", {"actor": "Mo", "note": "the vendor"}), ("resume", {"actor": "Mo"}),
        ("hand_over", {"actor": "Mo", "to": "Ada"}), ("discard", {"actor": "Ada", "note": "a duplicate"}),
        ("approve_discard", {"actor": "Mo"}),
    ]  # fmt: skip
    place.run(3)
    place.integration.launch(Start(flow_id="order/A", name="mapped", arguments={"sku": "A"}, txn="Q-A"))
    for number, (action, arguments) in enumerate(acts):
        for turn in range(3):  # a person who gets no answer asks again
            place.run(10 * (number + 1) + turn * 3)
            with suppress(Refused, KeyError):
                do(place, action, case="order/A#1", **arguments)
    place.run(200)
    assert len(place.crashes) == 1
    assert place.statuses("order/A")[-1] == "discarded"
    assert place.integration.open_cases() == []
    assert place.integration.seal(state_changes=0).intact


def test_many_take_the_turns_that_somebody_has_chosen(world: Any) -> None:
    place = made(world, "A", "B", "C")
    start_us = place.integration.open_cases()[0].opened_us
    do(place, "take", case="order/C#1", actor="Ada")
    turns = {"order/A#1": start_us, "order/B#1": start_us + 50_000_000, "order/C#1": start_us, "elsewhere#1": start_us}
    do(place, "re_drive", turns=turns, decision="cancel", actor="Mo", note="test data")
    place.run(10)
    assert [each.flow for each in place.integration.open_cases()] == ["order/C", "order/B"][::-1]
    place.run(60)
    assert [each.flow for each in place.integration.open_cases()] == ["order/C"]
