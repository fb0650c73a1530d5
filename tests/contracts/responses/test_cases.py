"""Every planted bug of a consumer is found by the case that is meant for it, and a tolerant consumer by none."""

from __future__ import annotations

from functools import cache

import pytest

from contracts.responses.cases import Consumer, Unreadable, before_of, drawn, enumerated, tried
from contracts.responses.mutators import MUTATORS
from tests.contracts.responses.order_sync import BUGS, OrderSync, bases


@cache
def broken(bug: str, pairs: bool = False) -> dict[str, str]:
    """Return the cases in which a consumer with a bug does not do what it owes."""
    consumer: Consumer = OrderSync(bug)
    found: dict[str, str] = {}
    for base in bases():
        try:
            before = before_of(consumer, base)
        except Unreadable as refusal:
            found[f"plain@{base.name}"] = str(refusal)
            continue
        for case in enumerated(base, pairs):
            if wrong := tried(consumer, case, before):
                found[case.name] = wrong
    return found


def test_a_tolerant_consumer_reads_every_case() -> None:
    assert broken("", pairs=True) == {}


def test_there_are_hundreds_of_cases_and_each_has_a_name_of_its_own() -> None:
    names = [case.name for base in bases() for case in enumerated(base)]
    assert len(names) == len(set(names)) > 700
    assert "unknown_field@seven/page=1" in names


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found_by_the_case_meant_for_it(bug: str) -> None:
    assert BUGS[bug] in broken(bug), sorted(broken(bug))[:10]


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
