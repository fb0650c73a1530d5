"""After trouble everybody is served again: each rule (L6 to L9) notices the one edit it is there for."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain.faults import Fault
from domain.history import Applied, Crashed, Fired, Grant, Limit
from tests.contracts.checks import build
from tests.contracts.checks.build import CONTEXT, at, attempt, check, clean, delivered, walk
from tests.contracts.checks.doctored import NONE, PARKED, Break, Records, case, named, notices_alone


def _queue_blocked() -> Records:
    refused = [delivered(50 + n, "crm", "m0", "quote.accepted", status=500, attempt=n) for n in range(1, 6)]
    others = [delivered(51 + n, "crm", f"m{n}", "quote.accepted", status=503) for n in range(1, 4)]
    return [*clean(), *refused, *others]


def _held_up_by_another() -> Records:
    stuck = replace(PARKED, flow="quote/Q-000777-v1", txn="Q-000777")
    taken = Applied(
        at_us=at(30), consumer="accepted_quote", system="crm", message="m9", topic="quote.accepted", txn="Q-000888"
    )
    return [*clean(), stuck, case(20, "new", flow="quote/Q-000777-v1", txn="Q-000777"), taken]


def _never_well_again() -> Records:
    return [
        *clean(),
        *[attempt(100 + n, f"a{n}", "tax", "quote_tax", seconds=1) for n in range(30)],
        *[attempt(400 + n, f"b{n}", "tax", "quote_tax", outcome="failed", status=503) for n in range(10)],
        *[attempt(410 + n, f"c{n}", "tax", "quote_tax", seconds=1) for n in range(20)],
    ]


def _forgotten_by_a_crash() -> Records:
    cut = attempt(2000, "r90", "crm", "read_account", "k/9", outcome="unknown", status=0, seconds=30, txn="Q-000123")
    return [*clean(), cut, Crashed(at_us=at(2000.1), write=9, after=False, back_us=at(2001))]


def _two_entities_wait(late_minutes: int) -> Records:
    """Return sixty quotes that wait for an hour; those of the second entity are taken up so much later."""
    made: Records = []
    for number in range(60):
        entity = "DE" if number % 2 else "US"
        name = f"Q-1{number:05d}"
        quote = replace(build.QUOTE, id=f"{name}-v1", txn=name, number=name, entity=entity)
        made += walk(100, "crm", "quote", quote, "draft", "submitted", "approved", "accepted", cause="act")
        served = 170 + number / 10 + (late_minutes if entity == "DE" else 0)
        made.append(attempt(served, f"u{number}", "crm", "read_quote", txn=name))
    return made


def _unfair() -> Records:
    return _two_entities_wait(9000)


OUTAGE: dict[str, Any] = {"faults": (Fault(kind="refused", system="tax", start_us=at(200), end_us=at(260)),)}


def _well_again() -> Records:
    return [record for record in _never_well_again() if getattr(record, "outcome", "") != "failed"]


def _others_go_on() -> Records:
    refused = [delivered(50 + n, "crm", "m0", "quote.accepted", status=500, attempt=n) for n in range(1, 6)]
    return [*clean(), *refused, *[delivered(51 + n, "crm", f"m{n}", "quote.accepted") for n in range(1, 4)]]


BREAKS_ALONE: tuple[tuple[str, Break, frozenset[str], dict[str, Any]], ...] = (
    ("L6", _queue_blocked, NONE, {}),
    ("L6", _held_up_by_another, NONE, {}),
    ("L7", _never_well_again, NONE, OUTAGE),
    ("L8", _forgotten_by_a_crash, NONE, {}),
    ("L9", _unfair, NONE, {"heal_us": CONTEXT.horizon_us}),
)


@pytest.mark.parametrize(("key", "spoil", "besides", "context"), named(BREAKS_ALONE))
def test_the_history_breaks_the_rule_and_no_other(
    key: str, spoil: Break, besides: frozenset[str], context: dict[str, Any]
) -> None:
    notices_alone(key, spoil, besides, context)


def test_a_call_that_was_asked_for_again_after_the_crash_was_taken_up() -> None:
    again = attempt(2002, "r91", "crm", "read_account", "k/9", txn="Q-000123")
    assert check("L8", [*_forgotten_by_a_crash(), again]).status == "holds"


def test_nothing_is_asked_of_a_process_that_stands_still_again_soon_after_it_came_back() -> None:
    def stands_still(since_minutes: float) -> str:
        start_us = at(2001 + since_minutes)
        pause = Crashed(at_us=start_us, write=10, after=True, back_us=start_us + 40 * 60_000_000)
        fired = Fired(at_us=start_us, fault=0, kind="pause", system="", operation="", txn="", number="write 10")
        return check("L8", [*_forgotten_by_a_crash(), pause, fired]).status

    assert (stands_still(0.2), stands_still(16)) == ("unknown", "broken")


def test_a_call_rests_when_another_was_asked_to_after_the_crash() -> None:
    def taken_up(after_minutes: float, status: int = 429, system: str = "crm") -> str:
        busy = attempt(2002, "r91", system, "read_quote", "k/8", outcome="failed", status=status, txn="Q-000009")
        again = attempt(2001 + after_minutes, "r92", "crm", "read_account", "k/9", txn="Q-000123")
        return check("L8", [*_forgotten_by_a_crash(), replace(busy, retry_after_seconds=2_592_000), again]).status

    assert taken_up(62) == taken_up(75) == "holds", "an hour is the longest rest, and a lease and a pause come after it"
    assert taken_up(77) == taken_up(62, status=409) == taken_up(62, system="erp") == "broken"


def test_trouble_of_a_system_excuses_a_process_that_came_back_and_a_fault_of_some_calls_does_not() -> None:
    def during(**plan: Any) -> str:
        fault = Fault(kind="refused", system="crm", start_us=at(1990), end_us=at(2100))
        return check("L8", _forgotten_by_a_crash(), faults=(replace(fault, **plan),)).status

    assert during() == during(kind="maintenance", share_ppm=400_000) == "holds"
    assert during(kind="unavailable") == "holds"
    assert during(kind="brownout", operation="read_quote") == "holds"
    for picky in ({"operation": "read_quote"}, {"share_ppm": 20_000}, {"kind": "loss"}, {"nth": 1}):
        assert during(**picky) == "broken", picky


def test_what_fails_while_another_fault_strikes_its_system_is_no_sign_of_the_trouble_before() -> None:
    def struck(system: str) -> str:
        other = Fault(kind="retry_storm", system=system)
        strikes = [
            Fired(at_us=record.at_us, fault=1, kind="retry_storm", system=system, operation="x", txn="", number="x")
            for record in _never_well_again()
            if getattr(record, "outcome", "") == "failed"
        ]
        return check("L7", [*_never_well_again(), *strikes], faults=(*OUTAGE["faults"], other)).status

    assert struck("erp") == "broken"
    assert struck("tax") == "holds"


def test_what_is_too_much_for_a_system_that_grants_less_than_it_told_is_refused_because_of_that() -> None:
    def refused(status: int = 429, until: float = 500, **granted: int) -> str:
        records = [
            replace(each, status=status) if getattr(each, "status", 0) == 503 else each for each in _never_well_again()
        ]
        grant = Grant(system="tax", start_us=at(300), end_us=at(until), **granted)
        limits = (Limit(system="tax", requests=20, window_seconds=2, concurrent=5),)
        return check("L7", records, **OUTAGE, limits=limits, grants=(grant,)).status

    assert refused(requests=9) == refused(concurrent=4) == "holds"
    assert refused(requests=10) == refused(concurrent=5) == "broken"
    assert refused(requests=9, status=503) == refused(requests=9, until=399) == "broken"


def test_a_process_that_stood_still_or_ended_in_order_has_lost_no_answer() -> None:
    paused = Fired(at_us=at(2000.1), fault=0, kind="pause", system="", operation="", txn="")
    assert check("L8", [*_forgotten_by_a_crash(), paused]).status != "broken"
    assert check("L8", [*_forgotten_by_a_crash(), replace(paused, kind="deploy")]).status != "broken"
    assert check("L8", [*_forgotten_by_a_crash(), replace(paused, kind="zombie")]).status == "broken"


SPARED: tuple[tuple[str, Break, dict[str, Any]], ...] = (
    ("L6", _others_go_on, {}),
    ("L7", lambda: [*_well_again(), *[attempt(600 + n, f"d{n}", "tax", "quote_tax") for n in range(20)]], OUTAGE),
    ("L9", lambda: _two_entities_wait(5), {"heal_us": CONTEXT.horizon_us}),
)


@pytest.mark.parametrize(("key", "records", "context"), SPARED, ids=[key for key, *_ in SPARED])
def test_what_goes_well_holds(key: str, records: Break, context: dict[str, Any]) -> None:
    result = check(key, records(), **context)
    assert result.status == "holds", result
    assert result.examined > 0
