"""Tests of integration.retry: patience, look-ups before repetitions, and two ways to get it wrong."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import history
from integration.effects import Call, Start
from integration.flow import FlowContext
from integration.flows.steps import do
from integration.outcomes import Answer, CallFailed, Failed, OutcomeUnknown, Unknown
from integration.retry import call_with_retries, code_of, pause_seconds, renewed
from integration.settings import RetryPolicy, Settings
from q2c.mutants import broken
from tests.integration.conftest import SECOND, START_US

CALL = Call(
    system="payment", operation="create_intent", method="POST", target="/v1/payment_intents", key="q2c/inv_1/collect",
    key_header="idempotency-key", write=True,
)  # fmt: skip
THROTTLED = CallFailed(Failed("throttled", 429))
Arguments = Mapping[str, Any]
Program = Callable[[FlowContext, Arguments], Coroutine[Any, Any, Any]]


def collecting(call: Call = CALL, probed: list[Answer | None] | None = None) -> Program:
    async def probe() -> Answer | None:
        await Call(system=call.system, operation="search", target="/search")
        assert probed is not None
        return probed.pop(0)

    async def collect(context: FlowContext, arguments: Arguments) -> str:
        answer = await call_with_retries(context, call, probe if probed is not None else None)
        return answer.body.decode()

    return collect


def failing(*outcomes: Failed | Unknown | None) -> Callable[[int, Call], Failed | Unknown | None]:
    rest = list(outcomes)
    return lambda now, call: rest.pop(0) if call.operation == CALL.operation and rest else None


def ran(world: Any, program: Program, script: Any, seconds: int = 3000, **options: Any) -> Any:
    made = world({"collect": program}, script=script, settings=Settings(limits={}, **options))
    made.integration.launch(Start(flow_id="a", name="collect"))
    made.run(seconds)
    return made


@settings(max_examples=100)
@given(st.integers(1, 40), st.integers(-1, 10**7))
def test_a_pause_stays_under_its_ceiling_and_never_undercuts_retry_after(attempt: int, asked: int) -> None:
    policy = RetryPolicy()
    pause = pause_seconds(policy, CALL, attempt, CallFailed(Failed("throttled", 429, retry_after_seconds=asked)))
    floor = min(max(asked, 0), policy.retry_after_cap_seconds)
    assert floor <= pause <= floor + min(900.0, 2.0 * 2 ** (attempt - 1))


def test_jitter_differs_between_attempts_and_calls_but_not_between_replays() -> None:
    pauses = [pause_seconds(RetryPolicy(base_seconds=900), CALL, attempt, THROTTLED) for attempt in range(1, 9)]
    assert len(set(pauses)) == 8
    assert pauses == [pause_seconds(RetryPolicy(base_seconds=900), CALL, attempt, THROTTLED) for attempt in range(1, 9)]


def test_transient_failures_are_repeated_under_one_key(world: Any) -> None:
    made = ran(world, collecting(), failing(Failed("refused"), Failed("throttled", 429), None))
    assert made.statuses("a") == ["started", "finished"]
    assert [request.headers["idempotency-key"] for _, _, request in made.sent] == [CALL.key] * 3
    assert [call.attempt for _, call, _ in made.sent] == [1, 2, 3]


def test_a_permanent_failure_is_not_repeated(world: Any) -> None:
    made = ran(world, collecting(), failing(Failed("rejected", 402, "card_declined")))
    assert len(made.sent) == 1
    assert made.statuses("a") == ["started", "parked"]


def test_retry_after_is_honoured(world: Any) -> None:
    made = ran(world, collecting(), failing(Failed("throttled", 429, retry_after_seconds=120)))
    first, second = made.times(CALL.operation)
    assert second - first >= 120


def test_an_unknown_outcome_is_looked_up_before_anything_is_repeated(world: Any) -> None:
    made = ran(world, collecting(probed=[Answer(200, body=b"found")]), failing(Unknown("timeout")))
    assert [call.operation for _, call, _ in made.sent] == [CALL.operation, "search"]
    assert made.of(history.Flow)[-1].result == "found"


def test_an_unknown_outcome_that_is_not_found_is_repeated_under_the_same_key(world: Any) -> None:
    made = ran(world, collecting(probed=[None]), failing(Unknown("timeout")))
    assert [call.operation for _, call, _ in made.sent] == [CALL.operation, "search", CALL.operation]
    assert made.done == {CALL.key: 1}


def test_a_write_that_nobody_can_look_up_is_not_repeated_blindly(world: Any) -> None:
    blind = Call(system="payment", operation=CALL.operation, target="/x", write=True)
    made = ran(world, collecting(blind), failing(Unknown("timeout")), seconds=300)
    assert len(made.sent) == 1
    assert [case.code for case in made.integration.open_cases()] == ["DEPENDENCY.TIMEOUT"]


def test_a_sticky_error_is_looked_up_and_then_asked_for_under_a_new_key(world: Any) -> None:
    sticky = Unknown("status 500", 500, replayed=True)
    made = ran(world, collecting(probed=[None]), failing(sticky))
    keys = [call.key for _, call, _ in made.sent if call.write]
    assert keys == [CALL.key, f"{CALL.key}~1"]


@pytest.mark.parametrize("asked", [7200, -1])
def test_what_is_sent_again_when_its_key_may_be_forgotten_is_looked_up_first(world: Any, asked: int) -> None:
    """An attempt that timed out came late and was taken, and its key was forgotten before the next one."""

    async def collect(context: FlowContext, arguments: Arguments) -> str:
        async def there() -> Answer | None:
            answer = await Call(system="payment", operation="search", target="/search")
            return answer if answer.at_us > late_us else None

        call = msgspec.structs.replace(CALL, key_lives_seconds=1800)
        return (await call_with_retries(context, call, there)).body.decode()

    late_us = START_US + 300 * SECOND
    busy = Failed("throttled", 429, retry_after_seconds=asked)
    made = ran(world, collect, failing(Unknown("timeout"), *[busy] * 20), seconds=9000)
    assert made.statuses("a")[-1] == "finished"
    assert len(made.times("search")) == 2
    assert made.times(CALL.operation)[-1] < made.times("search")[-1]


@pytest.mark.parametrize(("held_seconds", "looks"), [(600, 1), (3600, 2)])
def test_a_repetition_that_waits_for_its_turn_until_its_key_is_forgotten_is_looked_up_and_not_sent(
    world: Any, held_seconds: int, looks: int
) -> None:
    """The first attempt timed out and was done all the same; then the system asked everybody for a long rest."""

    async def collect(context: FlowContext, arguments: Arguments) -> str:
        async def there() -> Answer | None:
            answer = await Call(system="payment", operation="search", target="/search")
            return answer if answer.at_us > START_US + held_seconds * SECOND else None

        call = msgspec.structs.replace(CALL, key_lives_seconds=1800)
        return (await call_with_retries(context, call, there)).body.decode()

    def mishap(now: int, call: Call) -> Failed | Unknown | None:
        if call.operation == "other":
            return Failed("throttled", 429, retry_after_seconds=held_seconds)
        return Unknown("timeout") if now == 0 and call.operation == CALL.operation else None

    async def other(context: FlowContext, arguments: Arguments) -> None:
        with pytest.raises(CallFailed):
            await Call(system="payment", operation="other", target="/other")

    made = world({"collect": collect, "other": other}, script=mishap, settings=Settings(limits={}))
    made.integration.launch(Start(flow_id="a", name="collect"))
    made.at(30, lambda: made.integration.launch(Start(flow_id="b", name="other")))
    made.run(2 * 3600)
    assert made.statuses("a") == ["started", "finished"]
    assert len(made.times("search")) == looks
    assert len(made.times(CALL.operation)) == 3 - looks
    assert [call.attempt for _, call, _ in made.sent if call.write] == [1, 2][: 3 - looks]


def test_a_call_that_was_handed_back_and_not_found_is_sent_as_the_attempt_it_was(world: Any) -> None:
    call = msgspec.structs.replace(CALL, key_lives_seconds=1800)
    busy = Failed("throttled", 429, retry_after_seconds=3600)
    made = ran(world, collecting(call, [None] * 9), failing(busy, busy), seconds=3 * 3600)
    assert made.statuses("a") == ["started", "finished"]
    assert [call.attempt for _, call, _ in made.sent if call.write] == [1, 2, 3]
    assert len(made.times("search")) == 2


def test_after_six_attempts_the_flow_parks_and_each_re_drive_is_one_more(world: Any) -> None:
    def still_in_progress(now: int, call: Call) -> Failed | None:
        return Failed("in_progress", 409) if now < 5000 else None

    made = ran(world, collecting(), still_in_progress, seconds=600)
    assert len(made.times(CALL.operation)) == 6
    (case,) = made.integration.open_cases()
    assert (case.code, case.context["system"], case.context["key"]) == (
        "DEPENDENCY.CONCURRENCY_LIMIT",
        "payment",
        CALL.key,
    )
    made.integration.re_drive(case.id, "platform")
    made.run(700)
    assert len(made.times(CALL.operation)) == 7
    made.run(10_000)
    assert made.statuses("a")[-1] == "finished"
    gaps = [later - earlier for earlier, later in pairwise(made.times(CALL.operation)[6:])]
    assert all(gap >= 900 for gap in gaps)
    assert [record.status for record in made.of(history.Case)][-1] == "verified"


def test_a_re_drive_by_the_driver_resolves_an_untouched_case_by_itself(world: Any) -> None:
    made = ran(world, collecting(), lambda now, call: Failed("in_progress", 409) if now < 900 else None, seconds=4000)
    assert [record.status for record in made.of(history.Case)] == ["new", "auto_resolved"]
    assert made.integration.open_cases() == []


@pytest.mark.parametrize(
    ("mutant", "keys"),
    [
        ("", {CALL.key}),
        ("fresh_key_per_retry", {CALL.key, f"{CALL.key}~2"}),
        ("timeout_is_failure", {CALL.key, f"{CALL.key}~1"}),
    ],
)
def test_mutants_do_a_lost_reply_twice_and_the_default_does_not(world: Any, mutant: str, keys: set[str]) -> None:
    with broken(mutant):
        made = ran(world, collecting(), failing(Unknown("timeout")))
    assert set(made.done) == keys


def test_a_renewed_key_changes_wherever_the_call_carries_it() -> None:
    call = Call(system="erp", operation="put", target="/order/eid:Q-1", body=b'{"externalId": "Q-1"}', key="Q-1")
    assert renewed(call, 2).target == "/order/eid:Q-1~2"
    assert renewed(call, 2).body == b'{"externalId": "Q-1~2"}'


def test_each_failure_has_a_code_of_the_taxonomy() -> None:
    assert code_of(OutcomeUnknown(Unknown("timeout"))) == "DEPENDENCY.TIMEOUT"
    assert code_of(THROTTLED) == "DEPENDENCY.RATE_LIMITED"
    assert code_of(CallFailed(Failed("refused"))) == "DEPENDENCY.UNAVAILABLE"
    assert code_of(CallFailed(Failed("unauthenticated", 401))) == "AUTH.FORBIDDEN"


def test_a_conflict_with_what_we_did_ourselves_is_no_case() -> None:
    """The answer to a cancellation was lost, a copy that lagged did not show it, and billing refused the second one."""
    call = Call(system="billing", operation="cancel", target="/c", key="k", key_lives_seconds=1800, write=True)
    context = FlowContext("apply/Q-1", "apply_amendment", "", Settings())

    async def is_over() -> Answer | None:
        return Answer(200, b"cancelled")

    step = do(context, call, is_over).__await__()
    assert next(step) == call
    with pytest.raises(StopIteration) as ended:
        step.throw(CallFailed(Failed("rejected", 409, "invalid_state_for_request")))
    assert ended.value.value.body == b"cancelled"
