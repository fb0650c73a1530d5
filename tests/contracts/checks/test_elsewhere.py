"""Every rule of the two lists is judged by a check, or shown by a test that is there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from contracts.checks.elsewhere import DOMAIN, ELSEWHERE, RESILIENCE, Elsewhere
from contracts.checks.registry import CHECKS, judges

ROOT = Path(__file__).parents[3]


def test_the_lists_are_whole() -> None:
    assert (len(RESILIENCE), len(DOMAIN)) == (54, 36)


@pytest.mark.parametrize("rule", [*RESILIENCE, *DOMAIN])
def test_each_rule_is_judged_or_listed_with_the_reason(rule: str) -> None:
    listed = [row for row in ELSEWHERE if row.id == rule]
    assert bool(judges(rule)) != bool(listed), "either a check judges it, or it is said why none can"


def test_no_check_claims_a_rule_that_nobody_made() -> None:
    claimed = {rule for check in CHECKS for rule in check.also}
    assert claimed <= {*RESILIENCE, *DOMAIN}


@pytest.mark.parametrize("row", ELSEWHERE, ids=[row.id for row in ELSEWHERE])
def test_what_a_run_cannot_show_is_shown_by_a_test(row: Elsewhere) -> None:
    file, _, function = row.shown.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert row.rule.endswith(".")
    assert row.reason
