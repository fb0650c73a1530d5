"""Every planted bug of a consumer is found by the case that is meant for it, and a tolerant consumer by none."""

from __future__ import annotations

from functools import cache

import pytest

from contracts.mutants import Mutant
from contracts.responses import mutants
from contracts.responses.cases import before_of, drawn, enumerated, tried
from contracts.responses.mutants import MUTANTS
from contracts.responses.mutators import MUTATORS
from contracts.responses.planted import OrderSync, bases

broken = cache(mutants.broken)


def test_a_tolerant_consumer_reads_every_case() -> None:
    assert broken("", pairs=True) == {}


def test_there_are_hundreds_of_cases_and_each_has_a_name_of_its_own() -> None:
    names = [case.name for base in bases() for case in enumerated(base)]
    assert len(names) == len(set(names)) > 700
    assert "unknown_field@seven/page=1" in names


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_killed_by_the_case_meant_for_it(mutant: Mutant) -> None:
    assert mutant.check in broken(mutant.name), sorted(broken(mutant.name))[:10]


def test_no_fault_of_mapping_in_the_catalogue_is_forgotten() -> None:
    seen = {mutant.number for mutant in MUTANTS}
    assert set(range(49, 71)) == {number for number in seen if number > 48} | set(mutants.NOT_SEEN)


def test_a_bug_is_told_in_a_sentence_that_says_what_was_read() -> None:
    assert broken("truncation")["id_longer@seven"].endswith("zzzzzzzzzzz'")
    assert "slice" not in broken("slice_date")["tz_offset@quarter_end"]
    assert "2026-04-01" in broken("slice_date")["tz_offset@quarter_end"]


def test_the_enumeration_is_the_same_every_time() -> None:
    assert [case.name for base in bases() for case in enumerated(base)] == [
        case.name for base in bases() for case in enumerated(base)
    ]


def test_the_night_draws_the_same_cases_for_the_same_seed_and_a_tolerant_consumer_reads_them() -> None:
    base, consumer = bases()[1], OrderSync()
    drawn_once = list(drawn(base, 200, 7))
    assert [case.name for case in drawn_once] == [case.name for case in drawn(base, 200, 7)]
    assert [case.name for case in drawn_once] != [case.name for case in drawn(base, 200, 8)]
    before = before_of(consumer, base)
    assert [wrong for case in drawn_once if (wrong := tried(consumer, case, before))] == []


def test_every_mutator_has_a_name_and_a_sentence_of_its_own() -> None:
    assert len({mutator.name for mutator in MUTATORS}) == len({mutator.does for mutator in MUTATORS}) == len(MUTATORS)
