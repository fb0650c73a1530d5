"""The calls as they stand on the wire: paths, keys, amounts and dates in each vendor's own way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote_plus

import pytest
from msgspec.structs import replace

from integration.effects import Call
from integration.systems import billing, crm, erp, fulfilment, payment, tax
from integration.systems.billing import Change, Terms
from integration.systems.erp import Posting
from integration.systems.payment import Collection
from tests.integration.systems.conftest import ACCOUNT, ADDRESS, LINE, QUOTE, SHARE, body, form

REFERENCE = "Q-000001-v2"
DAY = date(2026, 12, 1)
DAY_SECONDS = 1_796_083_200  # its UTC midnight
POSTING = Posting(
    id="INV-1", customer="A-1", entity="US", currency="USD", txn="Q-000001", business_date=DAY, lines=(LINE,),
    taxes=(SHARE,), due_date=date(2026, 12, 31), invoice="INV-0",
)  # fmt: skip
TAXABLE = tax.Taxable(
    code="INV-1", customer="A-1", currency="USD", address=ADDRESS, day=DAY, lines=(LINE,), txn="Q-000001"
)
COLLECTION = Collection(
    invoice="INV-1", customer="cus_1", payment_method="pm_1", method="debit", amount_minor=536_25, currency="USD",
    txn="Q-000001", attempt=2,
)  # fmt: skip
CHANGE = Change(
    subscription="Q-1", currency="USD", effective=DAY, terms=(Terms("PLAT-STD", 5, 50_00, 12),), reference=REFERENCE,
    meta={"mark": "k"},
)  # fmt: skip


@dataclass(frozen=True)
class Wire:
    call: Call
    line: str
    key: str


WRITES = {
    "crm.update_quote": Wire(
        crm.update_quote("0Q0x", REFERENCE, {"Status": "Converted"}, 7, "Q-000001"),
        "PATCH /services/data/v62.0/sobjects/Quote/0Q0x", f"mirror/{REFERENCE}/7",
    ),
    "crm.update_quote_by_reference": Wire(
        crm.update_quote("", REFERENCE, {}, 7, "Q-000001"),
        f"PATCH /services/data/v62.0/sobjects/Quote/Reference__c/{REFERENCE}?updateOnly=true", f"mirror/{REFERENCE}/7",
    ),
    "erp.put_customer": Wire(
        erp.put_customer(ACCOUNT, 30, "Q-000001"), "PUT /services/rest/record/v1/customer/eid:A-1", "A-1"
    ),
    "erp.put_order": Wire(
        erp.put_order(QUOTE, REFERENCE, DAY), f"PUT /services/rest/record/v1/salesOrder/eid:{REFERENCE}", REFERENCE
    ),
    "erp.close_order": Wire(
        erp.close_order(REFERENCE, "Q-000001"), f"PATCH /services/rest/record/v1/salesOrder/eid:{REFERENCE}",
        f"{REFERENCE}/cancel",
    ),
    "erp.fulfil_order": Wire(
        erp.fulfil_order(REFERENCE, 1, "Q-000001"),
        f"POST /services/rest/record/v1/salesOrder/eid:{REFERENCE}/!transform/itemFulfillment", REFERENCE,
    ),
    "erp.fulfil_order again": Wire(
        erp.fulfil_order(REFERENCE, 2, "Q-000001"),
        f"POST /services/rest/record/v1/salesOrder/eid:{REFERENCE}/!transform/itemFulfillment",
        f"{REFERENCE}.2",
    ),
    "erp.put_invoice": Wire(erp.put_invoice(POSTING), "PUT /services/rest/record/v1/invoice/eid:INV-1", "INV-1"),
    "erp.put_credit_memo": Wire(
        erp.put_credit_memo(POSTING), "PUT /services/rest/record/v1/creditMemo/eid:INV-1", "INV-1"
    ),
    "erp.put_cash": Wire(
        erp.put_cash("pi_1", "INV-1", POSTING, 536_25, 536_25, "card", DAY),
        "PUT /services/rest/record/v1/customerPayment/eid:pi_1", "pi_1",
    ),
    "erp.put_settlement": Wire(
        erp.put_settlement("po_1", "US", "USD", 1000, 30, DAY), "PUT /services/rest/record/v1/journalEntry/eid:po_1",
        "po_1",
    ),
    "billing.create_customer": Wire(
        billing.create_customer(ACCOUNT, ADDRESS, 30, "k", "Q-000001"), "POST /api/v2/customers", "k"
    ),
    "billing.create_subscription": Wire(
        billing.create_subscription(QUOTE, REFERENCE, DAY, "k"),
        "POST /api/v2/customers/A-1/subscription_for_items", "k",
    ),
    "billing.activate": Wire(
        billing.activate("Q-1", DAY, "k", "Q-1"), "POST /api/v2/subscriptions/Q-1/update_for_items", "k"
    ),
    "billing.change_terms": Wire(
        billing.change_terms(CHANGE, "k", "Q-1"), "POST /api/v2/subscriptions/Q-1/update_for_items", "k"
    ),
    "billing.change_term_end": Wire(
        billing.change_term_end("Q-1", DAY, "k", "Q-1"), "POST /api/v2/subscriptions/Q-1/change_term_end", "k"
    ),
    "billing.cancel": Wire(
        billing.cancel("Q-1", DAY, REFERENCE, "k", "Q-1"), "POST /api/v2/subscriptions/Q-1/cancel_for_items", "k"
    ),
    "billing.add_tax": Wire(
        billing.add_tax("INV-1", SHARE, "k", "Q-1"), "POST /api/v2/invoices/INV-1/add_charge", "k"
    ),
    "billing.close_invoice": Wire(
        billing.close_invoice("INV-1", "k", "Q-1"), "POST /api/v2/invoices/INV-1/close", "k"
    ),
    "billing.record_payment": Wire(
        billing.record_payment("INV-1", "pi_1", 100, DAY, "k", "Q-1"), "POST /api/v2/invoices/INV-1/record_payment", "k"
    ),
    "billing.record_excess": Wire(
        billing.record_excess("A-1", "pi_1", 100, DAY, "k", "Q-1"),
        "POST /api/v2/customers/A-1/record_excess_payment", "k",
    ),
    "tax.commit": Wire(tax.commit(TAXABLE), "POST /api/v2/transactions/create?$include=SummaryOnly", "INV-1"),
    "payment.create_intent": Wire(payment.create_intent(COLLECTION, "k"), "POST /v1/payment_intents", "k"),
    "payment.refund": Wire(payment.refund("pi_1", 100, "k", "Q-1"), "POST /v1/refunds", "k"),
    "fulfilment.put_task": Wire(fulfilment.put_task(QUOTE, REFERENCE), f"PUT /v1/tasks/{REFERENCE}", REFERENCE),
    "fulfilment.cancel_task": Wire(
        fulfilment.cancel_task(REFERENCE, "Q-1"), f"POST /v1/tasks/{REFERENCE}/cancel", f"{REFERENCE}/cancel"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(WRITES))
def test_a_write_goes_to_its_place_under_its_key(name: str) -> None:
    wire = WRITES[name]
    assert f"{wire.call.method} {wire.call.target}" == wire.line
    assert (wire.call.write, wire.call.key, wire.call.system) == (True, wire.key, name.partition(".")[0])
    assert wire.call.timeout_seconds > 0
    assert "authorization" not in wire.call.headers


@pytest.mark.parametrize("name", [name for name in sorted(WRITES) if name.startswith(("billing", "payment"))])
def test_vendors_with_an_idempotency_header_are_sent_the_key_in_it(name: str) -> None:
    call = WRITES[name].call
    wanted = {"billing": ("chargebee-idempotency-key", 1800), "payment": ("idempotency-key", 86_400)}
    assert (call.key_header, call.key_lives_seconds) == wanted[call.system]


@pytest.mark.parametrize("name", [n for n in sorted(WRITES) if n.startswith(("crm", "erp", "tax", "fulfilment"))])
def test_others_know_an_intent_by_what_stands_in_the_request(name: str) -> None:
    assert WRITES[name].call.key_header == ""


READS = {
    "erp.read_customer": erp.read_customer("A-1", "Q-1"),
    "erp.read_order": erp.read_order(REFERENCE, "Q-1"),
    "erp.credit_changes": erp.credit_changes(DAY_SECONDS * 1_000_000),
    "billing.read_customer": billing.read_customer("A-1", "Q-1"),
    "billing.read_subscription": billing.read_subscription("Q-1", "Q-1"),
    "billing.read_invoice": billing.read_invoice("INV-1", "Q-1"),
    "billing.pending_invoices": billing.pending_invoices(),
    "billing.credit_notes_of": billing.credit_notes_of("INV-1", "Q-1"),
    "billing.recent_credit_notes": billing.recent_credit_notes(DAY_SECONDS * 1_000_000),
    "crm.read_quote": crm.read_quote("0Q0x", "Q-1"),
    "crm.accepted_since": crm.accepted_since(DAY_SECONDS * 1_000_000),
    "tax.estimate": tax.estimate(TAXABLE),
    "tax.read_document": tax.read_document("INV-1", "Q-1"),
    "payment.find_customer": payment.find_customer("A-1", "Q-1"),
    "payment.read_intent": payment.read_intent("pi_1", "Q-1"),
    "payment.recent_payouts": payment.recent_payouts(DAY_SECONDS * 1_000_000),
    "fulfilment.read_task": fulfilment.read_task(REFERENCE, "Q-1"),
}


@pytest.mark.parametrize("name", sorted(READS))
def test_a_read_changes_nothing_and_needs_no_key(name: str) -> None:
    call = READS[name]
    assert (call.write, call.key) == (False, "")


def test_instants_are_written_as_each_vendor_wants_them() -> None:
    assert "2026-12-01T00:00:00Z" in unquote_plus(READS["crm.accepted_since"].target)
    assert "lastmodifieddate >= '2026-12-01T00:00:00Z'" in body(READS["erp.credit_changes"])["q"]
    assert f"date[after]={DAY_SECONDS}" in READS["billing.recent_credit_notes"].target
    assert f"created[gte]={DAY_SECONDS}" in READS["payment.recent_payouts"].target


# --- amounts and dates ----------------------------------------------------------------------------------------------


def test_the_erp_is_told_major_units_and_local_dates() -> None:
    told = body(WRITES["erp.put_order"].call)
    (line,) = told["item"]["items"]
    assert (line["rate"], line["amount"], line["quantity"]) == (50.0, 500.0, 10)
    assert (told["tranDate"], told["memo"], told["custbody_txn"]) == ("2026-12-01", REFERENCE, "Q-000001")
    posted = body(WRITES["erp.put_invoice"].call)
    assert [(row["taxCode"], row["taxAmount"]) for row in posted["taxDetails"]["items"]] == [("US-CA", 36.25)]
    assert (posted["dueDate"], posted["subsidiary"]) == ("2026-12-31", {"id": "US"})


def test_currencies_without_decimals_keep_their_amounts() -> None:
    yen = replace(QUOTE, currency="JPY")
    (line,) = body(erp.put_order(yen, REFERENCE, DAY))["item"]["items"]
    assert (line["rate"], line["amount"]) == (5000, 50_000)
    assert b'"rate":5000,' in erp.put_order(yen, REFERENCE, DAY).body


def test_cash_that_an_invoice_does_not_take_is_applied_to_nothing() -> None:
    assert body(WRITES["erp.put_cash"].call)["apply"]["items"] == [{"doc": {"externalId": "INV-1"}, "amount": 536.25}]
    none = body(erp.put_cash("pi_1", "INV-1", POSTING, 536_25, 0, "card", DAY))
    assert (none["payment"], none["apply"]["items"]) == (536.25, [])


def test_a_settlement_balances_and_leaves_nothing_empty() -> None:
    def rows(gross: int, fee: int) -> dict[str, float]:
        lines = body(erp.put_settlement("po_1", "US", "USD", gross, fee, DAY))["line"]["items"]
        return {row["account"]["id"]: row.get("debit", 0) - row.get("credit", 0) for row in lines}

    assert rows(1000, 30) == {"1000": 9.7, "6100": 0.3, "1050": -10.0}
    assert rows(1000, 0) == {"1000": 10.0, "1050": -10.0}
    assert rows(-500, 0) == {"1000": -5.0, "1050": 5.0}


def test_billing_is_told_minor_units_and_unix_seconds() -> None:
    told = form(WRITES["billing.create_subscription"].call)
    assert (told["id"], told["po_number"], told["start_date"]) == ("Q-000001", REFERENCE, str(DAY_SECONDS))
    assert told["subscription_items[item_price_id][0]"] == "PLAT-STD-USD-12"
    assert told["subscription_items[unit_price][0]"] == "5000"
    changed = form(WRITES["billing.change_terms"].call)
    assert (changed["replace_items_list"], changed["prorate"]) == ("true", "true")
    assert (changed["changes_scheduled_at"], changed["cf_amendment_ref"]) == (str(DAY_SECONDS), REFERENCE)
    paid = form(WRITES["billing.record_payment"].call)
    assert (paid["transaction[amount]"], paid["transaction[reference_number]"]) == ("100", "pi_1")


def test_names_with_reserved_characters_survive_a_form() -> None:
    assert form(WRITES["billing.create_customer"].call)["company"] == "Acme & Sons"


def test_the_tax_engine_is_told_signs_and_the_day_of_the_original() -> None:
    sale, back = body(tax.commit(TAXABLE)), body(tax.commit_return(replace(TAXABLE, original_day=date(2026, 11, 1))))
    assert (sale["type"], sale["commit"], sale["lines"][0]["amount"]) == ("SalesInvoice", True, 500.0)
    assert (back["type"], back["lines"][0]["amount"]) == ("ReturnInvoice", -500.0)
    assert back["taxOverride"]["taxDate"] == "2026-11-01"
    assert "taxOverride" not in sale
    assert body(tax.estimate(TAXABLE))["commit"] is False


def test_a_payment_says_what_it_is_for_and_which_try_it_is() -> None:
    told = form(WRITES["payment.create_intent"].call)
    assert (told["amount"], told["currency"], told["confirm"]) == ("53625", "usd", "true")
    assert told["payment_method_types[0]"] == "us_bank_account"
    assert (told["metadata[invoice]"], told["metadata[attempt]"]) == ("INV-1", "2")


def test_a_mirror_carries_its_balance_as_a_number() -> None:
    call = crm.update_quote("0Q0x", REFERENCE, crm.mirrored({"Status": "x"}, "12.30", 7), 7, "Q-1")
    assert call.body == b'{"Status":"x","MirrorSequence__c":7,"InvoiceBalance__c":12.30}'
