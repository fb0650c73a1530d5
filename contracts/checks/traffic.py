"""Traffic: a good guest keeps to the limits (P5)."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

from contracts.checks.facts import Facts
from contracts.checks.verdict import Findings, Tally
from domain.calendar import SECOND_US
from domain.history import Attempted, Crashed, Limit

RETRY_AFTER_CAP_SECONDS = 3600
"""A peer may not silence a client for longer: after an hour one may ask again."""

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
        is_told = attempt.retry_after_seconds > 0 and attempt.status in (429, 503)
        if is_told and attempt.sent_us not in facts.zombies_wake_us:
            asked.setdefault(attempt.system, []).append(attempt)
    for system, calls in sent.items():
        calls.sort()
        if system in limits:
            _within_rate(tally, limits[system], calls)
            _within_slots(tally, limits[system], calls)
        if system not in asked:
            continue
        begun = [call for call in calls if call[0] not in facts.zombies_wake_us]
        for attempt in asked[system]:
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
    """Look for a call within the rest that a system asked for; a process that died since it asked knows of none."""
    wait_us = max(0, min(asked.retry_after_seconds, RETRY_AFTER_CAP_SECONDS) * SECOND_US - back_us)
    first = bisect_right(calls, (asked.at_us, 1 << 62, ""))
    if first < len(calls) and calls[first][0] < asked.at_us + wait_us:
        sent_us, _, number = calls[first]
        if any(crash.back_us > asked.sent_us and crash.at_us <= sent_us for crash in crashes):
            return
        early = (asked.at_us + wait_us - sent_us) // SECOND_US
        sentence = f"{asked.system} asked for {asked.retry_after_seconds} s of rest; {number} came {early} s too early"
        tally.violation(asked.txn, sentence, asked, (sent_us, f"{number} was sent"))
