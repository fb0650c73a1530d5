"""People and workers: a person acts at any worker, once, whatever dies meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from domain.acts import Act
from integration.effects import Park, Start
from integration.flow import FlowContext
from integration.journal.protocol import CrashPoint
from tests.integration.crews import crew, seldom
from tests.postgres import postgres, postgres_server

__all__ = ["crew", "postgres", "postgres_server", "seldom"]

Arguments = Mapping[str, Any]


def test_a_person_acts_at_any_worker_and_a_second_one_is_told(crew: Any) -> None:
    async def stuck(context: FlowContext, arguments: Arguments) -> str:
        resumed = await Park(code="VALIDATION.BUSINESS_RULE", detail="which price?")
        return f"{resumed.action} by {resumed.actor}"

    made = crew({"stuck": stuck}, "a", "b")
    one, other = made.workers
    one.launch(Start(flow_id="s", name="stuck"))
    one._engine.enter(one._engine.adoption.poll)
    made.world.run(1)
    (case,) = one.open_cases()
    assert other.open_cases() == []
    act = Act(at_us=0, system="integration", action="re_drive", arguments={"case": case.id, "actor": "Ada"})
    (number,) = other.act(act)
    one.poll()
    made.world.run(60)
    assert made.world.statuses("s") == ["started", "parked", "resumed", "finished"]
    (late,) = other.act(Act(at_us=0, system="integration", action="take", arguments={"case": case.id, "actor": "Bob"}))
    one.poll()
    made.world.run(120)
    reader = made.journals[0].reader()
    commands = [reader.command(each) for each in (number, late)]
    reader.close()
    assert [each.status for each in commands] == ["done", "refused"]
    assert case.id in commands[1].problem


async def stuck(context: FlowContext, arguments: Arguments) -> str:
    """Ask somebody; whoever wants to break it may."""
    resumed = await Park(code="VALIDATION.BUSINESS_RULE", detail="which price?")
    if resumed.action == "break":
        raise RuntimeError("it breaks as it goes on")
    return f"{resumed.action} by {resumed.actor}"


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("action", "effect"), [("comment", "comment"), ("re_drive", "retry"), ("re_drive", "break"), ("take", "take")]
)
def test_a_crash_at_an_act_neither_repeats_it_nor_calls_it_refused(
    crew: Any, action: str, effect: str, after: bool
) -> None:
    made = crew({"stuck": stuck}, "a", "b")
    one, other = made.workers
    one.launch(Start(flow_id="s", name="stuck"))
    one._engine.enter(one._engine.adoption.poll)
    made.world.run(1)
    (case,) = one.open_cases()
    told = {"case": case.id, "actor": "Ada", "note": "looks odd", "decision": effect}
    (number,) = other.act(Act(at_us=0, system="integration", action=action, arguments=told))
    made.journals[0].crash_points.add(CrashPoint(made.journals[0].writes + 1, after))
    one.poll()
    made.world.run(1000)
    assert len(made.world.crashes) == 1
    reader = made.journals[0].reader()
    row, notes = reader.command(number), [each.note for each in reader.trail(1) if each.note]
    reader.close()
    assert row.status == "done", row.problem
    assert [note["action"] for note in notes].count(effect) == 1


def test_a_mistake_of_ours_at_a_command_is_said_and_does_not_end_every_incarnation_to_come(
    crew: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = crew({"stuck": stuck}, "a", "b")
    one, other = made.workers
    one.launch(Start(flow_id="s", name="stuck"))
    one._engine.enter(one._engine.adoption.poll)
    made.world.run(1)
    (case,) = one.open_cases()
    told = {"case": case.id, "actor": "Ada", "note": "looks odd"}
    (number,) = other.act(Act(at_us=0, system="integration", action="comment", arguments=told))

    def breaks(_act: Act) -> None:
        raise KeyError("a mistake")

    one._engine.adoption.perform = breaks
    with pytest.raises(KeyError, match="a mistake"):
        one._engine.enter(one._engine.adoption.poll)
    reader = made.journals[0].reader()
    row = reader.command(number)
    reader.close()
    assert (row.status, "we made a mistake" in row.problem) == ("refused", True)
