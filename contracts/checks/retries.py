"""Retries: nobody asks too often, in vain, or at the cost of a budget (P6). What excuses a repetition is a row.

The attempts of an intent (one write, under one key) up to its success are a round. Three rules judge each attempt that
follows another one in its round, and the rows of `PARDONS` say what speaks for it: an exception is one more row.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.grants import is_granted_less
from contracts.checks.verdict import Findings, Tally
from domain.calendar import HOUR_US, SECOND_US
from domain.faults import CATALOGUE
from domain.history import Attempted, Crashed, Fired

_PERMANENT = frozenset({400, 403, 404, 405, 410, 422})
_CLOSED, _SESSION_ENDED = 409, 401
_CALLS_MIN = 50
_RECOVERY_US = HOUR_US
_NO_END = 1 << 62


class Seen(msgspec.Struct, frozen=True):
    """What a run shows that may speak for a repetition. Attempts go by number, instants (UTC microseconds) in order."""

    cap: int
    resumes_us: Mapping[str, list[int]]
    deaths_us: list[int]
    struck: frozenset[str]
    passing: frozenset[str]
    is_granted_less: Callable[[Attempted], bool]

    def re_driven_us(self, attempt: Attempted) -> list[int]:
        """Return when flows were re-driven that an attempt may belong to: by its transaction, or named in its key.

        What is written for an account may belong to any flow: its key does not say whose. A key may add what happened
        to a document to its name: `du_1.won`.
        """
        if not self.resumes_us:
            return []
        parts = attempt.key.split("/")
        named = {attempt.txn, *parts, *(part.partition(".")[0] for part in parts)}
        names = named if attempt.txn else self.resumes_us.keys()
        return sorted([at_us for name in names for at_us in self.resumes_us.get(name, ())])


class Round(msgspec.Struct, frozen=True):
    """An intent since its round began: how many tries so far, the latest attempt, what spoke for it, the one before."""

    last: Attempted
    before: Attempted | None = None
    tries: int = 1
    pardons: tuple[Pardon, ...] = ()


def _no_more(_seen: Seen, _attempt: Attempted) -> int:
    return 0


class Pardon(msgspec.Struct, frozen=True, kw_only=True):
    """What may speak for an attempt that follows another one in its round, and what the attempt is pardoned.

    It `begins_round` of its own, or is no further try of the cap, or no retry of the budget, or may follow a refusal
    for good. `grants` are the tries that an intent has besides the cap by the time of an attempt.
    """

    name: str
    applies: Callable[[Seen, Round, Attempted], bool]
    begins_round: bool = False
    is_no_try: bool = False
    is_no_retry: bool = False
    excuses_refusal: bool = False
    grants: Callable[[Seen, Attempted], int] = _no_more


def _any_between(instants: list[int], first: Attempted, second: Attempted) -> bool:
    return bisect_right(instants, second.sent_us) > bisect_left(instants, first.sent_us)


PEER_OPENED = Pardon(
    name="the peer was closed, said until when (files of a batch), and the client came back no sooner",
    applies=lambda _, begun, attempt: (
        begun.last.status == _CLOSED
        and 0 < begun.last.retry_after_seconds * SECOND_US <= attempt.sent_us - begun.last.at_us
    ),
    begins_round=True,
)
RE_DRIVEN = Pardon(
    name="its flow was re-driven, by a person or by itself",
    applies=lambda seen, begun, attempt: _any_between(seen.re_driven_us(attempt), begun.last, attempt),
    is_no_retry=True,
    excuses_refusal=True,
    grants=lambda seen, attempt: seen.cap * bisect_right(seen.re_driven_us(attempt), attempt.at_us),
)
DIED = Pardon(
    name="a process died before it could write the answer down, or woke after another had taken its place",
    applies=lambda seen, begun, attempt: _any_between(seen.deaths_us, begun.last, attempt),
    excuses_refusal=True,
    grants=lambda seen, _: len(seen.deaths_us),
)
SESSION_ENDED: Pardon = Pardon(
    name="its session had ended, and it goes once more under a new one",
    applies=lambda _, begun, attempt: begun.last.status == _SESSION_ENDED and SESSION_ENDED not in begun.pardons,
    is_no_try=True,
)
STRUCK = Pardon(
    name="an injected fault struck the attempt before",
    applies=lambda seen, begun, attempt: begun.last.number in seen.struck,
    is_no_retry=True,
)
PASSING = Pardon(
    name="what refused the attempt before was a fault that passes, whatever its status says (403, 400 and locks)",
    applies=lambda seen, begun, attempt: begun.last.number in seen.passing,
    excuses_refusal=True,
)
GRANTED_LESS = Pardon(
    name="its system granted less than it told, and says so in its own way (403)",
    applies=lambda seen, begun, _: seen.is_granted_less(begun.last),
    excuses_refusal=True,
)
STILL_ON_ITS_WAY = Pardon(
    name="it was on its way when the other was refused",
    applies=lambda _, begun, attempt: attempt.sent_us < begun.last.at_us,
    excuses_refusal=True,
)
MANY_HANDS = Pardon(
    name="what is written for an account is written by many flows, each of which may be the first to ask",
    applies=lambda _, begun, attempt: not attempt.txn,
    excuses_refusal=True,
    grants=lambda _, attempt: 0 if attempt.txn else _NO_END,
)
PARDONS = (PEER_OPENED, RE_DRIVEN, DIED, SESSION_ENDED, STRUCK, PASSING, GRANTED_LESS, STILL_ON_ITS_WAY, MANY_HANDS)


def retries_bounded(facts: Facts) -> Findings:
    """An intent is tried no more often than the cap, permanent errors are not retried, and retries keep their budget.

    A flow that is re-driven gets a new round of attempts, and a call whose session had ended goes once more under a new
    one; whoever comes back when a closed peer said that it opens begins anew, which is no retry. Retries caused by an
    injected fault are outside the budget. A process that died before it could write an answer down asks once more, and
    so does one that wakes after another has taken its place.
    """
    tally, seen, budget = Tally("P6"), _seen(facts), _Budget(facts)
    rounds: dict[tuple[str, str, str, str, str], Round] = {}
    for attempt in facts.history.of(Attempted):
        if not attempt.write or not attempt.key:
            continue
        tally.examined += 1
        intent = (attempt.system, attempt.operation, attempt.txn, attempt.key, attempt.fingerprint)
        begun = rounds.pop(intent, None)
        now = Round(attempt) if begun is None else _joined(seen, begun, attempt)
        budget.count(now)
        if now.before is not None and facts.context.inside:
            _not_in_vain(tally, now.before, now)
            _not_too_often(tally, seen, now)
        if attempt.outcome != "ok":
            rounds[intent] = now
    budget.judge(tally)
    return tally.findings()


def _joined(seen: Seen, begun: Round, attempt: Attempted) -> Round:
    """Return the round that an attempt joins, or begins."""
    pardons = tuple([each for each in PARDONS if each.applies(seen, begun, attempt)])
    if any(each.begins_round for each in pardons):
        return Round(attempt)
    return Round(attempt, begun.last, begun.tries + (not any(each.is_no_try for each in pardons)), pardons)


def _not_in_vain(tally: Tally, before: Attempted, now: Round) -> None:
    refused = before.outcome == "failed" and before.status in _PERMANENT
    if refused and not any(each.excuses_refusal for each in now.pardons):
        attempt = now.last
        sentence = f"{attempt.system} {attempt.operation} was refused for good ({before.status}) and sent again"
        tally.violation(attempt.txn, sentence, before, attempt, entities=(attempt.key,))


def _not_too_often(tally: Tally, seen: Seen, now: Round) -> None:
    if now.tries <= seen.cap:
        return
    attempt = now.last
    allowed = seen.cap + sum(each.grants(seen, attempt) for each in PARDONS)
    if now.tries == allowed + 1:
        sentence = f"{attempt.system} {attempt.operation} was tried {now.tries} times; the cap is {allowed}"
        tally.violation(attempt.txn, sentence, attempt, entities=(attempt.key,))


class _Budget:
    """Calls to each system and the retries among them, those apart that were sent while slowness was planned."""

    def __init__(self, facts: Facts) -> None:
        self._context = facts.context
        self._windows = _brownouts(facts)
        self._calls: dict[str, list[int]] = {}

    def count(self, now: Round) -> None:
        """Take note of a call: the latest attempt of a round."""
        attempt = now.last
        for start_us, end_us in (*self._windows.get(attempt.system, ()), *self._windows.get("", ())):
            if start_us <= attempt.sent_us < end_us:
                return
        counts = self._calls.setdefault(attempt.system, [0, 0])
        counts[0] += 1
        counts[1] += now.before is not None and not any(each.is_no_retry for each in now.pardons)

    def judge(self, tally: Tally) -> None:
        """Note which systems were asked again more often than the budget allows."""
        percent = self._context.retry_budget_percent
        for system, (total, retries) in sorted(self._calls.items()):
            if total >= _CALLS_MIN and retries * 100 > total * percent:
                sentence = f"{retries} of {total} calls to {system} were retries; the budget is {percent} %"
                tally.violation("", sentence, (self._context.horizon_us, sentence))


def _seen(facts: Facts) -> Seen:
    crashes = [crash.at_us for crash in facts.history.of(Crashed)]
    return Seen(
        cap=facts.context.attempts_max,
        resumes_us=facts.resumes,
        deaths_us=sorted([*crashes, *facts.zombies_wake_us]),
        struck=frozenset(fired.number for fired in facts.history.of(Fired)),
        passing=frozenset(fired.number for fired in facts.history.of(Fired) if _passes(fired.kind)),
        is_granted_less=partial(is_granted_less, facts),
    )


def _passes(kind: str) -> bool:
    """Tell whether a fault is over when the request is sent again."""
    return kind in CATALOGUE and not CATALOGUE[kind].is_lasting


def _brownouts(facts: Facts) -> dict[str, list[tuple[int, int]]]:
    """Return the windows, by system (empty: all), in which slowness is planned; open ones never end."""
    found: dict[str, list[tuple[int, int]]] = {}
    for fault in facts.context.faults:
        if fault.kind == "brownout" or fault.end_us:
            window = (fault.start_us, fault.end_us + _RECOVERY_US) if fault.end_us else (0, _NO_END)
            found.setdefault(fault.system, []).append(window)
    return found
