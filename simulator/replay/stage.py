"""The stage of a replay: systems of record as slow, as limited and as faulty as the scenario says, on ports.

Business time runs `speed` times as fast as the wall. What belongs to machines and networks stays on the wall: service
times, rate limits, sessions, signatures, and how long a fault holds a request up.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from domain.faults import CATALOGUE, Fault, Place
from domain.http import Request
from mocks.doors.clock import Clock, wall_us
from mocks.doors.live import LiveWorld
from mocks.doors.post import Targets
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.outcome import DELIVER, Outcome
from mocks.kernel.service import Service
from scenarios.timeline import Timeline
from simulator.latency import LatencyTable, load_factor
from simulator.replay.manners import manners
from simulator.replay.target import ALL, Target
from simulator.setup import bounded, latencies, limits_of

_HELD_UP = frozenset({"late_arrival", "repeated"})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_NOT_LET_IN = frozenset({401, 403, 429})
"""Statuses for which no system does any work; that there is no such record (404) is found out as any answer is."""


class Forgetful:
    """The state of a world that is never saved: it keeps nothing, however long the run."""

    def add(self, line: bytes) -> None:
        """Forget a line."""

    def then(self, action: Callable[[], None]) -> None:
        """Do it now."""
        action()

    def lines(self) -> Iterator[bytes]:
        """Iterate over nothing."""
        return iter(())

    def replace(self, lines: Iterable[bytes]) -> None:
        """Forget these too."""

    def close(self) -> None:
        """There is nothing to let go of."""


class ServiceTime:
    """Takes the time that a system's work takes: drawn as in a rehearsal, longer under load and in a brownout.

    The slot of a request stays taken meanwhile, so that limits of concurrency are real.
    """

    def __init__(self, timeline: Timeline, world: LiveWorld) -> None:
        self._table = LatencyTable(latencies(timeline))
        self._world = world
        self._luck = random.Random(timeline.seed)

    async def __call__(self, service: Service, request: Request, outcome: Outcome) -> None:
        """Return when the answer may leave; who is not let in, and who meets a failure, is told at once."""
        if outcome.wire != DELIVER or outcome.reply.status in _NOT_LET_IN or outcome.reply.status >= 500:
            return
        limiter, system = service.limiter, service.name
        factor = self._world.world.plan.latency_factor(system, self._world.clock.now_us())
        factor *= load_factor(limiter.in_use, limiter.policy.concurrent)
        limiter.in_use += 1
        try:
            is_write = request.method not in _READS
            luck = self._luck.getrandbits(64)
            await asyncio.sleep(self._table.service_us(system, is_write, factor, luck) / 1e6)
        finally:
            limiter.leave()


def staged(timeline: Timeline, target: Target, speed: float, listener: Any, *, allowed: tuple[str, ...]) -> LiveWorld:
    """Return the world of a replay, its clock standing at the start; `listener` is told each record.

    Raise ValueError for a scenario that needs systems or faults which only rehearsals have, and for unknown switches.
    """
    if timeline.ledgers:
        books = ", ".join(sorted(set(timeline.ledgers.values())))
        raise ValueError(f"{timeline.scenario.name} keeps books in {books}, which only a rehearsal has")
    for fault in timeline.faults:
        if reason := CATALOGUE[fault.kind].not_live:
            raise ValueError(f"{timeline.scenario.name} plans {fault.kind}, which only a rehearsal has: {reason}")
    clock = Clock(timeline.start_us)
    clock.freeze()
    world = LiveWorld(
        timeline.seed, faults=on_the_wall(bounded(timeline), speed), limits=limits_at(timeline, speed),
        quirks=manners(timeline, target, speed), clock=clock, targets=_targets(target, allowed),
        listeners=(listener,), state=Forgetful(),
    )  # fmt: skip
    world.work = ServiceTime(timeline, world)
    world.postmark = wall_us
    return world


def limits_at(timeline: Timeline, speed: float) -> dict[str, LimitPolicy]:
    """Return what each system tolerates, in windows of business time that are as long as theirs on the wall."""
    return {name: stretched(policy, speed) for name, policy in limits_of(timeline).items()}


def stretched(policy: LimitPolicy, speed: float) -> LimitPolicy:
    """Return a limit whose window is in business time so long that the rate on the wall is as it was."""
    window_seconds = max(1, round(policy.window_seconds * speed))
    requests = round(policy.requests * window_seconds / (policy.window_seconds * speed))
    least = 1 if policy.requests else 0
    return msgspec.structs.replace(policy, requests=max(least, requests), window_seconds=window_seconds)


def on_the_wall(faults: tuple[Fault, ...], speed: float) -> tuple[Fault, ...]:
    """Return a plan whose requests are held up as long on the wall as the scenario says; windows stay business time.

    Deaths of the integration's process are not for systems of record: the driver sees to them.
    """
    return tuple(
        msgspec.structs.replace(fault, seconds=fault.seconds * speed) if fault.kind in _HELD_UP else fault
        for fault in faults
        if CATALOGUE[fault.kind].place is not Place.PROCESS
    )


def _targets(target: Target, allowed: tuple[str, ...]) -> Targets:
    places = {f"/webhooks/{name}": url for name, url in target.messages.items() if name != ALL}
    return Targets(intake=target.messages.get(ALL, ""), places=places, allowed=allowed)
