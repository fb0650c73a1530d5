"""Traffic: a good guest keeps to the limits and does not hammer (P5, P6)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.verdict import Findings, Tally
from domain.calendar import SECOND_US
from domain.faults import CATALOGUE
from domain.history import Attempted, Crashed, Fired, Limit

RETRY_AFTER_CAP_SECONDS = 3600
"""A peer may not silence a client for longer: after an hour one may ask again."""

_PERMANENT = frozenset({400, 403, 404, 405, 410, 422})
_SESSION_ENDED = 401
_CALLS_MIN = 50
_RECOVERY_US = 3600 * SECOND_US
Sent = tuple[int, int, str]


def limits_kept(facts: Facts) -> Findings:
    """Calls stay within each peer's rate and concurrency, and after Retry-After t none is sent before t is over.

    A rest ends earlier by what the integration's clock, which measures it, was set back and forth meanwhile. A process
    that wakes after another has taken its place knows of none: it still sends the call that it had begun, and what that
    one is answered nobody hears.
    """
    tally = Tally("P5")
    limits = {limit.system: limit for limit in facts.context.limits}
    sent: dict[str, list[Sent]] = {}
    asked: dict[str, list[Attempted]] = {}
    crashes = list(facts.history.of(Crashed))
    for attempt in facts.history.of(Attempted):
        tally.examined += 1
        sent.setdefault(attempt.system, []).append((attempt.sent_us, attempt.at_us, attempt.number))
        is_heard = attempt.sent_us not in facts.zombies_wake_us
        if attempt.retry_after_seconds > 0 and attempt.status in (429, 503) and is_heard:
            asked.setdefault(attempt.system, []).append(attempt)
    for system, calls in sent.items():
        calls.sort()
        if system in limits:
            _within_rate(tally, limits[system], calls)
            _within_slots(tally, limits[system], calls)
        begun = [call for call in calls if call[0] not in facts.zombies_wake_us]
        for attempt in asked.get(system, ()):
            _waited(tally, attempt, begun, crashes, facts.set_back_us)
    return tally.findings()


def _within_rate(tally: Tally, limit: Limit, calls: list[Sent]) -> None:
    if not limit.requests:
        return
    window: deque[int] = deque()
    span_us = limit.window_seconds * SECOND_US
    for sent_us, _, number in calls:
        while window and window[0] <= sent_us - span_us:
            window.popleft()
        window.append(sent_us)
        if len(window) > limit.requests:
            sentence = (
                f"{len(window)} calls went to {limit.system} within {limit.window_seconds} s; it takes {limit.requests}"
            )
            tally.violation("", sentence, (window[0], "the window begins"), (sent_us, f"{number} is one too many"))
            window.clear()


def _within_slots(tally: Tally, limit: Limit, calls: list[Sent]) -> None:
    if not limit.concurrent:
        return
    ends = sorted(end_us for _, end_us, _ in calls)
    for index, (sent_us, _, number) in enumerate(calls):
        in_use = index + 1 - bisect_right(ends, sent_us)
        if in_use > limit.concurrent:
            sentence = f"{in_use} calls were open at {limit.system} at once; it takes {limit.concurrent}"
            tally.violation("", sentence, (sent_us, f"{number} is one too many"))


def _waited(tally: Tally, asked: Attempted, calls: list[Sent], crashes: list[Crashed], back_us: int) -> None:
    """Look for a call within the rest that a system asked for; a process that died meanwhile has forgotten it."""
    wait_us = max(0, min(asked.retry_after_seconds, RETRY_AFTER_CAP_SECONDS) * SECOND_US - back_us)
    first = bisect_right(calls, (asked.at_us, 1 << 62, ""))
    if first < len(calls) and calls[first][0] < asked.at_us + wait_us:
        sent_us, _, number = calls[first]
        if any(crash.back_us > asked.at_us and crash.at_us <= sent_us for crash in crashes):
            return
        early = (asked.at_us + wait_us - sent_us) // SECOND_US
        sentence = f"{asked.system} asked for {asked.retry_after_seconds} s of rest; {number} came {early} s too early"
        tally.violation(asked.txn, sentence, asked, (sent_us, f"{number} was sent"))


class _Intent(msgspec.Struct):
    """The attempts of one intent since its last success."""

    tries: int = 0
    last: Attempted | None = None
    is_renewed: bool = False


def retries_bounded(facts: Facts) -> Findings:
    """An intent is tried no more often than the cap, permanent errors are not retried, and retries keep their budget.

    A flow that is re-driven gets a new round of attempts, and a call whose session had ended goes once more under a new
    one; whoever comes back when a closed peer said that it opens begins anew, which is no retry. Retries caused by an
    injected fault are outside the budget. A process that died before it could write an answer down asks once more, and
    so does one that wakes after another has taken its place.
    """
    tally = Tally("P6")
    struck = {fired.number for fired in facts.history.of(Fired)}
    passing = {fired.number for fired in facts.history.of(Fired) if _passes(fired.kind)}
    crashes = sorted([*(crash.at_us for crash in facts.history.of(Crashed)), *facts.zombies_wake_us])
    windows = _brownouts(facts)
    intents: dict[tuple[str, str, str, str, str], _Intent] = {}
    calls: dict[str, list[int]] = {}
    for attempt in facts.history.of(Attempted):
        if not attempt.write or not attempt.key:
            continue
        name = (attempt.system, attempt.operation, attempt.txn, attempt.key, attempt.fingerprint)
        intent = intents.get(name)
        if intent is None:
            intent = intents[name] = _Intent()
        tally.examined += 1
        last = intent.last
        if last is not None and (_was_put_off(last, attempt) or _any_between(_resumes(facts, attempt), last, attempt)):
            last = None  # the peer opened again, or a person had it tried again: that is no retry
        _count(calls, windows, struck, attempt, last)
        if facts.context.inside:
            _judge(tally, facts, attempt, intent, crashes, passing)
        intent.last = attempt
        if attempt.outcome == "ok":
            del intents[name]
    _budget(tally, facts, calls)
    return tally.findings()


def _passes(kind: str) -> bool:
    """Tell whether a fault is over when the request is sent again, whatever its status says (403, 400 and locks)."""
    return kind in CATALOGUE and not CATALOGUE[kind].is_lasting


def _judge(
    tally: Tally, facts: Facts, attempt: Attempted, intent: _Intent, crashes: list[int], passing: set[str]
) -> None:
    resumes = _resumes(facts, attempt)
    last = intent.last
    # What is written for an account is written by many flows, each of which may be the first to ask.
    if attempt.txn and last and last.number not in passing and _is_pointless(last, attempt, resumes, crashes):
        sentence = f"{attempt.system} {attempt.operation} was refused for good ({last.status}) and sent again"
        tally.violation(attempt.txn, sentence, last, attempt, entities=(attempt.key,))
    if last is not None and _was_put_off(last, attempt):
        intent.tries = 0
    intent.is_renewed = last is not None and last.status == _SESSION_ENDED and not intent.is_renewed
    intent.tries += not intent.is_renewed
    allowed = facts.context.attempts_max * (1 + bisect_right(resumes, attempt.at_us)) + len(crashes)
    if intent.tries == allowed + 1 and attempt.txn:
        sentence = f"{attempt.system} {attempt.operation} was tried {intent.tries} times; the cap is {allowed}"
        tally.violation(attempt.txn, sentence, attempt, entities=(attempt.key,))


def _was_put_off(last: Attempted, attempt: Attempted) -> bool:
    """Tell whether the peer was closed and said until when (files of a batch), and the client came back no sooner."""
    return last.status == 409 and 0 < last.retry_after_seconds * SECOND_US <= attempt.sent_us - last.at_us


def _is_pointless(last: Attempted, attempt: Attempted, resumes: list[int], crashes: list[int]) -> bool:
    is_known = attempt.sent_us >= last.at_us  # else it was on its way when the other was refused
    refused = is_known and last.outcome == "failed" and last.status in _PERMANENT
    return refused and not _any_between(resumes, last, attempt) and not _any_between(crashes, last, attempt)


def _any_between(instants: list[int], first: Attempted, second: Attempted) -> bool:
    return bisect_right(instants, second.sent_us) > bisect_left(instants, first.sent_us)


def _resumes(facts: Facts, attempt: Attempted) -> list[int]:
    """Return when flows were re-driven that the attempt may belong to: by its transaction, or named in its key.

    What is written for an account may belong to any flow: its key does not say whose. A key may add what happened to a
    document to its name: `du_1.won`.
    """
    if not facts.resumes:
        return []
    parts = attempt.key.split("/")
    names = {attempt.txn, *parts, *(part.partition(".")[0] for part in parts)} if attempt.txn else facts.resumes.keys()
    return sorted([at_us for name in names for at_us in facts.resumes.get(name, ())])


def _brownouts(facts: Facts) -> dict[str, list[tuple[int, int]]]:
    """Return the windows, by system (empty: all), in which slowness is planned; open ones never end."""
    found: dict[str, list[tuple[int, int]]] = {}
    for fault in facts.context.faults:
        if fault.kind == "brownout" or fault.end_us:
            window = (fault.start_us, fault.end_us + _RECOVERY_US) if fault.end_us else (0, 1 << 62)
            found.setdefault(fault.system, []).append(window)
    return found


def _count(
    calls: dict[str, list[int]],
    windows: dict[str, list[tuple[int, int]]],
    struck: set[str],
    attempt: Attempted,
    last: Attempted | None,
) -> None:
    for start_us, end_us in (*windows.get(attempt.system, ()), *windows.get("", ())):
        if start_us <= attempt.sent_us < end_us:
            return
    counts = calls.setdefault(attempt.system, [0, 0])
    counts[0] += 1
    counts[1] += last is not None and last.number not in struck


def _budget(tally: Tally, facts: Facts, calls: dict[str, list[int]]) -> None:
    percent = facts.context.retry_budget_percent
    for system, (total, retries) in sorted(calls.items()):
        if total >= _CALLS_MIN and retries * 100 > total * percent:
            sentence = f"{retries} of {total} calls to {system} were retries; the budget is {percent} %"
            tally.violation("", sentence, (facts.context.horizon_us, sentence))
