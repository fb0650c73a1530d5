"""What makes calls of the SimPy engine wait or refuses them: troubles, limits, batches, budgets, breakers.

Function by function the same rules as `kernel_guards`.
"""

from __future__ import annotations

from typing import Any

from domain.calendar import DAY_US
from simulator.whatif.draws import LUCK, index_of, unit
from simulator.whatif.incidents import KILLS, SLOW
from simulator.whatif.process_state import Lifecycle, Notice, StationState
from simulator.whatif.states import CLOSED, DEATH, DUE, HALF_OPEN, HELD, HOLDS, OPEN, OPENED, PROBE
from simulator.whatif.tables import RETRY
from simulator.whatif.trouble import NEVER_US


def look_ahead(station: StationState, now_us: int) -> None:
    """Forget troubles of a station that are over; note until when it is quiet."""
    troubles = station.troubles
    while troubles and troubles[0].until <= now_us:
        troubles.popleft()
    station.quiet = troubles[0].from_ if troubles else NEVER_US


def outage_at(station: StationState, at_us: int) -> Any:
    """Return the outage of a station at an instant, or None."""
    for trouble in station.troubles:
        if trouble.from_ > at_us:
            break
        if at_us < trouble.until and trouble.kind != SLOW:
            return trouble
    return None


def killer_of(station: StationState, from_us: int, until_us: int) -> Any:
    """Return the first outage that kills what runs between two instants, or None."""
    for trouble in station.troubles:
        if trouble.from_ >= until_us:
            break
        if trouble.kind == KILLS and trouble.from_ > from_us:
            return trouble
    return None


def strike(token: Lifecycle, trouble: Any) -> None:
    """Note that an outage struck a lifecycle."""
    if token.struck is None:
        token.struck = trouble
        trouble.struck += 1
        trouble.now += 1
        trouble.peak = max(trouble.peak, trouble.now)


def unstrike(token: Lifecycle, now_us: int, is_served: bool) -> None:
    """Note that a lifecycle that an outage struck was served, or ended."""
    trouble = token.struck
    if trouble is not None:
        token.struck = None
        trouble.now -= 1
        if is_served:
            trouble.recovered += 1
            trouble.drained = max(trouble.drained, now_us)


def heal(station: StationState) -> None:
    """Let no call of a station go wrong any more."""
    station.faulty = 0
    station.before = station.after = station.lost = station.unheard = station.throttled = station.broken = 0.0


def luck_of(token: Lifecycle) -> float:
    """Return the luck of an attempt."""
    return unit(token.base, index_of(token.plan.number, token.tries, LUCK))


def is_refused(station: StationState, now_us: int) -> bool:
    """Tell whether a limit refuses a call."""
    for limit in station.limits:
        if not limit.refuse or not limit.from_ <= now_us < limit.until:
            continue
        if limit.window:
            if now_us // limit.per == limit.turn and limit.used >= limit.requests:
                return True
        elif limit.next - (limit.burst - 1) * limit.per > now_us * limit.requests:
            return True
    return False


def paced(station: StationState, at_us: int) -> int:
    """Return the instant from `at_us` on at which the limits that callers wait for let a call go."""
    for limit in station.limits:
        if not limit.refuse and limit.from_ <= at_us < limit.until:
            lacking = limit.next - (limit.burst - 1) * limit.per - at_us * limit.requests
            if lacking > 0:
                at_us += -(-lacking // limit.requests)
    return at_us


def take(station: StationState, now_us: int, at_us: int) -> None:
    """Use the limits for a call that came at `now_us` and goes at `at_us`."""
    for limit in station.limits:
        when_us = now_us if limit.refuse else at_us
        if not limit.from_ <= when_us < limit.until:
            continue
        if limit.window:
            turn = when_us // limit.per
            if turn != limit.turn:
                limit.turn, limit.used = turn, 0
            limit.used += 1
        else:
            limit.next = max(limit.next, when_us * limit.requests) + limit.per


def gated(station: StationState, at_us: int) -> int:
    """Return the next instant at which a batch begins."""
    day, inside = divmod(at_us - station.offset, DAY_US)
    if inside <= station.opens:
        turn = station.opens
    else:
        turn = station.opens + -(-(inside - station.opens) // station.cycle) * station.cycle
        if turn > station.closes or turn >= DAY_US:
            day, turn = day + 1, station.opens
    return int(day * DAY_US + station.offset + turn)


def _accrue(station: StationState, now_us: int, earned: int) -> None:
    saved = station.saved + (now_us - station.saved_at) * station.per_minute + earned
    station.saved, station.saved_at = min(saved, station.saved_max), now_us


def earn(station: StationState, now_us: int) -> int:
    """Let a first attempt earn its part of a retry; it never waits."""
    _accrue(station, now_us, station.earns)
    return 0


def pay(station: StationState, now_us: int) -> int:
    """Pay for a retry; return how long it has to wait until the minute's allowance covers it."""
    _accrue(station, now_us, 0)
    station.saved -= RETRY
    return 0 if station.saved >= 0 else -(station.saved // station.per_minute)


def hold(token: Lifecycle, station: StationState, now_us: int) -> None:
    """Let a call wait for the breaker to close."""
    station.counts[HOLDS] += 1
    token.state = HELD
    station.held.append(token)
    trouble = outage_at(station, now_us)
    if trouble is not None:
        strike(token, trouble)


def _open(play: Any, station: StationState, now_us: int) -> None:
    station.pause = min(max(station.pause * 2, station.open), station.longest)
    station.state, station.probe = OPEN, now_us + station.pause
    station.counts[OPENED] += 1
    play.push(station.probe, Notice(PROBE, station))


def _close(play: Any, station: StationState, at_us: int) -> None:
    """Close the breaker; whoever it held goes at an instant, in the order of coming."""
    station.state, station.pause, station.turn, station.calls, station.errors = CLOSED, 0, 0, 0, 0
    held = list(station.held)
    station.held.clear()
    for token in held:
        token.state = DUE
        play.push(at_us, token)


def _turn(station: StationState, now_us: int) -> None:
    """Begin the next half of the breaker's window; the one before counts if it ended just now."""
    is_recent = now_us < station.turn + station.half
    station.calls_before, station.errors_before = (station.calls, station.errors) if is_recent else (0, 0)
    station.calls = station.errors = 0
    station.turn = now_us + station.half


def note(play: Any, station: StationState, called_us: int, now_us: int, is_good: bool, is_throttled: bool) -> None:
    """Tell the breaker how a call ended; a throttled one says nothing of the system's health.

    One that went before the latest opening tells of a time before it, and decides nothing: it is no probe.
    """
    if called_us < station.probe:
        return
    opens = False
    if station.state == HALF_OPEN:
        if is_good:
            _close(play, station, now_us)
        else:
            station.pause = station.pause // 2 if is_throttled else station.pause
            opens = True
    elif not is_throttled:
        if now_us >= station.turn:
            _turn(station, now_us)
        station.calls += 1
        if not is_good:
            station.errors += 1
            calls, errors = station.calls + station.calls_before, station.errors + station.errors_before
            opens = calls >= station.calls_min and errors * 100 >= calls * station.percent
    if opens:
        _open(play, station, now_us)


# --- the callers' process -------------------------------------------------------------------------------------------


def count_call(play: Any, station: StationState, now_us: int) -> None:
    """Count a call of the process, which may die at it; people are none of its calls."""
    if station.people:
        return
    play.calls_made += 1
    for death in play.deaths:
        if death.calls == play.calls_made:
            play.push(now_us, Notice(DEATH, death))


def was_asked(token: Lifecycle) -> None:
    """Note that a call may have left: what comes after it is a repeat."""
    if token.asked < 0:
        token.asked = token.called


def die(play: Any, death: Any, now_us: int) -> None:
    """Let the process die: what it has in memory begins anew when it is back."""
    play.died_us, play.back_us = now_us, now_us + death.lasts
    for station in play.stations:
        for token in station.held:
            was_asked(token)
        _close(play, station, play.back_us)
        station.probe = station.calls_before = station.errors_before = station.hold_until = 0
        station.saved, station.saved_at = station.saved_first, play.back_us
    for thing in play.forgotten:
        play.known[thing] = 0
