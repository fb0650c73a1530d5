"""Tests of integration.effects and integration.outcomes: values that travel through an await with their types."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from integration import effects, outcomes
from integration.effects import (
    All,
    Assign,
    Call,
    Deliver,
    Effect,
    Emit,
    Lookup,
    Missing,
    Now,
    Park,
    Receive,
    Sleep,
    Start,
)
from integration.outcomes import (
    Answer,
    CallFailed,
    Conflict,
    Failed,
    Launched,
    Message,
    OutcomeUnknown,
    Unknown,
    reveal,
)

SAMPLES: list[Effect] = [
    Call(system="erp", operation="read", target="/x", headers={"a": "b"}, body=b"\x00\xff"),
    Sleep(1.5),
    Receive("task.completed", "Q-000123-v1", 60.0),
    Emit(type="order.booked", subject="Q-000123", body={"lines": [1, None, "x"]}),
    Start(flow_id="order/Q-1", name="quote_to_cash", arguments={"quote": "Q-1"}),
    Park(code="DATA_QUALITY.MAPPING_MISSING", context={"sku": "A"}),
    Now(),
    Lookup("item", "SKU-1"),
    Missing(("order/Q-1", "order/Q-2"), or_discarded=True),
    Deliver("payment", (Message(source="payment", id="ev_1", topic="paid", key="INV-1", body={"id": "pi_1"}),)),
    Assign(kind="customer", key="crm/A-1", value={"id": "A-1"}),
    All((Sleep(1.0), Call(system="erp", operation="read", target="/x"))),
]


@pytest.mark.parametrize("effect", SAMPLES, ids=lambda effect: type(effect).__name__)
def test_an_effect_survives_the_journal(effect: Effect) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(effect), type=Effect) == effect


def test_the_set_of_effects_is_closed_and_sampled_completely() -> None:
    assert {type(sample) for sample in SAMPLES} == set(Effect.__args__)
    assert {kind.__module__ for kind in Effect.__args__} == {effects.__name__}


def test_awaiting_an_effect_hands_it_out_and_returns_its_outcome() -> None:
    async def flow() -> Any:
        return (await Call(system="erp", operation="read", target="/x")).status

    coroutine = flow()
    assert coroutine.send(None) == Call(system="erp", operation="read", target="/x")
    with pytest.raises(StopIteration) as stop:
        coroutine.send(Answer(204))
    assert stop.value.value == 204


def test_an_outcome_is_revealed_as_ok_failed_or_unknown() -> None:
    assert reveal(Answer(200)) == Answer(200)
    outcomes = (Failed("rejected", 422, "bad_line"), Unknown("timeout"), Launched("x", False, "x exists"))
    seen = [reveal(outcome) for outcome in outcomes]
    assert [type(trouble) for trouble in seen] == [CallFailed, OutcomeUnknown, Conflict]
    assert [str(trouble) for trouble in seen] == ["rejected: 422 bad_line", "unknown outcome: timeout", "x exists"]
    assert reveal(Launched("x", True)) == Launched("x", True)


def test_only_failures_that_may_pass_are_transient() -> None:
    assert not CallFailed(Failed("rejected")).is_transient
    assert not CallFailed(Failed("unauthenticated")).is_transient
    assert all(CallFailed(Failed(kind)).is_transient for kind in ("refused", "throttled", "unavailable", "in_progress"))
    assert outcomes.TRANSIENT["rejected"] is False
