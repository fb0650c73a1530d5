"""Each rule of the two lists that joined later: one doctored history breaks it, and it alone unless it says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.faults import Fault
from domain.history import Applied, Case, Crashed, Emitted, Fired, Flow, Record
from domain.objects import Posting, RevenueSchedule, TaxShare
from tests.contracts.checks import build
from tests.contracts.checks.build import (
    CONTEXT,
    amended,
    at,
    attempt,
    check,
    clean,
    delivered,
    edited,
    entry,
    history,
    judge,
    of,
    period,
    walk,
    without,
)

Records = list[Record]
Break = Callable[[], Records]
PARKED = Flow(at_us=at(20), flow="quote/Q-000123-v1", name="accepted_quote", txn="Q-000123", status="parked")


def _case(minutes: float, status: str, **more: Any) -> Case:
    case = Case(
        at_us=at(minutes), case="C1", flow="quote/Q-000123-v1", txn="Q-000123", status=status,
        code="DATA_QUALITY.MAPPING_MISSING", owner="data steward", opened_us=at(20), due_us=at(50_000),
    )  # fmt: skip
    return replace(case, **more)


def _worked_on(*end: str, by: str) -> Records:
    steps = ("new", "triaged", "assigned", "in_progress", *end)
    return [_case(20 + index, status, actor=by if status in end else "") for index, status in enumerate(steps)]


def _event(minutes: float, sequence: int, key: str = "", subject: str = "Q-000123") -> Emitted:
    return Emitted(
        at_us=at(minutes), type="q2c.order.booked.v1", subject=subject, txn="Q-000123", sequence=sequence,
        id=key or f"quote/Q-000123-v1/{sequence}",
    )  # fmt: skip


def _planned() -> tuple[tuple[date, int], ...]:
    """Return the slices of the clean history's one revenue schedule."""
    (change,) = history(clean()).changes("revenue_schedule", "erp")
    assert isinstance(change.document, RevenueSchedule)
    return change.document.slices


def _shifted(amount: int, to: int) -> Records:
    slices = list(_planned())
    for index, moved in ((0, -amount), (to, amount)):
        slices[index] = (slices[index][0], slices[index][1] + moved)
    return edited(clean(), of("revenue_schedule", "erp"), slices=tuple(slices))


def _earned_late() -> Records:
    return _shifted(100, 1)


def _sums_to_less() -> Records:
    return edited(clean(), of("revenue_schedule", "erp"), slices=_planned()[:-1])


def _deferred_too_much() -> Records:
    rows = tuple(Posting(a, n, n) for a, n in (("1100", 18_700), ("2200", -17_000), ("2100", -1_700)))
    return edited(clean(), of("entry", "erp", "GL1"), postings=rows)


def _run(amount: int, month: str = "2026-12") -> Records:
    return [*clean(), entry(2000, "GL7", f"revenue/US/{month}", ("2200", amount), ("4000", -amount))]


def _recognised_wrong() -> Records:
    return _run(_planned()[0][1] + 1)


def _recognised_twice() -> Records:
    again = entry(2100, "GL8", "revenue/US/2026-12", ("2200", _planned()[0][1]), ("4000", -_planned()[0][1]))
    return [*_run(_planned()[0][1]), again]


def _half_the_seats() -> Records:
    few = replace(build.ITEM, quantity=5)
    return edited(clean(), of("subscription", "billing"), items=(few,))


def _unentered() -> Records:
    return without(clean(), of("entry", "erp", "GL2"))


def _entered_twice() -> Records:
    rows = (("1100", 18_700), ("2200", -12_000), ("4000", -5_000), ("2100", -1_700))
    return [
        *clean(),
        entry(31, "GL7", "invoice/200", *rows),
        entry(32, "GL8", "journal/x", *[(a, -n) for a, n in rows]),
    ]


def _cash_booked_short() -> Records:
    return edited(clean(), of("cash", "erp"), amount_minor=18_701)


def _entry_of_nothing() -> Records:
    return [*clean(), entry(31, "GL7", "cash/999", ("1050", 5), ("1050", -5))]


def _more_tax_back_than_charged() -> Records:
    taxed = {
        "taxes": (TaxShare("CA", build.CREDITED, 1_701),),
        "tax_minor": 1_701,
        "total_minor": build.CREDITED + 1_701,
    }
    return edited(amended(), of("credit_memo", "erp"), **taxed)


def _of_tomorrow() -> Records:
    return edited(clean(), of("invoice", "erp"), business_date=build.DAY_0 + timedelta(days=1))


def _of_yesterday() -> Records:
    return edited(clean(), of("order", "erp"), business_date=build.DAY_0 - timedelta(days=1))


def _number_left_out() -> Records:
    return edited(amended(), of("invoice", "erp", "201"), number="INV-US-3")


def _number_twice() -> Records:
    return edited(amended(), of("invoice", "erp", "201"), number="INV-US-1")


def _event_left_out() -> Records:
    return [*clean(), _event(6, 1), _event(7, 3)]


def _event_renumbered() -> Records:
    return [*clean(), _event(6, 1), _event(7, 2, "quote/Q-000123-v1/1")]


def _begun_before_delivery() -> Records:
    return [replace(r, at_us=at(26)) if of("task", "fulfilment", status="completed")(r) else r for r in clean()]


def _begun_before_its_day() -> Records:
    return edited(clean(), of("subscription", "billing"), start=build.START + timedelta(days=1))


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
    return [*clean(), PARKED, _case(20, "new", **told), _case(21, "triaged"), _case(22, "auto_resolved")]


def _parked_without_a_case() -> Records:
    return [*clean()[:-3], replace(PARKED, at_us=at(1511)), *clean()[-2:]]


def _case_of_nothing() -> Records:
    return [*clean(), _case(20, "new", flow="quote/Q-000777-v1", txn="Q-000777")]


def _re_driven_for_nothing() -> Records:
    resumed = replace(PARKED, at_us=at(1512), status="resumed")
    return [*clean(), *_worked_on("resolved", by="ann"), replace(PARKED, at_us=at(1511)), resumed]


def _queue_blocked() -> Records:
    refused = [delivered(50 + n, "crm", "m0", "quote.accepted", status=500, attempt=n) for n in range(1, 6)]
    others = [delivered(51 + n, "crm", f"m{n}", "quote.accepted", status=503) for n in range(1, 4)]
    return [*clean(), *refused, *others]


def _held_up_by_another() -> Records:
    stuck = replace(PARKED, flow="quote/Q-000777-v1", txn="Q-000777")
    taken = Applied(
        at_us=at(30), consumer="accepted_quote", system="crm", message="m9", topic="quote.accepted", txn="Q-000888"
    )
    return [*clean(), stuck, _case(20, "new", flow="quote/Q-000777-v1", txn="Q-000777"), taken]


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


def _closed_by_nobody() -> Records:
    return [*clean(), *_worked_on("resolved", by=" ")]


MAINTENANCE = {"inside": False, "faults": (Fault(kind="maintenance", system="erp", start_us=at(100), end_us=at(220)),)}
OUTAGE: dict[str, Any] = {"faults": (Fault(kind="refused", system="tax", start_us=at(200), end_us=at(260)),)}


def _hammering() -> Records:
    calls = [
        attempt(106 + n / 5, f"h{n}", "erp", "put_order", f"k/{n % 3}", outcome="failed", status=503, txn=f"Q-{n % 3}")
        for n in range(300)
    ]
    return [*clean(), *calls, attempt(300, "h", "erp", "put_order", "k/last", txn="")]


BREAKS: tuple[tuple[str, Break, frozenset[str], dict[str, Any]], ...] = (
    ("M9", _earned_late, frozenset(), {}),
    ("M9", _sums_to_less, frozenset(), {}),
    ("M9", _deferred_too_much, frozenset(), {}),
    ("M9", _recognised_wrong, frozenset(), {}),
    ("M9", _recognised_twice, frozenset(), {}),
    ("M11", _half_the_seats, frozenset(), {}),
    ("M20", _unentered, frozenset({"M16"}), {}),
    ("M20", _entered_twice, frozenset({"M9"}), {}),
    ("M20", _entry_of_nothing, frozenset(), {}),
    ("M20", _cash_booked_short, frozenset({"M13", "M16"}), {}),
    ("M21", _more_tax_back_than_charged, frozenset({"M3", "M20"}), {}),
    ("O8", _of_tomorrow, frozenset(), {}),
    ("O8", _of_yesterday, frozenset(), {}),
    ("O9", _number_left_out, frozenset(), {}),
    ("O9", _number_twice, frozenset(), {}),
    ("O10", _event_left_out, frozenset(), {}),
    ("O10", _event_renumbered, frozenset(), {}),
    ("O11", _begun_before_delivery, frozenset(), {}),
    ("O11", _begun_before_its_day, frozenset({"M10"}), {}),
    ("P2", _unapproved, frozenset(), {}),
    ("P2", _cheap_lines, frozenset(), {}),
    ("P2", _changed_after_approval, frozenset(), {}),
    ("P4", _card_in_a_key, frozenset(), {}),
    ("P4", _secret_in_a_reason, frozenset(), {}),
    ("P4", _account_in_a_case, frozenset(), {}),
    ("P7", _hammering, frozenset(), MAINTENANCE),
    ("L5", _parked_without_a_case, frozenset(), {}),
    ("L5", _case_of_nothing, frozenset(), {}),
    ("L5", _re_driven_for_nothing, frozenset(), {}),
    ("L6", _queue_blocked, frozenset(), {}),
    ("L6", _held_up_by_another, frozenset(), {}),
    ("L7", _never_well_again, frozenset(), OUTAGE),
    ("L8", _forgotten_by_a_crash, frozenset(), {}),
    ("L9", _unfair, frozenset(), {"heal_us": CONTEXT.horizon_us}),
    ("A10", _closed_by_nobody, frozenset(), {}),
)


@pytest.mark.parametrize(
    ("key", "spoil", "besides", "context"), BREAKS, ids=[f"{key}{spoil.__name__}" for key, spoil, *_ in BREAKS]
)
def test_the_history_breaks_the_rule_and_no_other(
    key: str, spoil: Break, besides: frozenset[str], context: dict[str, Any]
) -> None:
    for whole in (clean, amended):
        assert check(key, whole(), **context).status != "broken"
    verdict = judge(history(spoil(), **context))
    broken = {*verdict.broken_safety, *verdict.broken_liveness}
    assert broken == {key, *besides}, [result.violations[:1] for result in verdict.results if result.check in broken]
    first = verdict.result(key).violations[0]
    assert first.evidence
    assert first.sentence


def test_a_run_that_recognises_what_was_planned_holds() -> None:
    assert check("M9", _run(_planned()[0][1])).status == "holds"


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


def test_a_case_that_is_followed_by_a_later_one_of_its_flow_had_its_outcome() -> None:
    later: Records = [_case(60, "new", case="C2"), replace(PARKED, at_us=at(60))]
    started = without(clean(), lambda r: isinstance(r, Flow) and r.status == "finished")
    assert check("A10", [*started, *_worked_on("resolved", "verified", by="ann"), *later]).status == "holds"


def test_a_document_is_dated_later_once_its_period_is_closed() -> None:
    moved = edited(clean(), of("invoice", "erp"), business_date=date(2027, 1, 1))
    assert check("O8", moved).status == "broken"
    assert check("O8", [*moved, period(20, "soft_closed", "open", module="ar")]).status == "holds"


def test_a_process_that_died_over_midnight_writes_the_day_it_had_decided() -> None:
    yesterday = edited(clean(), of("order", "erp"), business_date=build.DAY_0 - timedelta(days=1))
    crash = Crashed(at_us=at(-60 * 24), write=3, after=False, back_us=at(0))
    assert check("O8", yesterday).status == "broken"
    assert check("O8", [*yesterday, crash]).status == "holds"
    assert check("O8", [*yesterday, replace(crash, back_us=at(-120))]).status == "broken"


def test_a_process_whose_clock_is_behind_writes_the_day_that_it_knows() -> None:
    yesterday = edited(clean(), of("order", "erp"), business_date=build.DAY_0 - timedelta(days=1))

    def behind(hours: int, end_us: int) -> str:
        fault = Fault(kind="clock_back", seconds=hours * 3600.0, count=3, end_us=end_us)
        struck = Fired(at_us=at(-60 * 24), fault=0, kind="clock_back", system="", operation="", txn="")
        return check("O8", [*yesterday, struck], faults=(fault,)).status

    assert behind(24, at(60 * 24)) == "holds"
    assert behind(24, at(-60)) == "broken", "it was set right before"
    assert behind(0, at(60 * 24)) == "broken"


def test_a_call_that_was_asked_for_again_after_the_crash_was_taken_up() -> None:
    again = attempt(2002, "r91", "crm", "read_account", "k/9", txn="Q-000123")
    assert check("L8", [*_forgotten_by_a_crash(), again]).status == "holds"


def test_trouble_of_a_system_excuses_a_process_that_came_back_and_a_fault_of_some_calls_does_not() -> None:
    def during(**plan: Any) -> str:
        fault = Fault(kind="refused", system="crm", start_us=at(1990), end_us=at(2100))
        return check("L8", _forgotten_by_a_crash(), faults=(replace(fault, **plan),)).status

    assert during() == during(kind="maintenance", share_ppm=400_000) == "holds"
    assert during(kind="unavailable") == "holds"
    for picky in ({"operation": "read_quote"}, {"share_ppm": 20_000}, {"kind": "loss"}, {"nth": 1}):
        assert during(**picky) == "broken", picky


def test_cash_that_is_used_later_has_an_entry_more() -> None:
    used = entry(40, "GL7", "cash/300", ("2150", 700), ("1100", -700))
    rows = (("1050", 18_700), ("1100", -18_000), ("2150", -700))
    first = edited(clean(), of("entry", "erp", "GL2"), postings=tuple(Posting(name, n, n) for name, n in rows))
    assert check("M20", [*first, used]).status == "holds"
    assert check("M20", [*clean(), entry(40, "GL7", "cash/300", ("1050", 700), ("1100", -700))]).status == "broken"


def test_a_flow_that_was_re_driven_and_waits_for_another_deal_since_has_gone_on() -> None:
    verified = replace(_case(1513, "verified", actor="ann"), flow=PARKED.flow)
    assert check("L5", [*_re_driven_for_nothing(), verified]).status == "holds"
    assert check("L5", [*_re_driven_for_nothing(), replace(verified, status="auto_resolved")]).status == "holds"


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


def test_a_process_that_stood_still_or_ended_in_order_has_lost_no_answer() -> None:
    paused = Fired(at_us=at(2000.1), fault=0, kind="pause", system="", operation="", txn="")
    assert check("L8", [*_forgotten_by_a_crash(), paused]).status != "broken"
    assert check("L8", [*_forgotten_by_a_crash(), replace(paused, kind="deploy")]).status != "broken"
    assert check("L8", [*_forgotten_by_a_crash(), replace(paused, kind="zombie")]).status == "broken"


def _well_again() -> Records:
    return [record for record in _never_well_again() if getattr(record, "outcome", "") != "failed"]


def _others_go_on() -> Records:
    refused = [delivered(50 + n, "crm", "m0", "quote.accepted", status=500, attempt=n) for n in range(1, 6)]
    return [*clean(), *refused, *[delivered(51 + n, "crm", f"m{n}", "quote.accepted") for n in range(1, 4)]]


def _told_again() -> Records:
    return [*clean(), _event(6, 1), _event(7, 2), _event(8, 2), _event(9, 3)]


SPARED: tuple[tuple[str, Break, dict[str, Any]], ...] = (
    ("L6", _others_go_on, {}),
    ("L7", lambda: [*_well_again(), *[attempt(600 + n, f"d{n}", "tax", "quote_tax") for n in range(20)]], OUTAGE),
    ("L9", lambda: _two_entities_wait(5), {"heal_us": CONTEXT.horizon_us}),
    ("O10", _told_again, {}),
)


@pytest.mark.parametrize(("key", "records", "context"), SPARED, ids=[key for key, *_ in SPARED])
def test_what_goes_well_holds(key: str, records: Break, context: dict[str, Any]) -> None:
    result = check(key, records(), **context)
    assert result.status == "holds", result
    assert result.examined > 0
