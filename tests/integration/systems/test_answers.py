"""What adapters read out of answers, and what they refuse to read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.http import Request
from domain.objects import TaxShare
from integration.intake import Unreadable, Unverified
from integration.systems import billing, crm, erp, fulfilment, payment, tax
from integration.systems.wire import (
    UnexpectedReply,
    date_of_seconds,
    instant_of,
    major,
    major_text,
    minor,
    seconds_of_date,
)
from tests.integration.systems.conftest import answer

LINE = {
    "Id": "0QLx", "LineNumber": "00000001", "ProductCode__c": "PLAT-STD", "ProductKind__c": "recurring",
    "Quantity": 10, "ListPrice": 60.0, "UnitPrice": 50.0, "TotalPrice": 500.0, "Months__c": 12,
}  # fmt: skip
ROW: dict[str, Any] = {
    "Id": "0Q0x", "QuoteNumber": "Q-000001", "Version__c": 2.0, "Status": "Accepted", "Kind__c": "new",
    "Entity__c": "US", "CurrencyIsoCode": "USD", "TotalPrice": 500.0, "QuoteLineItems": {"records": [LINE]},
    "DiscountPercent__c": 12.5, "Approvals__c": "manager;deal_desk", "TermStart__c": "2026-12-01",
    "Account": {"Id": "001x", "AccountNumber": "A-1", "Name": "Acme", "BillingCountryCode": "US"},
}  # fmt: skip


def test_an_accepted_quote_is_read_in_minor_units() -> None:
    found = crm.accepted_quote(answer({"records": [ROW]}))
    quote = found.quote
    assert (quote.number, quote.version, quote.total_minor, quote.discount_percent) == ("Q-000001", 2, 500_00, "12.5")
    assert (quote.approvals, quote.term_start, quote.deltas) == (("manager", "deal_desk"), date(2026, 12, 1), ())
    (line,) = quote.lines
    assert (line.unit_minor, line.amount_minor, line.list_unit_minor, line.months) == (50_00, 500_00, 60_00, 12)
    assert (found.account.id, found.address.country) == ("A-1", "US")


def test_an_amendments_lines_are_its_deltas() -> None:
    row = {**ROW, "Kind__c": "amend", "AmendmentKind__c": "upsell", "EffectiveDate__c": "2026-12-05", "Sequence__c": 3}
    quote = crm.accepted_quote(answer({"records": [row]})).quote
    assert [(delta.sku, delta.quantity, delta.unit_minor) for delta in quote.deltas] == [("PLAT-STD", 10, 50_00)]
    assert (quote.effective_date, quote.sequence) == (date(2026, 12, 5), 3)


@pytest.mark.parametrize(
    "value", [{"records": []}, {"records": [ROW, ROW]}, {}, {"records": [{**ROW, "TotalPrice": "many"}]}]
)
def test_a_quote_that_is_not_as_agreed_is_schema_drift(value: Any) -> None:
    with pytest.raises(UnexpectedReply) as drift:
        crm.accepted_quote(answer(value))
    assert drift.value.code == "CONTRACT.SCHEMA_DRIFT"


@pytest.mark.parametrize(("currency", "amount"), [("USD", "1.005"), ("JPY", "1.5"), ("KWD", "1.0005")])
def test_an_amount_with_too_many_decimals_is_refused(currency: str, amount: str) -> None:
    with pytest.raises(UnexpectedReply, match="more decimals"):
        minor(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("currency", "amount", "text"),
    [("USD", 123, "1.23"), ("JPY", 123, "123"), ("KWD", 123, "0.123"), ("USD", -5, "-0.05")],
)
def test_amounts_go_to_the_wire_and_back(currency: str, amount: int, text: str) -> None:
    assert bytes(major(amount, currency)) == text.encode()
    assert major_text(amount, currency) == text
    assert minor(Decimal(text), currency) == amount


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(UnexpectedReply, match="no amount"):
        minor(Decimal(text), "USD")


def test_an_instant_needs_an_offset() -> None:
    assert instant_of("2026-12-31T23:59:58.5+0100") == instant_of("2026-12-31T22:59:58.500Z")
    for text in ("2026-12-31T23:59:58", "2026-12-31", "soon", ""):
        with pytest.raises(UnexpectedReply, match="no instant"):
            instant_of(text)


def test_dates_go_to_the_wire_and_back() -> None:
    day = date(2026, 12, 31)
    assert date_of_seconds(seconds_of_date(day)) == date_of_seconds(seconds_of_date(day) + 86_399) == day


@pytest.mark.parametrize(("status", "is_booked"), [("pendingApproval", False), ("cancelled", False), ("B", True)])
def test_an_order_is_booked_once_the_erp_has_approved_it(status: str, is_booked: bool) -> None:
    told = {"id": "7", "tranId": "SO7", "status": {"id": status}, "total": 5.0}
    assert erp.order_standing(answer(told)).is_booked is is_booked


@pytest.mark.parametrize(("status", "is_held"), [("clear", False), ("soft_hold", True), ("hard_hold", True)])
def test_a_hold_of_either_level_holds(status: str, is_held: bool) -> None:
    assert erp.customer_standing(answer({"id": "7", "custentity_credit_status": status})).is_held is is_held


def test_tax_lines_of_an_invoice_are_known_by_their_remark() -> None:
    lines = [
        {"id": "1", "amount": 500_00, "entity_type": "plan_item_price", "entity_id": "PLAT-STD-USD-12"},
        {"id": "2", "amount": 36_25, "entity_type": "adhoc", "description": "Tax US-CA"},
        {"id": "3", "amount": 5, "entity_type": "adhoc", "description": "Postage"},
    ]
    told = {
        "id": "INV-1", "customer_id": "A-1", "status": "pending", "currency_code": "USD", "date": 0, "total": 1,
        "amount_due": 1, "line_items": lines,
    }  # fmt: skip
    invoice = billing.invoice_of(answer({"invoice": told}))
    assert {jurisdiction: line.id for jurisdiction, line in invoice.tax_lines.items()} == {"US-CA": "2"}
    assert [line.id for line in invoice.canonical_lines()] == ["1", "3"]
    canonical = invoice.canonical_lines()[0]
    assert (canonical.sku, canonical.months, canonical.kind) == ("PLAT-STD", 12, "recurring")


def test_tax_is_read_by_jurisdiction_positive_and_without_empty_rows() -> None:
    rows = [{"jurisCode": "CA", "taxable": -500.0, "tax": -36.25}, {"jurisCode": "SF", "taxable": -500.0, "tax": 0.0}]
    told = {"code": "x", "status": "Committed", "totalTax": -36.25, "currencyCode": "USD", "summary": rows}
    assert tax.shares(answer(told)) == (TaxShare("CA", 500_00, 36_25),)
    assert tax.is_committed(answer(told))
    assert not tax.is_committed(answer({**told, "status": "Saved"}))


@pytest.mark.parametrize(
    ("decline", "code"),
    [("R01", "PAYMENT.NSF"), ("R02", "PAYMENT.ACCOUNT_CLOSED"), ("lost_card", "PAYMENT.HARD_DECLINE")],
)
def test_a_decline_has_a_class_of_the_taxonomy(decline: str, code: str) -> None:
    assert payment.class_of(decline) == code


def test_every_reader_refuses_what_does_not_fit() -> None:
    readers = (
        crm.accepted_rows, erp.order_standing, erp.changed_credit, billing.invoice_of,
        billing.credit_notes_in, billing.subscription_of, tax.shares, payment.intent_of, payment.customers_of,
        payment.payouts_of, fulfilment.task_of,
    )  # fmt: skip
    for read in readers:
        with pytest.raises(UnexpectedReply):
            read(answer({"unexpected": True}))


# --- signatures -----------------------------------------------------------------------------------------------------

NOW_US = 1_796_083_200_000_000
BODY = b'{"id":"e1"}'


def signed(at_seconds: int, body: bytes = BODY, secret: bytes = payment.WEBHOOK_SECRET) -> str:
    import hashlib
    import hmac

    digest = hmac.new(secret, f"{at_seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_seconds},v1={digest}"


NOW = NOW_US // 1_000_000


@pytest.mark.parametrize("age", [0, 299, 300, -300])
def test_a_fresh_signature_is_believed(age: int) -> None:
    payment.verify_signature(signed(NOW - age), BODY, payment.WEBHOOK_SECRET, NOW_US)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("", "no timestamp"),
        ("v1=abc", "no timestamp"),
        ("t=soon,v1=abc", "no timestamp"),
        (f"t={NOW},t={NOW},v1=abc", "no timestamp"),
        (signed(NOW - 301), "stale"),
        (signed(NOW + 301), "stale"),
        (signed(NOW, b"other"), "does not fit"),
        (signed(NOW, secret=b"guess"), "does not fit"),
        (f"t={NOW}", "does not fit"),
    ],
)
def test_any_other_signature_is_refused(header: str, why: str) -> None:
    with pytest.raises(Unverified, match=why):
        payment.verify_signature(header, BODY, payment.WEBHOOK_SECRET, NOW_US)


def test_two_signatures_are_fine_while_a_secret_is_rolled() -> None:
    header = f"{signed(NOW)},v1={'0' * 64}"
    payment.verify_signature(header, BODY, payment.WEBHOOK_SECRET, NOW_US)


@pytest.mark.parametrize("source", [billing.SOURCE, payment.SOURCE, fulfilment.SOURCE, erp.SOURCE])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id": 3}'])
def test_a_message_that_cannot_be_read_is_said_to_be_so(source: Any, body: bytes) -> None:
    with pytest.raises(Unreadable):
        source.parse(Request("q2c", "POST", source.path, {}, body))
