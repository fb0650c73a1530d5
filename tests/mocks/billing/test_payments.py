"""Payments and refunds are recorded against what is due and what is left, never beyond."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

START = date(2026, 10, 1)
INV = "INV-0000001"
OTHER = {"transaction[payment_method]": "other"}


@pytest.fixture
def closed(site: Any) -> Any:
    """A site with one invoice of 300.00 to pay."""
    site.subscribe(("SEAT", 1, 10, 3000), start=START, cycles=12)
    site.post(f"/invoices/{INV}/close")
    site.collected()
    return site


def test_a_full_payment_settles_the_invoice(closed: Any) -> None:
    fields = {
        **OTHER, "transaction[amount]": 30_000, "transaction[reference_number]": "pi_1",
        "transaction[date]": closed.seconds(START),
    }  # fmt: skip
    answer = closed.post(f"/invoices/{INV}/record_payment", fields)
    assert (answer["invoice"]["status"], answer["invoice"]["amount_due"]) == ("paid", 0)
    (linked,) = answer["invoice"]["linked_payments"]
    assert (linked["txn_id"], linked["applied_amount"], linked["txn_status"]) == ("txn_000000001", 30_000, "success")
    assert answer["transaction"]["reference_number"] == "pi_1"
    assert closed.topics() == ["payment_succeeded", "invoice_updated"]
    cash = closed.last("cash", "txn_000000001")
    assert (cash.ref, cash.amount_minor, cash.applied, cash.status) == ("pi_1", 30_000, ((INV, 30_000),), "applied")
    assert closed.last("invoice", INV).status == "paid"


def test_part_payments_leave_the_rest_due(closed: Any) -> None:
    closed.post(f"/invoices/{INV}/record_payment", {**OTHER, "transaction[amount]": 10_000})
    assert (closed.last("invoice", INV).status, closed.last("invoice", INV).balance_minor) == (
        "partially_paid", 20_000,
    )  # fmt: skip
    closed.post(f"/invoices/{INV}/record_payment", OTHER)
    assert closed.last("invoice", INV).status == "paid"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({**OTHER, "transaction[amount]": 30_001}, "transaction[amount]"),
        ({**OTHER, "transaction[amount]": 0}, "transaction[amount]"),
        ({"transaction[amount]": 1}, "transaction[payment_method]"),
        ({"transaction[payment_method]": "shells"}, "transaction[payment_method]"),
        ({}, "transaction"),
    ],
)
def test_a_wrong_payment_is_refused(closed: Any, fields: Any, param: str) -> None:
    answer = closed.post(f"/invoices/{INV}/record_payment", fields, status=400)
    assert (answer["api_error_code"], answer["param"]) == ("param_wrong_value", param)
    assert closed.documents("cash") == []


def test_only_closed_and_unpaid_invoices_take_payments(closed: Any) -> None:
    closed.at(date(2026, 11, 1))
    assert closed.post("/invoices/INV-0000002/record_payment", OTHER, status=409)
    closed.post(f"/invoices/{INV}/record_payment", OTHER)
    assert closed.post(f"/invoices/{INV}/record_payment", OTHER, status=409)["http_status_code"] == 409


def test_a_removed_payment_makes_the_invoice_due_again(closed: Any) -> None:
    closed.post(f"/invoices/{INV}/record_payment", OTHER)
    wrong = closed.post(f"/invoices/{INV}/remove_payment", {"transaction[id]": "txn_9"}, status=400)
    assert wrong["param"] == "transaction[id]"
    answer = closed.post(f"/invoices/{INV}/remove_payment", {"transaction[id]": "txn_000000001"})
    assert (answer["invoice"]["status"], answer["invoice"]["amount_due"]) == ("payment_due", 30_000)
    assert answer["transaction"]["amount_unused"] == 30_000
    assert (closed.last("invoice", INV).status, closed.last("cash", "txn_000000001").applied) == ("posted", ())


def test_what_is_unused_of_a_payment_is_given_back_and_recorded(closed: Any) -> None:
    closed.post(f"/invoices/{INV}/record_payment", OTHER)
    path = "/transactions/txn_000000001/record_refund"
    assert closed.post(path, OTHER, status=400)["param"] == "transaction[amount]"  # all of it pays the invoice
    closed.post(f"/invoices/{INV}/remove_payment", {"transaction[id]": "txn_000000001"})
    fields = {**OTHER, "transaction[amount]": 10_000, "transaction[reference_number]": "re_1"}
    refund = closed.post(path, {**fields, "transaction[payment_method]": "chargeback"})["transaction"]
    assert (refund["type"], refund["amount"], refund["reference_number"]) == ("refund", 10_000, "re_1")
    payment = closed.get("/transactions/txn_000000001")["transaction"]
    assert (payment["amount_unused"], payment["linked_refunds"][0]["txn_id"]) == (20_000, refund["id"])
    assert closed.get("/customers/A-000001")["customer"]["excess_payments"] == 20_000
    apply = {"transactions[id][0]": "txn_000000001", "transactions[amount][0]": 20_000}
    assert closed.post(f"/invoices/{INV}/apply_payments", apply)["invoice"]["amount_due"] == 10_000
    assert closed.post(path, {**OTHER, "transaction[amount]": 1}, status=400)


def test_excess_stays_with_the_customer(closed: Any) -> None:
    fields = {**OTHER, "transaction[amount]": 500, "transaction[reference_number]": "pi_2"}
    answer = closed.post("/customers/A-000001/record_excess_payment", fields)
    assert answer["customer"]["excess_payments"] == 500
    cash = closed.last("cash", answer["transaction"]["id"])
    assert (cash.status, cash.applied) == ("unapplied", ())
    missing = closed.post("/customers/A-000001/record_excess_payment", OTHER, status=400)
    assert missing["param"] == "transaction[amount]"


def test_a_refund_of_a_credit_is_recorded_up_to_what_is_left(closed: Any) -> None:
    closed.post(f"/invoices/{INV}/record_payment", OTHER)
    note = closed.cancel(date(2026, 10, 1))["credit_notes"][0]
    path = f"/credit_notes/{note['id']}/record_refund"
    assert closed.post(path, {**OTHER, "transaction[amount]": 30_001}, status=400)["param"] == "transaction[amount]"
    answer = closed.post(path, {**OTHER, "transaction[amount]": 10_000, "transaction[reference_number]": "re_1"})
    assert (answer["credit_note"]["status"], answer["credit_note"]["amount_available"]) == ("refund_due", 20_000)
    assert closed.last("credit_memo", note["id"]).status == "partially_applied"
    closed.post(path, OTHER)
    document = closed.last("credit_memo", note["id"])
    assert (document.status, document.balance_minor) == ("refunded", 0)
    assert [refund.amount_minor for refund in closed.documents("refund")] == [10_000, 20_000]
    assert closed.post(path, OTHER, status=409)["api_error_code"] == "invalid_state_for_request"


def test_transactions_can_be_read(closed: Any) -> None:
    closed.post(f"/invoices/{INV}/record_payment", {**OTHER, "transaction[reference_number]": "pi_1"})
    assert closed.get("/transactions/txn_000000001")["transaction"]["type"] == "payment"
    assert len(closed.get("/transactions?reference_number[is]=pi_1")["list"]) == 1
    assert closed.get("/transactions/txn_9", status=404)["api_error_code"] == "resource_not_found"
