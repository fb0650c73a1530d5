"""Tests of manners: what is repeated is spread out (P12), and sessions are renewed when they end (P13)."""

from __future__ import annotations

import pytest

from domain.history import Attempted, Crashed, Record
from tests.contracts.checks.build import at, attempt, check, status_of

SECOND = 1 / 60


def tries(pause_seconds: float, count: int = 5, **more: object) -> list[Record]:
    said = {"outcome": "unknown", "status": 0, **more}
    return [attempt(n * (1 + pause_seconds) * SECOND, f"r{n}", "billing", "close", "k", **said) for n in range(count)]


def test_five_attempts_in_a_row_without_a_pause_are_no_backoff() -> None:
    found = check("P12", tries(0.05))
    assert found.broken == 1
    assert "tried 5 times with no pause" in found.violations[0].sentence
    assert len(found.violations[0].evidence) == 5


@pytest.mark.parametrize(
    "records",
    [tries(2.0), tries(0.05, count=4), tries(0.05, outcome="ok", status=200)],
    ids=["with pauses", "four", "each succeeded"],
)
def test_pauses_few_attempts_and_successes_are_fine(records: list[Record]) -> None:
    assert status_of("P12", records) != "broken"


def test_a_look_up_between_attempts_is_no_pause() -> None:
    looks = [attempt((n * 3 + 1) * SECOND, f"g{n}", "billing", "read", seconds=1.95) for n in range(5)]
    slow = [attempt(n * 3 * SECOND, f"r{n}", "billing", "close", "k", outcome="unknown", status=0) for n in range(5)]
    assert status_of("P12", slow) == "holds"
    assert status_of("P12", [*slow, *looks]) == "broken"


def test_a_pause_that_ends_with_a_look_up_is_one() -> None:
    tried = [attempt(n * 60, f"r{n}", "billing", "close", "k", outcome="unknown", status=0) for n in range(5)]
    looks = [attempt(n * 60 - 2 * SECOND, f"g{n}", "billing", "read", seconds=1.95) for n in range(1, 5)]
    assert status_of("P12", [*tried, *looks]) == "holds"


def test_what_another_flow_writes_meanwhile_about_the_same_fills_no_pause() -> None:
    tried = [attempt(n * 60, f"r{n}", "billing", "close", "k", outcome="unknown", status=0) for n in range(5)]
    other = [attempt(n * 60 + 1, f"w{n}", "billing", "credit", f"c{n}", seconds=59 * 60) for n in range(4)]
    assert status_of("P12", sorted([*tried, *other], key=lambda each: each.at_us)) == "holds"


def test_two_flows_that_write_the_same_at_once_are_two_rounds() -> None:
    one = [attempt(n * 6 * SECOND, f"r{n}", "erp", "put", "k", outcome="unknown", seconds=4) for n in range(5)]
    other = [attempt((n * 6 + 1) * SECOND, f"s{n}", "erp", "put", "k", outcome="unknown", seconds=4) for n in range(5)]
    assert status_of("P12", sorted([*one, *other], key=lambda each: each.at_us)) == "holds"


def test_two_flows_that_both_repeat_without_a_pause_are_found() -> None:
    records = sorted([*tries(0.05), *tries(0.05)], key=lambda each: each.at_us)
    assert status_of("P12", records) == "broken"


def signed_in(minutes: float, **more: object) -> Attempted:
    return attempt(minutes, f"t{minutes}", "erp", "token", **more)


def refused(minutes: float, **more: object) -> Attempted:
    return attempt(minutes, f"u{minutes}", "erp", "read_order", outcome="failed", status=401, **more)


def used(minutes: float, **more: object) -> Attempted:
    return attempt(minutes, f"c{minutes}", "erp", "read_order", **more)


def test_a_session_that_ended_is_renewed_before_the_next_call() -> None:
    assert status_of("P13", [signed_in(0), used(1), refused(60), signed_in(61), used(62)]) == "holds"
    found = check("P13", [signed_in(0), used(1), refused(60), used(61), signed_in(62)])
    assert found.broken == 1
    assert "the session had ended, and read_order was sent under it again" in found.violations[0].sentence


def test_calls_that_were_under_way_when_the_session_ended_are_excused() -> None:
    late = refused(59.99, seconds=120)  # sent before the other was refused, back after the renewal
    assert status_of("P13", [signed_in(0), refused(60), late, signed_in(61), used(63)]) == "holds"


def test_a_session_for_each_call_is_too_many() -> None:
    each = [record for n in range(6) for record in (signed_in(n / 2), used(n / 2 + 0.1))]
    found = check("P13", each)
    assert found.broken == 1
    assert "asked for a new session 5 times within a minute" in found.violations[0].sentence


@pytest.mark.parametrize(
    "ending", [refused, lambda minutes: Crashed(at_us=at(minutes), write=1, after=False, back_us=0)]
)
def test_sessions_that_somebody_ended_may_be_renewed_as_often(ending: object) -> None:
    assert callable(ending)
    each = [record for n in range(6) for record in (signed_in(n / 2), ending(n / 2 + 0.1))]
    assert status_of("P13", each) == "holds"


def test_who_never_signs_in_has_no_session() -> None:
    assert status_of("P13", [refused(1), used(2)]) != "broken"


def test_a_process_that_dies_as_it_asks_for_a_session_asks_again_when_it_is_back() -> None:
    unheard, again = [signed_in(10.0 * n) for n in range(5)], [signed_in(10 * n + 0.5) for n in range(5)]
    deaths: list[Record] = [Crashed(at_us=each.sent_us, write=1, after=False, back_us=0) for each in unheard]
    records = sorted([*unheard, *again, *deaths], key=lambda each: each.at_us)
    assert status_of("P13", records) == "holds"
    assert status_of("P13", [each for each in records if each not in deaths]) == "broken"
