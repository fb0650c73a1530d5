"""Verdicts: what a check found, three-valued, with the few records that prove it.

`holds`, `broken` and `unknown` compose to the worst of them. Unknown is not a pass: it says that nothing was proved,
be it that a check failed to run, that there was nothing to judge, or that the run never exercised what it had planned
(the anti-vacuity rules of Jepsen's `stats` checker and of Antithesis' `sometimes`).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from domain.history import Record

HOLDS, BROKEN, UNKNOWN = "holds", "broken", "unknown"
SAFETY = frozenset("SOMPA")
LIVENESS = frozenset("L")
EXIT_STATUSES = {"holds": 0, "safety": 1, "liveness": 3, "unknown": 4}
SHOWN_MAX = 100
"""How many violations of one check are kept with their evidence; all are counted."""

Evidence = Record | tuple[int, str]
"""A record of the history, or an instant (microseconds UTC) with what was true then."""


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """One rule broken once: by which business transaction, in one sentence, and what proves it."""

    check: str
    txn: str
    sentence: str
    evidence: tuple[Evidence, ...] = ()
    entities: tuple[str, ...] = ()


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What a check function returns. `unjudged` says why it cannot tell, when it cannot.

    `under_way` counts what was neither kept nor broken when the run ended: it had time still. `idle` marks an
    `unjudged` that is nobody's fault and does not count (a second run was not asked for). `notes` are remarks for the
    report that change nothing.
    """

    examined: int
    broken: int = 0
    violations: tuple[Violation, ...] = ()
    under_way: int = 0
    unjudged: str = ""
    idle: bool = False
    notes: tuple[str, ...] = ()


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one check. `counted` is false when an unknown result says nothing about the integration.

    `broken` counts all violations, `violations` holds the first hundred; `examined` counts what was judged, and
    `under_way` what could not be, because the run ended first.
    """

    check: str
    status: str
    violations: tuple[Violation, ...] = ()
    reason: str = ""
    examined: int = 0
    broken: int = 0
    under_way: int = 0
    counted: bool = True
    notes: tuple[str, ...] = ()


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict of a run: the worst status of the results that count, and the exit status for the shell."""

    status: str
    results: tuple[Result, ...]
    broken_safety: tuple[str, ...]
    broken_liveness: tuple[str, ...]
    unknown: tuple[str, ...]
    exit_status: int

    def result(self, check: str) -> Result:
        """Return the result of one check by its id; raise KeyError when it was not run."""
        for each in self.results:
            if each.check == check:
                return each
        raise KeyError(f"check {check!r} was not run; these were: {', '.join(r.check for r in self.results)}")


class Tally:
    """Counts while a check goes through a history; local to one call of one check."""

    def __init__(self, check: str) -> None:
        self.check = check
        self.examined = 0
        self.broken = 0
        self.under_way = 0
        self._shown: list[Violation] = []

    def violation(self, txn: str, sentence: str, *evidence: Evidence, entities: Sequence[str] = ()) -> None:
        """Note one violation; evidence is put in the order of time."""
        self.broken += 1
        if len(self._shown) < SHOWN_MAX:
            ordered = tuple(sorted(evidence, key=instant_of))
            self._shown.append(
                Violation(check=self.check, txn=txn, sentence=sentence, evidence=ordered, entities=tuple(entities))
            )

    def findings(self, unjudged: str = "", idle: bool = False, notes: Sequence[str] = ()) -> Findings:
        """Return what was found so far as a value."""
        return Findings(
            examined=self.examined, broken=self.broken, violations=tuple(self._shown), under_way=self.under_way,
            unjudged=unjudged, idle=idle, notes=tuple(notes),
        )  # fmt: skip


def instant_of(evidence: Evidence) -> int:
    """Return when a piece of evidence happened, in microseconds UTC."""
    return evidence[0] if isinstance(evidence, tuple) else evidence.at_us


def compose(results: Sequence[Result]) -> Verdict:
    """Return the verdict of several results: broken outweighs unknown, unknown outweighs holds."""
    broken = [each.check for each in results if each.status == BROKEN]
    safety = tuple(check for check in broken if check[0] in SAFETY)
    liveness = tuple(check for check in broken if check[0] in LIVENESS)
    unknown = tuple(each.check for each in results if each.status == UNKNOWN and each.counted)
    status = BROKEN if broken else UNKNOWN if unknown or not results else HOLDS
    cause = "safety" if safety else "liveness" if liveness else "unknown" if status == UNKNOWN else "holds"
    return Verdict(
        status=status, results=tuple(results), broken_safety=safety, broken_liveness=liveness, unknown=unknown,
        exit_status=EXIT_STATUSES[cause],
    )  # fmt: skip
