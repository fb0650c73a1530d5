"""A node: one process of the integration, and everything that API, tower and observability may ask of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec

from domain import history
from domain.acts import Act
from domain.history import Record
from domain.http import Reply, Request
from integration.casework import Refused
from integration.drivers.asyncio_driver import AsyncioHost
from integration.drivers.clock import BusinessClock
from integration.drivers.wire import Wire, WireObserver
from integration.effects import Start
from integration.flows.sweeps import SWEEPS
from integration.journal.opening import open_journal, open_reader
from integration.journal.protocol import Crash, Fenced, FlowRow, Journal
from integration.journal.reading import Reader
from integration.journal.trouble import Unavailable
from integration.lanes import Standing
from integration.outcomes import Conflict, Launched
from integration.people import WRONG_INPUT
from integration.process import Integration, Parts
from integration.schedule import Schedule
from integration.service.configuration import Configuration
from integration.service.keeping import Forgotten, SweepMemory
from integration.settings import Settings

T = TypeVar("T")
_LOG = logging.getLogger("q2c.integration")
LOOK_SECONDS = 0.25
"""How often a flow that another process may run is looked up by who waits for its end."""
OBEY_SECONDS = 20.0
_BROKE = "the journal cannot be used now, or we made a mistake; look again before you repeat it"
_REPLACED = "the journal was replaced; look again before you repeat it"
_NOWHERE = (0, 0)
FIRST_SWEEP_SECONDS = 10
BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """A system of record: where it is, and how it is doing as seen from here."""

    address: str
    standing: Standing


class Hints(Protocol):
    """What becomes readable when there may be something new in the journal."""

    def fileno(self) -> int: ...

    def drain(self) -> bool: ...

    def close(self) -> None: ...


@runtime_checkable
class Hinting(Protocol):
    """A journal that many processes share, and that hints at what they do."""

    def hints(self) -> Hints: ...


class Stopped(Exception):
    """The process cannot go on; the text says why and what to do."""


class Node:
    """The integration of one process. `open` it on a running loop; `close` it for a graceful end.

    `observers` are told of every history record after it is durable, `wire_observers` of every attempt of a call.
    `closing` is done at the end, while the journal can still be read.
    """

    def __init__(self, configuration: Configuration, parts: Parts, clock: BusinessClock | None = None) -> None:
        self.configuration = configuration
        self.settings: Settings = configuration.settings
        self.clock = clock or BusinessClock()
        self._parts = parts
        self._temporary = tempfile.TemporaryDirectory(prefix="q2c-") if not configuration.database else None
        self.database = configuration.database or str(Path(self._temporary.name if self._temporary else "") / "journal")
        self.journal: Journal = open_journal(self.database, configuration.name)
        self.reader: Reader = open_reader(self.database)
        wire = Wire({name: peer.address for name, peer in configuration.peers.items()}, configuration.ca_bundle)
        self.host = AsyncioHost(self.clock, wire, self._broken)
        self.integration = Integration(self.settings, parts, self.journal, self.host)
        self.host.serve(self.integration)
        self.observers: list[Callable[[Record], None]] = self.host.observers
        self.wire_observers: list[WireObserver] = self.host.wire_observers
        self._identity = _identity(self.database, configuration)
        self._hints: tuple[Hints, int] | None = None
        self.closing: list[Callable[[], None]] = []
        self.stopped: asyncio.Event = asyncio.Event()
        self.why_stopped = ""
        self._trouble = "it is starting"
        self._failures = 0
        self._ends: dict[str, list[asyncio.Future[None]]] = {}
        self.forgotten = Forgotten(self)
        self.observers.append(self._watch)

    def now_us(self) -> int:
        """Return the instant of the business clock."""
        return self.clock.now_us()

    # --- life

    def open(self) -> None:
        """Claim the journal and take up what is open; plan the sweeps. Raise Unavailable when that cannot be."""
        self.integration.start()
        self._trouble = ""
        self._listen()
        self.sweep()
        self.forgotten.look()
        self._beat()

    def sweep(self) -> None:
        """Plan the sweeps, the polling fallback for what nobody told us; the first ones soon."""
        poll_seconds = self.configuration.poll_seconds
        sweeps = [msgspec.structs.replace(each, every_seconds=poll_seconds or each.every_seconds) for each in SWEEPS]
        Schedule(self.integration, self.host, sweeps, SweepMemory(self), min(FIRST_SWEEP_SECONDS, poll_seconds or 60))

    async def close(self) -> int:
        """End gracefully: nothing new begins, calls in flight may end; return how many were given up.

        Flows go back to the journal: another worker, or the next start, goes on with them.
        """
        self._trouble = "it is shutting down"
        given_up = await self.host.close(self.configuration.grace_seconds)
        self._listen()
        try:
            self.integration.mark()
            self.integration.leave()
        except Exception as trouble:
            _LOG.warning("flows are not given back, their lease has to run out: %s", trouble)
        for close in (*self.closing, self.reader.close, self.journal.close):
            with contextlib.suppress(Exception):
                close()
        if self._temporary is not None:
            self._temporary.cleanup()
        return given_up

    def readiness(self) -> list[str]:
        """Return the reasons why this process should get no requests now; none means that it is ready."""
        return [self._trouble] if self._trouble else []

    # --- what comes in

    def receive(self, request: Request) -> Reply | None:
        """Take a webhook in; None when it cannot be stored now: the sender is to come again."""
        if self._trouble:
            return None
        reply: Reply | None = self._entered(self.integration.receive, request)
        return reply

    def launch(self, start: Start) -> Launched | None:
        """Start a flow, or find it; None when the process cannot work now. Raise Unstorable for its arguments."""
        launched: Launched | None = self._entered(self.integration.launch, start)
        return launched

    def advance(self, consumer: str, number: int) -> bool:
        """Keep how far a consumer of the event log or of a stream has got; False when that cannot be done now."""
        return bool(self._entered(self.integration.advance, consumer, number))

    async def run(self, start: Start, timeout_seconds: float) -> FlowRow:
        """Start (or find) a flow and wait until it is over; return its row.

        Raise Conflict for an id that exists with other arguments, TimeoutError when the flow is not over in time (it
        goes on), Stopped when the process cannot work now.
        """
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ends.setdefault(start.flow_id, []).append(ended)
        try:
            launched = self.launch(start)
            if launched is None:
                raise Stopped("; ".join(self.readiness()) or "the integration is not running")
            if launched.conflict:
                raise Conflict(launched.conflict)
            async with asyncio.timeout(timeout_seconds):
                return await self._over(start.flow_id, ended)
        finally:
            waiting = self._ends[start.flow_id]
            waiting.remove(ended)
            if not waiting:
                del self._ends[start.flow_id]

    async def act(self, act: Act) -> None:
        """Obey a person, wherever the flow lives; raise WRONG_INPUT (people.py) with a sentence when that cannot be.

        Raise Stopped when the process cannot work now, or broke at it; TimeoutError when the worker of the flow does
        not answer.
        """
        if not self.integration.is_alive:
            raise Stopped("; ".join(self.readiness()) or "the integration is not running")
        left: list[int] | None = self._entered(self.integration.act, act)
        if left is None:
            raise Stopped(_BROKE)
        if not self.integration.is_alive:
            raise Stopped("another process took over in the middle; look again before you repeat it")
        for number in left:
            await self._obeyed(number)

    # --- what can be seen

    def peers(self) -> list[Peer]:
        """Return how each system of record is doing."""
        found = {standing.system: standing for standing in self.integration.standings()}
        peers = self.configuration.peers.items()
        return [Peer(address=peer.address, standing=found.get(name, Standing(system=name))) for name, peer in peers]

    # --- inside

    def _entered(self, action: Callable[..., T], *arguments: Any) -> T | None:
        """Do something with the integration; None when it broke: the host has said why, and another one is begun."""
        try:
            result: T = self.host.enter(action, *arguments)
        except WRONG_INPUT:
            raise
        except Exception:
            return None
        return result

    async def _over(self, flow_id: str, ended: asyncio.Future[None]) -> FlowRow:
        while True:
            row = self.reader.flow(flow_id)
            if row is not None and row.status in history.FLOW_OVER:
                return row
            await asyncio.wait([ended], timeout=LOOK_SECONDS if not ended.done() else 0.01)

    async def _obeyed(self, number: int) -> None:
        """Wait until the worker of a flow has obeyed a command."""
        async with asyncio.timeout(OBEY_SECONDS):
            while (row := self.reader.command(number)) is not None and row.status == "waiting":
                await asyncio.sleep(LOOK_SECONDS / 2)
        if row is None or row.status == "dropped":
            raise Stopped(row.problem if row is not None else _REPLACED)
        if row.status == "refused":
            raise Refused(row.problem)

    def _beat(self) -> None:
        """Look after what nobody tells us: a database that is gone or another one, and how many workers there are."""
        if self.host.draining or self.why_stopped:
            return
        asyncio.get_running_loop().call_later(self.configuration.heartbeat_seconds, self._beat)
        if not self.integration.is_alive:
            return
        try:
            if self._identity != _identity(self.database, self.configuration):
                raise Unavailable(f"{self.database} is not the file that was opened: it was removed or replaced")
            self._mark()
            if self.configuration.is_shared:
                self.integration.share(max(1, len(self.reader.workers())))
        except Exception as trouble:
            self.host.fail(trouble)

    def _mark(self) -> None:
        """Say outside of the database how far it has come; without it a restore is noticed by the sweeps only."""
        try:
            self.integration.mark()
        except OSError as trouble:
            _LOG.warning("the mark beside the database cannot be written: %s", trouble)

    def _watch(self, record: Record) -> None:
        if type(record) is history.Flow and record.status in history.FLOW_OVER:
            for future in self._ends.get(record.flow, ()):
                if not future.done():
                    future.set_result(None)

    def _start(self) -> None:
        """Start the integration on its journal; on trouble plan the next try."""
        try:
            if self._identity != _identity(self.database, self.configuration):
                self._open_again()
            self.integration.start()
        except Exception as trouble:
            self._broken(trouble)
            return
        if self.integration.is_alive:
            self._trouble, self._failures = "", 0
            self._listen()
            self.forgotten.look()

    def _listen(self) -> None:
        """Hear of what other workers leave for this one as soon as they do; polling finds it anyway."""
        self._be_deaf()
        if isinstance(self.journal, Hinting) and not self.host.draining:
            with contextlib.suppress(Unavailable):
                hints = self.journal.hints()
                self._hints = (hints, hints.fileno())
                asyncio.get_running_loop().add_reader(hints.fileno(), self._hinted, hints)

    def _be_deaf(self) -> None:
        if self._hints is not None:
            hints, number = self._hints  # a connection that was cut off does not tell its number any more
            asyncio.get_running_loop().remove_reader(number)
            hints.close()
            self._hints = None

    def _hinted(self, hints: Hints) -> None:
        try:
            if hints.drain():
                self.host.enter(self.integration.poll)
        except Unavailable:  # cut off: the engine meets the same trouble, and the next start listens again
            self._be_deaf()

    def _open_again(self) -> None:
        """Open the database that stands in the place of the one we had: one that was restored, perhaps."""
        identity = _identity(self.database, self.configuration)
        if identity == _NOWHERE:
            raise Unavailable(f"{self.database} is gone; put it back, or stop the integration and choose another file")
        for each in (self.reader, self.journal):
            with contextlib.suppress(Exception):
                each.close()
        self.journal = self.integration.journal = open_journal(self.database, self.configuration.name)
        self.reader = open_reader(self.database)
        self._identity = identity

    def _broken(self, trouble: Exception) -> None:
        """The incarnation is gone: say why, and start another one when there is hope."""
        if isinstance(trouble, Crash):
            os.kill(os.getpid(), signal.SIGKILL)  # a test asked for it: die as by a power failure
        known = isinstance(trouble, (Unavailable, Fenced))
        self._trouble = (
            f"the journal cannot be used: {trouble}" if known else f"a mistake of ours: {type(trouble).__name__}"
        )
        if isinstance(trouble, Fenced) and not self.configuration.is_shared:
            self._stop(f"another process has taken the journal {self.database} over: {trouble}")
            return
        _LOG.error("the integration starts anew: %s", trouble, exc_info=None if known else trouble)
        pause_seconds = BACK_OFF_SECONDS[min(self._failures, len(BACK_OFF_SECONDS) - 1)]
        self._failures += 1
        asyncio.get_running_loop().call_later(pause_seconds, self._again)

    def _again(self) -> None:
        if not self.host.draining and not self.integration.is_alive and not self.why_stopped:
            self._start()

    def _stop(self, why: str) -> None:
        self.why_stopped = why
        self.stopped.set()


def _identity(database: str, configuration: Configuration) -> tuple[int, int]:
    """Return which file a database is; nothing for one behind a server, or one that is gone."""
    if configuration.is_shared:
        return _NOWHERE
    try:
        found = os.stat(database)
    except OSError:
        return _NOWHERE
    return (found.st_dev, found.st_ino)
