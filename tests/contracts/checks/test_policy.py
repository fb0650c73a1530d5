"""Policies of the company and limits of the vendors: each rule (P) notices the one edit it is there for."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain.faults import Fault
from domain.history import Arrived, Flow, Limit
from domain.objects import Hold
from tests.contracts.checks import build
from tests.contracts.checks.build import at, attempt, changed, check, clean, delivered, edited, of, period
from tests.contracts.checks.doctored import NONE, PARKED, Break, Records, case, named, notices, notices_alone


def _booked_on_hold() -> Records:
    hold = Hold(id="H1", customer="A-000001", account="A-000001", level="hard", status="active")
    return [*clean(), changed(2, "erp", "hold", hold, cause="act")]


def _delivered_at_once_although_held() -> Records:
    held = replace(build.ORDER, id="109", ref="Q-000777-v1", txn="Q-000777")
    task = replace(build.TASK, id="Q-000777-v1", ref="Q-000777-v1", txn="Q-000777")
    hold = Hold(id="H1", customer="A-000001", account="A-000001", level="hard", status="active")
    order = build.walk(20, "erp", "order", held, "submitted", "credit_hold")
    return [
        *clean(), changed(15, "erp", "hold", hold, cause="act"), *order, changed(21.1, "fulfilment", "task", task),
    ]  # fmt: skip


def _closed_period() -> Records:
    return [*clean(), period(20, "soft_closed", "open"), period(21, "closed", "soft_closed")]


def _too_fast() -> Records:
    calls = [attempt(50 + n / 1000, f"r5{n}", "payment", "read_intent", seconds=0.01) for n in range(4)]
    return [*clean(), *calls]


def _too_many_at_once() -> Records:
    return [*clean(), *[attempt(50 + n / 10, f"r5{n}", "payment", "read_intent", seconds=60) for n in range(3)]]


def _impatient() -> Records:
    asked = attempt(50, "r50", "erp", "read", outcome="failed", status=429, retry_after_seconds=120)
    return [*clean(), asked, attempt(51, "r51", "erp", "read")]


def _too_often() -> Records:
    bad = {"outcome": "failed", "status": 503}
    return [*clean(), *[attempt(50 + n, f"r5{n}", "erp", "put_invoice", "INV-1", **bad) for n in range(7)]]


def _refused_and_repeated() -> Records:
    refused = attempt(50, "r50", "erp", "put_invoice", "INV-1", outcome="failed", status=400)
    return [*clean(), refused, attempt(51, "r51", "erp", "put_invoice", "INV-1")]


def _over_budget() -> Records:
    made: Records = []
    for n in range(40):
        bad = attempt(50 + n, f"r{n}a", "erp", "put_invoice", f"I{n}", outcome="failed", status=503)
        made += [bad, attempt(50.5 + n, f"r{n}b", "erp", "put_invoice", f"I{n}")]
    return [*clean(), *made]


def _forgery_accepted() -> Records:
    return [*clean(), delivered(5, "payment", "evt_1", "payment_intent.succeeded", genuine=False)]


def _stale_accepted() -> Records:
    return [*clean(), delivered(50, "payment", "evt_1", "payment_intent.succeeded", signed_us=at(5))]


def _unapproved() -> Records:
    return edited(clean(), of("quote", "crm"), discount_percent="25", approvals=("sales_manager",))


def _cheap_lines() -> Records:
    lines = (replace(build.SEATS, list_unit_minor=1500), build.SETUP)
    return edited(clean(), of("quote", "crm"), lines=lines)


def _changed_after_approval() -> Records:
    return edited(clean(), of("quote", "crm", status="approved"), total_minor=16_999)


def _card_in_a_key() -> Records:
    return [*clean(), attempt(50, "r50", "payment", "refund", "q2c/4242 4242 4242 4242/refund")]


def _secret_in_a_reason() -> Records:
    bad: dict[str, Any] = {"outcome": "failed", "status": 503, "reason": "Bearer eyJhbGciOi.J9 was not accepted"}
    return [*clean(), attempt(50, "r50", "erp", "read_order", **bad)]


def _account_in_a_case() -> Records:
    told = {"detail": "pay to DE89 3704 0044 0532 0130 00"}
    return [*clean(), PARKED, case(20, "new", **told), case(21, "triaged"), case(22, "auto_resolved")]


MAINTENANCE = {"inside": False, "faults": (Fault(kind="maintenance", system="erp", start_us=at(100), end_us=at(220)),)}


def _hammering() -> Records:
    calls = [
        attempt(106 + n / 5, f"h{n}", "erp", "put_order", f"k/{n % 3}", outcome="failed", status=503, txn=f"Q-{n % 3}")
        for n in range(300)
    ]
    return [*clean(), *calls, attempt(300, "h", "erp", "put_order", "k/last", txn="")]


BREAKS: tuple[tuple[str, Break], ...] = (
    ("P1", _booked_on_hold),
    ("P1", _delivered_at_once_although_held),
    ("P3", _closed_period),
    ("P5", _too_fast),
    ("P5", _too_many_at_once),
    ("P5", _impatient),
    ("P6", _too_often),
    ("P6", _refused_and_repeated),
    ("P6", _over_budget),
    ("P8", _forgery_accepted),
    ("P8", _stale_accepted),
)


@pytest.mark.parametrize(("key", "spoil"), named(BREAKS))
def test_the_edit_breaks_the_check_and_the_clean_history_does_not(key: str, spoil: Break) -> None:
    notices(key, spoil)


BREAKS_ALONE: tuple[tuple[str, Break, frozenset[str], dict[str, Any]], ...] = (
    ("P2", _unapproved, NONE, {}),
    ("P2", _cheap_lines, NONE, {}),
    ("P2", _changed_after_approval, NONE, {}),
    ("P4", _card_in_a_key, NONE, {}),
    ("P4", _secret_in_a_reason, NONE, {}),
    ("P4", _account_in_a_case, NONE, {}),
    ("P7", _hammering, NONE, MAINTENANCE),
)


@pytest.mark.parametrize(("key", "spoil", "besides", "context"), named(BREAKS_ALONE))
def test_the_history_breaks_the_rule_and_no_other(
    key: str, spoil: Break, besides: frozenset[str], context: dict[str, Any]
) -> None:
    notices_alone(key, spoil, besides, context)


def test_an_order_booked_within_the_grace_of_a_hold_is_no_violation() -> None:
    hold = Hold(id="H1", customer="A-000001", account="A-000001", level="soft", status="active")
    assert check("P1", [*clean(), changed(10.5, "erp", "hold", hold, cause="act")]).status == "holds"


@pytest.mark.parametrize(("taken_minutes", "status"), [(1.5, "holds"), (9.5, "broken")])
def test_an_order_that_a_batch_books_was_let_go_when_its_file_was_taken(taken_minutes: float, status: str) -> None:
    file = Arrived(
        at_us=at(taken_minutes), number="r5", system="legacy_erp", operation="put_file", key="O-1.csv", fingerprint="f",
        txn="Q-000123", status=202, effect="done",
    )  # fmt: skip
    assert check("P1", _booked_on_hold()).status == "broken"
    assert check("P1", [*_booked_on_hold(), file]).status == status


def test_a_refused_forgery_is_no_violation() -> None:
    forged = delivered(5, "payment", "evt_1", "payment_intent.succeeded", genuine=False, status=401)
    assert check("P8", [*clean(), forged]).status == "holds"


@pytest.mark.parametrize("system", ["erp", "crm"])
def test_a_replay_of_an_old_signature_that_is_refused_is_enough_to_judge(system: str) -> None:
    replayed = delivered(3700, system, "m1", "customer.credit_changed", genuine=False, signed_us=at(100), status=401)
    found = check("P8", [*clean(), replayed])
    assert (found.status, found.examined) == ("holds", 1)


def test_a_permanent_error_may_be_sent_again_after_a_re_drive() -> None:
    resumed = Flow(at_us=at(50.5), flow="invoice/INV-1", name="bill", txn="Q-000123", status="resumed")
    assert check("P6", [*_refused_and_repeated(), resumed]).status == "holds"


@pytest.mark.parametrize(("back_after_minutes", "status"), [(60, "holds"), (59, "broken")])
def test_who_comes_back_when_a_closed_peer_opens_begins_anew(back_after_minutes: int, status: str) -> None:
    bad: dict[str, Any] = {"outcome": "failed", "status": 503}
    tries = [attempt(50 + n, f"r5{n}", "legacy_erp", "put_file", "O-1.csv", **bad) for n in range(5)]
    closed = attempt(
        55,
        "r55",
        "legacy_erp",
        "put_file",
        "O-1.csv",
        outcome="failed",
        status=409,
        retry_after_seconds=3600,
        seconds=0,
    )
    again = attempt(55 + back_after_minutes, "r56", "legacy_erp", "put_file", "O-1.csv")
    assert check("P6", [*clean(), *tries, closed, again]).status == status


def test_a_limit_is_a_limit_per_window() -> None:
    calls = [attempt(50 + n / 50, f"r5{n}", "payment", "read_intent", seconds=0.01) for n in range(9)]
    assert check("P5", [*clean(), *calls], limits=(Limit(system="payment", requests=1),)).status == "holds"


def test_maintenance_may_be_probed() -> None:
    probes = [
        attempt(110 + 2 * n, f"p{n}", "erp", "put_order", f"k/{n}", outcome="failed", status=503) for n in range(40)
    ]
    assert check("P7", [*clean(), *probes], **MAINTENANCE).status == "holds"


def test_flows_that_are_driven_every_minute_hammer_a_system_in_maintenance() -> None:
    def driven(every_minutes: int, flows: int) -> Records:
        instants = [106 + n * every_minutes for n in range(110 // every_minutes)]
        resumes = [
            Flow(at_us=at(minute), flow=f"quote/{n}", name="quote", txn=f"Q-{n}", status="resumed")
            for minute in instants for n in range(flows)
        ]  # fmt: skip
        refused = [
            attempt(minute, f"p{minute}.{n}", "erp", "put_order", f"k/{n}", txn=f"Q-{n}", outcome="failed", status=503)
            for minute in instants for n in range(flows)
        ]  # fmt: skip
        return sorted([*clean(), *resumes, *refused], key=lambda record: record.at_us)

    assert check("P7", driven(1, 5), **MAINTENANCE).status == "broken"
    assert check("P7", driven(15, 50), **MAINTENANCE).status == "holds"


def test_numbers_that_are_no_cards_may_stand_anywhere() -> None:
    innocent = [
        attempt(50 + n, f"r5{n}", "erp", "put_order", key)
        for n, key in enumerate(("4242424242424241", "1798490876033812"))
    ]
    assert check("P4", [*clean(), *innocent]).status == "holds"
