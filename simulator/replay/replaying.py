"""One replay: the company is founded, people act when the timeline says so, faults strike and heal, all comes to rest.

The load is open: each act has its instant on the wall, whatever the integration does. Business time runs `speed` times
as fast as the wall from the first act to the end of the faults and on, until nothing has changed for a while or the
target's patience is over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from operator import itemgetter

import msgspec

from domain.history import Crashed
from mocks.doors.garbage import settled_collector
from mocks.doors.live import LiveWorld
from mocks.doors.serving import Running
from scenarios.timeline import Timeline
from simulator import vendors
from simulator.replay.asking import ask
from simulator.replay.checking import wait_for
from simulator.replay.deaths import RESTART_SECONDS, Death, deaths_within, mishaps
from simulator.replay.excerpt import parted
from simulator.replay.outcome import Replayed
from simulator.replay.pacing import STEPS, Kept, Pace, Punctuality
from simulator.replay.process import TargetProcess
from simulator.replay.recording import Recording
from simulator.replay.stage import stretched
from simulator.replay.target import Target

_LOOK_SECONDS = 0.1
_QUIET_SECONDS_MAX = 5.0
"""A target that works off what it was told at the founding pauses no longer; `quiet_for` is about a whole run."""


class TargetEnded(Exception):
    """The target's process ended by itself; the text says with which status and what it said last."""


class Progress(msgspec.Struct, frozen=True):
    """How far a replay is: seconds of the wall, of how many at most, and acts done of all."""

    wall_seconds: float
    of_seconds: float
    acts_done: int
    acts: int
    phase: str


class Replay:
    """One run against a target whose mocks are being served. `play` blocks until it is over.

    With `offering` somebody else offers the acts (a load generator), and says how exactly when it is done.
    """

    def __init__(
        self, timeline: Timeline, target: Target, speed: float, doors: Running, recording: Recording,
        process: TargetProcess | None = None, offering: Callable[[], Awaitable[Kept]] | None = None,
    ) -> None:  # fmt: skip
        self._timeline, self._target, self._doors, self._recording = timeline, target, doors, recording
        self._world: LiveWorld = doors.world
        self._pace = Pace(timeline.start_us, speed)
        self._process, self._offering = process, offering
        self._span = self._pace.wall_seconds(timeline.heal_us)
        self._punctuality = Punctuality(self._span)
        self._acts_done = self._unasked = self._deaths = 0
        self._is_dead = False
        self._started = 0.0
        self._problems: list[str] = []
        self._founding, self._acts = parted(timeline)

    def found(self) -> None:
        """Let the company exist: products, entities, prices, accounts, live subscriptions, at the first instant.

        Return once the target has taken in what it was told of it.
        """
        self._tell_time()
        for start in range(0, len(self._founding), 500):  # in pieces, so that the doors answer meanwhile
            self._doors.do(partial(self._world.seed, self._founding[start : start + 500]))
        asyncio.run_coroutine_threadsafe(self._world.settled(), self._loop()).result()
        if self._recording.messages:
            self._wait_for_quiet()

    def _wait_for_quiet(self) -> None:
        """Wait until the target has written nothing for a while; the clock of the business stands still.

        It may have been told of some hundred customers who are on hold, weeks of news at once: the first orders would
        wait behind them.
        """
        patience = self._target.settles_within.total_seconds()
        quiet = min(self._target.quiet_for.total_seconds(), _QUIET_SECONDS_MAX)
        began = quiet_from = now = time.monotonic()
        writes = self._recording.writes
        while now - began < patience and now - quiet_from < quiet:
            self._require_alive()
            time.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            if self._recording.writes != writes:
                writes, quiet_from = self._recording.writes, now

    def play(self, progress: Callable[[Progress], None] | None = None) -> Replayed:
        """Play the acts and the faults, then wait for rest.

        Whatever ends it early stops the load, heals the faults and is passed on: KeyboardInterrupt, or TargetEnded.
        """
        with settled_collector():
            playing = asyncio.run_coroutine_threadsafe(self._play(), self._loop())
            try:
                while not playing.done():
                    if progress is not None:
                        progress(self._progress())
                    self._require_alive()
                    time.sleep(_LOOK_SECONDS)
                return playing.result()
            except BaseException:
                playing.cancel()
                self._doors.do(lambda: self._world.plan(()))
                raise

    def _require_alive(self) -> None:
        if self._process is not None and not self._is_dead and (problem := self._process.problem()):
            raise TargetEnded(problem)

    def _loop(self) -> asyncio.AbstractEventLoop:
        assert self._doors.loop is not None, "the mocks are not being served"
        return self._doors.loop

    async def _play(self) -> Replayed:
        self._started = time.monotonic()
        self._world.run(self._pace.speed)
        clock = asyncio.create_task(self._move_clock())
        deaths = deaths_within(self._timeline, self._pace.speed) if self._process is not None else []
        dying = asyncio.create_task(self._kill_and_restart(deaths))
        changes = self._vendors_changes()
        try:
            kept = await (self._offering or self._offered)()
            self._world.plan(())
            await dying
            settled, seconds = await self._rest()
        finally:
            for task in (clock, dying):
                task.cancel()
            for change in changes:
                change.cancel()
        left_out = len(mishaps(self._timeline)) - len(deaths)
        return Replayed(
            kept=kept, settled=settled, settled_seconds=seconds, unasked=self._unasked, deaths=self._deaths,
            deaths_left_out=left_out, step_us=(self._timeline.heal_us - self._timeline.start_us) // STEPS,
            asked=tuple(self._punctuality.asked), offered=tuple(self._punctuality.offered),
            problems=tuple(self._problems),
        )  # fmt: skip

    def _vendors_changes(self) -> list[asyncio.TimerHandle]:
        """Plan what vendors change by themselves while the load lasts; what they changed before it is so already."""
        planned: list[tuple[int, Callable[[], None]]] = []
        stretch = partial(stretched, speed=self._pace.speed)
        vendors.schedule(self._timeline, self._world.world, lambda at_us, do: planned.append((at_us, do)), stretch)
        loop, handles = asyncio.get_running_loop(), []
        for at_us, change in sorted(planned, key=itemgetter(0)):
            if at_us <= self._timeline.start_us:
                change()
            elif at_us <= self._timeline.heal_us:
                handles.append(loop.call_later(self._pace.wall_seconds(at_us), change))
        return handles

    # --- load -------------------------------------------------------------------------------------------------------

    async def _offered(self) -> Kept:
        await self._offer()
        await self._sleep_until(self._span)
        return self._punctuality.kept(self._since())

    async def _offer(self) -> None:
        for act in self._acts:
            due = self._pace.wall_seconds(act.at_us)
            await self._sleep_until(due)
            self._punctuality.note(due, self._since())
            self._acts_done += 1
            if act.system == "integration":
                self._unasked += 1  # a black box has no door for what people ask our own integration
                continue
            self._world.act(msgspec.structs.replace(act, at_us=self._world.clock.now_us()))

    async def _sleep_until(self, wall_seconds: float) -> None:
        """Wait for an instant; when it has passed, let the doors have their turn at least."""
        await asyncio.sleep(max(0.0, wall_seconds - self._since()))

    def _since(self) -> float:
        return time.monotonic() - self._started

    async def _rest(self) -> tuple[bool, float]:
        """Wait until nothing has changed for a while; return whether that came about, and after how long."""
        began, patience = self._since(), self._target.settles_within.total_seconds()
        quiet = self._target.quiet_for.total_seconds()
        changes, quiet_from = self._recording.changes, began
        while (now := self._since()) - began < patience:
            if now - began >= patience / 2:
                self._send_technicians_home()
            if self._recording.changes != changes:
                changes, quiet_from = self._recording.changes, now
            elif now - quiet_from >= quiet and not self._is_busy():
                return True, quiet_from - began
            await asyncio.sleep(_LOOK_SECONDS)
        return False, patience

    def _send_technicians_home(self) -> None:
        """Let nobody finish a delivery any more: each begins a bill, and a run in which they go on ends amid some."""
        self._world.services["fulfilment"].desk.agenda.stop("advance_task")

    def _is_busy(self) -> bool:
        """Whether something will still happen by itself: work under way, a message due, a debit that settles."""
        return self._world.due_us() <= self._timeline.horizon_us

    # --- the target's clock and its deaths --------------------------------------------------------------------------

    async def _move_clock(self) -> None:
        """Tell a target that lives on a clock of ours again and again what time it is for the business."""
        while self._target.time.test_clock is not None:
            await asyncio.to_thread(self._tell_time)
            await asyncio.sleep(self._target.time.every.total_seconds())

    def _tell_time(self) -> None:
        address = self._target.time.test_clock
        if address is None:
            return
        answer = ask("PUT", address, msgspec.json.encode({"now_us": self._world.clock.now_us()}))
        if answer.is_good:
            self._world.postmark = self._world.clock.now_us
        elif not self._problems and not self._is_dead:
            self._problems.append(f"{address}: {answer.problem}")

    async def _kill_and_restart(self, deaths: Sequence[Death]) -> None:
        """Let the process die, as a power failure does it, and come back."""
        for death in deaths:
            await self._sleep_until(death.at_seconds)
            if self._process is not None:
                await self._die(death, self._process)

    async def _die(self, death: Death, process: TargetProcess) -> None:
        for _ in range(death.times):
            if death.fault.kind == "pause":
                await self._pause(death, process)
            else:
                await self._end_and_restart(death, process)

    async def _pause(self, death: Death, process: TargetProcess) -> None:
        self._deaths += 1
        process.stand_still(still=True)
        try:
            await asyncio.sleep(death.away_seconds)
        finally:  # one that stands still cannot even be asked to end
            process.stand_still(still=False)

    async def _end_and_restart(self, death: Death, process: TargetProcess) -> None:
        died_us, self._is_dead = self._world.clock.now_us(), True
        await asyncio.to_thread(process.end if death.fault.kind == "deploy" else process.kill)
        self._deaths += 1
        await asyncio.sleep(death.away_seconds)
        process.start()
        patience = self._target.start.within.total_seconds() if self._target.start is not None else RESTART_SECONDS
        if problem := await asyncio.to_thread(wait_for, self._target, patience, process.problem):
            self._problems.append(f"after its death: {problem}")
        self._is_dead = False
        self._recording.take(Crashed(at_us=died_us, write=0, after=False, back_us=self._world.clock.now_us()))

    def _progress(self) -> Progress:
        patience = self._target.settles_within.total_seconds()
        since = self._since() if self._started else 0.0
        phase = "coming to rest" if since > self._span else "playing"
        return Progress(since, self._span + patience, self._acts_done, len(self._acts), phase)
