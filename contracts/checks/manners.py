"""Manners: a client pauses between its attempts, and signs in when its session has ended, no more and no less."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, deque
from itertools import pairwise

from contracts.checks.facts import Facts
from contracts.checks.verdict import Findings, Tally
from domain.calendar import MINUTE_US, SECOND_US
from domain.history import Attempted, Crashed

ATTEMPTS, TOGETHER_US = 5, SECOND_US // 2
"""So many attempts within so short a pause in all are no backoff: full jitter under ceilings of 2, 4, 8 and 16 seconds
comes to half a second once in 400,000 times."""

SIGN_IN = frozenset({"token", "issue_token"})
SOON_US, TOO_OFTEN = MINUTE_US, 5


def attempts_are_spread(facts: Facts) -> Findings:
    """A call that meets trouble again and again is repeated after pauses, not at once.

    A look-up between two attempts is no pause; what passes before and after it is.
    """
    tally = Tally("P12")
    rounds: dict[tuple[str, str, str], _Round] = {}
    looked_us: Counter[tuple[str, str]] = Counter()  # how long it was looked, in all, by what it is about
    for attempt in facts.history.of(Attempted):
        peer = (attempt.system, attempt.txn or attempt.key)
        if not attempt.write:
            looked_us[peer] += attempt.at_us - attempt.sent_us
        elif attempt.key:
            name = (attempt.system, attempt.operation, attempt.key)
            if attempt.outcome == "ok" and name not in rounds:  # as almost always
                continue
            found = rounds.setdefault(name, _Round())
            found.add(attempt, looked_us[peer])
            tally.examined += len(found.attempts) > 1
            if found.is_hasty:
                sentence = f"{attempt.system} {attempt.operation} was tried {ATTEMPTS} times with no pause in between"
                tally.violation(attempt.txn, sentence, *found.attempts, entities=(attempt.key,))
            if attempt.outcome == "ok" or found.is_hasty:
                del rounds[name]
    return tally.findings()


class _Round:
    """The latest attempts of one intent since its last success, and the pause before each.

    Two flows may write the same at once (both orders of a new customer create it). So a pause is counted from the
    latest attempt that had ended; one that was sent while all others were under way follows none of them.
    """

    def __init__(self) -> None:
        self.attempts: deque[Attempted] = deque(maxlen=ATTEMPTS)
        self._pauses_us: deque[int] = deque(maxlen=ATTEMPTS - 1)
        self._looked_us: deque[int] = deque(maxlen=ATTEMPTS)

    def add(self, attempt: Attempted, looked_us: int) -> None:
        """Take the next attempt; by then all look-ups about the same had taken so long."""
        for before, looked_before_us in zip(reversed(self.attempts), reversed(self._looked_us), strict=True):
            passed_us = attempt.sent_us - before.at_us
            if passed_us >= 0:
                self._pauses_us.append(max(0, passed_us - (looked_us - looked_before_us)))
                break
        self.attempts.append(attempt)
        self._looked_us.append(looked_us)

    @property
    def is_hasty(self) -> bool:
        """Tell whether there was next to no pause between so many attempts."""
        return len(self._pauses_us) == ATTEMPTS - 1 and sum(self._pauses_us) < TOGETHER_US


def sessions_are_renewed(facts: Facts) -> Findings:
    """Who is told that a session has ended signs in before the next call, and never again while the session holds."""
    tally = Tally("P13")
    calls: dict[str, list[Attempted]] = {}
    for attempt in facts.history.of(Attempted):
        calls.setdefault(attempt.system, []).append(attempt)
    crashes = [crash.at_us for crash in facts.history.of(Crashed)]
    for system, attempts in calls.items():
        signed_in = [each for each in attempts if each.operation in SIGN_IN]
        if signed_in:
            attempts.sort(key=lambda each: each.sent_us)
            of_the_living = [each for each in attempts if each.sent_us not in facts.zombies_wake_us]
            _renewed(tally, system, of_the_living, signed_in)
            _not_too_often(tally, system, attempts, signed_in, crashes)
    return tally.findings()


def _renewed(tally: Tally, system: str, attempts: list[Attempted], signed_in: list[Attempted]) -> None:
    """Find what was sent under a session after somebody had been told that it had ended."""
    sent = [each.sent_us for each in attempts]
    for refused in attempts:
        if refused.status != 401 or refused.operation in SIGN_IN:
            continue
        tally.examined += 1
        if any(each.at_us >= refused.sent_us and each.sent_us <= refused.at_us for each in signed_in):
            continue  # it was being renewed meanwhile
        following = attempts[bisect_right(sent, refused.at_us) :][:1]
        for call in following:
            if call.operation not in SIGN_IN:
                sentence = f"{system} said that the session had ended, and {call.operation} was sent under it again"
                tally.violation(call.txn, sentence, refused, call, entities=(call.number,))


def _not_too_often(
    tally: Tally, system: str, attempts: list[Attempted], signed_in: list[Attempted], crashes: list[int]
) -> None:
    """Find sessions that were begun although the one before had just been, and nobody had ended it.

    A process that dies in the very instant in which it asks never hears of what it is granted.
    """
    granted = sorted((each for each in signed_in if each.outcome == "ok"), key=lambda each: each.sent_us)
    ended = sorted(each.at_us for each in attempts if each.status == 401)
    needless = []
    for first, second in pairwise(granted):
        tally.examined += 1
        was_ended = bisect_right(ended, second.sent_us) > bisect_right(ended, first.sent_us)
        was_forgotten = any(first.sent_us <= crash_us <= second.sent_us for crash_us in crashes)
        if second.sent_us - first.at_us < SOON_US and not (was_ended or was_forgotten):
            needless.append(second)
    if len(needless) >= TOO_OFTEN:
        sentence = f"{system} was asked for a new session {len(needless)} times within a minute of granting one"
        tally.violation("", sentence, *needless[:TOO_OFTEN])
