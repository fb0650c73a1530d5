from __future__ import annotations

import msgspec
import pytest

from contracts.findings import Finding, Outcome, Place, Tally, exit_status, worst
from tests.contracts.verification.examples import BROKEN, COMPATIBILITY, DOWN, EMPTY, GREEN, REMARK


@pytest.mark.parametrize(
    ("tallies", "status"),
    [((GREEN,), 0), ((GREEN, COMPATIBILITY, DOWN), 1), ((GREEN, EMPTY), 4), ((GREEN, DOWN, EMPTY), 5), ((), 4)],
)
def test_the_exit_status_is_that_of_the_worst(tallies: tuple[Tally, ...], status: int) -> None:
    assert exit_status(tallies) == status


def test_a_suite_that_checked_nothing_is_never_green() -> None:
    assert EMPTY.outcome == "unknown"


def test_only_errors_break() -> None:
    assert Tally(suite="x", checked=1, findings=(REMARK,)).outcome == "holds"


def test_nothing_at_all_proves_nothing() -> None:
    nothing: tuple[Outcome, ...] = ()
    assert worst(nothing) == "unknown"


def test_a_fingerprint_survives_other_lines_and_other_words() -> None:
    place = Place(BROKEN.place.file, 99, 1, BROKEN.place.pointer) if BROKEN.place else None
    moved = msgspec.structs.replace(BROKEN, place=place, message="said better", evidence=())
    assert moved.fingerprint == BROKEN.fingerprint


def test_a_fingerprint_tells_rules_and_subjects_apart() -> None:
    others = [msgspec.structs.replace(BROKEN, rule="X"), msgspec.structs.replace(BROKEN, subject="GET /")]
    assert len({BROKEN.fingerprint, *(other.fingerprint for other in others)}) == 3


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place("a.json", 3, 7), "a.json:3:7"),
        (Place("a.json", 3), "a.json:3"),
        (Place("a.json", pointer="/x"), "a.json#/x"),
    ],
)
def test_a_place_reads_as_editors_know_it(place: Place, text: str) -> None:
    assert str(place) == text


def test_a_finding_without_a_place_has_a_fingerprint_too() -> None:
    assert len(Finding(rule="R", severity="note", message="m", subject="s").fingerprint) == 16
