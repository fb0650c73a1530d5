"""The fault plan at work: which planned fault, if any, strikes an opportunity."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from domain.draws import Draws
from domain.faults import CATALOGUE, Fault, Place
from domain.history import Fired

Rule = tuple[int, Fault]
_FOREVER_US: Final = sys.maxsize
_WORD: Final = 1 << 64
_MASK: Final = _WORD - 1


class FaultPlan:
    """Answers, for each opportunity, which fault strikes; every strike goes into the history as Fired.

    The first matching fault of the plan wins. Draws are keyed by fault, operation, transaction and ordinal, so that a
    plan with a fault less strikes the others just as before.
    """

    def __init__(self, faults: Sequence[Fault], seed: int, record: Callable[[Fired], None]) -> None:
        for fault in faults:
            if fault.kind not in CATALOGUE:
                raise ValueError(f"unknown fault kind {fault.kind!r}; known: {', '.join(sorted(CATALOGUE))}")
        self.faults = tuple(faults)
        self._draws = Draws(seed)
        self._record = record
        self._targets: dict[tuple[frozenset[str], str, str], _Target] = {}
        self._slow: dict[str, list[Rule]] = {}
        self._slowed: set[int] = set()

    def strike(
        self, kinds: frozenset[str], system: str, operation: str, txn: str, now_us: int, number: str = ""
    ) -> Fault | None:
        """Return the fault among `kinds` that strikes this opportunity, or None."""
        target = self._targets.get((kinds, system, operation))
        if target is None:
            rules = [(i, f) for i, f in self._aimed_at(kinds, system) if f.operation in ("", operation)]
            target = self._targets[kinds, system, operation] = _Target(rules, f"{system}.{operation}", self._draws)
        rule = target.struck(txn, now_us)
        if rule is None:
            return None
        self._fired(rule[0], rule[1], system, operation, txn, now_us, number)
        return rule[1]

    def struck(self, index: int, now_us: int, number: str) -> None:
        """Note that a fault which the plan does not decide itself (a crash) has struck."""
        self._fired(index, self.faults[index], "", "", "", now_us, number)

    def latency_factor(self, system: str, now_us: int) -> float:
        """Return by how much brownouts stretch the latency of a system now (1.0 = not at all)."""
        rules = self._slow.get(system)
        if rules is None:
            rules = self._slow[system] = self._aimed_at(_SLOW, system)
        factor = 1.0
        for index, fault in rules:
            if _in_window(fault, now_us):
                factor *= fault.factor
                if index not in self._slowed:
                    self._slowed.add(index)
                    self._fired(index, fault, system, "", "", now_us, "")
        return factor

    def _aimed_at(self, kinds: frozenset[str], system: str) -> list[Rule]:
        return [(i, f) for i, f in enumerate(self.faults) if f.kind in kinds and f.system in ("", system)]

    def _fired(self, index: int, fault: Fault, system: str, operation: str, txn: str, now_us: int, number: str) -> None:
        self._record(
            Fired(
                at_us=now_us, fault=index, kind=fault.kind, system=system, operation=operation, txn=txn, number=number
            )
        )  # fmt: skip


class _Target:
    """What the plan holds in store for one operation of one system at one place.

    Most opportunities meet faults that are out of their window or strike few in a million, so both are cheap: the
    rules in force are looked up once per span of time, and one keyed hash per transaction serves all its draws.
    """

    def __init__(self, rules: list[Rule], name: str, draws: Draws) -> None:
        self._rules = rules
        self._name = name
        self._draws = draws
        self._from_us, self._until_us = (0, 0) if rules else (0, _FOREVER_US)  # the span `_in_force` holds for
        self._in_force: list[tuple[int, Rule]] = []  # each with what a word must be below for it to strike
        self._seen: Counter[str] = Counter()  # opportunities by transaction, whatever was in force
        self._noise: dict[str, int] = {}  # by transaction
        self._turns: Counter[tuple[int, str]] = Counter()  # opportunities in the window of an `nth` fault

    def struck(self, txn: str, now_us: int) -> Rule | None:
        """Return the first rule that strikes the next opportunity of a transaction, or None."""
        if not self._from_us <= now_us < self._until_us:
            self._look_up(now_us)
        turn = self._seen[txn] = self._seen[txn] + 1
        for below, rule in self._in_force:
            index, fault = rule
            if (fault.txn and fault.txn != txn) or (fault.nth and not self._is_turn(index, fault, txn)):
                continue
            if below >= _WORD or self._word(txn, turn, index) < below:
                return rule
        return None

    def _word(self, txn: str, turn: int, index: int) -> int:
        noise = self._noise.get(txn)
        if noise is None:
            noise = self._noise[txn] = self._draws.whole(0, _MASK, "fault", self._name, txn)
        return stirred(noise, turn << 16 | index)

    def _look_up(self, now_us: int) -> None:
        edges = [edge for _, fault in self._rules for edge in (fault.start_us, fault.end_us)]
        self._from_us = max([edge for edge in edges if edge <= now_us], default=0)
        self._until_us = min([edge for edge in edges if edge > now_us], default=_FOREVER_US)
        in_force = [rule for rule in self._rules if _in_window(rule[1], now_us)]
        self._in_force = [(rule[1].share_ppm * _WORD // 1_000_000, rule) for rule in in_force]

    def _is_turn(self, index: int, fault: Fault, txn: str) -> bool:
        self._turns[index, txn] += 1
        return self._turns[index, txn] == fault.nth


def stirred(noise: int, index: int) -> int:
    """Return the 64-bit word with this index out of the stream that the noise starts, as SplitMix64 does.

    Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
    """
    word = (noise + (index + 1) * 0x9E3779B97F4A7C15) & _MASK
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    word = (word ^ word >> 27) * 0x94D049BB133111EB & _MASK
    return word ^ word >> 31


def _in_window(fault: Fault, now_us: int) -> bool:
    return (fault.start_us == 0 and fault.end_us == 0) or fault.start_us <= now_us < fault.end_us


def kinds_at(place: Place) -> frozenset[str]:
    """Return the kinds of the catalogue that strike at a place."""
    return frozenset(kind.key for kind in CATALOGUE.values() if kind.place is place)


_SLOW = frozenset({"brownout"})
BEFORE = kinds_at(Place.BEFORE) | _SLOW  # a brownout also makes a share of the requests fail
BEFORE_WITHOUT_KEY = BEFORE - {"key_in_progress", "sticky_error"}
BEFORE_READ = BEFORE_WITHOUT_KEY - {"maintenance"}
AFTER = kinds_at(Place.AFTER)
NETWORK = kinds_at(Place.NETWORK) - _SLOW
WEBHOOK = kinds_at(Place.WEBHOOK)
