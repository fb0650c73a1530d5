"""The fault plan at work: which planned fault, if any, strikes an opportunity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from domain.draws import Draws
from domain.faults import CATALOGUE, Fault, Place
from domain.history import Fired

Rule = tuple[int, Fault]


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
        self._rules: dict[tuple[frozenset[str], str, str], list[Rule]] = {}
        self._ordinals: Counter[tuple[int, str, str]] = Counter()
        self._slowed: set[int] = set()

    def strike(
        self, kinds: frozenset[str], system: str, operation: str, txn: str, now_us: int, number: str = ""
    ) -> Fault | None:
        """Return the fault among `kinds` that strikes this opportunity, or None."""
        rules = self._rules.get((kinds, system, operation))
        if rules is None:
            rules = self._rules[kinds, system, operation] = self._matching(kinds, system, operation)
        for index, fault in rules:
            if self._hits(index, fault, operation, txn, now_us):
                self._fired(index, fault, system, operation, txn, now_us, number)
                return fault
        return None

    def struck(self, index: int, now_us: int, number: str) -> None:
        """Note that a fault which the plan does not decide itself (a crash) has struck."""
        self._fired(index, self.faults[index], "", "", "", now_us, number)

    def latency_factor(self, system: str, now_us: int) -> float:
        """Return by how much brownouts stretch the latency of a system now (1.0 = not at all)."""
        factor = 1.0
        for index, fault in self._rules_for(_SLOW, system):
            if _in_window(fault, now_us):
                factor *= fault.factor
                if index not in self._slowed:
                    self._slowed.add(index)
                    self._fired(index, fault, system, "", "", now_us, "")
        return factor

    def _rules_for(self, kinds: frozenset[str], system: str) -> list[Rule]:
        rules = self._rules.get((kinds, system, "*"))
        if rules is None:
            rules = [(i, f) for i, f in enumerate(self.faults) if f.kind in kinds and f.system in ("", system)]
            self._rules[kinds, system, "*"] = rules
        return rules

    def _matching(self, kinds: frozenset[str], system: str, operation: str) -> list[Rule]:
        return [(i, f) for i, f in self._rules_for(kinds, system) if f.operation in ("", operation)]

    def _hits(self, index: int, fault: Fault, operation: str, txn: str, now_us: int) -> bool:
        if not _in_window(fault, now_us) or (fault.txn and fault.txn != txn):
            return False
        if fault.nth == 0 and fault.share_ppm >= 1_000_000:
            return True
        self._ordinals[index, operation, txn] += 1
        ordinal = self._ordinals[index, operation, txn]
        if fault.nth and ordinal != fault.nth:
            return False
        return self._draws.chance(fault.share_ppm / 1_000_000, "fault", index, operation, txn, ordinal)

    def _fired(self, index: int, fault: Fault, system: str, operation: str, txn: str, now_us: int, number: str) -> None:
        self._record(
            Fired(
                at_us=now_us, fault=index, kind=fault.kind, system=system, operation=operation, txn=txn, number=number
            )
        )


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
