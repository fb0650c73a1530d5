"""Parts of the kernel that let calls wait or refuse them: troubles, limits, batches, budgets, breakers."""

from __future__ import annotations

from typing import Any

from domain.calendar import DAY_US
from simulator.whatif.compiled import inlined
from simulator.whatif.draws import LUCK
from simulator.whatif.incidents import KILLS, SLOW
from simulator.whatif.kernel_draws import index_of, unit
from simulator.whatif.kernel_parts import BACK, CALLS_MADE, DIED, push
from simulator.whatif.states import CLOSED, DEATH, DUE, HALF_OPEN, HELD, HOLDS, OPEN, OPENED, PROBE, TOKEN
from simulator.whatif.tables import RETRY
from simulator.whatif.trouble import NEVER_US


@inlined
def look_ahead(tables: Any, station: Any, now_us: Any) -> Any:
    """Forget troubles of a station that are over; note until when it is quiet."""
    row = tables.stations[station]
    while row.trouble < row.trouble_end and tables.troubles[row.trouble].until <= now_us:
        row.trouble += 1
    row.quiet = NEVER_US
    if row.trouble < row.trouble_end:
        row.quiet = tables.troubles[row.trouble].from_


@inlined
def outage_at(tables: Any, station: Any, at_us: Any) -> Any:
    """Return the outage of a station at an instant; -1 for none."""
    row = tables.stations[station]
    for place in range(row.trouble, row.trouble_end):
        trouble = tables.troubles[place]
        if trouble.from_ > at_us:
            break
        if at_us < trouble.until and trouble.kind != SLOW:
            return place
    return -1


@inlined
def killer_of(tables: Any, station: Any, from_us: Any, until_us: Any) -> Any:
    """Return the first outage that kills what runs between two instants; -1 for none."""
    row = tables.stations[station]
    for place in range(row.trouble, row.trouble_end):
        trouble = tables.troubles[place]
        if trouble.from_ >= until_us:
            break
        if trouble.kind == KILLS and trouble.from_ > from_us:
            return place
    return -1


@inlined
def strike(tables: Any, memory: Any, token: Any, place: Any) -> Any:
    """Note that an outage struck a lifecycle."""
    row = memory.tokens[token]
    if row.struck == 0:
        trouble = tables.troubles[place]
        row.struck = place + 1
        trouble.struck += 1
        trouble.now += 1
        if trouble.now > trouble.peak:
            trouble.peak = trouble.now


@inlined
def unstrike(tables: Any, memory: Any, token: Any, now_us: Any, is_served: Any) -> Any:
    """Note that a lifecycle that an outage struck was served, or ended."""
    row = memory.tokens[token]
    if row.struck > 0:
        trouble = tables.troubles[row.struck - 1]
        row.struck = 0
        trouble.now -= 1
        if is_served:
            trouble.recovered += 1
            if now_us > trouble.drained:
                trouble.drained = now_us


@inlined
def heal(row: Any) -> Any:
    """Let no call of a station go wrong any more."""
    row.faulty = 0
    row.before, row.after, row.lost, row.unheard, row.throttled, row.broken = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0


@inlined
def luck_of(memory: Any, token: Any) -> Any:
    """Return the luck of an attempt."""
    row = memory.tokens[token]
    return unit(row.base, index_of(row.step, row.tries, LUCK))


@inlined
def is_refused(tables: Any, station: Any, now_us: Any) -> Any:
    """Tell whether a limit refuses a call."""
    row = tables.stations[station]
    for place in range(row.limit, row.limit_end):
        limit = tables.limits[place]
        if limit.refuse == 0 or now_us < limit.from_ or now_us >= limit.until:
            continue
        if limit.window == 1:
            if now_us // limit.per == limit.turn and limit.used >= limit.requests:
                return True
        elif limit.next - (limit.burst - 1) * limit.per > now_us * limit.requests:
            return True
    return False


@inlined
def paced(tables: Any, station: Any, at_us: Any) -> Any:
    """Return the instant from `at_us` on at which the limits that callers wait for let a call go."""
    row = tables.stations[station]
    for place in range(row.limit, row.limit_end):
        limit = tables.limits[place]
        if limit.refuse == 0 and limit.from_ <= at_us < limit.until:
            lacking = limit.next - (limit.burst - 1) * limit.per - at_us * limit.requests
            if lacking > 0:
                at_us += (lacking + limit.requests - 1) // limit.requests
    return at_us


@inlined
def take(tables: Any, station: Any, now_us: Any, at_us: Any) -> Any:
    """Use the limits for a call that came at `now_us` and goes at `at_us`."""
    row = tables.stations[station]
    for place in range(row.limit, row.limit_end):
        limit = tables.limits[place]
        when_us = now_us if limit.refuse == 1 else at_us
        if when_us < limit.from_ or when_us >= limit.until:
            continue
        if limit.window == 1:
            turn = when_us // limit.per
            if turn != limit.turn:
                limit.turn, limit.used = turn, 0
            limit.used += 1
        else:
            full = when_us * limit.requests
            limit.next = (limit.next if limit.next > full else full) + limit.per


@inlined
def gated(tables: Any, station: Any, at_us: Any) -> Any:
    """Return the next instant at which a batch begins."""
    row = tables.stations[station]
    day = (at_us - row.offset) // DAY_US
    inside = at_us - row.offset - day * DAY_US
    if inside <= row.opens:
        return day * DAY_US + row.offset + row.opens
    turn = row.opens + (inside - row.opens + row.cycle - 1) // row.cycle * row.cycle
    if turn > row.closes or turn >= DAY_US:
        return (day + 1) * DAY_US + row.offset + row.opens
    return day * DAY_US + row.offset + turn


@inlined
def _accrue(row: Any, now_us: Any, earned: Any) -> Any:
    row.saved += (now_us - row.saved_at) * row.per_minute + earned
    row.saved_at = now_us
    if row.saved > row.saved_max:
        row.saved = row.saved_max


@inlined
def earn(row: Any, now_us: Any) -> Any:
    """Let a first attempt earn its part of a retry; it never waits."""
    _accrue(row, now_us, row.earns)
    return 0


@inlined
def pay(row: Any, now_us: Any) -> Any:
    """Pay for a retry; return how long it has to wait until the minute's allowance covers it."""
    _accrue(row, now_us, 0)
    row.saved -= RETRY
    if row.saved >= 0:
        return 0
    return (-row.saved + row.per_minute - 1) // row.per_minute


@inlined
def hold(tables: Any, memory: Any, token: Any, station: Any, now_us: Any) -> Any:
    """Let a call wait for the breaker to close."""
    row, lifecycle = tables.stations[station], memory.tokens[token]
    tables.station_counts[station, HOLDS] += 1
    lifecycle.state = HELD
    lifecycle.after = -1
    if row.held < 0:
        row.held = token
    else:
        memory.tokens[row.held_last].after = token
    row.held_last = token
    place = outage_at(tables, station, now_us)
    if place >= 0:
        strike(tables, memory, token, place)


@inlined
def _open(tables: Any, memory: Any, station: Any, now_us: Any) -> Any:
    row = tables.stations[station]
    pause = row.pause * 2 if row.pause * 2 > row.open else row.open
    row.pause = pause if pause < row.longest else row.longest
    row.state = OPEN
    row.probe = now_us + row.pause
    tables.station_counts[station, OPENED] += 1
    push(memory, row.probe, PROBE, station)


@inlined
def _close(tables: Any, memory: Any, station: Any, at_us: Any) -> Any:
    """Close the breaker; whoever it held goes at an instant, in the order of coming."""
    row = tables.stations[station]
    row.state, row.pause, row.turn, row.calls, row.errors = CLOSED, 0, 0, 0, 0
    token = row.held
    row.held = -1
    while token >= 0:
        after = memory.tokens[token].after
        memory.tokens[token].state = DUE
        push(memory, at_us, TOKEN, token)
        token = after


@inlined
def _turn(row: Any, now_us: Any) -> Any:
    """Begin the next half of the breaker's window; the one before counts if it ended just now."""
    if now_us < row.turn + row.half:
        row.calls_before, row.errors_before = row.calls, row.errors
    else:
        row.calls_before, row.errors_before = 0, 0
    row.calls, row.errors = 0, 0
    row.turn = now_us + row.half


@inlined
def note(tables: Any, memory: Any, station: Any, called_us: Any, now_us: Any, is_good: Any, is_throttled: Any) -> Any:
    """Tell the breaker how a call ended; a throttled one says nothing of the system's health.

    One that went before the latest opening tells of a time before it, and decides nothing: it is no probe.
    """
    row = tables.stations[station]
    if called_us < row.probe:
        return
    opens = False
    if row.state == HALF_OPEN:
        if is_good:
            _close(tables, memory, station, now_us)
        else:
            if is_throttled:
                row.pause = row.pause // 2
            opens = True
    elif not is_throttled:
        if now_us >= row.turn:
            _turn(row, now_us)
        row.calls += 1
        if not is_good:
            row.errors += 1
            calls, errors = row.calls + row.calls_before, row.errors + row.errors_before
            opens = calls >= row.calls_min and errors * 100 >= calls * row.percent
    if opens:
        _open(tables, memory, station, now_us)


# --- the callers' process -------------------------------------------------------------------------------------------


@inlined
def count_call(tables: Any, memory: Any, station: Any, now_us: Any) -> Any:
    """Count a call of the process, which may die at it; people are none of its calls."""
    if tables.stations[station].people == 1:
        return
    memory.registers[CALLS_MADE] += 1
    for place in range(tables.deaths.shape[0]):
        if tables.deaths[place].calls == memory.registers[CALLS_MADE]:
            push(memory, now_us, DEATH, place)


@inlined
def was_asked(memory: Any, token: Any) -> Any:
    """Note that a call may have left: what comes after it is a repeat."""
    row = memory.tokens[token]
    if row.asked < 0:
        row.asked = row.called


@inlined
def die(tables: Any, memory: Any, place: Any, now_us: Any) -> Any:
    """Let the process die: what it has in memory begins anew when it is back."""
    registers = memory.registers
    registers[DIED], registers[BACK] = now_us, now_us + tables.deaths[place].lasts
    for station in range(tables.stations.shape[0]):
        row = tables.stations[station]
        token = row.held
        while token >= 0:
            was_asked(memory, token)
            token = memory.tokens[token].after
        _close(tables, memory, station, registers[BACK])
        row.probe, row.calls_before, row.errors_before, row.hold_until = 0, 0, 0, 0
        row.saved, row.saved_at = row.saved_first, registers[BACK]
    for place in range(tables.forgotten.shape[0]):
        tables.known[tables.forgotten[place]] = 0
