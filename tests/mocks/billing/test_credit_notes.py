"""Credit notes take back what was billed: the unpaid part as an adjustment, the paid part as refundable credit."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

START = date(2026, 10, 1)
INV = "INV-0000001"


@pytest.fixture
def billed(site: Any) -> Any:
    """A pending invoice of 300.00 plus 57.00 tax, on its sixteenth day."""
    site.subscribe(("SEAT", 1, 10, 3000), start=START, cycles=12)
    site.post(f"/invoices/{INV}/add_charge", {"amount": 5700, "description": "Tax DE"})
    site.at(date(2026, 10, 16))
    site.collected()
    return site


def _tax_line(site: Any) -> str:
    line: str = site.get(f"/invoices/{INV}")["invoice"]["line_items"][-1]["id"]
    return line


def _tax_note(site: Any, amount: int, type_: str = "adjustment", status: int = 200, **more: Any) -> Any:
    fields = {
        "reference_invoice_id": INV, "type": type_, "reason_code": "tax_change", "total": amount,
        "customer_notes": "Tax of CN-0000001", "line_items[reference_line_item_id][0]": _tax_line(site),
        "line_items[amount][0]": amount, **more,
    }  # fmt: skip
    return site.post("/credit_notes", fields, status)


@pytest.mark.parametrize("close", [False, True])
def test_an_unpaid_invoice_is_adjusted_pending_or_not(billed: Any, close: bool) -> None:
    if close:
        billed.post(f"/invoices/{INV}/close")
    note = billed.cancel(date(2026, 10, 16))["credit_notes"][0]
    assert (note["type"], note["status"], note["total"], note["amount_available"]) == (
        "adjustment", "adjusted", 15_484, 0,
    )  # fmt: skip
    shown = billed.get(f"/invoices/{INV}")["invoice"]
    assert (shown["amount_adjusted"], shown["amount_due"]) == (15_484, 20_216)
    assert [linked["cn_id"] for linked in shown["adjustment_credit_notes"]] == [note["id"]]
    document = billed.last("credit_memo", note["id"])
    assert (document.status, document.balance_minor, document.total_minor) == ("applied", 0, 15_484)


def test_an_adjustment_of_everything_settles_a_closed_invoice(billed: Any) -> None:
    billed.post(f"/invoices/{INV}/close")
    billed.cancel(START)
    _tax_note(billed, 5700)
    assert billed.get(f"/invoices/{INV}")["invoice"]["status"] == "paid"


def test_a_pending_invoice_adjusted_to_nothing_is_paid_on_closing(billed: Any) -> None:
    billed.cancel(START)
    _tax_note(billed, 5700)
    assert billed.get(f"/invoices/{INV}")["invoice"]["status"] == "pending"
    assert billed.post(f"/invoices/{INV}/close")["invoice"]["status"] == "paid"


def test_a_partly_paid_invoice_is_settled_first_and_the_rest_is_refundable(billed: Any) -> None:
    billed.post(f"/invoices/{INV}/close")
    fields = {"transaction[payment_method]": "card", "transaction[amount]": 30_000}
    billed.post(f"/invoices/{INV}/record_payment", fields)
    note = billed.cancel(date(2026, 10, 16))["credit_notes"][0]
    assert (note["type"], note["amount_allocated"], note["amount_available"]) == ("refundable", 5700, 9784)
    assert billed.get(f"/invoices/{INV}")["invoice"]["status"] == "paid"
    assert billed.last("credit_memo", note["id"]).status == "partially_applied"


def test_one_note_for_each_invoice_that_is_taken_back(site: Any) -> None:
    site.subscribe(("SEAT", 1, 10, 3000), ("CORE", 12, 1, 1_200_000), start=START, cycles=12)
    site.pay(INV)
    site.at(date(2026, 11, 16))
    notes = site.cancel(date(2026, 11, 16))["credit_notes"]
    assert {note["reference_invoice_id"]: note["type"] for note in notes} == {
        INV: "refundable", "INV-0000002": "adjustment",
    }  # fmt: skip


def test_the_tax_part_is_credited_by_hand_on_its_line(billed: Any) -> None:
    note = _tax_note(billed, 2942)["credit_note"]
    assert (note["reason_code"], note["customer_notes"], note["total"]) == ("tax_change", "Tax of CN-0000001", 2942)
    document = billed.last("credit_memo", note["id"])
    assert (document.net_minor, document.tax_minor) == (0, 2942)
    assert (document.lines[0].kind, document.lines[0].sku, document.lines[0].reverses) == (
        "tax", "DE", _tax_line(billed),
    )  # fmt: skip
    found = billed.get(f"/credit_notes?reference_invoice_id[is]={INV}&limit=100")["list"]
    assert [row["credit_note"]["id"] for row in found] == [note["id"]]
    assert billed.topics() == ["credit_note_created"]


def test_a_note_belongs_to_the_transaction_its_remark_names(billed: Any) -> None:
    engine = billed.cancel(date(2026, 10, 16), cf_amendment_ref="Q-000007-v1")["credit_notes"][0]
    note = _tax_note(billed, 100, customer_notes=f"Tax of {engine['id']}")["credit_note"]
    assert billed.changes("credit_memo", note["id"])[0].txn == "Q-000007"
    note = _tax_note(billed, 100, customer_notes="waived")["credit_note"]
    assert billed.changes("credit_memo", note["id"])[0].txn == "Q-000001"


def test_a_total_is_spread_over_what_the_lines_have_left(billed: Any) -> None:
    fields = {"reference_invoice_id": INV, "type": "adjustment", "total": 3570, "reason_code": "waiver"}
    note = billed.post("/credit_notes", fields)["credit_note"]
    assert [line["amount"] for line in note["line_items"]] == [3000, 570]


@pytest.mark.parametrize(
    ("amount", "type_", "more", "param"),
    [
        (5701, "adjustment", {}, "line_items[amount][0]"),
        (100, "refundable", {}, "type"),
        (100, "gift", {}, "type"),
        (100, "adjustment", {"total": 99}, "total"),
        (100, "adjustment", {"line_items[reference_line_item_id][0]": "li_9"}, "line_items[reference_line_item_id][0]"),
    ],
)
def test_a_wrong_note_is_refused(billed: Any, amount: int, type_: str, more: Any, param: str) -> None:
    assert _tax_note(billed, amount, type_, 400, **more)["param"] == param
    assert billed.documents("credit_memo") == []


def test_an_adjustment_cannot_exceed_what_is_due(billed: Any) -> None:
    billed.pay(INV)
    answer = _tax_note(billed, 100, "adjustment", 400)
    assert (answer["param"], answer["api_error_code"]) == ("type", "param_wrong_value")
    assert _tax_note(billed, 100, "refundable")["credit_note"]["status"] == "refund_due"


def test_lines_credited_twice_in_one_note_count_together(billed: Any) -> None:
    more = {"line_items[reference_line_item_id][1]": _tax_line(billed), "line_items[amount][1]": 3000, "total": 6000}
    assert _tax_note(billed, 3000, "adjustment", 400, **more)["param"] == "line_items[amount][1]"


@pytest.mark.parametrize("fields", [{}, {"total": 99_999_999}])
def test_a_note_needs_lines_or_a_total_that_can_be_credited(billed: Any, fields: Any) -> None:
    answer = billed.post("/credit_notes", {"reference_invoice_id": INV, "type": "adjustment", **fields}, status=400)
    assert answer["param"] == "total"


def test_a_hand_made_credit_leaves_less_for_proration(billed: Any) -> None:
    fields = {"reference_invoice_id": INV, "type": "adjustment", "total": 35_000, "reason_code": "waiver"}
    billed.post("/credit_notes", fields)
    assert billed.cancel(START)["credit_notes"][0]["total"] == 588


def test_a_voided_invoice_is_not_credited(billed: Any) -> None:
    billed.post(f"/invoices/{INV}/void")
    fields = {"reference_invoice_id": INV, "type": "adjustment", "total": 1}
    assert billed.post("/credit_notes", fields, status=409)["api_error_code"] == "invalid_state_for_request"


def test_a_row_credits_an_amount_or_units_at_a_price(billed: Any) -> None:
    fields = {"reference_invoice_id": INV, "type": "adjustment", "reason_code": "other"}
    row = {"line_items[reference_line_item_id][0]": _tax_line(billed), "line_items[unit_amount][0]": 700}
    assert billed.post("/credit_notes", {**fields, **row})["credit_note"]["total"] == 700
    assert billed.post("/credit_notes", {**fields, **row, "line_items[quantity][0]": 2})["credit_note"]["total"] == 1400
    del row["line_items[unit_amount][0]"]
    assert billed.post("/credit_notes", {**fields, **row}, 400)["param"] == "line_items[amount][0]"
