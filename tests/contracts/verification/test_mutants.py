from __future__ import annotations

from contracts.verification.mutants import kills, table
from contracts.verification.page import rules


def test_every_mutant_is_noticed_by_a_check_that_is_meant_for_it() -> None:
    measured = kills()
    assert measured.keys() == {f"{mutant.kind}/{mutant.name}" for mutant in table()}
    survivors = [each.name for each in table() if not set(measured[f"{each.kind}/{each.name}"]) & set(each.checks)]
    assert survivors == []


def test_every_check_of_conformance_that_is_meant_for_a_mutant_is_a_rule() -> None:
    conformance = [mutant for mutant in table() if mutant.kind not in ("mapping", "provider")]
    assert {check for mutant in conformance for check in mutant.checks} <= rules().keys()
