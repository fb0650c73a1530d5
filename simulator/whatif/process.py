"""The SimPy engine: plays a model on SimPy's event list and clock. It needs no compiler and lets other processes join.

A lifecycle is one SimPy event that is scheduled anew for whatever it waits for next: one event for each attempt of a
call. Where a station is a plain one (first come first served, a fixed number of slots), when a call starts and ends is
known when it is made, from the instants at which the slots are free again; other stations are real queues.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappop, heappush, heapreplace
from typing import Any

import numpy as np
from simpy import Environment
from simpy.events import NORMAL, Event

from simulator.whatif.model import Model
from simulator.whatif.numbering import mark_names
from simulator.whatif.outcome import Outcome
from simulator.whatif.process_arrivals import StreamState
from simulator.whatif.process_calls import join, remember_waiting, serve
from simulator.whatif.process_guards import die
from simulator.whatif.process_quick import Quick, call, quick_of
from simulator.whatif.process_state import ClockState, Lifecycle, Notice, Row, StationState, pairs, plans_of
from simulator.whatif.process_steps import begin_route, ends, gives_up, goes_on, wakes
from simulator.whatif.results import outcome_of
from simulator.whatif.rows import CHUNK, Sink
from simulator.whatif.states import (
    ARRIVE,
    ATTEMPT,
    BEGIN,
    DEATH,
    GIVE_UP,
    GOOD,
    JOIN,
    OPEN,
    PROBE,
    RELEASE,
    SHIFT,
    SIMPLE,
    STOP,
)
from simulator.whatif.tables import lower
from simulator.whatif.trouble import NEVER_US

Hook = Callable[[Environment], None]
"""Adds processes of its own to the environment before the run."""


def run(model: Model, seed: int, sink: Sink | None = None, hooks: Sequence[Hook] = ()) -> Outcome:
    """Return the outcome of a model and a seed; rows go to `sink` if there is one."""
    play = Play(model, seed, sink)
    for hook in hooks:
        hook(play.env)
    play.start()
    while play.play():
        pass
    return play.outcome()


def _is_simple(token: Lifecycle) -> bool:
    """Tell whether a call came back well and nothing else is to be kept in mind about its lifecycle."""
    is_good = token.state == GOOD and token.effects == 1
    return is_good and token.holds is None and token.struck is None and not (token.mending or token.looking)


class Play:
    """One run of the SimPy engine."""

    def __init__(self, model: Model, seed: int, sink: Sink | None) -> None:
        self.env = Environment()
        self._queue: list[Any] = self.env._queue
        self._numbers = self.env._eid
        self.model, self.seed, self._sink = model, seed, sink
        self.tables, self.durations = lower(model, seed)
        tables = self.tables
        self.stations = [StationState(number, tables) for number in range(len(tables.stations))]
        self.plans = plans_of(tables, self.durations, self.stations)
        self.routes = [Row(row) for row in tables.routes]
        self.clocks = [ClockState(number, tables) for number in range(len(tables.slas))]
        self._starting, self._stopping = pairs(tables.starting, self.clocks), pairs(tables.stopping, self.clocks)
        self.known: list[int] = tables.known.tolist()
        self.forgotten: list[int] = tables.forgotten.tolist()
        self.deaths = [Row(row) for row in tables.deaths]
        self.died_us, self.back_us, self.calls_made = -1, 0, 0
        self.blank = [-1] * len(mark_names(model))
        self.counts = [[0] * tables.route_counts.shape[1] for _ in self.routes]
        self.streams = [StreamState(self, number) for number in range(len(tables.streams))]
        station, outside = tables.repair.tolist()
        self.repair = self.stations[station] if station >= 0 else None
        self.outside = self.durations[outside] if outside >= 0 else None
        self.outside_share, self.automatic_share = tables.outside.tolist()
        self.end_us, self._wide, self._last = model.end_us, model.bucket_us, tables.series.shape[2] - 1
        self.bucket, self._edge = 0, model.bucket_us
        self._hole, self._events, self._last_us = False, 0, 0
        self._rows: list[tuple[int, int, int, int]] = []
        self._quicks = self._fast_paths()

    def _fast_paths(self) -> list[Quick]:
        """Find out which steps are plain calls, and what leads to them without ado."""
        found = [quick_of(plan) for plan in self.plans]
        for plan in self.plans:
            plan.quick = found[plan.next] if plan.is_bare and plan.next >= 0 else None
        for stream in self.streams:
            first = self.routes[stream.route].first
            stream.quick = found[first] if first >= 0 and stream.batch_max == 1 else None
        return [quick for quick in found if quick is not None]

    def start(self) -> None:
        """Schedule what begins by itself."""
        for stream in self.streams:
            stream.plan_next()
        for station in self.stations:
            if station.changes:
                self.push(station.changes[0][0], Notice(SHIFT, station))
        for death in self.deaths:
            if not death.calls:
                self.push(death.at, Notice(DEATH, death))

    def push(self, at_us: int, event: Event) -> None:
        """Schedule an event; the first one takes the place of the event that is being played."""
        entry = (at_us, NORMAL, next(self._numbers), event)
        if self._hole:
            self._hole = False
            heapreplace(self._queue, entry)
        else:
            heappush(self._queue, entry)

    def spread(self, row: list[int], from_us: int, until_us: int) -> None:
        """Add a stretch of time to a row of a series, each bucket its part; what is past the end is cut off."""
        until_us, wide = min(until_us, self.end_us), self._wide
        if from_us < until_us <= self._edge:
            row[self.bucket] += until_us - from_us
            return
        while from_us < until_us:
            bucket = from_us // wide
            edge = min((bucket + 1) * wide, until_us)
            row[bucket] += edge - from_us
            from_us = edge

    def stamp(self, token: Lifecycle, mark: int, now_us: int) -> None:
        """Stamp a mark on a lifecycle: clocks stop and start."""
        for clock in self._stopping[mark]:
            if clock.counts(token.marks[clock.begins], token.cutoff):
                self._stop(clock, token, now_us)
        for clock in self._starting[mark]:
            if clock.counts(now_us, token.cutoff):
                clock.started += 1
                clock.began[self.bucket] += 1
                if token.cutoff < NEVER_US and now_us < token.cutoff:
                    clock.due += 1
                    clock.amount_due += token.amount
        token.marks[mark] = now_us

    def _stop(self, clock: ClockState, token: Lifecycle, now_us: int) -> None:
        taken_us = now_us - token.marks[clock.begins]
        clock.ended[self.bucket] += 1
        clock.taken.append(taken_us)
        if len(clock.taken) >= CHUNK:
            clock.count()
        if token.amount:
            clock.amount_seconds += token.amount * (taken_us // 1_000_000)
        if token.cutoff < NEVER_US and now_us < token.cutoff:
            clock.made += 1
            clock.amount_made += token.amount
        if self._sink is not None:
            self._rows.append((token.number, clock.number, now_us, taken_us))
            if len(self._rows) >= CHUNK:
                self._flush()

    def _flush(self) -> None:
        if self._rows and self._sink is not None:
            self._sink(np.array(self._rows, np.int64))
            self._rows.clear()

    # --- the loop ---------------------------------------------------------------------------------------------------

    def play(self) -> bool:
        """Play until something unusual is next, and that too; return whether anything is left to do.

        The loop is the fast path: it takes an event off SimPy's list and puts the next one in its place in one
        operation.
        """
        queue, numbers = self._queue, self._numbers
        edge_us, events, now_us = min(self._edge, self.end_us + 1), self._events, self._last_us
        while queue:
            next_us, _, _, event = queue[0]
            if next_us >= edge_us:
                break
            if event.__class__ is Lifecycle:
                if event.state != SIMPLE and not _is_simple(event):
                    break
                after = event.plan.quick
                if after is not None:
                    back_us = call(self, event, after, next_us, edge_us)
                    if not back_us:
                        break
                    heapreplace(queue, (back_us, NORMAL, next(numbers), event))
                elif event.plan.is_bare and event.plan.after is None:
                    ends(self, event, next_us)
                    heappop(queue)
                else:
                    break
            elif event.__class__ is Notice and event.kind == ARRIVE and event.about.quick is not None:
                self._arrives(event.about, next_us, edge_us)
            else:
                break
            now_us = next_us
            events += 1
        self._events, self._last_us = events, now_us
        return bool(queue) and queue[0][0] <= self.end_us and self._play_one()

    def _arrives(self, stream: StreamState, now_us: int, edge_us: int) -> None:
        """Let a lifecycle arrive whose first step is a plain call."""
        self._hole = True
        token = stream.arrive(now_us)
        plan = begin_route(self, token, now_us)
        back_us = call(self, token, stream.quick, now_us, edge_us)
        if back_us:
            self.push(back_us, token)
        else:
            token.plan, token.attempt, token.tries = plan, 1, 0
            goes_on(self, token, ATTEMPT, now_us)
        if self._hole:
            heappop(self._queue)
            self._hole = False

    def remember_waiting(self, station: StationState, now_us: int, start_us: int) -> None:
        """Keep in mind until when a call waits."""
        remember_waiting(self, station, now_us, start_us)

    def _play_one(self) -> bool:
        """Play the first event, whatever it is."""
        now_us, _, _, event = self._queue[0]
        if now_us >= self._edge:
            self._next_bucket(now_us)
        self.env._now = now_us
        if isinstance(event, Lifecycle | Notice):
            self._events += 1
            self._last_us = now_us
            self._hole = True
            self._happens(event, now_us)
            if self._hole:
                heappop(self._queue)
                self._hole = False
        else:
            self.env.step()
        return True

    def _next_bucket(self, now_us: int) -> None:
        for quick in self._quicks:
            quick.flush(self.bucket)
        while now_us >= self._edge and self.bucket < self._last:
            self.bucket += 1
            self._edge += self._wide

    def _happens(self, event: Lifecycle | Notice, now_us: int) -> None:
        freed: StationState | None = None
        joined: StationState | None = None
        if isinstance(event, Lifecycle):
            token: Lifecycle | None = event
            action = STOP
            if event.holds is not None:
                freed, event.holds = event.holds, None
                freed.busy -= 1
            if event.state == JOIN:
                joined = self.repair if event.mending else event.plan.place
            else:
                action = wakes(self, event, now_us)
        else:
            freed, token, action = self._notice(event, now_us)
        if action != STOP:
            assert token is not None, "an action is about a lifecycle"
            joined = goes_on(self, token, action, now_us)
        if joined is not None:
            assert token is not None, "a lifecycle joins a queue"
            join(self, token, joined, now_us)
        if freed is not None and freed.queue:
            serve(self, freed, now_us)
        if joined is not None and joined is not freed:
            serve(self, joined, now_us)

    def _notice(self, notice: Notice, now_us: int) -> tuple[StationState | None, Lifecycle | None, int]:
        """Return which station has a free slot, and what is to be done with which lifecycle."""
        kind, about = notice.kind, notice.about
        if kind == ARRIVE:
            return None, about.arrive(now_us), BEGIN
        if kind == RELEASE:
            about.busy -= 1
            return about, None, STOP
        if kind == GIVE_UP:
            return None, about, gives_up(self, notice, now_us)
        if kind == SHIFT:
            about.capacity = about.changes.popleft()[1]
            if about.changes:
                self.push(about.changes[0][0], Notice(SHIFT, about))
            return about, None, STOP
        if kind == DEATH:
            die(self, about, now_us)
            return None, None, STOP
        assert kind == PROBE, f"no event is of kind {kind}"
        if about.state == OPEN and about.probe == now_us:
            if about.ping >= 0:
                return None, self.streams[about.ping].lifecycle(), BEGIN
            if about.held:
                return None, about.held.popleft(), ATTEMPT
        return None, None, STOP

    def outcome(self) -> Outcome:
        """Return what was counted."""
        self._flush()
        for quick in self._quicks:
            quick.flush(self.bucket)
        tables = self.tables
        for station in self.stations:
            station.restore(tables)
        for clock in self.clocks:
            clock.restore(tables)
        for number, route in enumerate(self.routes):
            tables.route_counts[number] = self.counts[number]
            for name in ("amount_started", "amount_lost", "amount_doubled"):
                tables.routes[number][name] = getattr(route, name)
        return outcome_of(self.model, self.model.digest(), tables, self._events, self._last_us)
