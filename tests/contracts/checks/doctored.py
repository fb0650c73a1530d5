"""Doctored histories: what must come of one that breaks a rule, and the cases that several of them need."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from domain.history import Case, Flow, Record
from tests.contracts.checks.build import amended, at, check, clean, history, judge

Records = list[Record]
Break = Callable[[], Records]
NONE: frozenset[str] = frozenset()
PARKED = Flow(at_us=at(20), flow="quote/Q-000123-v1", name="accepted_quote", txn="Q-000123", status="parked")


def named(breaks: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Return rows of a rule, a history and more as parameters of a test, by the names of the first two."""
    return [pytest.param(*row, id=f"{row[0]}_{row[1].__name__.lstrip('_')}") for row in breaks]


def keeps(key: str, made: Break, **context: Any) -> None:
    """Assert that a rule holds in a history, and that there was something to examine."""
    result = check(key, made(), **context)
    assert result.status == "holds", result
    assert result.examined > 0


def notices(key: str, spoil: Break, **context: Any) -> None:
    """Assert that a rule is broken in the doctored history, with evidence, and not in the clean ones."""
    for whole in (clean, amended):
        assert check(key, whole(), **context).status != "broken"
    result = check(key, spoil(), **context)
    assert result.status == "broken", result
    assert result.violations[0].evidence, result
    assert result.violations[0].sentence, result


def notices_alone(key: str, spoil: Break, besides: frozenset[str], context: dict[str, Any]) -> None:
    """Assert that the doctored history breaks the rule, those `besides`, and no other."""
    notices(key, spoil, **context)
    verdict = judge(history(spoil(), **context))
    broken = {*verdict.broken_safety, *verdict.broken_liveness}
    assert broken == {key, *besides}, [result.violations[:1] for result in verdict.results if result.check in broken]


def case(minutes: float, status: str, **more: Any) -> Case:
    """Return a state of the case of the parked flow."""
    first = Case(
        at_us=at(minutes), case="C1", flow="quote/Q-000123-v1", txn="Q-000123", status=status,
        code="DATA_QUALITY.MAPPING_MISSING", owner="data steward", opened_us=at(20), due_us=at(50_000),
    )  # fmt: skip
    return replace(first, **more)


def worked_on(*end: str, by: str) -> Records:
    """Return a case that somebody worked on to its end."""
    steps = ("new", "triaged", "assigned", "in_progress", *end)
    return [case(20 + index, status, actor=by if status in end else "") for index, status in enumerate(steps)]
