"""Replay a scenario against a target into a run folder: open the mocks, start the target, play, judge."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from domain.history import Record
from mocks.admin.api import application
from mocks.doors.live import LiveWorld
from mocks.doors.serving import Running, running
from q2c import exits, mocks_running, run_folder
from q2c.commands.env import variables
from q2c.mocks_running import Mocks
from q2c.rehearsing import Interrupted, Played, Recording
from q2c.run_folder import RunFolder
from q2c.trouble import give_up
from scenarios.loader import dump
from scenarios.timeline import Timeline
from simulator.replay.asking import ask
from simulator.replay.checking import checked, wait_for
from simulator.replay.manners import settings_of
from simulator.replay.outcome import Replayed
from simulator.replay.process import TargetProcess
from simulator.replay.recording import Recording as Seen
from simulator.replay.recording import context_of
from simulator.replay.replaying import Progress, Replay, TargetEnded
from simulator.replay.stage import limits_at, staged
from simulator.replay.target import Reset, Target

_RESET_SECONDS = 60.0
_PATIENCE_SECONDS = 2.0
"""How long one that is running already may take to be healthy."""


class Opened(msgspec.Struct, frozen=True):
    """Mocks on their ports and the target beside them, healthy; `process` when the harness started it."""

    doors: Running
    process: TargetProcess | None


def replay_into(
    timeline: Timeline, target: Target, speed: float, folder: RunFolder, home: Path, allowed: tuple[str, ...],
    progress: Callable[[Progress], None] | None = None,
) -> tuple[Played, Replayed]:  # fmt: skip
    """Play and record one timeline against a target; raise Interrupted when a person stops it, with all kept."""
    folder.scenario.write_text(dump(timeline.scenario), encoding="utf-8")
    run_folder.write_timeline(folder, timeline)
    recorder = Recording(folder.history, live=True)
    context = context_of(timeline, target, speed, limits_at(timeline, speed))
    seen = Seen(context, recorder.add)
    with (
        kept_whatever_happens(recorder, folder, target, "no load was sent: the target could not be played against"),
        opened(timeline, target, speed, seen.take, folder, home, allowed) as there,
    ):
        require_ready(target)
        replay = Replay(timeline, target, speed, there.doors, seen, there.process)
        replay.found()
        replayed = replay.play(progress)
        now_us = there.doors.world.clock.now_us()
    seen.end(now_us, timeline.lifecycles, complete=True)
    history, recording, records = recorder.close()
    return Played(folder, timeline, history, recording, records, 0.0), replayed


@contextmanager
def kept_whatever_happens(recorder: Recording, folder: RunFolder, target: Target, refused: str) -> Iterator[None]:
    """Keep what was recorded, and say in the folder why it is not all; `refused` is said when nothing could run."""
    try:
        yield
    except KeyboardInterrupt:
        recorder.close_incomplete()
        folder.mark("stopped by a person; history.incomplete.parquet holds what had happened until then")
        raise Interrupted from None
    except TargetEnded as ended:
        recorder.close_incomplete()
        folder.mark(f"the target ended by itself: {ended}")
        told = f"{target.name} ended by itself under load: {ended}. What had happened is kept in {folder.path}"
        give_up(told, exits.COULD_NOT_RUN)
    except SystemExit:
        folder.mark(refused)
        raise


@contextmanager
def opened(
    timeline: Timeline, target: Target, speed: float, listener: Callable[[Record], None], folder: RunFolder,
    home: Path, allowed: tuple[str, ...], *, admin: bool = False,
) -> Iterator[Opened]:  # fmt: skip
    """Serve the mocks, reset and start the target, and wait until it is healthy; end what was started.

    With `admin` there is a door for whoever looks at the world and acts in it over HTTP.
    """
    _require_silence(target)
    try:
        world = staged(timeline, target, speed, listener, allowed=allowed)
    except ValueError as wrong:
        give_up(str(wrong))
    if not admin:
        for service in world.services.values():
            service.journal = None  # nobody is there who could ask what it was asked
        world.deliveries.keep(0)  # or how messages went
    with ExitStack() as stack:
        doors = _served(stack, world, target, admin)
        _reset_before(target, home)
        process = _started(target, doors, folder, home)
        if process is not None:
            stack.callback(process.end)
        _wait(target, process)
        _reset_after(target)
        yield Opened(doors, process)


def _served(stack: ExitStack, world: LiveWorld, target: Target, admin: bool) -> Running:
    places: dict[str, str] = {}
    desk = application(world, places) if admin else None
    try:
        doors = stack.enter_context(running(world, target.ports, turbo=True, admin=desk))
    except OSError as error:
        give_up(f"the mocks cannot listen: {error.strerror}. Name other ports in the target file.", exits.COULD_NOT_RUN)
    places.update(doors)
    return doors


def _require_silence(target: Target) -> None:
    """Refuse to start a target beside another one that answers at its address already."""
    if target.start is None or not ask("GET", target.health).status:
        return
    give_up(
        f"{target.name} is to be started, but something answers at {target.health} already. End it, leave `start` out "
        "to play against what is running, or name another port wherever the target file names this one.",
        exits.COULD_NOT_RUN,
    )


def require_ready(target: Target) -> None:
    """Refuse a target that cannot be played against, before any load: what `q2c target check` calls missing.

    What is only to be looked at does not stop a replay.
    """
    missing = [step for step in checked(target) if step.status == "bad"]
    if missing:
        lines = "\n".join(f"  {step.what}: {step.found}; {step.advice}" for step in missing)
        give_up(f"{target.name} is not ready; no load was sent.\n{lines}", exits.COULD_NOT_RUN)


def _started(target: Target, doors: Running, folder: RunFolder, home: Path) -> TargetProcess | None:
    if target.start is None:
        return None
    mocks = Mocks(pid=os.getpid(), addresses=dict(doors))
    workspace = folder.path.resolve() / "mocks"
    mocks_running.write(workspace, mocks)
    places = {**doors, "workspace": str(workspace)}
    environment = {**variables(mocks), **settings_of(places, target.start.environment)}
    filled = settings_of(places, {str(place): text for place, text in enumerate(target.start.command)})
    command = tuple(sys.executable if text == "python" else text for text in filled.values())
    process = TargetProcess(command, home / target.start.folder, environment, folder.path / "target.log")
    try:
        process.start()
    except OSError as error:
        give_up(
            f"cannot start {command[0]}: {error.strerror}. See start.command of {target.name}.", exits.COULD_NOT_RUN
        )
    return process


def _reset_before(target: Target, home: Path) -> None:
    """Let a command forget earlier runs, before the target starts."""
    if target.reset is not None and target.reset.command:
        _require_reset(target, _told_to_forget(target.reset, home))


def _reset_after(target: Target) -> None:
    """Ask a target that is there to forget earlier runs."""
    reset = target.reset
    if reset is not None and reset.url is not None:
        answer = ask(reset.method, reset.url, timeout_seconds=_RESET_SECONDS)
        _require_reset(target, "" if answer.is_good else f"{reset.method} {reset.url}: {answer.problem}")


def _require_reset(target: Target, problem: str) -> None:
    if problem:
        give_up(f"{target.name} could not be reset; no load was sent: {problem}", exits.COULD_NOT_RUN)


def _told_to_forget(reset: Reset, home: Path) -> str:
    command = tuple(sys.executable if text == "python" else text for text in reset.command)
    try:
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=_RESET_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        return f"{reset.command[0]}: {error}"
    said = done.stderr.strip()[-300:]
    return "" if done.returncode == 0 else f"{reset.command[0]} ended with status {done.returncode}: {said}"


def _wait(target: Target, process: TargetProcess | None) -> None:
    seconds = target.start.within.total_seconds() if target.start is not None else _PATIENCE_SECONDS
    problem = wait_for(target, seconds, process.problem if process is not None else lambda: "")
    if problem:
        advice = "" if process is not None else " No load was sent. Start it, or let the harness do so (start.command)."
        give_up(f"{target.name} is not there: {problem}.{advice}", exits.COULD_NOT_RUN)
