"""Invoices: pending until closed, then due, paid, voided or written off, and chased when overdue."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

START = date(2026, 10, 1)
SEAT = ("SEAT", 1, 10, 3000)


@pytest.fixture
def billed(site: Any) -> Any:
    """A site with one pending invoice of 300.00."""
    site.subscribe(SEAT, start=START, cycles=12)
    site.collected()
    return site


INV = "INV-0000001"


def test_a_tax_line_makes_a_pending_invoice_ready(billed: Any) -> None:
    shown = billed.post(f"/invoices/{INV}/add_charge", {"amount": 5700, "description": "Tax DE"})["invoice"]
    line = shown["line_items"][-1]
    assert (line["entity_type"], line.get("entity_id"), line["description"], line["amount"]) == (
        "adhoc", None, "Tax DE", 5700,
    )  # fmt: skip
    assert (shown["status"], shown["total"], shown["amount_due"]) == ("pending", 35_700, 35_700)
    document = billed.last("invoice", INV)
    assert (document.status, document.net_minor, document.tax_minor) == ("ready", 30_000, 5700)
    assert [(tax.jurisdiction, tax.base_minor, tax.amount_minor) for tax in document.taxes] == [("DE", 30_000, 5700)]
    assert document.lines[-1].kind == "tax"


def test_another_charge_is_a_one_time_line(billed: Any) -> None:
    billed.post(f"/invoices/{INV}/add_charge", {"amount": 100, "description": "Postage"})
    document = billed.last("invoice", INV)
    assert (document.net_minor, document.tax_minor, document.lines[-1].kind) == (30_100, 0, "one_time")
    assert billed.get(f"/invoices/{INV}")["invoice"]["line_items"][-1]["entity_type"] == "adhoc"


def test_closing_numbers_without_gaps_per_entity(billed: Any) -> None:
    billed.at(date(2026, 12, 2))
    for invoice in ("INV-0000002", "INV-0000001"):
        shown = billed.post(f"/invoices/{invoice}/close")["invoice"]
        assert (shown["status"], shown["amount_due"]) == ("payment_due", 30_000)
    assert [billed.last("invoice", f"INV-000000{n}").number for n in (2, 1, 3)] == ["DE-000001", "DE-000002", ""]


def test_closing_passes_every_state_of_the_chart(billed: Any) -> None:
    billed.post(f"/invoices/{INV}/close")
    assert [change.status for change in billed.changes("invoice", INV)] == ["tax_pending", "ready", "posted"]
    assert billed.topics() == ["invoice_updated"]


def test_an_invoice_of_nothing_is_paid_when_it_is_closed(site: Any) -> None:
    site.subscribe(("SEAT", 1, 10, 0), start=START)
    assert site.post(f"/invoices/{INV}/close")["invoice"]["status"] == "paid"
    assert [c.status for c in site.changes("invoice", INV)] == ["tax_pending", "ready", "posted", "paid"]


@pytest.mark.parametrize("call", ["close", "add_charge"])
def test_a_closed_invoice_is_not_completed_any_more(billed: Any, call: str) -> None:
    billed.post(f"/invoices/{INV}/close")
    fields = {"amount": 1, "description": "Tax DE"} if call == "add_charge" else {}
    answer = billed.post(f"/invoices/{INV}/{call}", fields, status=409)
    assert (answer["api_error_code"], answer["type"]) == ("invalid_state_for_request", "invalid_request")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"amount": 0, "description": "Tax DE"}, "amount"),
        ({"amount": "x", "description": "Tax DE"}, "amount"),
        ({"amount": 1}, "description"),
        ({"amount": 1, "description": "Tax DE", "colour": "red"}, "colour"),
    ],
)
def test_a_wrong_charge_is_refused(billed: Any, fields: Any, param: str) -> None:
    answer = billed.post(f"/invoices/{INV}/add_charge", fields, status=400)
    assert (answer["api_error_code"], answer["param"]) == ("param_wrong_value", param)


def test_an_unknown_invoice_is_not_found(billed: Any) -> None:
    assert billed.post("/invoices/INV-9/close", status=404)["api_error_code"] == "resource_not_found"


def test_a_site_without_pending_invoices_posts_them_at_once(sites: type[Any]) -> None:
    site = sites(pending_invoices=False)
    assert site.subscribe(SEAT, start=START)["invoice"]["status"] == "payment_due"
    assert site.topics().count("invoice_generated") == 1


def test_net_terms_can_keep_an_invoice_posted_until_it_is_due(sites: type[Any]) -> None:
    site = sites(posted_until_due=True)
    site.subscribe(SEAT, start=START)
    assert site.post(f"/invoices/{INV}/close")["invoice"]["status"] == "posted"


def test_a_voided_invoice_is_billed_anew(billed: Any) -> None:
    assert billed.post(f"/invoices/{INV}/void")["invoice"]["status"] == "voided"
    assert [change.status for change in billed.changes("invoice", INV)] == ["tax_pending", "ready", "voided"]
    assert billed.last("invoice", INV).balance_minor == 0
    billed.at(date(2026, 11, 1))
    assert [line.period_start for line in billed.documents("invoice")[-1].lines] == [START, date(2026, 11, 1)]


def test_a_closed_invoice_is_not_voided(billed: Any, sites: type[Any]) -> None:
    billed.post(f"/invoices/{INV}/close")
    assert billed.post(f"/invoices/{INV}/void", status=409)["http_status_code"] == 409
    assert billed.last("invoice", INV).status == "posted"


def test_a_write_off_settles_an_open_invoice(billed: Any) -> None:
    assert billed.post(f"/invoices/{INV}/write_off", status=409)["api_error_code"] == "invalid_state_for_request"
    billed.post(f"/invoices/{INV}/close")
    answer = billed.post(f"/invoices/{INV}/write_off", {"comment": "insolvent"})
    assert (answer["invoice"]["status"], answer["invoice"]["write_off_amount"]) == ("paid", 30_000)
    assert (answer["credit_note"]["reason_code"], answer["credit_note"]["total"]) == ("write_off", 30_000)
    document = billed.last("invoice", INV)
    assert (document.status, document.balance_minor) == ("written_off", 0)
    assert billed.documents("credit_memo") == []


def test_what_is_written_off_after_a_payment_went_back_adds_to_what_was(billed: Any) -> None:
    billed.post(f"/invoices/{INV}/close")
    payment = {"transaction[amount]": 20_000, "transaction[payment_method]": "bank_transfer"}
    paid = billed.post(f"/invoices/{INV}/record_payment", payment)["transaction"]["id"]
    billed.post(f"/invoices/{INV}/write_off")
    shown = billed.post(f"/invoices/{INV}/remove_payment", {"transaction[id]": paid})["invoice"]
    assert (shown["amount_due"], shown["write_off_amount"]) == (20_000, 10_000)
    assert billed.last("invoice", INV).status == "partially_paid"
    shown = billed.post(f"/invoices/{INV}/write_off")["invoice"]
    assert (shown["status"], shown["amount_due"], shown["write_off_amount"]) == ("paid", 0, 30_000)
    assert billed.last("invoice", INV).status == "written_off"


def test_a_dispute_before_the_first_reminder_shows_that_dunning_was_stopped(billed: Any) -> None:
    billed.post(f"/invoices/{INV}/close")
    billed.post(f"/invoices/{INV}/stop_dunning")
    assert billed.get(f"/invoices/{INV}")["invoice"]["dunning_status"] == "stopped"
    billed.post(f"/invoices/{INV}/record_payment", {"transaction[payment_method]": "bank_transfer"})
    assert "dunning_status" not in billed.get(f"/invoices/{INV}")["invoice"]


def test_credit_for_a_written_off_invoice_gives_no_money_back(billed: Any) -> None:
    billed.post(f"/invoices/{INV}/close")
    billed.post(f"/invoices/{INV}/write_off")
    note = billed.cancel(START)["credit_notes"][0]
    assert (note["type"], note["amount_available"], note["amount_allocated"]) == ("adjustment", 0, 0)


def test_dunning_follows_the_calendar_until_the_invoice_is_paid(billed: Any) -> None:
    billed.cancel(date(2026, 11, 1))
    billed.post(f"/invoices/{INV}/close")
    billed.at(date(2026, 11, 3))  # due on 31 October, reminder on day 3
    assert billed.get(f"/invoices/{INV}")["invoice"]["dunning_status"] == "in_progress"
    assert billed.get(f"/invoices/{INV}")["invoice"]["cf_dunning_stage"] == "reminder"
    billed.post(f"/invoices/{INV}/stop_dunning")
    billed.at(date(2026, 11, 20))
    shown = billed.get(f"/invoices/{INV}")["invoice"]
    assert (shown["dunning_status"], shown["cf_dunning_stage"]) == ("stopped", "reminder")
    assert billed.post(f"/invoices/{INV}/stop_dunning", status=409)
    billed.post(f"/invoices/{INV}/resume_dunning")
    billed.at(date(2026, 12, 11))
    shown = billed.get(f"/invoices/{INV}")["invoice"]
    assert (shown["status"], shown["dunning_status"], shown["cf_dunning_stage"]) == (
        "not_paid", "exhausted", "suspended",
    )  # fmt: skip
    billed.post(f"/invoices/{INV}/record_payment", {"transaction[payment_method]": "bank_transfer"})
    billed.at(date(2027, 6, 1))
    shown = billed.get(f"/invoices/{INV}")["invoice"]
    assert (shown["status"], "dunning_status" in shown) == ("paid", False)


def test_open_credits_can_be_used_up_when_an_invoice_is_closed(sites: type[Any]) -> None:
    site = sites(applies_credits=True)
    site.subscribe(SEAT, start=START, cycles=12)
    site.pay(INV)
    site.at(date(2026, 10, 16))
    note = site.amend(("SEAT", 1, 5, 3000), day=date(2026, 10, 16))["credit_notes"][0]
    assert note["total"] == 15_484
    shown = site.post("/invoices/INV-0000002/close")["invoice"]
    assert (shown["credits_applied"], shown["amount_due"], shown["status"]) == (7742, 0, "paid")
    used = site.get(f"/credit_notes/{note['id']}")["credit_note"]
    assert (used["amount_allocated"], used["amount_available"], used["status"]) == (7742, 7742, "refund_due")
    assert site.last("credit_memo", note["id"]).status == "partially_applied"
    assert site.get("/customers/A-000001")["customer"]["refundable_credits"] == 7742
