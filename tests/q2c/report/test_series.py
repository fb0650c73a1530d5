"""What a history says hour by hour, and what waited between the systems."""

from __future__ import annotations

from msgspec.structs import replace

from contracts.checks.facts import Facts
from domain.calendar import HOUR_US, midnight_us
from domain.faults import Fault
from domain.history import Changed, Fired, Record
from domain.objects import Hold, Order
from q2c.report.backlogs import Backlog, backlogs_of, drains
from q2c.report.cases import cases_of
from q2c.report.costs import costs_of
from q2c.report.cutoff import cut_off_of
from q2c.report.journeys import journeys_of
from q2c.report.series import calls_of, histogram, load_of
from q2c.report.windows import Window, troubles, windows
from tests.contracts.checks.build import (
    CONTEXT,
    MINUTE_US,
    ORDER,
    QUOTE,
    T0,
    amended,
    at,
    attempt,
    changed,
    clean,
    edited,
    history,
    of,
    walk,
    without,
)
from tests.q2c.report.examples import BROWNOUT, LOST, OUTAGE, case, troubled


def _backlog(facts: Facts, key: str) -> Backlog:
    return next(backlog for backlog in backlogs_of(facts) if backlog.id == key)


def test_the_load_is_what_was_signed_and_what_was_booked() -> None:
    load = load_of(Facts(history(amended())))
    assert load.accepted_us == (at(3), at(60 * 24 * 12 + 3))
    assert load.booked_us == (at(11), at(60 * 24 * 12 + 11))


def test_a_histogram_counts_each_instant_once_and_leaves_the_others_out() -> None:
    assert histogram([-1, 0, 9, 10, 29, 30], 0, 10, 3) == (2, 1, 1)


def test_calls_are_counted_by_outcome_hour_and_repetition() -> None:
    records = [
        attempt(0, "r1", "erp", "put_order", "k1", outcome="unknown", status=0),
        attempt(1, "r2", "erp", "put_order", "k1", outcome="failed", status=429),
        attempt(70, "r3", "erp", "put_order", "k1", seconds=3),
        attempt(71, "r4", "erp", "put_order", "k2"),
        attempt(72, "r5", "tax", "ping"),
    ]
    erp, tax = calls_of(Facts(history(records)))
    assert (erp.system, erp.total, erp.ok, erp.failed, erp.unknown, erp.throttled, erp.repeats) == (
        "erp",
        4,
        2,
        1,
        1,
        1,
        2,
    )
    assert (erp.p50_us, erp.p99_us) == (1_000_000, 3_000_000)
    assert erp.by_hour("ok", at(0) // HOUR_US, 2) == (0, 2)
    assert (tax.total, tax.repeats) == (1, 0)


def test_a_backlog_holds_what_waits_for_a_system() -> None:
    facts = Facts(history(clean()))
    unbooked = _backlog(facts, "unbooked")
    assert [unbooked.level(at(minute)) for minute in (2.9, 3, 10.9, 11)] == [0, 1, 1, 0]
    unsubscribed = _backlog(facts, "unsubscribed")
    assert [unsubscribed.level(at(minute)) for minute in (11, 16.9, 17)] == [1, 1, 0]
    assert _backlog(facts, "unposted").peaks(at(0), 20 * MINUTE_US, 3) == (0, 1, 0)
    assert _backlog(facts, "unpaid").level(at(31)) == 1
    assert _backlog(facts, "unheard").level(at(6)) == 0


def test_what_waits_for_people_does_not_wait_for_a_system() -> None:
    decided = case(4, "new")
    down = replace(decided, code="DEPENDENCY.UNAVAILABLE")
    for opened, at_work in ((decided, 0), (down, 1)):
        records = [replace(opened, opened_us=at(4)), replace(opened, at_us=at(9), opened_us=at(4), status="resolved")]
        unbooked = _backlog(Facts(history([*clean(), *records])), "unbooked")
        assert [unbooked.level(at(minute)) for minute in (3, 5, 9.5, 11)] == [1, at_work, 1, 0]


def test_an_order_on_credit_hold_waits_for_no_system() -> None:
    customer = _customer_of(clean())
    hold = Hold(id="HOLD1", customer=customer, account=customer, level="hard", status="active")
    held = [
        changed(4, "erp", "hold", hold, status="active", cause="act"),
        changed(9, "erp", "hold", replace(hold, status="released"), status="released", cause="act"),
    ]
    unbooked = _backlog(Facts(history([*clean(), *held])), "unbooked")
    assert [unbooked.level(at(minute)) for minute in (3, 5, 9.5, 11)] == [1, 0, 1, 0]


def test_an_amendment_waits_only_once_it_is_in_force() -> None:
    facts = Facts(history(amended()))
    backlog = _backlog(facts, "unsubscribed")
    booked, applied = 60 * 24 * 12 + 11, 60 * 24 * 12 + 20
    assert [backlog.level(at(minute)) for minute in (booked - 1, booked, applied)] == [0, 1, 0]


def test_what_never_left_a_backlog_is_in_it_at_the_end() -> None:
    facts = Facts(history(without(clean(), of("invoice", "erp"))))
    backlog = _backlog(facts, "unposted")
    assert backlog.level(facts.context.horizon_us) == 1
    assert backlog.back_at(0, at(60)) is None


def test_a_drain_is_the_time_from_the_end_of_a_window_to_the_level_before_it() -> None:
    backlog = Backlog(
        id="b", title="b", system="billing", needs=("billing",), entered_us=(5, 10, 20, 21), left_us=(7, 50, 60, 70)
    )
    window = windows(replace(CONTEXT, faults=(Fault(kind="refused", system="billing", start_us=6, end_us=40),)))[0]
    (drain,) = drains((backlog,), (window,), 100)
    assert (drain.before, drain.peak, drain.drained_us, drain.took_us) == (1, 3, 60, 20)
    assert drains((backlog,), (window,), 30) == ()


def test_a_backlog_is_back_when_it_is_what_it_was_at_most_in_the_hour_before_not_when_nothing_is_on_its_way() -> None:
    down = Window("refused", "billing", 2 * HOUR_US, 3 * HOUR_US, "down")
    usual, struck, later = (HOUR_US + 5, HOUR_US + 6), 2 * HOUR_US + 1, 3 * HOUR_US + 5
    backlog = Backlog(
        id="b", title="b", system="billing", needs=("billing",), entered_us=(*usual, struck, struck, struck, later),
        left_us=(HOUR_US + 7, HOUR_US + 8, later + 1, later + 2, later + 9, later + 90),
    )  # fmt: skip
    (drain,) = drains((backlog,), (down,), 9 * HOUR_US)
    assert (drain.before, drain.peak, drain.drained_us) == (2, 4, later + 2)


def test_a_system_that_is_down_twice_at_once_is_back_after_the_second_time() -> None:
    first, then = Window("refused", "erp", 10, 30, "a"), Window("maintenance", "erp", 20, 50, "b")
    slow, other = Window("brownout", "erp", 25, 90, "c"), Window("refused", "tax", 40, 60, "d")
    both = Window("refused", "erp", 10, 50, "a; b")
    assert troubles((first, then, slow, other)) == [both, slow, other]
    assert troubles((first, Window("refused", "erp", 31, 50, "later"))) == [
        first, Window("refused", "erp", 31, 50, "later"),
    ]  # fmt: skip


def test_windows_are_the_faults_that_do_not_last_all_the_time() -> None:
    always = Fault(kind="lost_reply", system="erp", start_us=T0, end_us=CONTEXT.heal_us)
    found = windows(replace(CONTEXT, faults=(always, BROWNOUT, OUTAGE, OUTAGE)))
    assert [(window.system, window.is_outage) for window in found] == [("billing", True), ("tax", False)]
    assert found[0].text == "billing is down, Wed 2 Dec 15:10 to 15:16 UTC"
    assert found[1].text.startswith("tax is 8 times slower, 40 % of calls fail, ")


def test_a_journey_reaches_each_step_and_stands_somewhere() -> None:
    journeys = journeys_of(Facts(history(amended())))
    assert journeys.reached["paid", "new"] == 1
    assert journeys.reached["subscribed", "amend"] == 1
    assert ("invoiced", "amend") not in journeys.reached
    assert journeys.total == 2
    assert sum(journeys.count(stage) for stage in journeys.stages) == 2


def test_a_lost_order_is_late() -> None:
    journeys = journeys_of(Facts(history(without(clean(), lambda r: getattr(r, "system", "") == "erp"))))
    assert journeys.stage_of["Q-000123-v1"] == "accepted"
    assert [ending.reference for ending in journeys.late] == ["Q-000123-v1"]


def test_an_order_dated_in_the_next_quarter_missed_the_cut_off() -> None:
    late = edited(clean(), of("order", "erp"), business_date=CONTEXT.cutoff_date)
    for records, expected in ((clean(), (1, 1, 0, 0)), (late, (1, 0, 1, 0))):
        facts = Facts(history(records))
        found = cut_off_of(facts, journeys_of(facts))
        assert (found.signed, found.booked, found.late, found.missing) == expected
        assert [each.entity for each in found.entities] == ["DE", "US"]


def test_an_order_on_credit_hold_at_the_cut_off_is_held_over_and_not_the_integrations_doing() -> None:
    late = edited(clean(), of("order", "erp"), business_date=CONTEXT.cutoff_date)
    customer = _customer_of(late)
    cut_off_us = midnight_us(CONTEXT.cutoff_date, "America/New_York")
    minute = (cut_off_us - T0) // MINUTE_US
    hold = Hold(id="HOLD1", customer=customer, account=customer, level="hard", status="active")
    held = [
        *late,
        changed(minute - 30, "erp", "hold", hold, status="active", cause="act"),
        changed(minute + 30, "erp", "hold", replace(hold, status="released"), status="released", cause="act"),
    ]
    facts = Facts(history(held))
    found = cut_off_of(facts, journeys_of(facts))
    assert (found.booked, found.late, found.held_over) == (0, 0, 1)


def _customer_of(records: list[Record]) -> str:
    """Return the customer of the one order in some records."""
    return next(r.document.customer for r in records if isinstance(r, Changed) and isinstance(r.document, Order))


def test_a_quote_nobody_booked_is_missing_unless_people_have_it() -> None:
    lost = without(clean(), of("order", "erp"))
    for records, expected in ((lost, (0, 1)), ([*lost, case(8, "new")], (1, 0))):
        facts = Facts(history(records))
        found = cut_off_of(facts, journeys_of(facts))
        assert (found.waiting, found.missing) == expected


def test_a_quote_signed_after_the_local_cut_off_is_of_the_next_quarter() -> None:
    new_year = (CONTEXT.cutoff_date - QUOTE.term_start).days * 24 * 60 if QUOTE.term_start is not None else 0
    signed = walk(new_year + 2 * 24 * 60, "crm", "quote", QUOTE, "accepted", cause="act")
    facts = Facts(history([*signed, *walk(new_year + 3 * 24 * 60, "erp", "order", ORDER, "booked")]))
    assert cut_off_of(facts, journeys_of(facts)).signed == 0


def test_cases_are_counted_by_class_and_owner_and_open_ones_by_age() -> None:
    open_one = cases_of(Facts(history([*clean(), case(8, "new")])))
    assert (open_one.opened, open_one.open) == (1, 1)
    assert open_one.classes[0].code == "DATA_QUALITY.MAPPING_MISSING"
    assert open_one.classes[0].late == 1
    assert dict(open_one.open_by_age)["over 7 d"] == 1
    closed = cases_of(Facts(history([*clean(), case(8, "new"), case(20, "resolved")])))
    assert (closed.open, closed.classes[0].late, closed.classes[0].p50_us) == (0, 0, 12 * MINUTE_US)


def test_costs_count_what_struck_and_what_it_took() -> None:
    gathered = troubled()
    costs = costs_of(gathered.facts, gathered.calls)
    assert (costs.faults_fired, costs.crashes, costs.crash_downtime_us) == (1, 1, MINUTE_US // 2)
    assert (costs.unknown_outcomes, costs.repeated_calls, costs.cases, costs.touches) == (1, 1, 1, 2)


def _booking_times(records: list[Record]) -> tuple[int, int, int]:
    """Return how many orders waited for somebody, met a fault, or neither."""
    costs = costs_of(Facts(history(records, faults=(LOST,))), ())
    return costs.waited_orders, costs.troubled_orders, costs.calm_orders


def test_costs_tell_orders_that_met_a_fault_from_the_others_and_from_those_that_waited_for_somebody() -> None:
    struck = Fired(
        at_us=at(8), fault=0, kind="lost_reply", system="erp", operation="put_order", txn="Q-000123", number="r0"
    )
    hold = Hold(id="h1", customer=ORDER.customer, account=QUOTE.account, level="hard", status="active")
    assert _booking_times(clean()) == (0, 0, 1)
    assert _booking_times([*clean(), struck]) == (0, 1, 0)
    assert _booking_times([*clean(), struck, case(8.5, "new")]) == (1, 0, 0)
    assert _booking_times([*clean(), struck, changed(8, "erp", "hold", hold, cause="act")]) == (1, 0, 0)
    assert _booking_times([*clean(), struck, changed(12, "erp", "hold", hold, cause="act")]) == (0, 1, 0)
