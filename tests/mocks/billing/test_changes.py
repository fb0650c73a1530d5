"""Amendments, moved ends and cancellations: what they do to terms, and the lines they put on the bill."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

START = date(2026, 1, 1)
SEAT, CORE = ("SEAT", 12, 20, 36_000), ("CORE", 12, 1, 1_200_000)


@pytest.fixture
def year(sites: type[Any]) -> Any:
    """A paid annual subscription of 2026 on 16 April."""
    site = sites()
    site.now_us = 0
    site.at(START)
    made = site.subscribe(CORE, start=START, cycles=2)
    site.pay(made["invoice"]["id"])
    site.at(date(2026, 4, 16))
    site.collected()
    return site


def _notes(answer: Any) -> list[tuple[str, str, int]]:
    return [(note["type"], note["status"], note["total"]) for note in answer.get("credit_notes", ())]


def test_an_addition_is_charged_for_the_remaining_days(year: Any) -> None:
    """Worked example A: 7200.00 a year for 260 of 365 days."""
    answer = year.amend(CORE, SEAT, day=date(2026, 4, 16))
    line = answer["invoice"]["line_items"][0]
    assert (line["entity_id"], line["quantity"], line["amount"]) == ("SEAT-EUR-12", 20, 512_877)
    assert "credit_notes" not in answer
    document = year.last("invoice", answer["invoice"]["id"])
    assert (document.lines[0].full_start, document.lines[0].full_end) == (START, date(2027, 1, 1))
    assert (document.txn, document.ref, document.subscription) == ("Q-000002", "Q-000002-v1", "Q-000001")


def test_a_removal_credits_the_unused_part_of_what_was_billed(year: Any) -> None:
    """Worked example B: half of the seats back on the same day."""
    added = year.amend(CORE, SEAT, day=date(2026, 4, 16))["invoice"]
    year.pay(added["id"])
    answer = year.amend(CORE, ("SEAT", 12, 10, 36_000), day=date(2026, 4, 16), ref="Q-000003-v1")
    assert _notes(answer) == [("refundable", "refund_due", 512_877)]
    assert answer["invoice"]["total"] == 256_438
    note = year.last("credit_memo", answer["credit_notes"][0]["id"])
    assert (note.status, note.balance_minor, note.invoice, note.txn) == ("posted", 512_877, added["id"], "Q-000003")


def test_a_swap_credits_the_old_and_charges_the_new(year: Any) -> None:
    """Worked example C: net 3024.65, the net of two roundings."""
    year.at(date(2026, 7, 1))
    answer = year.amend(("PLUS", 3, 1, 1), ("CORE", 12, 1, 1_800_000), day=date(2026, 7, 1))
    assert _notes(answer) == [("refundable", "refund_due", 604_932)]
    assert [line["amount"] for line in answer["invoice"]["line_items"]] == [907_397, 1]


def test_a_back_dated_change_reaches_into_what_is_billed(year: Any) -> None:
    answer = year.amend(("CORE", 12, 2, 1_200_000), day=date(2026, 2, 1))
    line, taken = answer["invoice"]["line_items"][0], answer["credit_notes"][0]["line_items"][0]
    assert (line["date_from"], taken["date_from"]) == (year.seconds(date(2026, 2, 1)),) * 2
    assert (taken["amount"], line["amount"]) == (1_098_082, 2_196_164)
    assert taken["reference_line_item_id"].startswith("li_")
    document = year.last("invoice", answer["invoice"]["id"])
    assert document.business_date == date(2026, 4, 16)  # posted now, for a service period in the past (I-21)


def test_a_future_change_waits_for_its_local_midnight(year: Any) -> None:
    answer = year.amend(("CORE", 12, 2, 1_200_000), day=date(2026, 5, 1))
    assert answer["subscription"]["has_scheduled_changes"]
    assert "invoice" not in answer
    coming = year.get("/subscriptions/Q-000001/retrieve_with_scheduled_changes")["subscription"]
    assert coming["subscription_items"][0]["quantity"] == 2
    assert year.last("subscription", "Q-000001").applied == ()
    year.at(date(2026, 5, 1), 0)
    assert year.last("subscription", "Q-000001").applied == ("Q-000002-v1",)
    assert year.changes("credit_memo")[-1].cause == "agenda"
    assert year.changes("credit_memo")[-1].document.txn == "Q-000002"


def test_a_change_replaces_what_was_planned_from_its_day_on(year: Any) -> None:
    year.amend(("CORE", 12, 2, 1_200_000), day=date(2026, 5, 1))
    year.amend(("CORE", 12, 3, 1_200_000), day=date(2026, 6, 1), ref="Q-000003-v1")
    year.amend(("CORE", 12, 4, 1_200_000), day=date(2026, 5, 15), ref="Q-000004-v1")
    year.at(date(2026, 7, 1))
    document = year.last("subscription", "Q-000001")
    assert document.applied == ("Q-000002-v1", "Q-000004-v1")
    assert [item.quantity for item in document.items] == [1, 2, 4]


def test_an_inserted_change_undoes_later_ones_until_they_are_applied_again(year: Any) -> None:
    later = ("CORE", 12, 5, 1_200_000)
    year.amend(later, day=date(2026, 4, 1), ref="Q-000005-v1")
    year.amend(("CORE", 12, 2, 1_200_000), day=date(2026, 3, 1), ref="Q-000004-v1")
    assert year.last("subscription", "Q-000001").applied == ("Q-000004-v1",)
    year.amend(later, day=date(2026, 4, 1), ref="Q-000005-v1")
    document = year.last("subscription", "Q-000001")
    assert document.applied == ("Q-000004-v1", "Q-000005-v1")
    assert [(item.quantity, item.start) for item in document.items] == [
        (1, START), (2, date(2026, 3, 1)), (5, date(2026, 4, 1)),
    ]  # fmt: skip


def test_applying_the_same_change_again_bills_nothing(year: Any) -> None:
    year.amend(CORE, SEAT, day=date(2026, 4, 10))
    again = year.amend(CORE, SEAT, day=date(2026, 4, 10))
    assert "invoice" not in again
    assert "credit_notes" not in again
    assert year.last("subscription", "Q-000001").applied == ("Q-000002-v1",)


def test_a_one_time_charge_is_made_once_however_often_it_is_listed(year: Any) -> None:
    setup = ("SETUP", 0, 1, 50_000)
    assert year.amend(CORE, setup, day=date(2026, 4, 16))["invoice"]["total"] == 50_000
    assert "invoice" not in year.amend(CORE, setup, day=date(2026, 4, 16))
    assert year.amend(CORE, ("SETUP", 0, 3, 50_000), day=date(2026, 4, 16))["invoice"]["total"] == 100_000
    assert "credit_notes" not in year.amend(CORE, day=date(2026, 4, 16))


def test_items_are_added_when_the_list_is_not_replaced(year: Any) -> None:
    answer = year.amend(SEAT, day=date(2026, 4, 16), replace_items_list="false")
    assert {item["item_price_id"] for item in answer["subscription"]["subscription_items"]} == {
        "CORE-EUR-12", "SEAT-EUR-12",
    }  # fmt: skip


def test_without_proration_the_change_waits_for_the_next_period(year: Any) -> None:
    answer = year.amend(("CORE", 12, 2, 1_200_000), day=date(2026, 4, 16), prorate="false")
    assert "invoice" not in answer
    assert year.last("subscription", "Q-000001").items[1].start == date(2027, 1, 1)
    year.at(date(2027, 1, 1))
    assert year.documents("invoice")[-1].total_minor == 2_400_000
    assert year.documents("credit_memo") == []


def test_unbilled_charges_go_on_the_next_bill(sites: type[Any]) -> None:
    site = sites()
    site.subscribe(("SEAT", 1, 10, 3100), start=date(2026, 10, 1), cycles=12)
    site.at(date(2026, 10, 11))
    answer = site.amend(("SEAT", 1, 20, 3100), day=date(2026, 10, 11), invoice_immediately="false")
    assert "invoice" not in answer
    assert answer["credit_notes"][0]["total"] == 21_000
    site.at(date(2026, 11, 1))
    assert [line.amount_minor for line in site.documents("invoice")[-1].lines] == [42_000, 62_000]


def test_a_change_at_the_end_of_the_term_comes_with_the_renewal(year: Any) -> None:
    fields = [("replace_items_list", "true"), ("end_of_term", "true"), *year.items(("CORE", 12, 2, 1_200_000))]
    assert year.post("/subscriptions/Q-000001/update_for_items", fields)["subscription"]["has_scheduled_changes"]
    year.at(date(2027, 1, 1))
    assert year.documents("invoice")[-1].total_minor == 2_400_000
    assert year.documents("credit_memo") == []


def test_the_change_day_can_belong_to_the_old_price(sites: type[Any]) -> None:
    site = sites(change_day_is_new=False)
    site.subscribe(("SEAT", 1, 1, 3100), start=date(2026, 10, 1), cycles=12)
    site.at(date(2026, 10, 20))
    answer = site.amend(("SEAT", 1, 2, 3100), day=date(2026, 10, 11))
    assert answer["credit_notes"][0]["total"] == 2000  # 12 to 31 October


@pytest.mark.parametrize(("day_count", "credit"), [("ACT_ACT", 2100), ("FIXED_30", 2067), ("NEXT_CYCLE", 0)])
def test_another_day_count_is_a_quirk(sites: type[Any], day_count: str, credit: int) -> None:
    site = sites(day_count=day_count)
    site.subscribe(("SEAT", 1, 1, 3100), start=date(2026, 10, 1), cycles=12)
    site.at(date(2026, 10, 20))
    answer = site.amend(("SEAT", 1, 2, 3100), day=date(2026, 10, 11))
    assert sum(total for _, _, total in _notes(answer)) == credit


def test_strict_backdating_refuses_what_lies_before_the_last_change(sites: type[Any]) -> None:
    site = sites(backdating="strict")
    site.subscribe(("SEAT", 1, 1, 3100), start=date(2026, 9, 1), cycles=12)
    site.at(date(2026, 10, 20))
    site.amend(("SEAT", 1, 2, 3100), day=date(2026, 10, 11))
    answer = site.amend(("SEAT", 1, 3, 3100), day=date(2026, 10, 10), status=400)
    assert answer["param"] == "changes_scheduled_at"


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2028, 1, 1)])
def test_a_day_outside_the_subscription_is_refused(year: Any, day: date) -> None:
    before = len(year.records)
    assert year.amend(CORE, day=day, status=400)["param"] == "changes_scheduled_at"
    assert len(year.records) == before + 1  # the arrival, nothing else


def test_waiting_subscriptions_are_revised_and_keep_amendments_for_their_start(site: Any) -> None:
    site.subscribe(("SEAT", 1, 1, 3000), start=date(2026, 10, 10), cycles=12)
    fields = [("replace_items_list", "true"), *site.items(("SEAT", 1, 2, 3000))]
    site.post("/subscriptions/Q-000001/update_for_items", fields)
    site.amend(("SEAT", 1, 5, 3000), day=date(2026, 10, 12))
    site.post("/subscriptions/Q-000001/update_for_items", {"start_date": site.seconds(date(2026, 10, 1))})
    assert site.documents("invoice")[0].total_minor == 6000
    site.at(date(2026, 10, 12))
    assert site.last("subscription", "Q-000001").applied == ("Q-000002-v1",)


def test_an_active_subscription_cannot_be_started_again(year: Any) -> None:
    answer = year.post("/subscriptions/Q-000001/update_for_items", {"start_date": 0}, status=409)
    assert answer["api_error_code"] == "invalid_state_for_request"


def test_only_meta_data_may_change(year: Any) -> None:
    answer = year.post("/subscriptions/Q-000001/update_for_items", {"meta_data": '{"mark":"x"}'})
    assert answer["subscription"]["meta_data"] == {"mark": "x"}


def test_meta_data_comes_with_a_change_and_not_with_a_refused_one(year: Any) -> None:
    year.amend(CORE, day=date(2025, 1, 1), status=400, meta_data='{"mark":"no"}')
    assert "meta_data" not in year.get("/subscriptions/Q-000001")["subscription"]
    year.amend(CORE, SEAT, day=date(2026, 4, 16), meta_data='{"mark":"yes","amendments":[{"ref":"Q-000002-v1"}]}')
    assert year.get("/subscriptions/Q-000001")["subscription"]["meta_data"]["mark"] == "yes"


def test_scheduled_changes_can_be_dropped(year: Any) -> None:
    year.amend(CORE, SEAT, day=date(2026, 6, 1))
    assert not year.post("/subscriptions/Q-000001/remove_scheduled_changes")["subscription"]["has_scheduled_changes"]
    assert year.post("/subscriptions/Q-000001/remove_scheduled_changes", status=409)["type"] == "invalid_request"


# --- ends -------------------------------------------------------------------------------------------------------------


def test_an_earlier_end_credits_and_a_later_one_charges(year: Any) -> None:
    def move(day: date) -> Any:
        return year.post("/subscriptions/Q-000001/change_term_end", {"term_ends_at": year.seconds(day)})

    assert _notes(move(date(2026, 10, 1))) == [("refundable", "refund_due", 302_466)]
    assert move(date(2026, 11, 1))["invoice"]["total"] == 101_918
    assert year.last("subscription", "Q-000001").term_end == date(2026, 11, 1)


def test_co_terming_counts_as_applied_and_no_later_insert_takes_it_back(year: Any) -> None:
    fields = {"term_ends_at": year.seconds(date(2026, 10, 1)), "cf_amendment_ref": "Q-000009-v1"}
    year.post("/subscriptions/Q-000001/change_term_end", fields)
    year.amend(CORE, SEAT, day=date(2026, 2, 1))
    assert year.last("subscription", "Q-000001").applied == ("Q-000009-v1", "Q-000002-v1")


def test_an_end_in_the_past_is_refused(year: Any) -> None:
    fields = {"term_ends_at": year.seconds(date(2026, 4, 16))}
    assert year.post("/subscriptions/Q-000001/change_term_end", fields, status=400)["param"] == "term_ends_at"


def test_a_cancellation_credits_from_its_day_on(year: Any) -> None:
    answer = year.cancel(date(2026, 4, 1), cf_amendment_ref="Q-000007-v1")
    assert answer["subscription"]["status"] == "cancelled"
    assert _notes(answer) == [("refundable", "refund_due", 904_110)]
    document = year.last("subscription", "Q-000001")
    assert (document.status, document.items[0].end) == ("cancelled", date(2026, 4, 1))
    assert document.applied == ("Q-000007-v1",)
    assert year.changes("credit_memo")[-1].document.txn == "Q-000007"


def test_a_cancelled_subscription_takes_no_more_changes(year: Any) -> None:
    year.cancel(date(2026, 4, 1))
    assert year.amend(CORE, day=date(2026, 3, 1), status=409)["api_error_code"] == "invalid_state_for_request"
    assert year.cancel(date(2026, 4, 1), status=409)["api_error_code"] == "invalid_state_for_request"


def test_a_cancellation_to_come_waits_and_can_be_revoked(year: Any) -> None:
    assert year.cancel(date(2026, 6, 1))["subscription"]["status"] == "non_renewing"
    assert year.amend(CORE, SEAT, day=date(2026, 6, 1), status=400)["param"] == "changes_scheduled_at"
    year.post("/subscriptions/Q-000001/remove_scheduled_cancellation")
    assert year.last("subscription", "Q-000001").status == "active"
    year.cancel(date(2026, 6, 1))
    year.at(date(2026, 6, 2))
    assert year.last("subscription", "Q-000001").status == "cancelled"
    assert year.documents("credit_memo")[0].business_date == date(2026, 6, 1)


@pytest.mark.parametrize(("option", "total"), [("none", 0), ("full", 1_200_000)])
def test_a_cancellation_may_credit_nothing_or_the_whole_period(year: Any, option: str, total: int) -> None:
    answer = year.cancel(date(2026, 4, 1), credit_option_for_current_term_charges=option)
    assert sum(note[2] for note in _notes(answer)) == total


def test_cancelling_what_never_began_bills_and_credits_nothing(site: Any) -> None:
    site.subscribe(("SEAT", 1, 1, 3000), start=date(2026, 10, 10))
    assert site.cancel(date(2026, 10, 1))["subscription"]["status"] == "cancelled"
    site.at(date(2026, 12, 1))
    assert site.documents("invoice") == []
    assert site.last("subscription", "Q-000001").items == ()


def test_a_cancelled_subscription_is_never_billed_again(year: Any) -> None:
    year.cancel(date(2026, 4, 1))
    count = len(year.changes("invoice"))
    year.at(date(2028, 1, 1))
    assert len(year.changes("invoice")) == count


def test_amounts_follow_the_exponent_of_the_currency(sites: type[Any]) -> None:
    """Wire amounts are minor units whatever the exponent: whole yen, thousandths of a dinar."""
    for currency in ("JPY", "KWD"):
        site = sites("JP", currency)
        site.subscribe(("SEAT", 1, 1, 10_001), start=date(2026, 10, 1), cycles=12)
        site.at(date(2026, 10, 20))
        answer = site.amend(("SEAT", 1, 2, 10_001), day=date(2026, 10, 11))
        assert (answer["credit_notes"][0]["total"], answer["invoice"]["total"]) == (6_775, 13_550)
        assert site.documents("credit_memo")[0].currency == currency
