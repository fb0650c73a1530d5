"""Tests of the tower's figures: a function of the event log, exact about lateness, honest about money."""

from __future__ import annotations

from fractions import Fraction
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from integration.journal.protocol import OutboxRow
from integration.tower.board import Board
from integration.tower.burn import Meter
from integration.tower.targets import BURN_RULES, LEGS, NORMAL, QUARTER_END, STAGES, TELLINGS

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
numbers = count(1)


def event(name: str, at_us: int, subject: str = "s", txn: str = "Q-1", **body: Any) -> OutboxRow:
    number = next(numbers)
    return OutboxRow(
        number=number, id=str(number), type=f"q2c.{name}.v1", subject=subject, txn=txn, sequence=1, body=body,
        created_us=at_us,
    )  # fmt: skip


def usd(minor: int) -> dict[str, Any]:
    return {"amount_minor": minor, "currency": "USD"}


def accepted(at_us: int, reference: str = "Q-1-v1") -> OutboxRow:
    return event(
        "quote.accepted", at_us + 5, reference=reference, accepted_at_us=at_us, total=usd(100), legal_entity="US"
    )


def booked(at_us: int, reference: str = "Q-1-v1", minor: int = 100) -> OutboxRow:
    return event("order.booked", at_us + 5, order_id=reference, booked_at_us=at_us, total=usd(minor), legal_entity="US")


def board(*events: OutboxRow) -> Board:
    made = Board(NORMAL)
    for each in events:
        made.take(each)
    return made


def test_a_leg_counts_what_is_on_its_way_and_how_long_the_others_took() -> None:
    made = board(accepted(1, "a"), accepted(2, "b"), booked(MINUTE_US + 1, "a"))
    pace = made.paces["booking"]
    assert (list(pace.open), pace.ended, pace.oldest()) == (["b"], 1, ("b", 2))
    assert (pace.lag_us(50, MINUTE_US), pace.lag_us(95, MINUTE_US)) == (MINUTE_US, MINUTE_US)
    assert pace.lag_us(50, MINUTE_US + 86_400_000_001) is None


def test_percentiles_are_by_nearest_rank() -> None:
    made = board()
    for number in range(1, 21):
        made.take(accepted(1, f"r{number}"))
        made.take(booked(1 + number * MINUTE_US, f"r{number}"))
    pace = made.paces["booking"]
    assert [pace.lag_us(percent, 30 * MINUTE_US) for percent in (50, 95, 100)] == [
        10 * MINUTE_US, 19 * MINUTE_US, 20 * MINUTE_US,
    ]  # fmt: skip


def test_what_is_late_is_bad_at_its_deadline_however_often_one_looks() -> None:
    once, often = board(accepted(1)), board(accepted(1))
    for minute in range(0, 180, 7):
        often.look(minute * MINUTE_US)
    for made in (once, often):
        made.look(3 * HOUR_US)
        made.take(booked(3 * HOUR_US + 1))
        made.look(4 * HOUR_US)
        meter = made.paces["booking"].meters[0]
        assert (meter.good, meter.bad) == (0, 1)
        assert meter.within(3600, HOUR_US + MINUTE_US).bad == 1
        assert meter.within(3600, 4 * HOUR_US).total == 0


def test_a_late_end_that_nobody_looked_at_before_counts_at_its_deadline_too() -> None:
    meter = board(accepted(1), booked(3 * HOUR_US)).paces["booking"].meters[0]
    assert (meter.bad, meter.within(3600, HOUR_US + 1).bad) == (1, 1)


def test_an_item_that_is_nearly_late_is_at_risk() -> None:
    pace = board(accepted(0 + 1)).paces["booking"]
    assert [pace.at_risk(minute * MINUTE_US + 1) for minute in (47, 48)] == [0, 1]


def test_exceptions_are_measured_against_their_own_due_time() -> None:
    made = board(
        event("exception.opened", 0, case_id="c1", opened_us=1, sla_due_us=HOUR_US),
        event("exception.opened", 0, case_id="c2", opened_us=1, sla_due_us=9 * HOUR_US),
        event("exception.resolved", 2 * HOUR_US, case_id="c2"),
    )
    made.look(3 * HOUR_US)
    meter = made.paces["resolving"].meters[0]
    assert (meter.good, meter.bad) == (1, 1)


def test_promises_about_facts_that_nobody_tells_alarm_nobody() -> None:
    made = board(event("subscription.activated", 1))
    made.look(1000 * HOUR_US)
    assert made.paces["invoicing"].meters[0].bad == 0
    assert "invoicing" not in [pace.leg.id for pace in made.told()]
    made.take(event("invoice.generated", 1000 * HOUR_US, invoice_id="I", generated_at_us=1000 * HOUR_US))
    assert "invoicing" in [pace.leg.id for pace in made.told()]
    assert made.paces["invoicing"].meters[0].bad == 1


def test_a_budget_that_burns_in_both_windows_pages_and_one_that_has_stopped_burning_does_not() -> None:
    meter = Meter(NORMAL[0])
    for minute in range(60):
        meter.note(minute * MINUTE_US, minute % 4 != 0)  # a quarter fails: 25 times too fast
    assert meter.alert(60 * MINUTE_US) == "page"
    for minute in range(60, 70):
        meter.note(minute * MINUTE_US, True)
    assert not meter.burning(70 * MINUTE_US)[0].strikes


def test_a_slow_burn_is_a_ticket_and_few_items_are_nothing() -> None:
    slow, few = Meter(NORMAL[0]), Meter(NORMAL[0])
    for hour in range(72):
        for number in range(50):
            slow.note((hour * 60 + number) * MINUTE_US, number != 0)  # 2 %: twice too fast
    assert slow.alert(72 * HOUR_US) == "ticket"
    for number in range(9):
        few.note(number * MINUTE_US, False)
    assert few.alert(10 * MINUTE_US) == ""


@given(st.lists(st.tuples(st.integers(0, 6000), st.booleans()), max_size=80))
def test_a_window_counts_exactly_the_items_inside_it(items: list[tuple[int, bool]]) -> None:
    meter = Meter(NORMAL[0])
    for minute, good in items:
        meter.note(minute * MINUTE_US, good)
    last = max((minute for minute, _ in items), default=0)
    for rule in BURN_RULES:
        first = last - rule.long_seconds // 60
        ratio = meter.within(rule.long_seconds, last * MINUTE_US)
        inside = [good for minute, good in items if minute > first]
        assert (ratio.total, ratio.bad) == (len(inside), inside.count(False))


def test_the_funnel_counts_orders_once_and_only_those_that_were_accepted() -> None:
    made = board(accepted(1, "a"), accepted(2, "b"), booked(3, "a"), booked(4, "a"), booked(5, "stranger"))
    assert made.funnel()[:2] == [("accepted", "crm", 2), ("booked", "erp", 1)]


def test_a_payment_is_a_step_of_the_order_whose_invoice_it_names() -> None:
    made = board(
        accepted(1, "a"), event("invoice.generated", 3, subject="I1", invoice_id="I1", reference="a"),
        event("payment.received", 4, payment_id="P", remittance=["I1", "I2"]),
    )  # fmt: skip
    assert {stage: count for stage, _, count in made.funnel()}["paid"] == 1


def test_what_an_amendment_adds_is_no_order_that_has_to_be_booked() -> None:
    told = {"reference": "a", "accepted_at_us": 1, "total": usd(5), "legal_entity": "US", "kind": "amend"}
    made = board(event("quote.accepted", 1, **told), event("amendment.booked", 2, subject="a"))
    assert made.books.totals == {}
    assert made.funnel()[1] == ("booked", "erp", 1)
    assert made.paces["booking"].ended == 1


def test_money_is_compared_document_by_document_and_without_tax() -> None:
    same = {"invoice_id": "I1", "legal_entity": "US"}
    other = {"invoice_id": "I2", "legal_entity": "US"}
    made = board(
        event("invoice.generated", 1, total=usd(1000), **same),
        event("invoice.posted", 2, total=usd(1080), tax=usd(80), **same),
        event("invoice.posted", 3, total=usd(500), tax=usd(0), **other),
        event("invoice.generated", 4, total=usd(499), **other),
        event("payment.received", 5, payment_id="P", amount=usd(1080), legal_entity="US"),
    ).books
    assert made.totals["US", "USD"]["posted"].amount_minor == 1500
    (found,) = made.differences
    assert (found.document, found.first, found.first_minor, found.second, found.second_minor) == (
        "I2", "invoiced", 499, "posted", 500,
    )  # fmt: skip
    assert list(made.lacking["paid"]) == ["P"]


def test_a_document_that_is_told_twice_counts_once_and_a_fact_without_money_not_at_all() -> None:
    made = board(booked(1), booked(2), event("order.booked", 3, order_id="x")).books
    assert made.totals["US", "USD"]["booked"].count == 1


def test_a_payment_in_the_books_is_the_sum_of_its_applications() -> None:
    applications = [{"invoice_id": "I", "amount": usd(60)}, {"invoice_id": "J", "amount": usd(40)}]
    made = board(
        event("payment.received", 1, payment_id="P", amount=usd(100), legal_entity="US"),
        event("payment.applied", 2, payment_id="P", applications=applications, legal_entity="US"),
    )
    assert made.books.differences == []
    assert made.books.lacking["paid"] == {}


@given(st.permutations(range(6)), st.integers(0, 5))
def test_a_restart_has_the_same_figures(order: list[int], shown_twice: int) -> None:
    log = [
        accepted(1, "a"), accepted(2, "b"), booked(HOUR_US, "a"), booked(2 * HOUR_US, "b", 99),
        event("exception.opened", 9, case_id="c", opened_us=9, sla_due_us=10),
        event("exception.resolved", 99, case_id="c"),
    ]  # fmt: skip
    log = [log[place] for place in order]
    for number, each in enumerate(log, 1):
        each = OutboxRow(**{**{field: getattr(each, field) for field in each.__struct_fields__}, "number": number})
        log[number - 1] = each
    first, again = board(*log), board(*log[:shown_twice], *log)
    for made in (first, again):
        made.look(5 * HOUR_US)
    assert first.funnel() == again.funnel()
    assert first.books.totals.keys() == again.books.totals.keys()
    assert first.books.differences == again.books.differences
    for name, pace in first.paces.items():
        other = again.paces[name]
        assert (pace.open, pace.ended) == (other.open, other.ended)
        assert [(m.good, m.bad) for m in pace.meters] == [(m.good, m.bad) for m in other.meters]


def test_the_tables_fit_together() -> None:
    legs = {leg.id for leg in LEGS}
    for objectives in (NORMAL, QUARTER_END):
        assert {each.leg for each in objectives} <= legs
        assert all(0 < each.budget < 1 for each in objectives)
    assert len({each.event for each in TELLINGS}) == len(TELLINGS)
    assert {each.agrees_with for each in TELLINGS} - {""} <= {each.id for each in TELLINGS}
    assert STAGES[0][0] == "accepted"
    assert [rule.rate for rule in BURN_RULES] == sorted((rule.rate for rule in BURN_RULES), reverse=True)
    assert NORMAL[0].budget == Fraction(1, 100)
