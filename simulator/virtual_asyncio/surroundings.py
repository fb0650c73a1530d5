"""The surroundings of a program in virtual time: whatever it touches of the machine is the run's, or is refused."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import weakref
from asyncio import events
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, TextIO
from unittest.mock import patch

from integration.drivers.virtual_time import VirtualTime
from simulator.virtual_asyncio.chance import seeded_chance
from simulator.virtual_asyncio.modules import Modules
from simulator.virtual_asyncio.refusals import guarded
from simulator.virtual_asyncio.wallclock import WallClock, virtual_wall
from simulator.virtual_asyncio.wire import Wire, wired


class Surroundings:
    """What is around each turn of a program: its clock on the wall, its names, its output."""

    def __init__(
        self, time: VirtualTime, wall: WallClock, seed: Callable[[str], None], modules: Modules | None,
        log: TextIO | None,
    ) -> None:  # fmt: skip
        self.seed = seed
        self._time, self._wall, self._modules, self._log = time, wall, modules, log

    def around(self, turn: Callable[[], None]) -> None:
        """Run a turn of the program among its own things."""
        self._wall.show(self._time.now_us)
        with ExitStack() as stack:
            if self._log is not None:
                stack.enter_context(contextlib.redirect_stdout(self._log))
                stack.enter_context(contextlib.redirect_stderr(self._log))
            if self._modules is not None and self._modules.are_contested:
                stack.enter_context(self._modules.lent())
            turn()


@contextmanager
def surrounded(
    time: VirtualTime, environment: Mapping[str, str], modules: Modules | None, log: TextIO | None,
    wire_of: Callable[[Any], Wire | None], opened: Callable[[sqlite3.Connection], None],
) -> Iterator[Surroundings]:  # fmt: skip
    """Put a program's surroundings in place until the block ends; then all is as it was.

    `opened` is told of every SQLite connection that the program opens: a process that dies lets go of them.
    """
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, environment))
        stack.enter_context(_logging_of_its_own(log is not None))
        stack.enter_context(guarded())
        stack.enter_context(wired(wire_of))
        stack.enter_context(_connections_told(opened))
        seed = stack.enter_context(seeded_chance())
        wall = stack.enter_context(virtual_wall(time.now_us))
        if modules is not None and not modules.are_contested:
            stack.enter_context(modules.lent())
        yield Surroundings(time, wall, seed, modules, log)


@contextmanager
def _logging_of_its_own(is_apart: bool) -> Iterator[None]:
    """Let a program set the root logger up as in a process of its own, and put it back as it was.

    Unless it is set apart, who listens already (a test runner) hears the program too.
    """
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    if is_apart:
        root.handlers[:] = []
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


@contextmanager
def _connections_told(opened: Callable[[sqlite3.Connection], None]) -> Iterator[None]:
    connect = sqlite3.connect

    def connected(*args: Any, **named: Any) -> sqlite3.Connection:
        if not hasattr(events._get_running_loop(), "refuse"):
            return connect(*args, **named)  # type: ignore[no-any-return]
        if len(args) < 6:  # the sixth is the factory
            named.setdefault("factory", Connection)
        connection: sqlite3.Connection = connect(*args, **named)
        opened(connection)
        return connection

    with patch.object(sqlite3, "connect", connected), patch.object(sqlite3.dbapi2, "connect", connected):
        yield


class Connection(sqlite3.Connection):
    """A connection to SQLite that can be referred to weakly, so that whoever opened it may forget it."""


class Connections:
    """The connections to SQLite that one life of a program has opened and not forgotten."""

    def __init__(self) -> None:
        self._open: dict[int, weakref.ref[sqlite3.Connection]] = {}

    def add(self, connection: sqlite3.Connection) -> None:
        """Take note of one."""
        key = id(connection)
        self._open[key] = weakref.ref(connection, lambda _: self._open.pop(key, None))

    def let_go(self) -> None:
        """Close them all, as the end of a process does: what was not committed did not happen."""
        for reference in list(self._open.values()):
            connection = reference()
            if connection is not None:
                connection.close()
        self._open.clear()
