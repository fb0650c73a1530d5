"""A program in virtual time: an asyncio integration that lives among the systems, dies when a fault says so, and lives
again.

A life has a loop, a wire and a door of its own. Nothing that was in memory goes over into the next life: the modules of
the program are imported anew, and its factory is called again. What it keeps outside (a file, a database, an object
that the caller handed to the factory) is there as it was left.
"""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO

import msgspec

from domain.faults import Fault
from domain.history import Crashed
from domain.http import Request
from simulator.exchange import Later
from simulator.scene import Scene
from simulator.virtual_asyncio.door import Application, Door, StartFailed
from simulator.virtual_asyncio.loop import VirtualLoop
from simulator.virtual_asyncio.modules import Modules, NoFactory
from simulator.virtual_asyncio.refusals import Refused
from simulator.virtual_asyncio.surroundings import Connections, Surroundings, surrounded
from simulator.virtual_asyncio.wire import Wire

RESTART_SECONDS = 30.0
HEALTHY_WITHIN_SECONDS = 60.0
_LOOK_SECONDS = 0.2
DEATHS: Mapping[str, Literal["before", "after"]] = {"crash": "before", "crash_after": "after"}
"""The faults that kill a program, and when: before its request number `count` has left, or while it waits for it."""


class Source(msgspec.Struct, frozen=True):
    """Where a program comes from: a function that returns an ASGI application, or its place among modules of a folder.

    A function is called again for each life; whatever it closes over survives. With `folder`, `factory` is
    `module:function`, and the modules are imported anew for each life.
    """

    name: str
    factory: Callable[[], Application] | str
    folder: Path | None = None
    environment: Mapping[str, str] = {}
    health: str = ""


class Program:
    """One program among the systems of a scene. `record` takes its deaths, `log` what it prints.

    `errors` counts exceptions that it did not handle, `notes` what a person should know besides.
    """

    def __init__(
        self, source: Source, scene: Scene, deaths: Sequence[tuple[int, Fault]], record: Callable[[Any], None],
        log: TextIO | None = None,
    ) -> None:  # fmt: skip
        self._source, self._scene, self._record, self._log = source, scene, record, log
        self._deaths = {fault.count: (index, fault) for index, fault in deaths}
        self._modules = Modules(source.folder) if source.folder is not None else None
        self._surroundings: Surroundings | None = None
        self._life: _Life | None = None
        self._dead: list[_Life] = []
        self.lives = self.requests = 0
        self.errors: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()

    @contextmanager
    def among_its_things(self) -> Iterator[None]:
        """Put the surroundings of the program in place until the block ends, and end the program with it."""
        with surrounded(
            self._scene.time, self._source.environment, self._modules, self._log, self._wire_of, self._opened
        ) as self._surroundings:
            try:
                yield
            finally:
                self._end()

    def start(self) -> None:
        """Begin a life: import, make the application, open its door."""
        assert self._surroundings is not None, "a program lives among its things"
        if self._modules is not None:
            self._modules.forget()
        self.lives += 1
        self._surroundings.seed(f"{self._scene.timeline.seed}/{self.lives}")
        self._life = life = _Life(self, self._scene, self._around)
        life.loop.create_task(self._begin(life), name="start")

    def receive(self, request: Request) -> Later | None:
        """Take a message of a system in; None when nobody is there."""
        door = self._life.door if self._life is not None else None
        return door.take(request) if door is not None else None

    async def _begin(self, life: _Life) -> None:
        try:
            life.door = Door(self._made(), self._scene.time, life.loop, self._failed)
            await life.door.open()
            await self._healthy(life.door)
        except Refused:
            raise
        except Exception as error:
            self._could_not_start(life, error)

    def _made(self) -> Application:
        factory = self._source.factory
        if isinstance(factory, str):
            assert self._modules is not None, "a factory by name needs the folder of its module"
            factory = self._modules.factory(factory)
        return factory()

    async def _healthy(self, door: Door) -> None:
        looks = round(HEALTHY_WITHIN_SECONDS / _LOOK_SECONDS) if self._source.health else 0
        for _ in range(looks):
            reply = await door.ask(self._source.health)
            if reply is not None and 200 <= reply.status < 300:
                return
            await asyncio.sleep(_LOOK_SECONDS)
        if looks:
            raise StartFailed(f"{self._source.health} is not healthy after {HEALTHY_WITHIN_SECONDS:g} s")

    def _could_not_start(self, life: _Life, error: Exception) -> None:
        """End the run when it cannot start at all; after a death, let it be started again and again."""
        told = str(error) if isinstance(error, NoFactory | StartFailed) else f"{type(error).__name__}: {error}"
        if self._log is not None:
            traceback.print_exception(error, file=self._log)
        if self.lives == 1:
            life.loop.refuse(f"{self._source.name} could not start: {told}")
        self.errors[f"after its death it could not start: {told}"] += 1
        self._depart(life)
        self._scene.time.call_at(self._scene.time.now_us + round(RESTART_SECONDS * 1e6), self.start)

    # --- what it does -----------------------------------------------------------------------------------------------

    def note(self, sentence: str) -> None:
        """Take note of something that a person should know."""
        self.notes[sentence] += 1

    def _failed(self, sentence: str) -> None:
        self.errors[sentence] += 1

    def unhandled(self, context: Mapping[str, Any]) -> None:
        """Take note of an exception of the program that nobody handled: its error, not the harness's."""
        error = context.get("exception")
        if isinstance(error, Refused):
            return  # the run has ended with it
        if error is None:
            self._failed(str(context.get("message", "")))
            return
        if self._log is not None:
            traceback.print_exception(error, file=self._log)
        last = traceback.extract_tb(error.__traceback__)[-1:]
        place = f" at {last[0].filename}:{last[0].lineno}" if last else ""
        if "reached the server" not in str(context.get("message")):
            self._failed(f"{type(error).__name__}: {error}{place}")

    def _around(self, turn: Callable[[], None]) -> None:
        assert self._surroundings is not None
        try:
            self._surroundings.around(turn)
        except SystemExit as ended:
            raise Refused(f"{self._source.name} ended itself (SystemExit {ended.code})") from ended

    def _wire_of(self, loop: Any) -> Wire | None:
        return self._life.wire if self._life is not None and self._life.loop is loop else None

    def _opened(self, connection: sqlite3.Connection) -> None:
        if self._life is not None:
            self._life.connections.add(connection)

    # --- how it dies ------------------------------------------------------------------------------------------------

    def fate(self) -> Literal["", "before", "after"]:
        """Tell whether it dies at the request that is about to leave: before it has left, after it, or not."""
        self.requests += 1
        _, fault = self._deaths.get(self.requests, (0, None))
        if fault is None or not fault.start_us <= self._scene.time.now_us < fault.end_us:
            return ""
        return DEATHS[fault.kind]

    def die(self) -> None:
        """Die at the request that is about to leave or has just left, and come back after a while."""
        index, fault = self._deaths[self.requests]
        now_us = self._scene.time.now_us
        back_us = now_us + round((fault.seconds or RESTART_SECONDS) * 1e6)
        self._scene.world.plan.struck(index, now_us, f"request {self.requests}")
        is_after = DEATHS[fault.kind] == "after"
        self._record(Crashed(at_us=now_us, write=self.requests, after=is_after, back_us=back_us))
        if self._life is not None:
            self._depart(self._life)
        self._scene.time.call_at(back_us, self.start)

    def _depart(self, life: _Life) -> None:
        self._life = None
        self._dead.append(life)
        life.end()

    def _end(self) -> None:
        if self._life is not None:
            self._depart(self._life)
        for life in self._dead:
            life.loop.bury()
        gc.collect()  # a task whose exception nobody asked for says so when it is collected, on some versions late
        self._dead.clear()
        self._log = None  # what is collected later has nothing to say


class _Life:
    """One life of a program: its loop, its wire, its door once it is open, its connections to SQLite."""

    def __init__(self, program: Program, scene: Scene, around: Callable[[Callable[[], None]], None]) -> None:
        self.loop = VirtualLoop(scene.time, scene.timeline.start_us, around)
        self.loop.set_exception_handler(lambda _loop, context: program.unhandled(context))
        self.wire = Wire(scene.network, program)
        self.door: Door | None = None
        self.connections = Connections()

    def end(self) -> None:
        """End it as a power failure does."""
        self.loop.die()
        self.wire.cut()
        if self.door is not None:
            self.door.close()
        self.connections.let_go()
