"""Mishaps: what befalls the process of the integration as a whole. It dies, stands still, is replaced, cannot write.

Each strikes at a durable write, counted from the start of the run. Deaths are crash points of the journal. For the
others the journal is wrapped, and the host with it (`troubled_host`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from domain.calendar import SECOND_US
from domain.faults import CATALOGUE, Fault, Place
from domain.history import Crashed, Record
from integration.drivers.virtual_time import VirtualTime
from integration.journal.protocol import Crash, CrashPoint, Write
from integration.journal.sqlite import SqliteJournal, SqliteLease
from integration.journal.trouble import of_sqlite

T = TypeVar("T")
Planned = tuple[int, Fault]
RESTART_SECONDS = 30.0
GRACE_US = 20_000_000
"""How long a process that is to end waits for the answers to its calls."""
_DEATHS = {"crash": False, "crash_after": True, "restart_loop": False}  # kind -> whether the write becomes durable
_UNWRITABLE = {
    "journal_locked": "database is locked",
    "journal_read_only": "attempt to write a readonly database",
}


class Deaths:
    """The deaths of a process: where each strikes, and when the next incarnation begins.

    `points` are for the journal; a restart loop adds one after each start, until it heals. `restart` begins an
    incarnation.
    """

    def __init__(self, faults: Sequence[Fault], time: VirtualTime, tell: Callable[[Planned, str], None]) -> None:
        planned = [each for each in enumerate(faults) if each[1].kind in _DEATHS and each[1].count]
        self.points = {CrashPoint(fault.count, _DEATHS[fault.kind]): (at, fault) for at, fault in planned}
        self._left = {at: max(round(fault.factor), 1) for at, fault in planned if fault.kind == "restart_loop"}
        self._time, self._tell = time, tell

    def crashed(
        self, crash: Crash, record: Callable[[Record], None], restart: Callable[[Planned | None], None]
    ) -> None:
        """Note a death, and plan the start that follows; `restart` is told of the loop that goes on with it."""
        at, fault = planned = self.points[crash.point]
        now_us = self._time.now_us
        back_us = now_us + round((fault.seconds or RESTART_SECONDS) * SECOND_US)
        self._tell(planned, f"write {crash.point.write}")
        record(Crashed(at_us=now_us, write=crash.point.write, after=crash.point.after, back_us=back_us))
        self._left[at] = self._left.get(at, 1) - 1
        goes_on = self._left[at] > 0 and (not fault.end_us or back_us < fault.end_us)
        self._time.call_at(back_us, restart, planned if goes_on else None)


class Mishaps:
    """All that befalls the process of one run. `record` writes the history, `struck` notes that a fault fired."""

    def __init__(
        self, faults: Sequence[Fault], time: VirtualTime, record: Callable[[Record], None],
        struck: Callable[[int, int, str], None],
    ) -> None:  # fmt: skip
        self.time, self._record, self._struck = time, record, struck
        self.deaths = Deaths(faults, time, self._tell)
        planned = [each for each in enumerate(faults) if CATALOGUE[each[1].kind].place is Place.PROCESS]
        rest = [each for each in planned if each[1].kind not in _DEATHS]
        self._locks = {fault.count: (at, fault) for at, fault in rest if fault.kind in _UNWRITABLE}
        self._stops = {fault.count: (at, fault) for at, fault in rest if fault.kind not in _UNWRITABLE}
        self._unwritable_us, self._why = 0, ""
        self.epoch = 0  # of the last incarnation that took the journal over

    @property
    def is_ill(self) -> bool:
        """Tell whether anything is planned besides deaths."""
        return bool(self._locks or self._stops)

    def _tell(self, planned: Planned, number: str) -> None:
        self._struck(planned[0], self.time.now_us, number)

    # --- deaths

    def crashed(self, crash: Crash, journal: SqliteJournal, start: Callable[[], None]) -> None:
        """Note a death, and plan the start that follows."""
        self.deaths.crashed(crash, self._record, partial(self._restart, journal, start))

    def _restart(self, journal: SqliteJournal, start: Callable[[], None], loop: Planned | None) -> None:
        if loop is not None:
            point = CrashPoint(journal.writes + 1, after=False)
            self.deaths.points[point] = loop
            journal.crash_points.add(point)
        start()

    # --- a journal that takes nothing

    def before(self, writes: range) -> None:
        """Raise Unavailable when the journal cannot be written at these durable writes."""
        for number in writes if self._locks else ():
            planned = self._locks.pop(number, None)
            if planned is not None:
                self._lock(planned, number)
        self.require_writable()

    def require_writable(self) -> None:
        """Raise Unavailable while the journal cannot be written."""
        if self.time.now_us < self._unwritable_us:
            raise of_sqlite("the journal", sqlite3.OperationalError(self._why))

    def _lock(self, planned: Planned, number: int) -> None:
        fault, now_us = planned[1], self.time.now_us
        self._unwritable_us, self._why = now_us + round(fault.seconds * SECOND_US), _UNWRITABLE[fault.kind]
        self._tell(planned, f"write {number}")
        self._record(Crashed(at_us=now_us, write=number, after=False, back_us=self._unwritable_us))

    # --- a process that stands still, is replaced, or has its clock set back

    def stop_after(self, writes: range) -> list[Fault]:
        """Return what strikes once these writes are durable."""
        found = [(number, self._stops.pop(number)) for number in writes if number in self._stops]
        for number, planned in found:
            self._tell(planned, f"write {number}")
            back_us = back_at(planned[1], self.time.now_us)
            if back_us:
                self._record(Crashed(at_us=self.time.now_us, write=number, after=True, back_us=back_us))
        return [fault for _, (_, fault) in found]


def back_at(fault: Fault, now_us: int) -> int:
    """Return when somebody works again after a mishap: the process itself or another one; 0 when it never stopped."""
    wait_us = round(fault.seconds * SECOND_US)
    if fault.kind == "clock_back":
        return 0
    return now_us + {"zombie": wait_us // 2, "deploy": GRACE_US + wait_us}.get(fault.kind, wait_us)


class TroubledJournal:
    """A journal whose leases meet mishaps: see `Mishaps.before` and `Mishaps.stop_after`."""

    def __init__(self, journal: SqliteJournal, mishaps: Mishaps, strike: Callable[[Fault], None]) -> None:
        self._journal, self._mishaps, self._strike = journal, mishaps, strike

    def claim(self) -> TroubledLease:
        """Take over; raise Unavailable while nothing can be written."""
        self._mishaps.require_writable()
        lease = self._journal.claim()
        self._mishaps.epoch = lease.epoch
        return TroubledLease(lease, self._journal, self._mishaps, self._strike)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


class TroubledLease:
    """A lease that meets mishaps before and after its writes."""

    def __init__(
        self, lease: SqliteLease, journal: SqliteJournal, mishaps: Mishaps, strike: Callable[[Fault], None]
    ) -> None:
        self._lease, self._journal, self._mishaps, self._strike = lease, journal, mishaps, strike

    def commit(self, write: Write) -> None:
        """Make a write durable, or meet a mishap at it."""
        self.commit_together((write,))

    def commit_together(self, writes: Sequence[Write]) -> None:
        """Make writes durable, or meet a mishap at one of them."""
        if self._lease.epoch != self._journal.epoch:
            self._lease.commit_together(writes)  # which raises Fenced
        numbers = range(self._journal.writes + 1, self._journal.writes + len(writes) + 1)
        self._mishaps.before(numbers)
        self._lease.commit_together(writes)
        for fault in self._mishaps.stop_after(numbers):
            self._strike(fault)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lease, name)
