"""A replay as it plays: what the process that serves the mocks is like meanwhile."""

from __future__ import annotations

import gc

from mocks.doors.serving import running
from scenarios.library import find
from scenarios.scale import scaled
from scenarios.timeline import build
from simulator.replay.pacing import Kept, Punctuality
from simulator.replay.recording import Recording, context_of
from simulator.replay.replaying import Replay
from simulator.replay.stage import limits_at, staged
from simulator.replay.target import Target

SPEED = 60.0
NO_PATIENCE = {"quiet_for": "0s", "settles_within": "0s"}


def test_no_request_waits_for_the_collector_to_walk_the_world() -> None:
    timeline = build(scaled(find("quarter_end_spike"), orders=20, subscriptions=2))
    target = Target.model_validate({"name": "ours", "health": "http://127.0.0.1:1/health", **NO_PATIENCE})
    seen = Recording(context_of(timeline, target, SPEED, limits_at(timeline, SPEED)), lambda _record: None)
    frozen: list[int] = []

    async def offering() -> Kept:
        frozen.append(gc.get_freeze_count())
        return Punctuality(1.0).kept(1.0)

    with running(staged(timeline, target, SPEED, seen.take, allowed=())) as doors:
        replay = Replay(timeline, target, SPEED, doors, seen, offering=offering)
        replay.found()
        before = gc.get_freeze_count()
        replay.play()
    assert frozen[0] > before + 10_000
    assert gc.get_freeze_count() == 0
