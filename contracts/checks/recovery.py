"""After trouble: calls succeed again, a process that died takes its work up, and everybody gets a share (L7-L9)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.grants import is_granted_less
from contracts.checks.lives import quote_of
from contracts.checks.pairs import CALLS
from contracts.checks.traffic import RETRY_AFTER_CAP_SECONDS
from contracts.checks.verdict import Findings, Tally
from domain.calendar import HOUR_US, MINUTE_US, SECOND_US
from domain.faults import CATALOGUE, Fault
from domain.history import Attempted, Crashed, Fired

RECOVERY_FACTOR = 2
"""Trouble may go on for so many times the length of its cause (the goal G14 of the resilience specification)."""
GOODPUT_PERCENT = 95
_CALLS_MIN = 20
_ALL_PPM = 1_000_000
_SHORTEST_US = 5 * MINUTE_US
_LOSSLESS = frozenset({"pause", "deploy"})
MOVES_AGAIN_US = 15 * MINUTE_US
"""How long a process that came back may leave alone what it was doing: a lease of a minute and one long pause."""


class Window(msgspec.Struct, frozen=True, gc=False):
    """A time of planned trouble with a system (empty: with all)."""

    system: str
    start_us: int
    end_us: int


class Call(msgspec.Struct, frozen=True, gc=False):
    """When a call left, and whether it failed with nothing else to blame: see `_calls`."""

    sent_us: int
    is_bad: bool


def goodput_returns(facts: Facts) -> Findings:
    """Twice the length of an outage or brownout after its end calls succeed as before: at least 95 % of them."""
    tally = Tally("L7")
    windows = _windows(facts)
    calls = _calls(facts) if windows else {}
    for window in windows:
        for system in [window.system] if window.system else sorted(calls):
            own = calls.get(system, [])
            since_us = window.end_us + RECOVERY_FACTOR * max(_SHORTEST_US, window.end_us - window.start_us)
            after = _between(own, since_us, _next(windows, system, window.end_us))
            if len(after) < _CALLS_MIN:
                continue
            tally.examined += 1
            before = _between(own, 0, window.start_us)
            wanted = GOODPUT_PERCENT * (_good(before) / len(before) if len(before) >= _CALLS_MIN else 1)
            if 100 * _good(after) < wanted * len(after):
                sentence = (
                    f"{_good(after)} of {len(after)} calls to {system} succeeded long after its trouble was over; "
                    f"the trouble had taken {(window.end_us - window.start_us) // MINUTE_US} minutes"
                )
                ends = ((window.end_us, "the trouble ends"), (since_us, "calls should succeed again"))
                tally.violation("", sentence, *ends, entities=(system,))
    return tally.findings()


def _takes_the_system(fault: Fault) -> bool:
    """Tell whether a fault is trouble of a whole system: it strikes every call, or it is a brownout or a maintenance.

    One that strikes some calls only, or messages, is overcome by sending them again. A brownout is slow for every call,
    whichever it is that fails.
    """
    if fault.kind == "brownout":
        return True
    is_picky = bool(fault.operation or fault.txn or fault.nth)
    is_of_all = fault.share_ppm == _ALL_PPM and CATALOGUE[fault.kind].place in CALLS
    return not is_picky and (is_of_all or fault.kind == "maintenance")


def _windows(facts: Facts) -> list[Window]:
    """Return the times of planned trouble of systems, those that overlap made one, by their end."""
    found: dict[str, list[Window]] = {}
    planned = [
        fault
        for fault in facts.context.faults
        if 0 < fault.end_us <= facts.context.heal_us and _takes_the_system(fault)
    ]
    for fault in sorted(planned, key=lambda fault: (fault.system, fault.start_us)):
        own = found.setdefault(fault.system, [])
        if own and fault.start_us <= own[-1].end_us:
            own[-1] = Window(fault.system, own[-1].start_us, max(own[-1].end_us, fault.end_us))
        else:
            own.append(Window(fault.system, fault.start_us, fault.end_us))
    return sorted((window for own in found.values() for window in own), key=lambda window: window.end_us)


def _next(windows: list[Window], system: str, since_us: int) -> int:
    """Return when the next trouble with a system begins."""
    starts = [each.start_us for each in windows if each.system in ("", system) and each.end_us > since_us]
    return min(starts, default=1 << 62)


def _calls(facts: Facts) -> dict[str, list[Call]]:
    """Return the calls of each system, and which of them are bad.

    What fails soon after another fault struck it fails because of that, and what is too much for a system that grants
    less than it told is refused because of that.
    """
    struck: dict[str, list[int]] = {}
    for fired in facts.history.of(Fired):
        struck.setdefault(fired.system, []).append(fired.at_us)
    found: dict[str, list[Call]] = {}
    for attempt in facts.history.of(Attempted):
        failed = attempt.outcome == "unknown" or attempt.status == 429 or attempt.status >= 500
        is_refused = attempt.status == 429 and is_granted_less(facts, attempt)
        is_bad = failed and not is_refused and not _is_struck(struck.get(attempt.system, []), attempt)
        found.setdefault(attempt.system, []).append(Call(attempt.sent_us, is_bad))
    for calls in found.values():
        calls.sort(key=lambda call: call.sent_us)
    return found


def _is_struck(strikes: list[int], attempt: Attempted) -> bool:
    """Tell whether a fault struck the system of an attempt while it was under way, or shortly before."""
    return bisect_right(strikes, attempt.at_us) > bisect_left(strikes, attempt.sent_us - MOVES_AGAIN_US)


def _between(calls: list[Call], start_us: int, end_us: int) -> list[Call]:
    low = bisect_left(calls, start_us, key=lambda call: call.sent_us)
    return calls[low : bisect_left(calls, end_us, key=lambda call: call.sent_us)]


def _good(calls: Iterable[Call]) -> int:
    return sum(1 for call in calls if not call.is_bad)


# --- after a crash --------------------------------------------------------------------------------------------------


def flows_move_again(facts: Facts) -> Findings:
    """A process that comes back after a crash takes up each call whose answer it lost, within a lease and a pause.

    One that stood still finds its answers when it wakes, and one that ends in order waits for them first. Nothing is
    asked of one that stops again before that time is over, however it does.
    """
    tally = Tally("L8")
    lossless = {fired.at_us for fired in facts.history.of(Fired) if fired.kind in _LOSSLESS}
    stops = list(facts.history.of(Crashed))
    attempts = sorted(facts.history.of(Attempted), key=lambda attempt: attempt.sent_us) if stops else []
    for index, stop in enumerate(stops):
        stops_again_us = stops[index + 1].at_us if index + 1 < len(stops) else facts.context.horizon_us
        is_idle = min(stops_again_us, facts.context.horizon_us) <= stop.back_us + MOVES_AGAIN_US
        if stop.at_us not in lossless and not is_idle:
            _taken_up(tally, facts, attempts, stop)
    return tally.findings()


def _taken_up(tally: Tally, facts: Facts, attempts: list[Attempted], crash: Crashed) -> None:
    """Find the writes that were under way when the process died, and look for the next sign of their transactions."""
    end = bisect_right(attempts, crash.at_us, key=lambda attempt: attempt.sent_us)
    begin = bisect_left(attempts, crash.at_us - 10 * MINUTE_US, key=lambda attempt: attempt.sent_us)
    cut = {each.txn: each for each in attempts[begin:end] if each.write and each.txn and each.at_us > crash.at_us}
    later = attempts[bisect_left(attempts, crash.back_us, key=lambda attempt: attempt.sent_us) :] if cut else []
    for txn, attempt in cut.items():
        tally.examined += 1
        again = next((each for each in later if each.txn == txn), None)
        due_us = _rested_us(later, attempt.system, crash.back_us) + MOVES_AGAIN_US
        in_time = (again.sent_us if again is not None else facts.context.horizon_us) <= due_us
        if not in_time and not _is_troubled(facts, attempt.system, crash.back_us) and txn not in facts.excused:
            sentence = (
                f"the process died while it waited for {attempt.system} {attempt.operation}, and never asked again"
            )
            tally.violation(txn, sentence, attempt, crash, entities=(attempt.key,))


def _rested_us(later: list[Attempted], system: str, back_us: int) -> int:
    """Return when every rest is over that a system asked for since a process came back: others may have asked first."""
    for each in later:
        if each.sent_us > back_us + MOVES_AGAIN_US:
            break
        if each.system == system and each.status in (429, 503):
            rest_us = min(each.retry_after_seconds, RETRY_AFTER_CAP_SECONDS) * SECOND_US
            back_us = max(back_us, each.at_us + rest_us)
    return back_us


def _is_troubled(facts: Facts, system: str, at_us: int) -> bool:
    return any(
        each.system in ("", system) and each.start_us < at_us + MOVES_AGAIN_US and each.end_us > at_us
        for each in _windows(facts)
    )


# --- fairness -------------------------------------------------------------------------------------------------------

_SPAN_US = HOUR_US
_WAITING_MIN = 20
SHARE_PERCENT = 50
"""What an entity gets of the attention, at least, in percent of its share of what waits."""


def entities_get_their_share(facts: Facts) -> Findings:
    """While signed quotes of several entities wait, none gets less than half of its share of attention."""
    tally = Tally("L9")
    served = _served(facts)
    waits = [
        (life.entered["accepted"], served.get(life.txn, facts.context.horizon_us), quote_of(life).entity)
        for life in facts.accepted.values()
        if life.txn not in facts.excused
    ]
    if not waits:
        return tally.findings()
    begins, ends = sorted([wait[0] for wait in waits]), sorted([wait[1] for wait in waits])
    for start_us in range(begins[0] + _SPAN_US, facts.context.horizon_us, _SPAN_US):
        if bisect_left(begins, start_us) - bisect_left(ends, start_us) >= _WAITING_MIN:
            _share(tally, [wait for wait in waits if wait[0] < start_us <= wait[1]], start_us)
    return tally.findings()


def _served(facts: Facts) -> dict[str, int]:
    """Return when the integration first called a system for each business transaction."""
    found: dict[str, int] = {}
    for attempt in facts.history.of(Attempted):
        if attempt.txn and attempt.sent_us < found.get(attempt.txn, 1 << 62):
            found[attempt.txn] = attempt.sent_us
    return found


def _share(tally: Tally, queue: list[tuple[int, int, str]], start_us: int) -> None:
    """Judge an hour that began with a queue: who of it was served, by entity."""
    served = [entity for _, served_us, entity in queue if served_us < start_us + _SPAN_US]
    waiting = [entity for _, _, entity in queue]
    for entity in sorted(set(waiting)):
        due = len(served) * waiting.count(entity) / len(waiting)
        if due < _WAITING_MIN / 2 or len(set(waiting)) < 2:
            continue
        tally.examined += 1
        if served.count(entity) * 100 < due * SHARE_PERCENT:
            sentence = (
                f"of {len(served)} quotes that were taken up in an hour {served.count(entity)} were {entity}'s, "
                f"which had {waiting.count(entity)} of {len(waiting)} that waited"
            )
            tally.violation("", sentence, (start_us, "the hour begins"), entities=(entity,))
