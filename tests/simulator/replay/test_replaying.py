"""A replay as it plays: what the process that serves the mocks is like meanwhile, and what vendors change."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Awaitable, Callable

import httpx

from loadtests.material import material
from loadtests.settings import Settings
from mocks.doors.live import LiveWorld
from mocks.doors.serving import running
from scenarios import loader
from scenarios.library import find
from scenarios.scale import scaled
from scenarios.timeline import Timeline, build
from simulator.replay.excerpt import excerpt
from simulator.replay.pacing import Kept, Punctuality
from simulator.replay.recording import Recording, context_of
from simulator.replay.replaying import Replay
from simulator.replay.stage import limits_at, staged
from simulator.replay.target import Target
from tests.simulator.replay.fakes import Fake

HOUR_US = 3_600_000_000
TARGET = Target.model_validate(
    {"name": "ours", "health": "http://127.0.0.1:1/health", "quiet_for": "0s", "settles_within": "0s"}
)
CHANGES = """\
name: a_scenario
title: t
question: q
world: {orders_per_quarter: 10, live_subscriptions: 0}
limit_changes:
  - {system: payment, from: quarter_end - 48h, rps: 25}
  - {system: crm, from: quarter_end - 48h, lasts: 6h, daily_calls: 60000}
  - {system: erp, from: quarter_end - 12h, slots: 7}
drifts:
  - {name: netsuite-field-renamed, from: quarter_end - 12h}
"""


def play(timeline: Timeline, speed: float, look: Callable[[LiveWorld], Awaitable[None]]) -> None:
    """Play a timeline in which nobody acts, and look at its world meanwhile."""
    seen = Recording(context_of(timeline, TARGET, speed, limits_at(timeline, speed)), lambda _record: None)
    world = staged(timeline, TARGET, speed, seen.take, allowed=())

    async def offering() -> Kept:
        await look(world)
        return Punctuality(1.0).kept(1.0)

    with running(world) as doors:
        replay = Replay(timeline, TARGET, speed, doors, seen, offering=offering)
        replay.found()
        replay.play()


def test_no_request_waits_for_the_collector_to_walk_the_world() -> None:
    frozen: list[int] = []

    async def look(_world: LiveWorld) -> None:
        frozen.append(gc.get_freeze_count())

    before = gc.get_freeze_count()
    play(build(scaled(find("quarter_end_spike"), orders=20, subscriptions=2)), 60.0, look)
    assert frozen[0] > before + 10_000
    assert gc.get_freeze_count() == 0


def test_vendors_change_limits_and_interfaces_at_their_instants() -> None:
    whole = build(loader.parse(CHANGES), 1)
    day = excerpt(whole, whole.heal_us - 24 * HOUR_US, whole.heal_us, HOUR_US)
    speed = 86_400.0
    found: list[tuple[int, int, int, bool]] = []

    async def look(world: LiveWorld) -> None:
        plain = world.services["erp"].dialect
        for seconds in (0.2, 0.6):
            await asyncio.sleep(seconds)
            limits = {name: service.limiter.policy for name, service in world.services.items()}
            rate = round(limits["payment"].requests * speed / limits["payment"].window_seconds)
            allowed = world.world["crm"].model.allowance.maximum
            found.append((rate, allowed, limits["erp"].concurrent, world.services["erp"].dialect is plain))

    play(day, speed, look)
    assert found == [(25, 100_000, 15, True), (25, 100_000, 7, False)]


def test_the_clock_stands_until_the_target_has_taken_in_what_the_company_had() -> None:
    evening = material(Settings(scenario="quarter_end_spike", profile="break", times=0.1)).timeline
    with Fake({("POST", "/hooks"): (200, {})}).up() as slow:
        told = {"messages": {"erp": f"{slow.address}/hooks"}, "quiet_for": "3s", "settles_within": "60s"}
        target = Target.model_validate({"name": "slow", "health": f"{slow.address}/health", **told})
        seen = Recording(context_of(evening, target, 1.0, limits_at(evening, 1.0)), lambda _record: None)
        world, is_over = staged(evening, target, 1.0, seen.take, allowed=()), threading.Event()

        def work(address: str) -> None:
            done = 0
            while not is_over.wait(0.1):
                if done < len(slow.asked):
                    httpx.post(f"{address}/v1/customers", auth=("sk_test_1", ""), trust_env=False).raise_for_status()
                    done += 1

        with running(world) as doors:
            worker = threading.Thread(target=work, args=(doors["payment"],))
            worker.start()
            Replay(evening, target, 1.0, doors, seen).found()
            is_over.set()
            worker.join()
            assert world.clock.now_us() - evening.start_us < 1_000_000
        assert seen.writes == len(slow.asked) > 5
