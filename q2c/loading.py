"""Load a target: mocks and target as in a replay, Locust beside them in a process of its own, and what it all proves.

Locust brings gevent, which changes how a process waits; it stays out of ours. What it did comes back in a file.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from loadtests.desk import Unusable
from loadtests.material import Material, material
from loadtests.outcome import READY, Outcome, read
from loadtests.settings import Settings, argument
from mocks.doors.serving import Running
from q2c import exits, run_folder
from q2c.rehearsing import Played, Recording
from q2c.replaying import kept_whatever_happens, opened, require_ready
from q2c.run_folder import RunFolder
from q2c.trouble import give_up
from scenarios.loader import dump
from simulator.replay.outcome import Replayed
from simulator.replay.pacing import Kept
from simulator.replay.recording import Recording as Seen
from simulator.replay.recording import context_of
from simulator.replay.replaying import Replay
from simulator.replay.stage import limits_at
from simulator.replay.target import Target

LOCUSTFILE = Path(__file__).resolve().parent.parent / "loadtests" / "locustfile.py"
_READY_SECONDS = 120.0
_GRACE_SECONDS = 1.0
_LOOK_SECONDS = 0.05
_WORDS_SHOWN = 3


class Loaded(msgspec.Struct, frozen=True):
    """A load that came to its end: what the systems saw, how it came to rest, and what Locust measured."""

    played: Played
    replayed: Replayed
    outcome: Outcome


class Locust:
    """The process of Locust, with its workers; its words go to a file."""

    def __init__(self, settings: Settings, folder: Path, processes: int) -> None:
        self._folder, self._log = folder, folder / "locust.log"
        command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--only-summary"]
        command += ["--processes", str(processes)] if processes > 1 else []
        for name, value in msgspec.structs.asdict(settings).items():
            if value is True:
                command.append(argument(name))
            elif value is not False and value != "":
                command.append(f"{argument(name)}={value}")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                cwd=LOCUSTFILE.parent.parent if (LOCUSTFILE.parent.parent / "pyproject.toml").is_file() else None,
            )  # fmt: skip

    def wait_until_ready(self) -> None:
        """Return once every worker has its material; end the command when that does not come about."""
        ends = time.monotonic() + _READY_SECONDS
        while not (self._folder / READY).exists():
            if self._process.poll() is not None or time.monotonic() > ends:
                give_up(f"Locust did not get ready: {self._words()} (see {self._log})", exits.COULD_NOT_RUN)
            time.sleep(_LOOK_SECONDS)

    async def done(self) -> Kept:
        """Wait until it is over; return how exactly the load was offered."""
        while self._process.poll() is None:
            await asyncio.sleep(_LOOK_SECONDS)
        kept = self.outcome().kept
        return kept or Kept(
            offered=0, late=0, p50_seconds=0, p99_seconds=0, worst_seconds=0, wall_seconds=0, asked_seconds=0
        )

    def outcome(self) -> Outcome:
        """Return what it wrote; end the command when it wrote nothing."""
        try:
            return read(self._folder)
        except (OSError, msgspec.MsgspecError):
            give_up(f"Locust ended without an outcome: {self._words()} (see {self._log})", exits.COULD_NOT_RUN)

    def end(self) -> None:
        """End it with all its workers: no load is left behind."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_SECONDS)
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _words(self) -> str:
        said = [line for line in self._log.read_text("utf-8", "replace").splitlines() if line.strip()]
        return " / ".join(said[-_WORDS_SHOWN:]) or "it said nothing"


def chosen(settings: Settings) -> Material:
    """Return what a load plays; end the command with everything that is wrong with it."""
    try:
        return material(settings)
    except Unusable as wrong:
        give_up(str(wrong))


def load_into(
    what: Material, settings: Settings, target: Target, processes: int, folder: RunFolder, home: Path,
    allowed: tuple[str, ...],
) -> Loaded:  # fmt: skip
    """Load a target and record what came of it; raise Interrupted when a person stops it, with all kept."""
    timeline, speed = what.timeline, what.speed
    folder.scenario.write_text(dump(timeline.scenario), encoding="utf-8")
    run_folder.write_timeline(folder, timeline)
    recorder = Recording(folder.history, live=True)
    seen = Seen(context_of(timeline, target, speed, limits_at(timeline, speed)), recorder.add)
    with (
        kept_whatever_happens(recorder, folder, target, "the load could not run"),
        opened(timeline, target, speed, seen.take, folder, home, allowed, admin=True) as there,
    ):
        require_ready(target)
        with _locust(settings, there.doors, folder, processes) as locust:
            replay = Replay(timeline, target, speed, there.doors, seen, there.process, locust.done)
            replay.found()
            locust.wait_until_ready()
            replayed = replay.play()
            outcome = locust.outcome()
        now_us = there.doors.world.clock.now_us()
    seen.end(now_us, outcome.lifecycles, complete=not outcome.problem)
    history, recording, records = recorder.close()
    return Loaded(Played(folder, timeline, history, recording, records, 0.0), replayed, outcome)


@contextlib.contextmanager
def _locust(settings: Settings, doors: Running, folder: RunFolder, processes: int) -> Iterator[Locust]:
    out = folder.path.resolve() / "load"
    out.mkdir()
    same = msgspec.structs.replace(settings, scenario=str(folder.scenario.resolve()), times=1.0)  # scaled already
    said = msgspec.structs.replace(same, mocks=doors["admin"], founded=True, out=str(out))
    locust = Locust(said, out, processes)
    try:
        yield locust
    finally:
        locust.end()
