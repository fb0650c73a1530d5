"""One call in the SimPy engine: may it go, when does it start, when does it come back and how.

Function by function the same rules as `kernel_calls`; so is the order in which events are scheduled.
"""

from __future__ import annotations

from heapq import heapreplace
from typing import Any

from simulator.whatif.draws import SERVICE, SHARE, STREAM_BITS, drawn, index_of, rounded, unit
from simulator.whatif.incidents import HANGS, SLOW
from simulator.whatif.process_guards import (
    count_call,
    earn,
    gated,
    heal,
    hold,
    is_refused,
    killer_of,
    look_ahead,
    luck_of,
    outage_at,
    paced,
    pay,
    strike,
    take,
)
from simulator.whatif.process_state import Lifecycle, Notice, StationState
from simulator.whatif.states import (
    ABANDONED,
    CALLS,
    CLOSED,
    DONE,
    DUE,
    ERRORS,
    FAILED,
    GAVE_UP,
    GIVE_UP,
    GOOD,
    HALF_OPEN,
    HUNG,
    JOIN,
    KILLED,
    REFUSED,
    REJECTED,
    RELEASE,
    RETRIES,
    ROW_BUSY,
    ROW_CALLS,
    ROW_QUEUE,
    ROW_REFUSED,
    ROW_WAITING,
    SURE,
    THROTTLED,
    UNKNOWN,
    WAITING,
)
from simulator.whatif.trouble import NEVER_US


def _comes_back(play: Any, token: Lifecycle, state: int, at_us: int) -> None:
    token.state, token.back = state, at_us
    play.push(at_us, token)


def _count_wait(play: Any, token: Lifecycle, station: StationState, start_us: int) -> None:
    station.waited += 1
    station.wait_longest = max(station.wait_longest, start_us - token.called)
    play.spread(station.series[ROW_WAITING], token.called, start_us)


def _struck_call(play: Any, token: Lifecycle, station: StationState, trouble: Any, at_us: int, until_us: int) -> int:
    """Let an outage answer a call that reaches it at an instant; return when the caller learns it."""
    strike(token, trouble)
    if trouble.kind != HANGS:
        station.counts[REJECTED] += 1
        back_us = at_us + station.refusal
    else:
        station.counts[HUNG] += 1
        back_us = min(until_us, at_us + trouble.hang) if trouble.hang else until_us
        if back_us == NEVER_US:
            back_us = trouble.until
    _comes_back(play, token, FAILED, back_us)
    return int(back_us)


def _waits(play: Any, token: Lifecycle, station: StationState, now_us: int) -> bool:
    """Tell whether a dead process, budget or breaker keep a call waiting; if not, they have taken note of it."""
    if now_us < play.back_us and not station.people:
        _comes_back(play, token, DUE, play.back_us)
        return True
    if station.budget and not token.paid:
        token.paid = 1
        wait_us = pay(station, now_us) if token.attempt > 1 else earn(station, now_us)
        if wait_us > 0:
            _comes_back(play, token, DUE, now_us + wait_us)
            return True
    if station.breaker and station.state != CLOSED:
        is_probe = station.ping < 0 or token.number >> STREAM_BITS == station.ping
        if station.state == HALF_OPEN or now_us < station.probe or not is_probe:
            hold(token, station, now_us)
            return True
        station.state = HALF_OPEN
    return False


def _leaves(play: Any, token: Lifecycle, station: StationState, now_us: int) -> None:
    """Let a call of the process leave; one that would be repeated too late looks first whether its work is done."""
    plan, token.paid = token.plan, 0
    if plan.lookup is not None and not token.looking and 0 <= token.asked < now_us - plan.repeat_by:
        token.looking, token.attempt_before, token.attempt, token.asked = SURE, token.attempt, 1, -1
    if token.attempt > 1:
        play.counts[token.route][RETRIES] += 1
    count_call(play, station, now_us)


def _load(station: StationState, at_us: int) -> float:
    """Return how much slower a station is with the work that it does at an instant."""
    busy = sum(1 for done_us in station.works if done_us > at_us)
    if busy >= station.load_slots:
        return float(station.load_longest)
    return float(min(station.load_slots / (station.load_slots - busy), station.load_longest))


def _work_us(play: Any, token: Lifecycle, station: StationState, at_us: int) -> int:
    """Return how long the work of a call takes that starts at an instant, brownouts apart."""
    plan = token.plan
    if token.mending:
        work_us = drawn(play.durations[station.dist], token.base, index_of(plan.number, token.tries, SERVICE))
    elif token.looking:
        work_us = drawn(plan.lookup, token.base, index_of(plan.number, token.tries, SERVICE))
    elif token.tries == 1 and plan.blocked:
        work_us = token.draws[plan.number]
    else:
        work_us = drawn(plan.duration, token.base, index_of(plan.number, token.tries, SERVICE))
    return rounded(work_us * _load(station, at_us)) if station.load_slots else work_us


def begin(play: Any, token: Lifecycle, station: StationState, start_us: int, patience_us: int) -> int:
    """Let a call start at an instant: what becomes of it is known now. Return when its slot is free again."""
    if start_us > token.called:
        _count_wait(play, token, station, start_us)
    if station.patience and station.quiet <= start_us:
        trouble = outage_at(station, start_us)
        if trouble is not None:
            free_us = _struck_call(play, token, station, trouble, start_us, patience_us)
            play.spread(station.series[ROW_BUSY], start_us, free_us)
            return free_us
    done_us = start_us + _work_us(play, token, station, start_us)
    errors, was_killed = station.before, False
    if station.quiet < done_us:
        for trouble in station.troubles:
            if trouble.kind == SLOW and trouble.from_ <= start_us < trouble.until:
                done_us = start_us + rounded((done_us - start_us) * trouble.factor)
                errors += trouble.errors
        killer = killer_of(station, start_us, done_us)
        if killer is not None:
            strike(token, killer)
            done_us, was_killed = killer.from_, True
    state, kind, has_effect, back_us = _fate(token, station, errors, was_killed, done_us, patience_us)
    station.counts[kind] += 1
    if has_effect and not token.mending and not token.looking:
        if not token.effects or done_us < token.done:
            token.done = done_us
        token.effects += 1
    if station.load_slots:
        heapreplace(station.works, done_us)
    free_us = back_us if station.frees else done_us
    play.spread(station.series[ROW_BUSY], start_us, free_us)
    _comes_back(play, token, state, back_us)
    return free_us


def _fate(
    token: Lifecycle, station: StationState, errors: float, was_killed: bool, done_us: int, patience_us: int
) -> tuple[int, int, int, int]:
    """Return how a call comes back, how it counts, whether its work is done, and when its caller knows."""
    state, kind, has_effect, back_us = GOOD, DONE, 1, done_us + station.travel
    if was_killed:
        state, kind, has_effect = UNKNOWN, KILLED, 0
    elif station.faulty or errors > 0.0:
        luck = luck_of(token) - station.throttled - station.broken - errors
        done_below = station.after + station.lost
        if luck < done_below + station.unheard and not (0.0 <= luck < done_below and _is_in_vain(token)):
            state, kind, has_effect = UNKNOWN, ERRORS, int(0.0 <= luck < done_below)
            if luck >= station.after and patience_us < NEVER_US:
                back_us = patience_us
    if back_us > patience_us:
        state, kind, back_us = UNKNOWN, ABANDONED, patience_us
    return state, kind, has_effect, back_us


def _is_in_vain(token: Lifecycle) -> bool:
    """Tell whether a call asks for what is not there, so that no work is done of which one might not hear."""
    plan = token.plan
    return bool(plan.fruitless) and unit(token.base, index_of(plan.chooses, 0, SHARE)) < plan.fruitless


def _is_full(station: StationState, now_us: int) -> bool:
    if station.queue:
        return bool(station.busy + station.waiting >= station.capacity)
    return bool(station.slots) and station.free[0] > now_us


def attempt(play: Any, token: Lifecycle, now_us: int) -> StationState | None:
    """Make a call, or have it wait for whatever it has to wait for. Return the queue it wants to join, if any."""
    plan = token.plan
    station: StationState = play.repair if token.mending else plan.place
    token.called = now_us
    if not token.mending:
        if (station.budget or station.breaker or now_us < play.back_us) and _waits(play, token, station, now_us):
            return None
        _leaves(play, token, station, now_us)
    token.tries += 1
    station.counts[CALLS] += 1
    station.series[ROW_CALLS][play.bucket] += 1
    timeout_us = NEVER_US if token.mending else plan.timeout
    patience_us = now_us + timeout_us if timeout_us < NEVER_US else NEVER_US
    if station.quiet <= now_us:
        look_ahead(station, now_us)
        trouble = None if station.patience else outage_at(station, now_us)
        if trouble is not None:
            _struck_call(play, token, station, trouble, now_us, patience_us)
            return None
    if station.faulty and now_us >= station.healed:
        heal(station)
    luck = luck_of(token) if station.faulty else 1.0
    if (
        (station.limits and is_refused(station, now_us))
        or luck < station.throttled
        or (station.refuses and _is_full(station, now_us))
    ):
        station.counts[REFUSED] += 1
        station.series[ROW_REFUSED][play.bucket] += 1
        _comes_back(play, token, THROTTLED, now_us + station.refusal)
        return None
    if luck < station.throttled + station.broken:
        station.counts[ERRORS] += 1
        _comes_back(play, token, UNKNOWN, now_us + station.refusal)
        return None
    start_us = paced(station, max(station.hold_until, now_us))
    if station.batch:
        start_us = gated(station, start_us)
    if not station.queue:
        _start(play, token, station, now_us, start_us, timeout_us)
        return None
    take(station, now_us, start_us)
    token.patience = patience_us
    if start_us > now_us:
        _comes_back(play, token, JOIN, start_us)
        return None
    return station


def _start(play: Any, token: Lifecycle, station: StationState, now_us: int, start_us: int, timeout_us: int) -> None:
    """Find the slot of a call where no real queue is needed, and let it start there."""
    if station.slots and station.free[0] > start_us:
        start_us = gated(station, station.free[0]) if station.batch else station.free[0]
    patience_us = NEVER_US if timeout_us == NEVER_US else timeout_us + (start_us if station.patience else now_us)
    if start_us >= patience_us:
        station.counts[GAVE_UP] += 1
        play.spread(station.series[ROW_WAITING], now_us, patience_us)
        _comes_back(play, token, FAILED, patience_us)
        return
    take(station, now_us, start_us)
    if start_us > now_us:
        remember_waiting(play, station, now_us, start_us)
    free_us = begin(play, token, station, start_us, patience_us)
    if station.slots:
        heapreplace(station.free, free_us)


def remember_waiting(play: Any, station: StationState, now_us: int, start_us: int) -> None:
    """Keep in mind until when a call waits, to know how long the queue is; whoever comes later starts later."""
    ring = station.ring
    while ring and ring[0] <= now_us:
        ring.popleft()
    ring.append(start_us)
    _longest_queue(play, station, len(ring))


def _longest_queue(play: Any, station: StationState, length: int) -> None:
    row = station.series[ROW_QUEUE]
    row[play.bucket] = max(row[play.bucket], length)


# --- real queues ----------------------------------------------------------------------------------------------------


def join(play: Any, token: Lifecycle, station: StationState, now_us: int) -> None:
    """Put a call at the end of its lane of a station's queue."""
    if not station.patience and token.patience <= now_us:
        station.counts[GAVE_UP] += 1
        play.spread(station.series[ROW_WAITING], token.called, now_us)
        _comes_back(play, token, FAILED, now_us)
        return
    lane = token.plan.lane if not token.mending and station.lanes > token.plan.lane else 0
    station.queues[lane][token] = None
    token.state = WAITING
    station.waiting += 1
    lacking = station.busy + station.waiting - station.capacity
    if lacking > 0:
        _longest_queue(play, station, min(lacking, station.waiting))
        if not station.patience and token.patience < NEVER_US:
            token.waits = Notice(GIVE_UP, token)
            play.push(token.patience, token.waits)


def leave(token: Lifecycle, station: StationState) -> None:
    """Take a call out of the queue."""
    for queue in station.queues:
        if token in queue:
            del queue[token]
            break
    station.waiting -= 1


def serve(play: Any, station: StationState, now_us: int) -> None:
    """Start what waits while there are slots."""
    while station.waiting > 0 and station.busy < station.capacity:
        token = next(iter(next(queue for queue in station.queues if queue)))
        leave(token, station)
        patience_us = token.patience
        if station.patience and patience_us < NEVER_US:
            patience_us += now_us - token.called
        token.waits = None
        if station.quiet <= now_us:
            look_ahead(station, now_us)
        free_us = begin(play, token, station, now_us, patience_us)
        station.busy += 1
        if free_us == token.back:
            token.holds = station
        else:
            play.push(free_us, Notice(RELEASE, station))
