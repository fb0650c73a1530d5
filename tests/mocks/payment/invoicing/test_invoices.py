"""Invoices: drafts, what they come to, how they end, and what the world sees of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mocks.payment.invoicing.tax_rates import Decimal, TaxRate, taxes_on


def test_a_draft_adds_up_discounts_and_tax(shop: Any) -> None:
    rate = shop.make("tax_rates", display_name="VAT", percentage="19", inclusive="false")["id"]
    coupon = shop.make("coupons", percent_off="12.5", duration="once")["id"]
    draft = shop.invoice(10_001, 333, default_tax_rates__0=rate, discounts__0__coupon=coupon)
    found = shop.get(f"invoices/{draft}")
    assert (found["status"], found["subtotal"]) == ("draft", 10_334)
    off = found["total_discount_amounts"][0]["amount"]
    assert off == 1_292
    assert found["total_excluding_tax"] == 10_334 - off
    assert found["total"] == 10_334 - off + found["total_taxes"][0]["amount"]
    assert found["total_taxes"][0]["tax_behavior"] == "exclusive"


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**9), st.decimals(0, 50, places=3), st.booleans())
def test_tax_is_never_off_by_more_than_a_unit(amount: int, percentage: Decimal, inclusive: bool) -> None:
    rate = TaxRate(id="txr", created=0, display_name="t", inclusive=inclusive, metadata={}, percentage=percentage)
    (tax,) = taxes_on([rate], amount)
    exact = amount * percentage / ((100 + percentage) if inclusive else 100)
    assert abs(tax.amount - exact) <= Decimal("0.5")
    assert tax.taxable_amount is not None
    assert abs(tax.taxable_amount + (tax.amount if inclusive else 0) - amount) <= 1


def test_a_finalized_invoice_is_paid_in_the_world(shop: Any) -> None:
    draft = shop.invoice(5_000, metadata__txn="Q-000077")
    open_one = shop.make(f"invoices/{draft}/finalize")
    assert (open_one["status"], open_one["amount_due"], open_one["number"][-4:]) == ("open", 5_000, "0001")
    paid = shop.make(f"invoices/{draft}/pay")
    assert (paid["status"], paid["amount_paid"], paid["amount_remaining"]) == ("paid", 5_000, 0)
    payment = shop.get(f"invoice_payments?invoice={draft}")["data"][0]
    charge = shop.get(f"charges?payment_intent={payment['payment']['payment_intent']}")["data"][0]
    assert (charge["amount"], charge["paid"]) == (5_000, True)
    assert [change.status for change in shop.bench.changes("invoice")] == ["open", "paid"]
    assert {change.txn for change in shop.bench.changes("invoice")} == {"Q-000077"}
    shop.bench.wait(3)
    assert shop.bench.changes("payout"), "the money of an invoice is paid out like any other"
    assert "invoice.paid" in shop.topics()


def test_a_declined_invoice_stays_open_and_is_tried_again(shop: Any) -> None:
    draft = shop.invoice(5_000, auto_advance="true")
    shop.make(f"invoices/{draft}/finalize", auto_advance="false")
    status, code = shop.refused(f"invoices/{draft}/pay", payment_method="pm_card_chargeDeclined")
    assert (status, code) == (402, "card_declined")
    found = shop.get(f"invoices/{draft}")
    assert (found["status"], found["attempt_count"], found["attempted"]) == ("open", 1, True)
    assert shop.make(f"invoices/{draft}/pay")["status"] == "paid"


def test_a_draft_that_advances_finalizes_and_pays_itself(shop: Any) -> None:
    draft = shop.invoice(1_500, auto_advance="true")
    assert shop.get(f"invoices/{draft}")["status"] == "draft"
    shop.bench.wait(0.1)
    assert shop.get(f"invoices/{draft}")["status"] == "paid"


def test_an_invoice_that_customers_must_authenticate_says_so(shop: Any) -> None:
    draft = shop.invoice(5_000)
    shop.make(f"invoices/{draft}/finalize")
    fields = {"payment_method": "pm_card_authenticationRequired", "off_session": "false"}
    assert shop.refused(f"invoices/{draft}/pay", **fields) == (402, "invoice_payment_intent_requires_action")


@pytest.mark.parametrize("end", ["void", "mark_uncollectible"])
def test_an_open_invoice_can_end_without_money(shop: Any, end: str) -> None:
    draft = shop.invoice(5_000)
    shop.make(f"invoices/{draft}/finalize")
    ended = shop.make(f"invoices/{draft}/{end}")
    assert ended["status"] == {"void": "void", "mark_uncollectible": "uncollectible"}[end]
    if end == "void":
        assert shop.refused(f"invoices/{draft}/pay")[0] == 400
    else:
        assert shop.make(f"invoices/{draft}/pay", paid_out_of_band="true")["status"] == "paid"


def test_only_drafts_can_be_changed(shop: Any) -> None:
    draft = shop.invoice(5_000)
    shop.make(f"invoices/{draft}/finalize")
    for path, fields in (
        (f"invoices/{draft}/finalize", {}),
        (f"invoices/{draft}", {"number": "X-1"}),
        ("invoiceitems", {"customer": shop.customer, "invoice": draft, "amount": 1}),
        (f"invoices/{draft}/add_lines", {"lines__0__amount": 5}),
    ):
        assert shop.refused(path, **fields) == (400, "invoice_not_editable"), path
    assert shop.drop(f"invoices/{draft}")["error"]["code"] == "invoice_not_editable"


def test_pending_items_come_along_and_come_back(shop: Any) -> None:
    assert shop.refused(
        "invoices", customer=shop.customer, pending_invoice_items_behavior="include"
    ) == (400, "invoice_no_customer_line_items")  # fmt: skip
    shop.make("invoiceitems", customer=shop.customer, amount=700, currency="usd")
    assert shop.get(f"invoiceitems?customer={shop.customer}&pending=true")["data"][0]["amount"] == 700
    draft = shop.make("invoices", customer=shop.customer, pending_invoice_items_behavior="include")
    assert draft["total"] == 700
    assert shop.get(f"invoiceitems?customer={shop.customer}&pending=true")["data"] == []
    assert shop.drop(f"invoices/{draft['id']}")["deleted"] is True
    assert len(shop.get(f"invoiceitems?customer={shop.customer}&pending=true")["data"]) == 1


def test_lines_are_added_changed_and_taken_off(shop: Any) -> None:
    draft = shop.invoice(1_000)
    line = shop.get(f"invoices/{draft}/lines")["data"][0]["id"]
    after = shop.make(f"invoices/{draft}/update_lines", lines__0__id=line, lines__0__amount=1_500)
    assert after["total"] == 1_500
    after = shop.make(f"invoices/{draft}/add_lines", lines__0__amount=250, lines__0__description="More")
    assert [each["amount"] for each in after["lines"]["data"]] == [1_500, 250]
    after = shop.make(f"invoices/{draft}/remove_lines", lines__0__id=line, lines__0__behavior="delete")
    assert after["total"] == 250


def test_a_customers_credit_is_used_first(shop: Any) -> None:
    shop.make(f"customers/{shop.customer}/balance_transactions", amount=-1_200, currency="usd")
    draft = shop.invoice(5_000)
    found = shop.make(f"invoices/{draft}/finalize")
    assert (found["total"], found["amount_due"], found["ending_balance"]) == (5_000, 3_800, 0)
    assert shop.get(f"customers/{shop.customer}")["balance"] == 0
    kinds = [each["type"] for each in shop.get(f"customers/{shop.customer}/balance_transactions")["data"]]
    assert kinds == ["applied_to_invoice", "adjustment"]


def test_long_invoices_show_ten_lines_and_page_the_rest(shop: Any) -> None:
    draft = shop.invoice(*range(1, 15))
    found = shop.get(f"invoices/{draft}")
    assert (len(found["lines"]["data"]), found["lines"]["has_more"], found["lines"]["total_count"]) == (10, True, 14)
    first = shop.get(f"invoices/{draft}/lines?limit=9")
    rest = shop.get(f"invoices/{draft}/lines?limit=9&starting_after={first['data'][-1]['id']}")
    assert [line["amount"] for line in first["data"] + rest["data"]] == list(range(1, 15))
    assert rest["has_more"] is False


def test_a_payment_intent_of_ones_own_pays_an_invoice(shop: Any) -> None:
    draft = shop.invoice(5_000)
    shop.make(f"invoices/{draft}/finalize")
    intent = shop.make("payment_intents", amount=5_000, currency="usd", payment_method="pm_card_visa", confirm="true")
    paid = shop.make(f"invoices/{draft}/attach_payment", payment_intent=intent["id"])
    assert paid["status"] == "paid"


def test_credit_notes_lower_what_is_owed_or_give_back_what_was_paid(shop: Any) -> None:
    draft = shop.invoice(5_000)
    shop.make(f"invoices/{draft}/finalize")
    note = shop.make("credit_notes", invoice=draft, amount=1_000)
    assert (note["type"], shop.get(f"invoices/{draft}")["amount_remaining"]) == ("pre_payment", 4_000)
    assert shop.refused("credit_notes", invoice=draft, amount=4_001)[0] == 400
    assert shop.make(f"credit_notes/{note['id']}/void")["status"] == "void"
    shop.make(f"invoices/{draft}/pay")
    assert shop.refused("credit_notes", invoice=draft, amount=1_000)[0] == 400, "where the money goes must be said"
    back = shop.make("credit_notes", invoice=draft, amount=1_000, refund_amount=600, credit_amount=400)
    assert back["refunds"][0]["amount_refunded"] == 600
    assert shop.get(f"customers/{shop.customer}")["balance"] == -400
    assert shop.get(f"invoices/{draft}")["post_payment_credit_notes_amount"] == 1_000
    assert [change.status for change in shop.bench.changes("credit_memo")] == ["issued", "void", "issued"]
