"""Amendments take effect in the order of their dates, whatever the order in which they were signed."""

from __future__ import annotations

from datetime import date

from domain.calendar import midnight_us
from domain.faults import Fault
from domain.history import Fired
from domain.objects import Delta
from integration.flows.amendments import Row, order_key, terms_after
from integration.systems.billing import Terms
from q2c.mutants import broken
from tests.stage import CORE, DAY_US, LIVE, MORE, OPENS_US, Played, Stage

FIRST, SECOND = "Q-500001-v1", "Q-500002-v1"


def seats(quantity: int, sku: str = CORE, unit_minor: int = 1200_00) -> Delta:
    return Delta(sku=sku, quantity=quantity, unit_minor=unit_minor)


def terms(played: Played) -> list[tuple[str, int, str, str]]:
    """Return the terms of the live subscription: (sku, quantity, from, to)."""
    found = played.document("billing", "subscription")
    return [(i.sku, i.quantity, i.start.isoformat(), i.end.isoformat() if i.end else "") for i in found.items]


def test_an_amendment_of_today_is_applied_and_billed() -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "upsell", date(2026, 11, 30), 2, seats(20))
    played = stage.play()
    assert terms(played) == [(CORE, 10, "2026-11-01", "2026-11-30"), (CORE, 20, "2026-11-30", "")]
    assert played.document("billing", "subscription").applied == (FIRST,)
    assert played.statuses("erp", "order") == ["booked"]
    assert len(played.statuses("erp", "invoice")) == 2  # with the one that was there before
    told = [event for event in played.events() if event.startswith(("order", "quote", "amendment"))]
    assert told == [
        "quote.accepted", "order.accepted", "order.booked", "quote.converted", "amendment.booked", "amendment.applied",
        "quote.mirrored",
    ]  # fmt: skip
    assert played.broken() == {}


def test_a_backdated_amendment_is_inserted_before_a_later_effective_one() -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "upsell", date(2026, 12, 1), 10, seats(20))
    stage.amends("Q-500002", LIVE, "upsell", date(2026, 11, 20), 40, seats(15), sequence=2)
    played = stage.play(days=4)
    assert terms(played) == [
        (CORE, 10, "2026-11-01", "2026-11-20"), (CORE, 15, "2026-11-20", "2026-12-01"), (CORE, 20, "2026-12-01", ""),
    ]  # fmt: skip
    assert played.document("billing", "subscription").applied == (SECOND, FIRST)
    assert played.broken() == {}


def test_an_amendment_is_not_undone_by_a_read_from_a_copy_that_lags() -> None:
    stage = Stage(Fault(kind="stale_read", system="billing", operation="read_subscription", seconds=1800))
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "upsell", date(2026, 11, 30), 2, seats(20))
    stage.amends("Q-500002", LIVE, "upsell", date(2026, 11, 30), 2.1, seats(5, MORE, 900_00), sequence=2)
    played = stage.play()
    assert played.of(Fired)
    assert played.document("billing", "subscription").applied == (FIRST, SECOND)
    assert {(sku, quantity) for sku, quantity, _, end in terms(played) if not end} == {(CORE, 20), (MORE, 5)}
    assert played.broken() == {}


def test_the_mutant_of_order_ends_with_other_terms() -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "upsell", date(2026, 12, 1), 10, seats(20))
    stage.amends("Q-500002", LIVE, "upsell", date(2026, 11, 20), 40, seats(15), sequence=2)
    with broken("amendments_in_arrival_order"):
        played = stage.play(days=4)
    assert terms(played)[-1][:2] == (CORE, 15)


def test_two_amendments_of_one_day_go_by_their_sequence() -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500002", LIVE, "upsell", date(2026, 12, 1), 20, seats(15), sequence=2)
    stage.amends("Q-500001", LIVE, "upsell", date(2026, 12, 1), 30, seats(20), sequence=1)
    played = stage.play(days=4)
    assert terms(played) == [(CORE, 10, "2026-11-01", "2026-12-01"), (CORE, 15, "2026-12-01", "")]
    assert played.document("billing", "subscription").applied == (FIRST, SECOND)
    assert played.broken() == {}


def test_a_cancellation_wins_over_what_comes_after_it() -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "cancel", date(2026, 11, 30), 2, seats(0))
    stage.amends("Q-500002", LIVE, "upsell", date(2026, 12, 1), 20, seats(15), sequence=2)
    played = stage.play(days=4)
    assert played.statuses("billing", "subscription") == ["cancelled"]
    assert terms(played) == [(CORE, 10, "2026-11-01", "2026-11-30")]
    assert played.document("billing", "subscription").applied == (FIRST,)
    (case,) = played.cases().values()
    assert (case[0].code, SECOND in case[0].detail, case[-1].status) == ("CONFLICT.STATE", True, "verified")
    assert played.broken() == {}


def test_a_cancellation_of_a_day_before_an_applied_amendment_ends_it_as_well() -> None:
    stage = Stage()
    stage.clerks = 0
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "upsell", date(2026, 12, 3), 20, seats(15))
    stage.amends("Q-500002", LIVE, "cancel", date(2026, 12, 2), 100, seats(0), sequence=2)
    played = stage.play(days=9)
    assert played.walk("billing", "subscription") == ["active", "cancelled"]
    assert played.document("billing", "subscription").applied == (SECOND,)
    assert played.statuses("erp", "order") == ["booked", "booked"]
    assert played.cases() == {}
    assert played.broken() == {}


def test_a_future_dated_amendment_waits_for_its_date() -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "upsell", date(2026, 12, 3), 2, seats(20))
    played = stage.play(days=4)
    changes = zip(played.changes("billing", "subscription"), played.versions("billing", "subscription"), strict=True)
    applied_us = next(change.at_us for change, version in changes if version.applied)
    assert 0 <= applied_us - midnight_us(date(2026, 12, 3), "America/New_York") < 3600 * 1_000_000
    assert played.statuses("erp", "order") == ["booked"]
    assert terms(played)[-1] == (CORE, 20, "2026-12-03", "")
    assert played.broken() == {}


def test_an_amendment_whose_booking_took_long_is_applied_on_its_date_all_the_same() -> None:
    stage = Stage(Fault(kind="unavailable", system="erp", start_us=OPENS_US, end_us=OPENS_US + DAY_US))
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "upsell", date(2026, 12, 3), 2, seats(20))
    played = stage.play(days=4)
    (booked,) = played.changes("erp", "order")[:1]
    assert booked.at_us >= OPENS_US + DAY_US
    changes = zip(played.changes("billing", "subscription"), played.versions("billing", "subscription"), strict=True)
    applied_us = next(change.at_us for change, version in changes if version.applied)
    assert 0 <= applied_us - midnight_us(date(2026, 12, 3), "America/New_York") < 3600 * 1_000_000


def test_co_terming_moves_the_end_of_the_term_and_bills_nothing() -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "co_term", date(2026, 11, 30), 2, seats(10), co_term_end=date(2027, 12, 1))
    played = stage.play()
    assert played.document("billing", "subscription").term_end == date(2027, 12, 1)
    assert len(played.documents("billing", "invoice")) == 1
    assert played.broken() == {}


def test_a_swap_ends_one_product_and_starts_another() -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "swap", date(2026, 11, 30), 2, seats(0), seats(10, MORE, 900_00))
    played = stage.play()
    assert terms(played) == [(CORE, 10, "2026-11-01", "2026-11-30"), (MORE, 10, "2026-11-30", "")]
    assert played.broken() == {}


def test_a_new_contract_that_is_not_delivered_yet_is_amended_after_its_start() -> None:
    stage = Stage()
    stage.customer()
    stage.signs("Q-000001", takes_seconds=20 * 3600)
    stage.amends("Q-500001", "Q-000001", "upsell", date(2026, 11, 30), 4, seats(20, unit_minor=50_00))
    played = stage.play(days=3)
    assert played.document("billing", "subscription").applied == (FIRST,)
    assert terms(played)[-1][1] == 20
    assert played.broken() == {}


# --- the arithmetic -------------------------------------------------------------------------------------------------


def row(reference: str, effective: str, sequence: int, *changes: tuple[str, int, int, int]) -> Row:
    return {"ref": reference, "effective": effective, "sequence": sequence, "terms": [list(each) for each in changes]}


def test_amendments_sort_by_date_and_then_by_sequence() -> None:
    rows = [row("c", "2026-12-10", 2), row("b", "2026-12-09", 11), row("a", "2026-12-09", 9)]
    assert [each["ref"] for each in sorted(rows, key=order_key)] == ["a", "b", "c"]


def test_terms_are_set_replaced_and_removed() -> None:
    base = [["A", 5, 100, 12], ["S", 1, 900, 0]]
    rows = [row("1", "2026-12-01", 1, ("A", 7, 90, 12), ("B", 2, 50, 12)), row("2", "2026-12-02", 2, ("A", 0, 0, 12))]
    assert terms_after(base, []) == (Terms("A", 5, 100, 12),)
    assert terms_after(base, rows[:1]) == (Terms("A", 7, 90, 12), Terms("B", 2, 50, 12))
    assert terms_after(base, rows) == (Terms("B", 2, 50, 12),)
