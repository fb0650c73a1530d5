"""The stage: slots and rates that are real on the wall, whatever the speed; windows of trouble in business time."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from typing import Any

import pytest

from domain.faults import Fault
from domain.history import Arrived
from domain.http import Reply, Request
from mocks.kernel.limits import Limiter, LimitPolicy
from mocks.kernel.outcome import Outcome
from scenarios.library import find
from scenarios.scale import scaled
from scenarios.timeline import build
from simulator.replay.excerpt import parted
from simulator.replay.recording import Recording, context_of
from simulator.replay.stage import ServiceTime, limits_at, on_the_wall, staged
from simulator.replay.target import Target
from simulator.setup import limits_of

TIMELINE = build(scaled(find("quarter_end"), orders=30, subscriptions=2))
TARGET = Target.model_validate({"name": "ours", "health": "http://127.0.0.1:1/health"})
SPEEDS = [1.0, 4.0, 60.0, 504.0]


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_rate_on_the_wall_is_the_same_at_every_speed(speed: float) -> None:
    usual, here = limits_of(TIMELINE), limits_at(TIMELINE, speed)
    assert {name for name, policy in here.items() if policy.requests}, "no system limits its rate"
    for name, policy in here.items():
        assert policy.concurrent == usual[name].concurrent
        assert policy.retry_after_seconds == usual[name].retry_after_seconds
        if policy.requests:
            wall_window = policy.window_seconds / speed
            rate = usual[name].requests / usual[name].window_seconds
            assert policy.requests / wall_window == pytest.approx(rate, rel=0.02)


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_limiter_lets_as_many_through_in_a_second_of_the_wall(speed: float) -> None:
    policy = next(policy for policy in limits_at(TIMELINE, speed).values() if policy.requests)
    limiter = Limiter(LimitPolicy(requests=policy.requests, window_seconds=policy.window_seconds))
    window = policy.window_seconds / speed
    entered = 0
    for step in range(policy.requests * 2):  # twice the rate that is allowed
        wall_seconds = step * window / (policy.requests * 2)
        entered += limiter.enter(round(wall_seconds * speed * 1e6))
    assert entered == policy.requests


def test_only_what_holds_up_a_request_is_stretched() -> None:
    late = Fault(kind="late_arrival", system="erp", share_ppm=500, seconds=90.0)
    window = Fault(kind="refused", system="billing", start_us=10, end_us=20)
    crash = Fault(kind="crash", count=100, seconds=30.0)
    assert on_the_wall((late, window, crash), 60.0) == (
        Fault(kind="late_arrival", system="erp", share_ppm=500, seconds=5400.0), window,
    )  # fmt: skip


def test_a_fault_that_only_a_rehearsal_has_is_refused_with_its_reason() -> None:
    timeline = dataclasses.replace(TIMELINE, faults=(Fault(kind="unresolved", system="erp"),))
    with pytest.raises(ValueError, match="plans unresolved, which only a rehearsal has: names are looked up"):
        staged(timeline, TARGET, 60.0, lambda _record: None, allowed=())


def test_a_slot_is_taken_while_work_lasts_on_the_wall_and_one_too_many_is_refused() -> None:
    world = staged(TIMELINE, TARGET, 504.0, lambda _record: None, allowed=())
    service, work = world.services["tax"], ServiceTime(TIMELINE, world)
    service.limiter.policy = LimitPolicy(concurrent=2)
    request = Request("tax", "GET", "/api/v2/utilities/ping", {}, b"")

    async def storm() -> tuple[int, bool, float]:
        started = time.monotonic()
        working = [asyncio.ensure_future(work(service, request, Outcome(Reply(200)))) for _ in range(2)]
        await asyncio.sleep(0)
        taken, let_in = service.limiter.in_use, service.limiter.enter(world.clock.now_us())
        await asyncio.gather(*working)
        return taken, let_in, time.monotonic() - started

    taken, let_in, took = asyncio.run(storm())
    assert (taken, let_in) == (2, False)
    assert service.limiter.in_use == 0
    assert took > 0.01  # a tax call takes 180 ms in the middle, at whatever speed business runs


@pytest.mark.parametrize(("status", "at_once"), [(429, True), (401, True), (503, True), (404, False), (201, False)])
def test_who_is_not_let_in_takes_no_time_and_no_slot(status: int, at_once: bool) -> None:
    world = staged(TIMELINE, TARGET, 1.0, lambda _record: None, allowed=())
    service, request = world.services["tax"], Request("tax", "GET", "/api/v2/utilities/ping", {}, b"")

    async def begun() -> bool:
        work = asyncio.ensure_future(ServiceTime(TIMELINE, world)(service, request, Outcome(Reply(status))))
        await asyncio.sleep(0)
        is_over, taken = work.done(), service.limiter.in_use
        work.cancel()
        assert taken == (0 if is_over else 1)
        return is_over

    assert asyncio.run(begun()) is at_once


def test_the_company_is_founded_first_and_nobody_acts_after_the_faults() -> None:
    founding, played = parted(TIMELINE)
    assert all(act.at_us <= TIMELINE.start_us for act in founding)
    assert all(TIMELINE.start_us < act.at_us <= TIMELINE.heal_us for act in played)
    assert [act.at_us for act in played] == sorted(act.at_us for act in played)


def test_what_a_door_saw_becomes_attempts_of_the_caller() -> None:
    records: list[Any] = []
    context = context_of(TIMELINE, TARGET, 60.0, limits_at(TIMELINE, 60.0))
    recording = Recording(context, records.append)
    for status, effect in ((200, "done"), (404, "read"), (409, "refused"), (0, "faulted")):
        recording.take(Arrived(at_us=TIMELINE.start_us, number="r1", system="erp", operation="put_order", key="k",
                               fingerprint="f", txn="Q-1", status=status, effect=effect))  # fmt: skip
    outcomes = [record.outcome for record in records if hasattr(record, "outcome")]
    assert outcomes == ["ok", "ok", "failed", "unknown"]
    assert (context.engine, context.inside, context.integration, context.speed) == ("replay", False, "ours", 60.0)
    assert context.credit_grace_seconds == 120 * 60
