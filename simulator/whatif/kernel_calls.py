"""Parts of the kernel for one call: may it go, when does it start, when does it come back and how."""

from __future__ import annotations

from typing import Any

from simulator.whatif.compiled import inlined
from simulator.whatif.draws import SERVICE, SHARE
from simulator.whatif.incidents import HANGS, SLOW
from simulator.whatif.kernel_draws import drawn, index_of, rounded, unit
from simulator.whatif.kernel_guards import (
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
from simulator.whatif.kernel_parts import BACK, BUCKET, occupy, push, replace_first, spread
from simulator.whatif.states import (
    ABANDONED,
    CALLS,
    CLOSED,
    DONE,
    DUE,
    ERRORS,
    FAILED,
    GAVE_UP,
    GOOD,
    HALF_OPEN,
    HUNG,
    JOIN,
    KILLED,
    REFUSED,
    REJECTED,
    RETRIES,
    ROW_CALLS,
    ROW_QUEUE,
    ROW_REFUSED,
    ROW_WAITING,
    SURE,
    THROTTLED,
    TOKEN,
    UNKNOWN,
)
from simulator.whatif.trouble import NEVER_US


@inlined
def comes_back(memory: Any, token: Any, state: Any, at_us: Any) -> Any:
    """Let a call come back at an instant, in a state."""
    lifecycle = memory.tokens[token]
    lifecycle.state, lifecycle.back = state, at_us
    push(memory, at_us, TOKEN, token)


@inlined
def _count_wait(tables: Any, memory: Any, token: Any, station: Any, start_us: Any) -> Any:
    row, called_us = tables.stations[station], memory.tokens[token].called
    row.waited += 1
    if start_us - called_us > row.wait_longest:
        row.wait_longest = start_us - called_us
    spread(tables, memory, station, ROW_WAITING, called_us, start_us)


@inlined
def _struck_call(tables: Any, memory: Any, token: Any, station: Any, place: Any, at_us: Any, until_us: Any) -> Any:
    """Let an outage answer a call that reaches it at an instant; return when the caller learns it."""
    strike(tables, memory, token, place)
    trouble, row = tables.troubles[place], tables.stations[station]
    if trouble.kind != HANGS:
        tables.station_counts[station, REJECTED] += 1
        back_us = at_us + row.refusal
    else:
        tables.station_counts[station, HUNG] += 1
        back_us = until_us
        if trouble.hang > 0 and at_us + trouble.hang < back_us:
            back_us = at_us + trouble.hang
        if back_us == NEVER_US:
            back_us = trouble.until
    comes_back(memory, token, FAILED, back_us)
    return back_us


@inlined
def _waits(tables: Any, memory: Any, token: Any, station: Any, now_us: Any) -> Any:
    """Tell whether a dead process, budget or breaker keep a call waiting; if not, they have taken note of it."""
    row, lifecycle = tables.stations[station], memory.tokens[token]
    if now_us < memory.registers[BACK] and row.people == 0:
        comes_back(memory, token, DUE, memory.registers[BACK])
        return True
    if row.budget == 1 and lifecycle.paid == 0:
        lifecycle.paid = 1
        wait_us = pay(row, now_us) if lifecycle.attempt > 1 else earn(row, now_us)
        if wait_us > 0:
            comes_back(memory, token, DUE, now_us + wait_us)
            return True
    if row.breaker == 1 and row.state != CLOSED:
        is_probe = row.ping < 0 or lifecycle.stream == row.ping
        if row.state == HALF_OPEN or now_us < row.probe or not is_probe:
            hold(tables, memory, token, station, now_us)
            return True
        row.state = HALF_OPEN
    return False


@inlined
def _leaves(tables: Any, memory: Any, token: Any, station: Any, now_us: Any) -> Any:
    """Let a call of the process leave; one that would be repeated too late looks first whether its work is done."""
    lifecycle = memory.tokens[token]
    step = tables.steps[lifecycle.step]
    lifecycle.paid = 0
    if step.looks >= 0 and lifecycle.looking == 0 and 0 <= lifecycle.asked < now_us - step.repeat_by:
        lifecycle.looking, lifecycle.attempt_before = SURE, lifecycle.attempt
        lifecycle.attempt, lifecycle.asked = 1, -1
    if lifecycle.attempt > 1:
        tables.route_counts[lifecycle.route, RETRIES] += 1
    count_call(tables, memory, station, now_us)


@inlined
def _load(tables: Any, station: Any, at_us: Any) -> Any:
    """Return how much slower a station is with the work that it does at an instant."""
    row = tables.stations[station]
    busy, first = 0, row.slots_from + row.slots
    for place in range(first, first + row.load_slots):
        if tables.free[place] > at_us:
            busy += 1
    if busy >= row.load_slots:
        return row.load_longest
    factor = row.load_slots / (row.load_slots - busy)
    return factor if factor < row.load_longest else row.load_longest


@inlined
def _work_us(tables: Any, memory: Any, token: Any, station: Any, at_us: Any) -> Any:
    """Return how long the work of a call takes that starts at an instant, brownouts apart."""
    row, lifecycle, step = tables.stations[station], memory.tokens[token], tables.steps[memory.tokens[token].step]
    dist = row.dist if lifecycle.mending == 1 else step.looks if lifecycle.looking > 0 else step.dist
    work_us = drawn(
        tables.dists, tables.values, dist, lifecycle.base, index_of(lifecycle.step, lifecycle.tries, SERVICE)
    )
    if row.load_slots > 0:
        work_us = rounded(work_us * _load(tables, station, at_us))
    return work_us


@inlined
def begin(tables: Any, memory: Any, token: Any, station: Any, start_us: Any, patience_us: Any) -> Any:
    """Let a call start at an instant: what becomes of it is known now. Return when its slot is free again."""
    row = tables.stations[station]
    if start_us > memory.tokens[token].called:
        _count_wait(tables, memory, token, station, start_us)
    if row.patience == 1 and row.quiet <= start_us:
        place = outage_at(tables, station, start_us)
        if place >= 0:
            free_us = _struck_call(tables, memory, token, station, place, start_us, patience_us)
            occupy(tables, memory, station, start_us, free_us)
            return free_us
    done_us = start_us + _work_us(tables, memory, token, station, start_us)
    errors, was_killed = row.before, False
    if row.quiet < done_us:
        done_us, errors, killer = _troubled(tables, station, start_us, done_us)
        if killer >= 0:
            strike(tables, memory, token, killer)
            was_killed = True
    state, kind, has_effect, back_us = _fate(tables, memory, token, station, errors, was_killed, done_us, patience_us)
    tables.station_counts[station, kind] += 1
    lifecycle = memory.tokens[token]
    if has_effect == 1 and lifecycle.mending == 0 and lifecycle.looking == 0:
        if lifecycle.effects == 0 or done_us < lifecycle.done:
            lifecycle.done = done_us
        lifecycle.effects += 1
    if row.load_slots > 0:
        replace_first(tables.free, row.slots_from + row.slots, row.load_slots, done_us)
    free_us = back_us if row.frees == 1 else done_us
    occupy(tables, memory, station, start_us, free_us)
    comes_back(memory, token, state, back_us)
    return free_us


@inlined
def _troubled(tables: Any, station: Any, start_us: Any, done_us: Any) -> Any:
    """Return when work is done that meets brownouts, the share of errors, and the outage that kills it (or -1)."""
    row = tables.stations[station]
    errors = row.before
    for place in range(row.trouble, row.trouble_end):
        trouble = tables.troubles[place]
        if trouble.kind == SLOW and trouble.from_ <= start_us < trouble.until:
            done_us = start_us + rounded((done_us - start_us) * trouble.factor)
            errors += trouble.errors
    killer = killer_of(tables, station, start_us, done_us)
    if killer >= 0:
        done_us = tables.troubles[killer].from_
    return done_us, errors, killer


@inlined
def _fate(
    tables: Any, memory: Any, token: Any, station: Any, errors: Any, was_killed: Any, done_us: Any, patience_us: Any
) -> Any:
    """Return how a call comes back, how it counts, whether its work is done, and when its caller knows."""
    row = tables.stations[station]
    state, kind, has_effect, back_us = GOOD, DONE, 1, done_us + row.travel
    if was_killed:
        state, kind, has_effect = UNKNOWN, KILLED, 0
    elif row.faulty == 1 or errors > 0.0:
        luck = luck_of(memory, token) - row.throttled - row.broken - errors
        done_below = row.after + row.lost
        if luck < done_below + row.unheard and not (0.0 <= luck < done_below and _is_in_vain(tables, memory, token)):
            state, kind, has_effect = UNKNOWN, ERRORS, int(0.0 <= luck < done_below)
            if luck >= row.after and patience_us < NEVER_US:
                back_us = patience_us
    if back_us > patience_us:
        state, kind, back_us = UNKNOWN, ABANDONED, patience_us
    return state, kind, has_effect, back_us


@inlined
def _is_in_vain(tables: Any, memory: Any, token: Any) -> Any:
    """Tell whether a call asks for what is not there, so that no work is done of which one might not hear."""
    row = memory.tokens[token]
    step = tables.steps[row.step]
    return step.fruitless > 0.0 and unit(row.base, index_of(step.chooses, 0, SHARE)) < step.fruitless


@inlined
def _is_full(tables: Any, station: Any, now_us: Any) -> Any:
    row = tables.stations[station]
    if row.queue == 1:
        return row.busy + row.waiting >= row.capacity
    return row.slots > 0 and tables.free[row.slots_from] > now_us


@inlined
def _is_turned_away(tables: Any, memory: Any, token: Any, station: Any, now_us: Any, patience_us: Any) -> Any:
    """Let an outage, a limit, full slots or a broken connection answer a call; tell whether one did."""
    row = tables.stations[station]
    if row.quiet <= now_us:
        look_ahead(tables, station, now_us)
        if row.patience == 0:
            place = outage_at(tables, station, now_us)
            if place >= 0:
                _struck_call(tables, memory, token, station, place, now_us, patience_us)
                return True
    refused = row.limit < row.limit_end and is_refused(tables, station, now_us)
    if row.faulty == 1 and now_us >= row.healed:
        heal(row)
    luck = luck_of(memory, token) if row.faulty == 1 else 1.0
    if refused or luck < row.throttled or (row.refuses == 1 and _is_full(tables, station, now_us)):
        tables.station_counts[station, REFUSED] += 1
        tables.series[station, ROW_REFUSED, memory.registers[BUCKET]] += 1
        comes_back(memory, token, THROTTLED, now_us + row.refusal)
        return True
    if luck < row.throttled + row.broken:
        tables.station_counts[station, ERRORS] += 1
        comes_back(memory, token, UNKNOWN, now_us + row.refusal)
        return True
    return False


@inlined
def attempt(tables: Any, memory: Any, token: Any, now_us: Any) -> Any:
    """Make a call, or have it wait for whatever it has to wait for. Return the queue it wants to join, or -1."""
    lifecycle = memory.tokens[token]
    step = tables.steps[lifecycle.step]
    station, timeout_us = tables.repair[0], NEVER_US
    if lifecycle.mending == 0:
        station, timeout_us = step.station, step.timeout
    row = tables.stations[station]
    lifecycle.called = now_us
    if lifecycle.mending == 0:
        if (row.budget == 1 or row.breaker == 1 or now_us < memory.registers[BACK]) and _waits(
            tables, memory, token, station, now_us
        ):
            return -1
        _leaves(tables, memory, token, station, now_us)
    lifecycle.tries += 1
    tables.station_counts[station, CALLS] += 1
    tables.series[station, ROW_CALLS, memory.registers[BUCKET]] += 1
    patience_us = now_us + timeout_us if timeout_us < NEVER_US else NEVER_US
    if _is_turned_away(tables, memory, token, station, now_us, patience_us):
        return -1
    start_us = row.hold_until if row.hold_until > now_us else now_us
    if row.limit < row.limit_end:
        start_us = paced(tables, station, start_us)
    if row.batch == 1:
        start_us = gated(tables, station, start_us)
    if row.queue == 0:
        _start(tables, memory, token, station, now_us, start_us, timeout_us)
        return -1
    take(tables, station, now_us, start_us)
    lifecycle.patience = patience_us
    if start_us > now_us:
        comes_back(memory, token, JOIN, start_us)
        return -1
    return station


@inlined
def _start(tables: Any, memory: Any, token: Any, station: Any, now_us: Any, start_us: Any, timeout_us: Any) -> Any:
    """Find the slot of a call where no real queue is needed, and let it start there."""
    row = tables.stations[station]
    if row.slots > 0 and tables.free[row.slots_from] > start_us:
        start_us = tables.free[row.slots_from]
        if row.batch == 1:
            start_us = gated(tables, station, start_us)
    patience_us = NEVER_US
    if timeout_us < NEVER_US:
        patience_us = timeout_us + (start_us if row.patience == 1 else now_us)
    if start_us >= patience_us:
        tables.station_counts[station, GAVE_UP] += 1
        spread(tables, memory, station, ROW_WAITING, now_us, patience_us)
        comes_back(memory, token, FAILED, patience_us)
        return
    if row.limit < row.limit_end:
        take(tables, station, now_us, start_us)
    if start_us > now_us:
        _remember_waiting(tables, memory, station, now_us, start_us)
    free_us = begin(tables, memory, token, station, start_us, patience_us)
    if row.slots > 0:
        replace_first(tables.free, row.slots_from, row.slots, free_us)


@inlined
def _remember_waiting(tables: Any, memory: Any, station: Any, now_us: Any, start_us: Any) -> Any:
    """Keep in mind until when a call waits, to know how long the queue is; whoever comes later starts later."""
    row, ring = tables.stations[station], memory.rings[station]
    wide = ring.shape[0]
    while row.ring_count > 0 and ring[row.ring] <= now_us:
        row.ring = row.ring + 1 if row.ring + 1 < wide else 0
        row.ring_count -= 1
    place = row.ring + row.ring_count
    ring[place if place < wide else place - wide] = start_us
    row.ring_count += 1
    longest_queue(tables, memory, station, row.ring_count)


@inlined
def longest_queue(tables: Any, memory: Any, station: Any, length: Any) -> Any:
    """Note how long a queue is."""
    series, bucket = tables.series, memory.registers[BUCKET]
    if length > series[station, ROW_QUEUE, bucket]:
        series[station, ROW_QUEUE, bucket] = length
