"""The rehearsal of somebody's program: the same scene as for the reference integration, another one in its middle.

It plays what a replay plays (whole lifecycles, no requests that people make of our own integration only), judged from
outside as a replay is; but in virtual time, so that it is a pure function of the program, the timeline and the seed.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

import msgspec

from domain.acts import Act
from domain.faults import CATALOGUE, Fault, Place
from domain.history import Attempted, Ended, Record
from domain.http import Request
from mocks.doors.hosts import OWN
from mocks.world import SYSTEMS
from scenarios.timeline import Timeline
from simulator.exchange import Later
from simulator.replay.excerpt import excerpt, parted
from simulator.replay.manners import manners, settings_of
from simulator.replay.recording import context_of
from simulator.replay.target import ALL, Target
from simulator.scene import Progress, Recorder, Scene
from simulator.setup import limits_of
from simulator.virtual_asyncio.program import DEATHS, Program, Source

ADDRESSES = {system: f"http://{system}.{OWN}" for system in SYSTEMS}
"""Where a program finds each system; the vendors' own host names lead there too."""
_NOT_FOUND = 404


class CannotRehearse(ValueError):
    """A target cannot be rehearsed, or not with this scenario; the text says why and what to do."""


def source_of(target: Target, home: Path, workspace: Path) -> Source:
    """Return where the program of a target comes from; `home` is the folder of the target file."""
    python = target.python
    if python is None:
        raise CannotRehearse(
            f"{target.name} can only be replayed: a rehearsal needs `python: {{factory: module:function}}` in its file"
        )
    folder = (home / python.folder).resolve()
    if not folder.is_dir():
        raise CannotRehearse(f"{target.name}: python.folder {folder} is no folder")
    said = settings_of({**ADDRESSES, "workspace": str(workspace)}, python.environment)
    own = {f"Q2C_{system.upper()}_URL": address for system, address in ADDRESSES.items()}
    return Source(target.name, python.factory, folder, {**own, **said}, urlsplit(target.health).path)


class ProgramRehearsal:
    """One run of a program. `run()` plays it to its horizon; the history goes to the recorder as it happens.

    A `factory` (a function that returns the ASGI application) takes the place of the one that the target names.
    """

    def __init__(
        self, timeline: Timeline, recorder: Recorder, target: Target, home: Path, log: TextIO | None = None,
        factory: Callable[[], object] | None = None,
    ) -> None:  # fmt: skip
        if timeline.ledgers:
            raise CannotRehearse(
                f"{timeline.scenario.name} keeps books in several ERPs, which a program has no door to"
            )
        settle_us = timeline.horizon_us - timeline.heal_us
        self.timeline = timeline = excerpt(timeline, timeline.start_us, timeline.heal_us, settle_us)
        self._add, self._target = recorder.add, target
        self.durable_writes = 0  # a program's own, which nobody counts
        workspace = Path(tempfile.mkdtemp(prefix="q2c-"))
        self._clean_up = weakref.finalize(self, shutil.rmtree, workspace, ignore_errors=True)
        context = context_of(timeline, target, 1.0, limits_of(timeline))
        faults = tuple(fault for fault in context.faults if _concerns_a_program(fault))
        self._scene = Scene(timeline, self._record, faults, manners(timeline, target, 1.0))
        source = _source(target, home, workspace, factory)
        deaths = [(index, fault) for index, fault in enumerate(faults) if fault.kind in DEATHS]
        self.program = Program(source, self._scene, deaths, self._record, log)
        self._scene.network.intake = self
        self._add(msgspec.structs.replace(context, engine="rehearsal", faults=faults))

    def run(self, progress: Callable[[Progress], None] | None = None, steps: int = 200) -> None:
        """Play the timeline to its horizon; raise Refused when the program does what has no place in virtual time.

        Whatever ends it early leaves a history that ends with `Ended(complete=False)`.
        """
        scene, complete = self._scene, False
        founding, acts = parted(self.timeline)
        try:
            with self.program.among_its_things():
                scene.schedule_vendors()
                scene.time.process(scene.people([*founding, *acts], self._act))
                scene.time.call_at(scene.time.now_us, self.program.start)
                scene.play(progress, steps)
                complete = True
        finally:
            self._add(Ended(at_us=scene.time.now_us, complete=complete, lifecycles=self.timeline.lifecycles))
            self._clean_up()

    def remarks(self) -> list[str]:
        """Return what was seen of the program besides the history: its own errors, and hosts that are not there."""
        program = self.program
        errors = [f"its own error, {times} x: {what}" for what, times in program.errors.most_common()]
        return [*errors, *(f"{what} ({times} x)" for what, times in program.notes.most_common())]

    def receive(self, request: Request) -> Later | None:
        """Take a message to where the target takes the messages of its sender; None when that is nowhere."""
        sender = request.target.rpartition("/")[2]
        named = self._target.messages.get(sender) if request.host == "integration" else None  # type: ignore[call-overload]
        if named is not None:
            parts = urlsplit(named)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
        elif (everything := self._target.messages.get(ALL)) is not None:
            target = urlsplit(everything).path.rstrip("/") + request.target
        else:
            return None
        return self.program.receive(msgspec.structs.replace(request, target=target or "/"))

    def _act(self, act: Act) -> None:
        if act.system == "integration":
            return  # a program has no door for what people ask our own integration
        self._scene.act(msgspec.structs.replace(act, at_us=self._scene.time.now_us))

    def _record(self, record: Record) -> None:
        """Take a record. That there is no such record is an answer like any other to somebody who looked."""
        if type(record) is Attempted and record.status == _NOT_FOUND and record.outcome == "failed":
            record = msgspec.structs.replace(record, outcome="ok")
        self._add(record)


def _source(target: Target, home: Path, workspace: Path, factory: Callable[[], object] | None) -> Source:
    if factory is None:
        return source_of(target, home, workspace)
    own = {f"Q2C_{system.upper()}_URL": address for system, address in ADDRESSES.items()}
    return Source(target.name, factory, None, own, urlsplit(target.health).path)  # type: ignore[arg-type]


def _concerns_a_program(fault: Fault) -> bool:
    """Tell whether a fault can strike here: of what befalls a process, a program knows death only."""
    return CATALOGUE[fault.kind].place is not Place.PROCESS or fault.kind in DEATHS
