from __future__ import annotations

from contracts.verification.mutants import MUTANTS, kills
from contracts.verification.page import rules


def test_every_mutant_is_noticed_by_a_check_that_is_meant_for_it() -> None:
    measured = kills()
    assert measured.keys() == {f"{mutant.kind}/{mutant.name}" for mutant in MUTANTS}
    survivors = [each.name for each in MUTANTS if not set(measured[f"{each.kind}/{each.name}"]) & set(each.checks)]
    assert survivors == []


def test_every_check_of_a_mutant_is_a_rule() -> None:
    known = rules().keys()
    assert {check for mutant in MUTANTS for check in mutant.checks} <= known
    assert {check for checks in kills().values() for check in checks} <= known
