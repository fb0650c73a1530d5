"""Tests of integration.flow: replaying a journal, and noticing when the code has changed."""

from __future__ import annotations

from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

import pytest

from integration.effects import Call, Emit, Sleep
from integration.flow import Diverged, Flow, Step
from integration.outcomes import Answer, Begun, Failed, Published, Slept
from integration.outcomes import CallFailed as Refused

CALL = Call(system="erp", operation="create", target="/x")
BEGUN = Begun("f", "f", {})


async def two_steps(pause: float = 5.0) -> str:
    answer = await CALL
    await Sleep(pause)
    return f"got {answer.status}"


def flow_of(coroutine: Coroutine[Any, Any, Any]) -> Flow:
    return Flow("order/Q-1", coroutine)


def test_a_flow_hands_out_one_effect_at_a_time_until_its_result() -> None:
    flow = flow_of(two_steps())
    assert flow.resume(BEGUN) == CALL
    assert flow.resume(Answer(201)) == Sleep(5.0)
    assert flow.resume(Slept()) is None
    assert (flow.result, flow.seq) == ("got 201", 2)


def test_a_replay_ends_at_the_effect_that_is_still_to_be_performed() -> None:
    flow = flow_of(two_steps())
    assert flow.replay([Step(BEGUN, CALL), Step(Answer(200), Sleep(5.0))]) == Sleep(5.0)
    assert flow.seq == 1
    flow.close()


def test_a_changed_flow_diverges_with_the_field_that_differs() -> None:
    flow = flow_of(two_steps(pause=6.0))
    with pytest.raises(Diverged, match=r"order/Q-1 diverged .* step 1: Sleep\(\) .*seconds was 5.0, now 6.0") as told:
        flow.replay([Step(BEGUN, CALL), Step(Answer(200), Sleep(5.0))])
    assert "deterministic" in str(told.value)
    flow.close()


def test_a_flow_that_asks_for_another_kind_of_effect_diverges() -> None:
    flow = flow_of(two_steps())
    with pytest.raises(Diverged, match=r"the journal has Sleep\(\), the code asks for Call\(create\)"):
        flow.replay([Step(BEGUN, Sleep(1.0))])
    flow.close()


def test_a_flow_that_ends_early_diverges() -> None:
    flow = flow_of(two_steps())
    with pytest.raises(Diverged, match="the end of the flow"):
        flow.replay([Step(BEGUN, CALL), Step(Answer(200), Sleep(5.0)), Step(Slept(), Sleep(1.0))])


def test_a_replay_compares_what_the_journal_can_tell_apart() -> None:
    async def told() -> None:
        await Emit(type="x", subject="s", body={"amount": Decimal("1.10"), "skus": ("a", "b")})
        await Sleep(1.0)

    recorded = Emit(type="x", subject="s", body={"amount": "1.10", "skus": ["a", "b"]})
    flow = flow_of(told())
    assert flow.replay([Step(BEGUN, recorded), Step(Published("e"), Sleep(1.0))]) == Sleep(1.0)
    flow.close()


def test_a_failure_is_raised_inside_the_flow() -> None:
    async def forgiving() -> str:
        try:
            await CALL
        except Refused as refused:
            return refused.kind
        return "ok"

    flow = flow_of(forgiving())
    flow.resume(BEGUN)
    assert flow.resume(Failed("rejected")) is None
    assert flow.result == "rejected"
