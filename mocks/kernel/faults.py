"""The fault plan at work: which planned fault, if any, strikes an opportunity."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from domain.draws import Draws
from domain.faults import CATALOGUE, Fault, Place
from domain.history import Fired
from mocks.kernel.luck import MASK, WORDS, multiplier
from mocks.kernel.operations import Call

Rule = tuple[int, Fault]
_FOREVER_US: Final = sys.maxsize
_STORM: Final = "retry_storm"
MINUTE_US: Final = 60_000_000


class FaultPlan:
    """Answers, for each opportunity, which fault strikes; every strike goes into the history as Fired.

    The first matching fault of the plan wins. Each fault takes a draw of its own from the luck of a call, so that a
    plan with a fault less strikes the others just as before.
    """

    def __init__(self, faults: Sequence[Fault], seed: int, record: Callable[[Fired], None]) -> None:
        for fault in faults:
            if fault.kind not in CATALOGUE:
                raise ValueError(f"unknown fault kind {fault.kind!r}; known: {', '.join(sorted(CATALOGUE))}")
        self.faults = tuple(faults)
        self.draws = Draws(seed)
        self._record = record
        self._aims: dict[tuple[frozenset[str], str, str, bool, bool], Aim] = {}
        self._rules: dict[tuple[frozenset[str], str], list[Rule]] = {}
        self._slow: dict[str, _Slow] = {}
        self._loads: dict[str, Load] = {}

    def aim(self, kinds: frozenset[str], system: str, operation: str, *, write: bool = True, keyed: bool = True) -> Aim:
        """Return what the plan holds in store for one operation of one system at the place of these kinds.

        `write` and `keyed` say which of its calls are meant: those that write, those that carry an idempotency key.
        """
        place = kinds, system, operation, write, keyed
        found = self._aims.get(place)
        if found is None:
            rules = [
                rule for rule in self._aimed_at(kinds, system)
                if rule[1].operation in ("", operation)
                and CATALOGUE[rule[1].kind].reach.covers(system, operation, write=write, keyed=keyed)
            ]  # fmt: skip
            load = self._loads.setdefault(system, Load())
            found = self._aims[place] = Aim(rules, system, operation, self._record, load)
        return found

    def struck(self, index: int, now_us: int, number: str, call: Call | None = None) -> None:
        """Note that a fault which the plan does not decide itself (a crash, a call that goes unheard) has struck."""
        system, operation, txn = ("", "", "") if call is None else (call.request.host, call.operation.name, call.txn)
        self._record(_fired(index, self.faults[index], system, operation, txn, now_us, number))

    def latency_factor(self, system: str, now_us: int) -> float:
        """Return by how much brownouts stretch the latency of a system now (1.0 = not at all)."""
        slow = self._slow.get(system)
        if slow is None:
            slow = self._slow[system] = _Slow(self._aimed_at(_SLOW, system), system, self._record)
        return slow.factor if slow.from_us <= now_us < slow.until_us else slow.look_up(now_us)

    def _aimed_at(self, kinds: frozenset[str], system: str) -> list[Rule]:
        found = self._rules.get((kinds, system))
        if found is None:
            rules = enumerate(self.faults)
            found = self._rules[kinds, system] = [
                rule for rule in rules if rule[1].kind in kinds and rule[1].system in ("", system)
            ]
        return found


class Aim:
    """The faults that may strike one operation of one system at one place; without `rules`, none ever will.

    Most opportunities meet faults that are out of their window or strike few in a million, so both are cheap: the
    rules in force are looked up once per span of time, and the luck of a call serves all its draws.
    """

    def __init__(
        self, rules: list[Rule], system: str, operation: str, record: Callable[[Fired], None], load: Load
    ) -> None:
        self.rules = rules
        self._system, self._operation, self._record, self._load = system, operation, record, load
        self._from_us, self._until_us = 0, 0  # the span `_in_force` holds for
        self._in_force: list[tuple[int, int, bool, Rule]] = []  # strikes below, multiplier, is picky, rule
        self._is_storm = False  # calls are counted: one of them strikes under load only
        self._turns: dict[tuple[int, str], int] = {}  # opportunities in the window of an `nth` fault

    def strike(self, luck: int, txn: str, now_us: int, number: str = "") -> Fault | None:
        """Return the fault that strikes the opportunity of a call with such luck, or None."""
        if not self._from_us <= now_us < self._until_us:
            self._look_up(now_us)
        load = self._load.grown_to(now_us) if self._is_storm else 0
        for below, odd, is_picky, rule in self._in_force:
            if is_picky and not self._suits(rule, txn, load):
                continue
            if luck * odd & MASK < below:
                index, fault = rule
                self._record(_fired(index, fault, self._system, self._operation, txn, now_us, number))
                return fault
        return None

    def _look_up(self, now_us: int) -> None:
        self._from_us, self._until_us = _span_us(self.rules, now_us)
        self._in_force = [
            (fault.share_ppm * WORDS // 1_000_000, multiplier(index), _is_picky(fault), (index, fault))
            for index, fault in self.rules
            if _in_window(fault, now_us)
        ]
        self._is_storm = any(fault.kind == _STORM for *_, (_, fault) in self._in_force)

    def _suits(self, rule: Rule, txn: str, load: int) -> bool:
        index, fault = rule
        if fault.kind == _STORM and load <= fault.count:
            return False
        if fault.txn and fault.txn != txn:
            return False
        if not fault.nth:
            return True
        turn = self._turns[index, txn] = self._turns.get((index, txn), 0) + 1
        return turn == fault.nth


class Load:
    """How many calls reached a system in the last minute; it is only asked where overload makes calls fail."""

    def __init__(self) -> None:
        self._arrivals: deque[int] = deque()

    def grown_to(self, now_us: int) -> int:
        """Count a call that arrives now, and return how many did within a minute."""
        arrivals = self._arrivals
        arrivals.append(now_us)
        while arrivals[0] <= now_us - MINUTE_US:
            arrivals.popleft()
        return len(arrivals)


class _Slow:
    """By which factor the brownouts of one system stretch its latency, known for a span of time."""

    def __init__(self, rules: list[Rule], system: str, record: Callable[[Fired], None]) -> None:
        self._rules, self._system, self._record = rules, system, record
        self._told: set[int] = set()
        self.from_us, self.until_us, self.factor = 0, 0, 1.0

    def look_up(self, now_us: int) -> float:
        """Find the factor of the span around an instant; a brownout at work for the first time is recorded."""
        self.from_us, self.until_us = _span_us(self._rules, now_us)
        self.factor = 1.0
        for index, fault in self._rules:
            if _in_window(fault, now_us):
                self.factor *= fault.factor
                if index not in self._told:
                    self._told.add(index)
                    self._record(_fired(index, fault, self._system, "", "", now_us, ""))
        return self.factor


def _span_us(rules: Sequence[Rule], now_us: int) -> tuple[int, int]:
    """Return the span [from, until) around an instant in which the same rules are in force."""
    edges = [edge for _, fault in rules for edge in (fault.start_us, fault.end_us)]
    return (
        max([edge for edge in edges if edge <= now_us], default=0),
        min([edge for edge in edges if edge > now_us], default=_FOREVER_US),
    )


def _fired(index: int, fault: Fault, system: str, operation: str, txn: str, now_us: int, number: str) -> Fired:
    return Fired(
        at_us=now_us, fault=index, kind=fault.kind, system=system, operation=operation, txn=txn, number=number
    )  # fmt: skip


def _is_picky(fault: Fault) -> bool:
    return bool(fault.txn or fault.nth or fault.kind == _STORM)


def _in_window(fault: Fault, now_us: int) -> bool:
    return (fault.start_us == 0 and fault.end_us == 0) or fault.start_us <= now_us < fault.end_us


def kinds_at(place: Place) -> frozenset[str]:
    """Return the kinds of the catalogue that strike at a place."""
    return frozenset(kind.key for kind in CATALOGUE.values() if kind.place is place)


_SLOW = frozenset({"brownout"})
BEFORE = kinds_at(Place.BEFORE) | _SLOW  # a brownout also makes a share of the requests fail
LAGGING = frozenset({"stale_read"})
AFTER = kinds_at(Place.AFTER) - LAGGING
NETWORK = kinds_at(Place.NETWORK) - _SLOW
WEBHOOK = kinds_at(Place.WEBHOOK)
PEOPLE = kinds_at(Place.PEOPLE)
