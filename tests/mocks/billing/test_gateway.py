"""Cards on file: only test cards, only what may be shown, and money that moves once or not at all."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.mocks.billing.live import CARD, bills, opened, start

DECLINED = {**CARD, "card[number]": "4000000000000002"}


@pytest.fixture
def site(sites: type[Any]) -> Any:
    return opened(sites)


def _card(site: Any, fields: dict[str, Any] = CARD, status: int = 200) -> Any:
    return site.post("/payment_sources/create_card", {"customer_id": "A-000001", **fields}, status=status)


def _charge(site: Any, amount: int = 1000, status: int = 200, **more: Any) -> Any:
    fields = {"customer_id": "A-000001", "charges[amount][0]": amount, "charges[description][0]": "Work", **more}
    return site.post("/invoices/create_for_charge_items_and_charges", fields, status=status)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({**CARD, "card[number]": "4539578763621486"}, "card[number]"),
        ({**CARD, "card[number]": "not a number!!"}, "card[number]"),
        ({**CARD, "card[expiry_year]": 2020}, "card[expiry_year]"),
        ({**CARD, "card[expiry_month]": 13}, "card[expiry_month]"),
    ],
)
def test_a_card_that_is_not_for_tests_is_refused_and_not_kept(site: Any, fields: dict[str, Any], param: str) -> None:
    assert _card(site, fields, status=400)["param"] == param
    assert site.get("/payment_sources")["list"] == []


def test_no_more_of_a_card_is_kept_than_may_be_shown(site: Any) -> None:
    shown = _card(site)["payment_source"]["card"]
    assert (shown["masked_number"], shown["iin"], shown["last4"]) == ("************1111", "411111", "1111")
    kept = repr(site.service.desk.book.table("payment_source"))
    assert "4111111111111111" not in kept


def test_a_deleted_source_is_charged_no_more(site: Any) -> None:
    key = _card(site)["payment_source"]["id"]
    invoice = _charge(site)["invoice"]
    site.post(f"/payment_sources/{key}/delete")
    assert site.get("/customers/A-000001")["customer"]["card_status"] == "no_card"
    assert site.post(f"/invoices/{invoice['id']}/collect_payment", status=400)["api_error_code"] == (
        "payment_method_not_present"
    )  # fmt: skip


def test_a_decline_is_a_payment_error_and_leaves_a_failed_transaction(site: Any) -> None:
    _card(site, DECLINED)
    invoice = _charge(site)["invoice"]
    answer = site.post(f"/invoices/{invoice['id']}/collect_payment", status=400)
    assert (answer["type"], answer["api_error_code"]) == ("payment", "payment_processing_failed")
    (row,) = site.get("/transactions?status[is]=failure")["list"]
    assert (row["transaction"]["error_code"], row["transaction"]["amount"]) == ("card_declined", 1000)
    assert site.documents("cash") == []
    assert "payment_failed" in [row["event"]["event_type"] for row in site.get("/events?limit=100")["list"]]


def test_what_would_be_declined_at_once_makes_nothing(site: Any) -> None:
    _card(site, DECLINED)
    site.post("/customers/A-000001", {"auto_collection": "on"})
    assert _charge(site, status=400)["type"] == "payment"
    assert start(site, "plan-m:1", status=400)["type"] == "payment"
    assert site.get("/invoices")["list"] == site.get("/subscriptions")["list"] == []


def test_renewals_are_collected_from_the_card(site: Any) -> None:
    _card(site)
    start(site, "plan-m:1", auto_collection="on")
    site.at(date(2026, 12, 2))
    assert [bill["status"] for bill in bills(site)] == ["paid"] * 3
    assert sum(document.amount_minor for document in site.documents("cash")) == 9000


def test_a_refund_goes_back_to_the_card_with_a_credit_note(site: Any) -> None:
    _card(site)
    invoice = _charge(site, 1000, auto_collection="on")["invoice"]
    assert invoice["status"] == "paid"
    path = f"/invoices/{invoice['id']}/refund"
    answer = site.post(path, {"refund_amount": 400})
    assert (answer["transaction"]["type"], answer["credit_note"]["status"]) == ("refund", "refunded")
    assert site.post(path, {"refund_amount": 601}, status=400)["param"] == "refund_amount"
    assert site.post(path)["transaction"]["amount"] == 600
    assert site.post(path, status=409)["api_error_code"] == "invalid_state_for_request"
    payment = site.get("/transactions?type[is]=payment")["list"][0]["transaction"]
    assert sum(refund["txn_amount"] for refund in payment["linked_refunds"]) == 1000


def test_a_refund_of_what_was_paid_elsewhere_is_recorded_not_made(site: Any) -> None:
    invoice = _charge(site)["invoice"]
    site.post(f"/invoices/{invoice['id']}/record_payment", {"transaction[payment_method]": "cash"})
    path = f"/invoices/{invoice['id']}"
    assert site.post(f"{path}/refund", status=409)["api_error_code"] == "invalid_state_for_request"
    fields = {"transaction[amount]": 250, "transaction[payment_method]": "cash"}
    assert site.post(f"{path}/record_refund", fields)["credit_note"]["total"] == 250


def test_a_voided_payment_makes_its_invoice_due_again(site: Any) -> None:
    _card(site)
    invoice = _charge(site, auto_collection="on")["invoice"]
    key = invoice["linked_payments"][0]["txn_id"]
    assert site.post(f"/transactions/{key}/void")["transaction"]["status"] == "voided"
    shown = site.get(f"/invoices/{invoice['id']}")["invoice"]
    assert (shown["status"], shown["amount_due"]) == ("payment_due", 1000)
    assert site.post(f"/transactions/{key}/void", status=409)["http_status_code"] == 409


def test_excess_is_used_for_invoices_and_given_back(site: Any) -> None:
    _card(site)
    got = site.post("/customers/A-000001/collect_payment", {"amount": 1500})["transaction"]
    invoice = _charge(site)["invoice"]
    fields = {"transactions[id][0]": got["id"], "transactions[amount][0]": 300}
    assert site.post(f"/invoices/{invoice['id']}/apply_payments", fields)["invoice"]["amount_due"] == 700
    assert site.post(f"/invoices/{invoice['id']}/apply_payments")["invoice"]["status"] == "paid"
    assert site.get("/customers/A-000001")["customer"]["excess_payments"] == 500
    assert site.post(f"/transactions/{got['id']}/refund", {"amount": 501}, status=400)["param"] == "amount"
    site.post(f"/transactions/{got['id']}/refund")
    assert site.get("/customers/A-000001")["customer"]["excess_payments"] == 0


def test_a_closed_invoice_is_voided_only_while_nothing_is_paid(site: Any) -> None:
    invoice = _charge(site)["invoice"]
    assert site.post(f"/invoices/{invoice['id']}/void")["invoice"]["amount_due"] == 0
    paid = _charge(site)["invoice"]
    site.post(f"/invoices/{paid['id']}/record_payment", {"transaction[payment_method]": "cash"})
    assert site.post(f"/invoices/{paid['id']}/void", status=409)["http_status_code"] == 409
