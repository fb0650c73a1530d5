"""Figures of a rehearsal: violations of checks, key figures, service levels, counts of records, final documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts.checks.facts import Facts
from contracts.checks.judge import judge
from contracts.checks.kpi import kpi_results
from contracts.checks.sla import sla_results
from contracts.checks.verdict import BROKEN, HOLDS, Verdict
from domain.history import Case, Changed, Fired, History
from q2c.mutants import broken, mutant_of
from scenarios.language import Scenario
from scenarios.timeline import build
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Rehearsal

DOCUMENTS = frozenset(
    {"order", "invoice", "credit_memo", "cash", "subscription", "payment", "refund", "dispute", "task"}
)
"""The kinds of documents whose end must not depend on trouble."""
_AMOUNTS = ("total_minor", "tax_minor", "amount_minor", "captured_minor", "balance_minor")


@dataclass(frozen=True)
class Played:
    """A rehearsal that was played and judged."""

    history: History
    facts: Facts
    verdict: Verdict


def play(scenario: Scenario) -> Played:
    """Play a scenario in memory, by its own seed, and judge it."""
    recorder, mutant = MemoryRecorder(), mutant_of(scenario)
    with broken(mutant):
        Rehearsal(build(scenario, scenario.seed), recorder, mutant=mutant).run()
    history = recorder.history()
    facts = Facts(history)
    return Played(history, facts, judge(history, facts=facts))


def figure(played: Played, metric: str, of: str) -> float | None:
    """Return one figure by its name; None when the run had no case of it. Raise KeyError for a name there is not."""
    return _FIGURES[metric](played, of)


def differences(one: Played, other: Played) -> float:
    """Return how many documents end otherwise in one run than in the other, by transaction, status and amounts."""
    left, right = _ends(one), _ends(other)
    return sum(((left - right) | (right - left)).values())


def _check(played: Played, of: str) -> float | None:
    result = played.verdict.result(of)
    return float(result.broken) if result.status in (HOLDS, BROKEN) else None


def _verdict(played: Played, _of: str) -> float | None:
    return float(sum(each.counted and each.status != HOLDS for each in played.verdict.results))


def _kpi(played: Played, of: str) -> float | None:
    key, _, label = of.partition(":")
    found = next((each for each in kpi_results(played.facts) if each.kpi == key), None)
    if found is None:
        raise KeyError(f"there is no key figure {key!r}")
    return found.value(label) if found.count else None


def _attained(played: Played, of: str) -> float | None:
    """Return the smallest share of clocks within a target, over the columns of a service level."""
    shares = [each.attained_percent / 100 for each in sla_results(played.facts) if each.sla == of and each.count]
    return min(shares, default=None)


def _records(played: Played, of: str) -> float | None:
    """Count cases by the start of their code, or faults that struck by their kind."""
    kind, _, name = of.partition(":")
    if kind == "case":
        cases = (each for each in played.history.of(Case) if each.code.startswith(name))
        return float(len({each.case for each in cases}))
    if kind == "fired":
        return float(sum(not name or each.kind == name for each in played.history.of(Fired)))
    raise KeyError(f"records are counted as `case` or `fired`, not as {kind!r}")


_FIGURES: dict[str, Callable[[Played, str], float | None]] = {
    "check": _check, "verdict": _verdict, "kpi": _kpi, "attained": _attained, "records": _records,
}  # fmt: skip


def _ends(played: Played) -> Counter[tuple[Any, ...]]:
    last: dict[tuple[str, str, str], Changed] = {}
    for record in played.history.of(Changed):
        if record.kind in DOCUMENTS and record.txn:
            last[record.system, record.kind, record.id] = record
    return Counter(
        (each.txn, each.system, each.kind, each.status, *(getattr(each.document, name, 0) for name in _AMOUNTS))
        for each in last.values()
    )
