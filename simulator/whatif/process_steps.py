"""How a lifecycle goes on in the SimPy engine: from step to step, through failures, people and branches.

Function by function the same rules as `kernel`; so is the order in which events are scheduled.
"""

from __future__ import annotations

import math
from typing import Any

from domain.calendar import DAY_US
from simulator.whatif.draws import (
    AUTOMATIC,
    BACKOFF,
    INVALID,
    OUTSIDE,
    OUTSIDE_SHARE,
    SHARE,
    drawn,
    index_of,
    unit,
)
from simulator.whatif.process_calls import attempt, leave
from simulator.whatif.process_guards import note, unstrike, was_asked
from simulator.whatif.process_state import Lifecycle, Notice, StationState
from simulator.whatif.states import (
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
    SIMPLE,
    STARTED,
    STOP,
    SURE,
    THROTTLED,
    UNFINISHED,
    UNKNOWN,
)
from simulator.whatif.tables import AGAIN, ANY_DAYS, CALENDAR_DAYS, CALL, LOST, PAUSE, SKIP


def ends(play: Any, token: Lifecycle, now_us: int) -> None:
    """End the lifecycle's route."""
    if not token.single:
        route = play.routes[token.route]
        if route.ends >= 0:
            play.stamp(token, route.ends, now_us)
        counts = play.counts[token.route]
        counts[FINISHED] += 1
        counts[UNFINISHED] -= 1


def _loses(play: Any, token: Lifecycle, now_us: int) -> None:
    """End a lifecycle that nobody looks after any more."""
    unstrike(token, now_us, False)
    counts = play.counts[token.route]
    counts[GONE] += 1
    play.routes[token.route].amount_lost += token.amount
    if token.effects > 0:
        counts[GONE_THOUGH_DONE] += 1
    if not token.single:
        counts[UNFINISHED] -= 1


def _splits(play: Any, token: Lifecycle, plan: Any, now_us: int) -> None:
    """Start a branch: another route, or a step in the outbox. It begins at once, after this event."""
    child = Lifecycle(token.number, token.base, token.route, token.cutoff, token.draws, token.marks[:])
    child.amount = token.amount
    if plan.kind == CALL:
        child.single, child.plan, child.attempt, child.state = True, plan, 1, DUE
    else:
        child.route, child.state = plan.starts, NEW
    play.push(now_us, child)


def _finds_out(known: list[int], plan: Any, luck: float, now_us: int) -> bool:
    """Tell whether a step finds its thing unknown; then it is known from now on."""
    thing = plan.known + min(int(luck / plan.share * plan.things), plan.things - 1)
    if known[thing] > now_us:
        return False
    known[thing] = now_us + plan.lasts
    return True


def _pause_ends(token: Lifecycle, plan: Any, now_us: int, pause_us: int) -> int:
    """Return when a pause is over; of one that counts from a mark that may be now."""
    if plan.days != ANY_DAYS:
        return _bank_day(plan, now_us, pause_us)
    began_us = token.marks[plan.since] if plan.since >= 0 else now_us
    return max(now_us, began_us + pause_us) if began_us >= 0 else now_us + pause_us


def _bank_day(plan: Any, now_us: int, pause_us: int) -> int:
    """Return when a bank's pause is over; `week` is how far the last Monday lies before the model's zero."""
    day, left = (now_us + plan.week) // DAY_US, pause_us // DAY_US
    if plan.days == CALENDAR_DAYS:
        day, left = day + left, 0
    while left > 0 or day % 7 >= 5:
        day += 1
        if day % 7 < 5:
            left -= 1
    due_us = int(day * DAY_US + pause_us % DAY_US - plan.week)
    return due_us if due_us > now_us else now_us + int(plan.at_once)


def _enter(play: Any, token: Lifecycle, plan: Any, now_us: int) -> int:
    """Go on with a step, or the next one that applies; return what to do."""
    while plan is not None:
        taken, luck = now_us < plan.until, 0.0
        if taken and (plan.share < 1.0 or plan.things > 1):
            luck = unit(token.base, index_of(plan.chooses, 0, SHARE)) - plan.low
            taken = 0.0 <= luck < plan.share
        if taken and plan.known >= 0:
            taken = _finds_out(play.known, plan, luck, now_us)
        if taken and plan.kind == CALL and not plan.outbox:
            token.plan, token.attempt, token.tries, token.looking, token.asked = plan, 1, 0, 0, -1
            if plan.invalid > 0.0 and unit(token.base, index_of(plan.number, 0, INVALID)) < plan.invalid:
                play.counts[token.route][INVALIDS] += 1
                return MEND
            return ATTEMPT
        if taken and plan.kind == PAUSE:
            token.plan, token.state = plan, PAUSED
            pause_us = drawn(plan.duration, token.base, index_of(plan.number, 0, 0))
            play.push(_pause_ends(token, plan, now_us, pause_us), token)
            return STOP
        if taken:
            _splits(play, token, plan, now_us)
            if plan.kind != CALL and plan.mark >= 0:
                play.stamp(token, plan.mark, now_us)
        plan = plan.after
    ends(play, token, now_us)
    return STOP


def _complete(play: Any, token: Lifecycle, now_us: int) -> None:
    """Take note that a step is done; what it marks is marked with the instant at which its work was done first."""
    plan = token.plan
    done_us = min(token.done, now_us) if token.effects else now_us
    if token.effects > 1:
        again, counts = token.effects - 1, play.counts[token.route]
        if plan.idempotent:
            counts[REPEATS] += again
        else:
            counts[DUPLICATES] += again
            play.routes[token.route].amount_doubled += again * token.amount
    token.effects = 0
    if token.struck is not None:
        unstrike(token, now_us, True)
    if plan.mark >= 0:
        play.stamp(token, plan.mark, done_us)


def _fail(play: Any, token: Lifecycle, now_us: int, was_throttled: bool) -> int:
    """Plan the next attempt of a step, or what comes when they are used up; return what to do."""
    plan, station = token.plan, token.plan.place
    asked_us = station.retry_after if was_throttled else 0
    if was_throttled and station.holds_all:
        station.hold_until = max(station.hold_until, now_us + asked_us)
    if token.attempt < plan.attempts:
        pause_us = _pause_us(token, plan)
        token.attempt += 1
        token.state, token.paid = DUE, 0
        play.push(now_us + pause_us + asked_us, token)
        return STOP
    if plan.exhausted == AGAIN:
        token.state, token.paid = DUE, 0
        play.push(now_us + plan.again, token)
        return STOP
    if plan.exhausted == SKIP:
        play.counts[token.route][FALLBACKS] += 1
        return COMPLETE
    return MEND


def _pause_us(token: Lifecycle, plan: Any) -> int:
    """Return the pause before the next attempt."""
    doubled = (token.attempt - 1) % plan.restart if plan.restart else token.attempt - 1
    ceiling: int = min(plan.cap, plan.base << doubled) if doubled < FARTHEST_DOUBLING else plan.cap
    if not plan.jitter:
        return ceiling
    return math.floor(unit(token.base, index_of(plan.number, token.tries, BACKOFF)) * ceiling)


def _mend(play: Any, token: Lifecycle, now_us: int) -> int:
    """Hand a lifecycle to the people, or lose it; return what to do."""
    if token.plan.exhausted == LOST:
        _loses(play, token, now_us)
        return STOP
    play.counts[token.route][DEAD_LETTERS] += 1
    share = play.automatic_share
    if share > 0.0 and unit(token.base, index_of(token.plan.number, token.tries, AUTOMATIC)) < share:
        token.state = REDRIVE
        play.push(now_us, token)
        return STOP
    token.mending = 1
    return ATTEMPT


def _mended(play: Any, token: Lifecycle, now_us: int) -> int:
    """Let a lifecycle go on that somebody mended, once an answer from outside is there; return what to do."""
    play.repair.counts[MENDED] += 1
    token.mending, token.attempt, token.paid = 0, 1, 0
    share, number = play.outside_share, token.plan.number
    if share > 0.0 and unit(token.base, index_of(number, token.tries, OUTSIDE_SHARE)) < share:
        token.state = REDRIVE
        play.push(now_us + drawn(play.outside, token.base, index_of(number, token.tries, OUTSIDE)), token)
        return STOP
    return ATTEMPT


def _came_back(play: Any, token: Lifecycle, now_us: int) -> int:
    """Take a call back; return what to do."""
    state = token.state
    if token.mending:
        return _mended(play, token, now_us)
    station = token.plan.place
    if token.called <= play.died_us and not station.people:
        was_asked(token)  # who asked is dead, and will ask again
        token.state, token.paid = DUE, 0
        play.push(max(now_us, play.back_us), token)
        return STOP
    if station.breaker:
        note(play, station, token.called, now_us, state == GOOD, state == THROTTLED)
    if state == GOOD:
        return _looked_up(play, token, now_us) if token.looking else COMPLETE
    if not token.looking:
        was_asked(token)
        if state == UNKNOWN and token.plan.lookup is not None:
            token.looking, token.attempt_before, token.attempt = LOOKING, token.attempt, 1
            return ATTEMPT
    return _fail(play, token, now_us, state == THROTTLED)


def _looked_up(play: Any, token: Lifecycle, now_us: int) -> int:
    """Go on if the work was found done; else it was an attempt in vain, or has to be made. Return what to do."""
    is_sure, token.looking, token.attempt = token.looking == SURE, 0, token.attempt_before
    if token.effects > 0 and token.done <= now_us:
        return COMPLETE
    if is_sure:
        token.asked = now_us
        return ATTEMPT
    return _fail(play, token, now_us, False)


def wakes(play: Any, token: Lifecycle, now_us: int) -> int:
    """Return what to do with a lifecycle whose event fires."""
    state = token.state
    if state == SIMPLE:
        token.state, token.effects, token.attempt, token.tries = GOOD, 1, 1, 1
        token.done = now_us - token.plan.place.travel
        return _came_back(play, token, now_us)
    if GOOD <= state <= THROTTLED:
        return _came_back(play, token, now_us)
    if state == NEW:
        return BEGIN
    if state == PAUSED:
        return COMPLETE
    if state == REDRIVE:
        token.attempt, token.paid = 1, 0
    return ATTEMPT


def goes_on(play: Any, token: Lifecycle, action: int, now_us: int) -> StationState | None:
    """Do with a lifecycle what is to be done until it waits for an event; return the queue it wants to join, if any."""
    while action != STOP:
        plan = None
        if action == ATTEMPT:
            return attempt(play, token, now_us)
        if action == MEND:
            action = _mend(play, token, now_us)
            continue
        if action == COMPLETE:
            _complete(play, token, now_us)
            if not token.single:
                plan = token.plan.after
        elif action == BEGIN:
            plan = begin_route(play, token, now_us)
        action = _enter(play, token, plan, now_us)
    return None


def begin_route(play: Any, token: Lifecycle, now_us: int) -> Any:
    """Begin the route of a lifecycle; return its first step."""
    route, counts = play.routes[token.route], play.counts[token.route]
    counts[STARTED] += 1
    counts[UNFINISHED] += 1
    route.amount_started += token.amount
    if route.begins >= 0:
        play.stamp(token, route.begins, now_us)
    return play.plans[route.first] if route.first >= 0 else None


def gives_up(play: Any, notice: Notice, now_us: int) -> int:
    """Let a call leave a queue when its patience ends, if it waits there still; return what to do."""
    token: Lifecycle = notice.about
    if token.waits is not notice:
        return STOP
    station = token.plan.place
    leave(token, station)
    station.counts[GAVE_UP] += 1
    play.spread(station.series[ROW_WAITING], token.called, now_us)
    token.state, token.waits = FAILED, None
    return _came_back(play, token, now_us)
