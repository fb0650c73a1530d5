"""What the SimPy engine remembers: live lifecycles, stations with their queues, clocks, and streams of arrivals."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any

import numpy as np
from simpy.events import Event

from simulator.whatif.draw_blocks import KINDS as BLOCKED
from simulator.whatif.durations import Duration
from simulator.whatif.histogram import SIZE, bounds_of
from simulator.whatif.states import NEW
from simulator.whatif.tables import CALL, Rows
from simulator.whatif.trouble import NEVER_US

_LOWEST = np.array([bounds_of(bucket)[0] for bucket in range(SIZE)])
"""The smallest value of each bucket of a histogram."""


class Lifecycle(Event):
    """One live lifecycle, or a branch of one: an event that is scheduled anew for whatever it waits for next.

    Only `process.Play` plays it: of an event it has the place in SimPy's list, and no callbacks.
    """

    __slots__ = (
        "amount", "asked", "attempt", "attempt_before", "back", "base", "called", "cutoff", "done", "draws", "effects",
        "holds", "looking", "marks", "mending", "number", "paid", "patience", "plan", "route", "single", "state",
        "struck", "tries", "waits",
    )  # fmt: skip

    def __init__(self, number: int, base: int, route: int, cutoff: int, draws: list[int], marks: list[int]) -> None:
        self.number, self.base, self.route = number, base, route
        self.cutoff, self.draws, self.marks = cutoff, draws, marks
        self.state = NEW
        self.attempt = self.tries = self.effects = self.amount = self.paid = self.mending = self.looking = 0
        self.asked = -1
        self.called = self.back = self.patience = self.done = self.attempt_before = 0
        self.single = False
        self.plan: Any = None
        self.struck: Any = None
        self.holds: Any = None
        self.waits: Notice | None = None


class Notice(Event):
    """An event that is not a lifecycle's own: of which kind, and about what."""

    __slots__ = ("about", "kind")

    def __init__(self, kind: int, about: Any) -> None:
        self.kind, self.about = kind, about


class Row:
    """A row of a table as an object. An ordinary class: the interpreter reads its attributes fastest."""

    def __init__(self, row: Any) -> None:
        for name in row.dtype.names:
            setattr(self, name, row[name].item())

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...


class StationState(Row):
    """A station in play: the columns of its row, and its queues as Python ones."""

    def __init__(self, number: int, tables: Any) -> None:
        super().__init__(tables.stations[number])
        troubles = [Row(trouble) for trouble in tables.troubles[self.trouble : self.trouble_end]]
        self.number, self.all_troubles, self.troubles = number, troubles, deque(troubles)
        self.limits = [Row(limit) for limit in tables.limits[self.limit : self.limit_end]]
        self.changes = deque(tuple(change) for change in tables.shifts[self.shift : self.shift_end].tolist())
        self.free, self.works = [0] * self.slots, [0] * self.load_slots
        self.held = deque[Lifecycle]()
        self.queues = [OrderedDict[Lifecycle, None]() for _ in range(self.lanes)]
        self.ring = deque[int]()
        self.counts = [0] * tables.station_counts.shape[1]
        self.series = [[0] * tables.series.shape[2] for _ in range(tables.series.shape[1])]

    def restore(self, tables: Any) -> None:
        """Write back what was counted."""
        number = self.number
        tables.station_counts[number] = self.counts
        tables.series[number] = self.series
        row = tables.stations[number]
        row["waited"], row["wait_longest"] = self.waited, self.wait_longest
        first = row["trouble_end"] - len(self.all_troubles)
        for place, trouble in enumerate(self.all_troubles):
            target = tables.troubles[first + place]
            for name in ("struck", "recovered", "peak", "drained"):
                target[name] = getattr(trouble, name)


class ClockState(Row):
    """A service level in play: the columns of its row, and its series. What was `taken` is counted at times."""

    def __init__(self, number: int, tables: Any) -> None:
        super().__init__(tables.slas[number])
        self.number = number
        self.began = [0] * tables.clocks.shape[2]
        self.ended = [0] * tables.clocks.shape[2]
        self.taken: list[int] = []
        self.histogram = tables.histograms[number]

    def counts(self, began_us: int, cutoff_us: int) -> bool:
        """Tell whether a clock counts that began at an instant, of a lifecycle with that cut-off."""
        if self.before_cutoff and cutoff_us < NEVER_US:
            return bool(max(0, cutoff_us - self.before_cutoff) <= began_us < cutoff_us)
        return bool(self.since <= began_us < self.until)

    def count(self) -> None:
        """Count what was taken."""
        taken = np.array(self.taken, np.int64)
        self.stopped += len(taken)
        self.total += sum(self.taken)
        self.within += int((taken <= self.bound).sum())
        self.longest: int = max(self.longest, *self.taken)
        np.add.at(self.histogram, np.searchsorted(_LOWEST, taken, "right") - 1, 1)
        self.taken.clear()

    def restore(self, tables: Any) -> None:
        """Write back what was counted."""
        if self.taken:
            self.count()
        row = tables.slas[self.number]
        for name in row.dtype.names:
            row[name] = getattr(self, name)
        tables.clocks[self.number, 0], tables.clocks[self.number, 1] = self.began, self.ended


def plans_of(tables: Any, durations: tuple[Duration, ...], stations: list[StationState]) -> list[Row]:
    """Return the steps as objects: with their station, their duration, and the step after them.

    A step `is_bare` when nothing but the next step comes of its end: no mark, no breaker to tell, no death
    in which it is not heard of.
    """
    plans = [Row(row) for row in tables.steps]
    for number, plan in enumerate(plans):
        plan.number = number
        plan.place = stations[plan.station] if plan.station >= 0 else None
        plan.duration = durations[plan.dist] if plan.dist >= 0 else None
        plan.blocked = plan.duration is not None and plan.duration.kind in BLOCKED
        plan.after = plans[plan.next] if plan.next >= 0 else None
        plan.lookup = durations[plan.looks] if plan.looks >= 0 else None
        plan.is_bare = plan.kind == CALL and plan.mark < 0 and not plan.place.breaker and not len(tables.deaths)
    return plans


def pairs(table: Rows, clocks: list[ClockState]) -> list[list[ClockState]]:
    """Return for each mark the clocks that its row names."""
    return [[clocks[number] for number in row if number >= 0] for row in table.tolist()]
