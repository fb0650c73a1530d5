"""Parts of the kernel: arrivals, and how a lifecycle goes on from step to step, through failures and people."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from domain.calendar import DAY_US
from simulator.whatif.compiled import inlined
from simulator.whatif.draws import ARRIVAL, AUTOMATIC, BACKOFF, INVALID, OUTSIDE, OUTSIDE_SHARE, SHARE
from simulator.whatif.kernel_calls import attempt
from simulator.whatif.kernel_draws import base_of, drawn, index_of, unit
from simulator.whatif.kernel_guards import note, unstrike, was_asked
from simulator.whatif.kernel_parts import (
    BACK,
    DIED,
    SEED,
    branch,
    new_token,
    push,
    release_token,
    spread,
    stamp,
)
from simulator.whatif.kernel_queues import leave
from simulator.whatif.states import (
    ARRIVAL_BITS,
    ARRIVE,
    ATTEMPT,
    BEGIN,
    COMPLETE,
    DEAD_LETTERS,
    DUE,
    DUPLICATES,
    FAILED,
    FALLBACKS,
    FARTHEST_DOUBLING,
    FINISHED,
    GAVE_UP,
    GONE,
    GONE_THOUGH_DONE,
    GOOD,
    INVALIDS,
    LOOKING,
    MEND,
    MENDED,
    NEW,
    PAUSED,
    REDRIVE,
    REPEATS,
    ROW_WAITING,
    STARTED,
    STOP,
    SURE,
    THROTTLED,
    TOKEN,
    UNFINISHED,
    UNKNOWN,
    WAITING,
)
from simulator.whatif.tables import AGAIN, ANY_DAYS, CALENDAR_DAYS, CALL, LOST, PAUSE, SKIP


@inlined
def first_event(tables: Any, memory: Any, stream: Any) -> Any:
    """Schedule the next arrival of a stream, if there is one."""
    row = tables.streams[stream]
    if row.count > 0:
        if row.number < row.count:
            push(memory, row.at + row.number * row.every, ARRIVE, stream)
        return
    base = base_of(memory.registers[SEED], ARRIVAL + stream)
    row.due += -math.log(unit(base, row.number << ARRIVAL_BITS))
    while row.piece < row.piece_end:
        piece = tables.pieces[row.piece]
        if row.due < piece.sum + piece.expected:
            inside = (row.due - piece.sum) / piece.expected * (1.0 + piece.bend)
            inside = 2.0 * inside / (1.0 + math.sqrt(1.0 + 4.0 * piece.bend * inside))
            push(memory, piece.from_ + np.int64(math.floor(inside * (piece.until - piece.from_))), ARRIVE, stream)
            return
        row.piece += 1


@inlined
def arrive(tables: Any, memory: Any, stream: Any, now_us: Any) -> Any:
    """Let a lifecycle arrive, with those that follow it; return it. The stream's next arrival is scheduled."""
    row = tables.streams[stream]
    number = row.number
    row.number += 1
    token = new_token(tables, memory, stream)
    if row.batch_max > 1:
        base = base_of(memory.registers[SEED], ARRIVAL + stream)
        for place in range(1, row.batch_max):
            if unit(base, (number << ARRIVAL_BITS) | place) >= row.follows:
                break
            follower = new_token(tables, memory, stream)
            memory.tokens[follower].state = NEW
            later_us = np.int64(math.floor(unit(base, (number << ARRIVAL_BITS) | (8 + place)) * row.batch_us))
            push(memory, now_us + later_us, TOKEN, follower)
    first_event(tables, memory, stream)
    return token


@inlined
def _ends(tables: Any, memory: Any, token: Any, now_us: Any) -> Any:
    """End the lifecycle's route."""
    lifecycle = memory.tokens[token]
    if lifecycle.single == 0:
        route = lifecycle.route
        if tables.routes[route].ends >= 0:
            stamp(tables, memory, token, tables.routes[route].ends, now_us)
        tables.route_counts[route, FINISHED] += 1
        tables.route_counts[route, UNFINISHED] -= 1
    release_token(memory, token)


@inlined
def _loses(tables: Any, memory: Any, token: Any, now_us: Any) -> Any:
    """End a lifecycle that nobody looks after any more."""
    lifecycle = memory.tokens[token]
    route = lifecycle.route
    unstrike(tables, memory, token, now_us, False)
    tables.route_counts[route, GONE] += 1
    tables.routes[route].amount_lost += lifecycle.amount
    if lifecycle.effects > 0:
        tables.route_counts[route, GONE_THOUGH_DONE] += 1
    if lifecycle.single == 0:
        tables.route_counts[route, UNFINISHED] -= 1
    release_token(memory, token)


@inlined
def _splits(tables: Any, memory: Any, token: Any, number: Any, now_us: Any) -> Any:
    """Start a branch: another route, or a step in the outbox. It begins at once, after this event."""
    step = tables.steps[number]
    child = branch(memory, token)
    lifecycle = memory.tokens[child]
    if step.kind == CALL:
        lifecycle.single, lifecycle.step, lifecycle.attempt, lifecycle.tries, lifecycle.state = 1, number, 1, 0, DUE
    else:
        lifecycle.route, lifecycle.state = step.starts, NEW
    push(memory, now_us, TOKEN, child)


@inlined
def _finds_out(tables: Any, step: Any, luck: Any, now_us: Any) -> Any:
    """Tell whether a step finds its thing unknown; then it is known from now on."""
    thing = step.known + min(np.int64(luck / step.share * step.things), step.things - 1)
    if tables.known[thing] > now_us:
        return False
    tables.known[thing] = now_us + step.lasts
    return True


@inlined
def _bank_day(step: Any, now_us: Any, pause_us: Any) -> Any:
    """Return when a bank's pause is over; `week` is how far the last Monday lies before the model's zero."""
    day, left = (now_us + step.week) // DAY_US, pause_us // DAY_US
    if step.days == CALENDAR_DAYS:
        day, left = day + left, 0
    while left > 0 or day % 7 >= 5:
        day += 1
        if day % 7 < 5:
            left -= 1
    due_us = day * DAY_US + pause_us % DAY_US - step.week
    return due_us if due_us > now_us else now_us + step.at_once


@inlined
def _enter(tables: Any, memory: Any, token: Any, number: Any, now_us: Any) -> Any:
    """Go on with the step of that number, or the next one that applies; return what to do."""
    lifecycle = memory.tokens[token]
    while number >= 0:
        step = tables.steps[number]
        taken, luck = now_us < step.until, 0.0
        if taken and (step.share < 1.0 or step.things > 1):
            luck = unit(lifecycle.base, index_of(step.chooses, 0, SHARE)) - step.low
            taken = 0.0 <= luck < step.share
        if taken and step.known >= 0:
            taken = _finds_out(tables, step, luck, now_us)
        if taken and step.kind == CALL and step.outbox == 0:
            lifecycle.step, lifecycle.attempt, lifecycle.tries = number, 1, 0
            lifecycle.looking, lifecycle.asked = 0, -1
            if step.invalid > 0.0 and unit(lifecycle.base, index_of(number, 0, INVALID)) < step.invalid:
                tables.route_counts[lifecycle.route, INVALIDS] += 1
                return MEND
            return ATTEMPT
        if taken and step.kind == PAUSE:
            lifecycle.step, lifecycle.state = number, PAUSED
            pause_us = drawn(tables.dists, tables.values, step.dist, lifecycle.base, index_of(number, 0, 0))
            until_us = now_us + pause_us
            if step.since >= 0 and memory.marks[token, step.since] >= 0:
                until_us = max(now_us, memory.marks[token, step.since] + pause_us)
            elif step.days != ANY_DAYS:
                until_us = _bank_day(step, now_us, pause_us)
            push(memory, until_us, TOKEN, token)
            return STOP
        if taken:
            _splits(tables, memory, token, number, now_us)
            if step.kind != CALL and step.mark >= 0:
                stamp(tables, memory, token, step.mark, now_us)
        number = step.next
    _ends(tables, memory, token, now_us)
    return STOP


@inlined
def _complete(tables: Any, memory: Any, token: Any, now_us: Any) -> Any:
    """Take note that a step is done; what it marks is marked with the instant at which its work was done first."""
    lifecycle = memory.tokens[token]
    step = tables.steps[lifecycle.step]
    done_us = min(lifecycle.done, now_us) if lifecycle.effects > 0 else now_us
    if lifecycle.effects > 1:
        again, route = lifecycle.effects - 1, lifecycle.route
        if step.idempotent == 1:
            tables.route_counts[route, REPEATS] += again
        else:
            tables.route_counts[route, DUPLICATES] += again
            tables.routes[route].amount_doubled += again * lifecycle.amount
    lifecycle.effects = 0
    if lifecycle.struck > 0:
        unstrike(tables, memory, token, now_us, True)
    if step.mark >= 0:
        stamp(tables, memory, token, step.mark, done_us)


@inlined
def _fail(tables: Any, memory: Any, token: Any, now_us: Any, was_throttled: Any) -> Any:
    """Plan the next attempt of a step, or what comes when they are used up; return what to do."""
    lifecycle = memory.tokens[token]
    step = tables.steps[lifecycle.step]
    asked_us = 0
    if was_throttled:
        row = tables.stations[step.station]
        asked_us = row.retry_after
        if row.holds_all == 1 and now_us + asked_us > row.hold_until:
            row.hold_until = now_us + asked_us
    if lifecycle.attempt < step.attempts:
        doubled = lifecycle.attempt - 1 if step.restart == 0 else (lifecycle.attempt - 1) % step.restart
        ceiling = step.cap
        if doubled < FARTHEST_DOUBLING and step.base << doubled < ceiling:
            ceiling = step.base << doubled
        if step.jitter == 1:
            luck = unit(lifecycle.base, index_of(lifecycle.step, lifecycle.tries, BACKOFF))
            ceiling = np.int64(math.floor(luck * ceiling))
        lifecycle.attempt += 1
        lifecycle.state, lifecycle.paid = DUE, 0
        push(memory, now_us + ceiling + asked_us, TOKEN, token)
        return STOP
    if step.exhausted == AGAIN:
        lifecycle.state, lifecycle.paid = DUE, 0
        push(memory, now_us + step.again, TOKEN, token)
        return STOP
    if step.exhausted == SKIP:
        tables.route_counts[lifecycle.route, FALLBACKS] += 1
        return COMPLETE
    return MEND


@inlined
def _mend(tables: Any, memory: Any, token: Any, now_us: Any) -> Any:
    """Hand a lifecycle to the people, or lose it; return what to do."""
    lifecycle = memory.tokens[token]
    if tables.steps[lifecycle.step].exhausted == LOST:
        _loses(tables, memory, token, now_us)
        return STOP
    tables.route_counts[lifecycle.route, DEAD_LETTERS] += 1
    key = index_of(lifecycle.step, lifecycle.tries, AUTOMATIC)
    if tables.outside[1] > 0.0 and unit(lifecycle.base, key) < tables.outside[1]:
        lifecycle.state = REDRIVE
        push(memory, now_us, TOKEN, token)
        return STOP
    lifecycle.mending = 1
    return ATTEMPT


@inlined
def _mended(tables: Any, memory: Any, token: Any, now_us: Any) -> Any:
    """Let a lifecycle go on that somebody mended, once an answer from outside is there; return what to do."""
    lifecycle = memory.tokens[token]
    tables.station_counts[tables.repair[0], MENDED] += 1
    lifecycle.mending, lifecycle.attempt, lifecycle.paid = 0, 1, 0
    share = tables.outside[0]
    if share > 0.0 and unit(lifecycle.base, index_of(lifecycle.step, lifecycle.tries, OUTSIDE_SHARE)) < share:
        lifecycle.state = REDRIVE
        key = index_of(lifecycle.step, lifecycle.tries, OUTSIDE)
        wait_us = drawn(tables.dists, tables.values, tables.repair[1], lifecycle.base, key)
        push(memory, now_us + wait_us, TOKEN, token)
        return STOP
    return ATTEMPT


@inlined
def _came_back(tables: Any, memory: Any, token: Any, now_us: Any) -> Any:
    """Take a call back; return what to do."""
    lifecycle = memory.tokens[token]
    state = lifecycle.state
    if lifecycle.mending == 1:
        return _mended(tables, memory, token, now_us)
    station = tables.steps[lifecycle.step].station
    if lifecycle.called <= memory.registers[DIED] and tables.stations[station].people == 0:
        was_asked(memory, token)  # who asked is dead, and will ask again
        lifecycle.state, lifecycle.paid = DUE, 0
        push(memory, max(now_us, memory.registers[BACK]), TOKEN, token)
        return STOP
    if tables.stations[station].breaker == 1:
        note(tables, memory, station, lifecycle.called, now_us, state == GOOD, state == THROTTLED)
    if state == GOOD:
        return COMPLETE if lifecycle.looking == 0 else _looked_up(tables, memory, token, now_us)
    if lifecycle.looking == 0:
        was_asked(memory, token)
        if state == UNKNOWN and tables.steps[lifecycle.step].looks >= 0:
            lifecycle.looking, lifecycle.attempt_before, lifecycle.attempt = LOOKING, lifecycle.attempt, 1
            return ATTEMPT
    return _fail(tables, memory, token, now_us, state == THROTTLED)


@inlined
def _looked_up(tables: Any, memory: Any, token: Any, now_us: Any) -> Any:
    """Go on if the work was found done; else it was an attempt in vain, or has to be made. Return what to do."""
    lifecycle = memory.tokens[token]
    is_sure = lifecycle.looking == SURE
    lifecycle.looking, lifecycle.attempt = 0, lifecycle.attempt_before
    if lifecycle.effects > 0 and lifecycle.done <= now_us:
        return COMPLETE
    if is_sure:
        lifecycle.asked = now_us
        return ATTEMPT
    return _fail(tables, memory, token, now_us, False)


@inlined
def wakes(tables: Any, memory: Any, token: Any, now_us: Any) -> Any:
    """Return what to do with a lifecycle whose event fires."""
    lifecycle = memory.tokens[token]
    state = lifecycle.state
    if state == NEW:
        return BEGIN
    if state == PAUSED:
        return COMPLETE
    if state == REDRIVE:
        lifecycle.attempt, lifecycle.paid = 1, 0
        return ATTEMPT
    if GOOD <= state <= THROTTLED:
        return _came_back(tables, memory, token, now_us)
    return ATTEMPT


@inlined
def goes_on(tables: Any, memory: Any, token: Any, action: Any, now_us: Any) -> Any:
    """Do with a lifecycle what is to be done until it waits for an event; return the queue it wants to join."""
    lifecycle = memory.tokens[token]
    while action != STOP:
        number = -1
        if action == ATTEMPT:
            return attempt(tables, memory, token, now_us)
        if action == MEND:
            action = _mend(tables, memory, token, now_us)
            continue
        if action == COMPLETE:
            _complete(tables, memory, token, now_us)
            if lifecycle.single == 0:
                number = tables.steps[lifecycle.step].next
        elif action == BEGIN:
            route = lifecycle.route
            tables.route_counts[route, STARTED] += 1
            tables.route_counts[route, UNFINISHED] += 1
            tables.routes[route].amount_started += lifecycle.amount
            if tables.routes[route].begins >= 0:
                stamp(tables, memory, token, tables.routes[route].begins, now_us)
            number = tables.routes[route].first
        action = _enter(tables, memory, token, number, now_us)
    return -1


@inlined
def gives_up(tables: Any, memory: Any, token: Any, key: Any, now_us: Any) -> Any:
    """Let a call leave a queue when its patience ends, if it waits there still; return what to do."""
    lifecycle = memory.tokens[token]
    if lifecycle.state != WAITING or lifecycle.patience_key != key:
        return STOP
    station = tables.steps[lifecycle.step].station
    leave(tables, memory, token, station)
    tables.station_counts[station, GAVE_UP] += 1
    spread(tables, memory, station, ROW_WAITING, lifecycle.called, now_us)
    lifecycle.state, lifecycle.patience_key = FAILED, -1
    return _came_back(tables, memory, token, now_us)
