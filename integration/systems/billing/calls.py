"""What is asked of the billing platform (Chargebee v2).

A POST carries `chargebee-idempotency-key`, which the vendor remembers for 30 minutes only; past that an unknown outcome
is looked up before anything is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from domain.objects import Account, Quote, TaxShare
from integration.effects import Call
from integration.systems.billing.shapes import TAX_PREFIX, TAX_REASON, CreditNote, Terms
from integration.systems.crm import Address
from integration.systems.wire import FORM, form_body, json_body, seconds_of_date

BASE = "/api/v2"
KEY_HEADER = "chargebee-idempotency-key"
KEY_LIVES_SECONDS = 1800
TIMEOUT_SECONDS = 120
Fields = list[tuple[str, str | int]]


def post(path: str, fields: Fields, key: str, txn: str, operation: str) -> Call:
    """Write something, under a key that names the intent."""
    return Call(
        system="billing", operation=operation, method="POST", target=f"{BASE}{path}", headers=FORM,
        body=form_body(fields), key=key, key_header=KEY_HEADER, key_lives_seconds=KEY_LIVES_SECONDS, write=True,
        txn=txn, timeout_seconds=TIMEOUT_SECONDS,
    )  # fmt: skip


def get(path: str, txn: str, operation: str) -> Call:
    """Read something."""
    return Call(system="billing", operation=operation, target=f"{BASE}{path}", txn=txn, timeout_seconds=30)


def create_customer(account: Account, address: Address, terms_days: int, key: str, txn: str) -> Call:
    """Create the customer of an account under the account's own number."""
    fields: Fields = [
        ("id", account.id),
        ("company", account.name),
        ("preferred_currency_code", account.currency),
        ("net_term_days", terms_days),
        ("auto_collection", "off"),
        ("business_entity_id", account.entity),
        ("billing_address[line1]", address.line),
        ("billing_address[city]", address.city),
        ("billing_address[state_code]", address.region),
        ("billing_address[zip]", address.postal_code),
        ("billing_address[country]", address.country),
    ]
    return post("/customers", fields, key, txn, "create_customer")


def read_customer(account: str, txn: str) -> Call:
    """Ask for a customer."""
    return get(f"/customers/{account}", txn, "read_customer")


def item_price(sku: str, currency: str, months: int) -> str:
    """Return the id of the price of a sku in a currency for a billing period of so many months (0: one-time)."""
    return f"{sku}-{currency}-{months}"


def create_subscription(quote: Quote, reference: str, start: date, key: str) -> Call:
    """Create the subscription of an order, to start on a date; one to come is activated when fulfilment is complete.

    Parts of bundles are not charged, their price is the bundle's. The successor of a contract names the one it renews.
    """
    meta: dict[str, Any] = {"txn": quote.txn, "entity": quote.entity, "reference": reference}
    if quote.end_customer:
        meta["end_customer"] = quote.end_customer
    if quote.kind == "renew":
        meta["renews"] = quote.subscription
    delivered_by = {line.sku: line.delivered_by for line in quote.lines if line.delivered_by}
    if delivered_by:
        meta["delivered_by"] = delivered_by
    charged = [Terms(line.sku, line.quantity, line.unit_minor, line.months) for line in quote.lines if not line.parent]
    fields: Fields = [
        ("id", quote.number),
        ("start_date", seconds_of_date(start)),
        ("auto_collection", "off"),
        ("po_number", reference),
        ("meta_data", json_body(meta).decode()),
        *_billing_cycles(quote),
        *_items(quote.currency, charged),
    ]
    path = f"/customers/{quote.account}/subscription_for_items"
    return post(path, fields, key, quote.txn, "create_subscription")


def _billing_cycles(quote: Quote) -> Fields:
    """Return how many billing periods make the term of a quote; nothing for one without recurring lines."""
    months = next((line.months for line in quote.lines if line.months), 0)
    return [("billing_cycles", quote.term_months // months)] if months and quote.term_months else []


def _items(currency: str, terms: Sequence[Terms]) -> Fields:
    fields: Fields = []
    for index, item in enumerate(terms):
        fields.append((f"subscription_items[item_price_id][{index}]", item_price(item.sku, currency, item.months)))
        fields.append((f"subscription_items[quantity][{index}]", item.quantity))
        fields.append((f"subscription_items[unit_price][{index}]", item.unit_minor))
    return fields


def read_subscription(subscription: str, txn: str) -> Call:
    """Ask for a subscription."""
    return get(f"/subscriptions/{subscription}", txn, "read_subscription")


def activate(subscription: str, start: date, key: str, txn: str) -> Call:
    """Start a subscription that was created for later; its first invoice is made at once."""
    fields: Fields = [("start_date", seconds_of_date(start)), ("invoice_immediately", "true")]
    return post(f"/subscriptions/{subscription}/update_for_items", fields, key, txn, "update_subscription")


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The terms of a subscription from a date on; they replace all terms it had from then on."""

    subscription: str
    currency: str
    effective: date
    terms: tuple[Terms, ...]
    reference: str
    meta: Mapping[str, Any]
    is_billed: bool = True  # at once; else together with the next change


def change_terms(change: Change, key: str, txn: str) -> Call:
    """Change the terms of a subscription from a date on, prorated."""
    fields: Fields = [
        ("replace_items_list", "true"),
        ("change_option", "specific_date"),
        ("changes_scheduled_at", seconds_of_date(change.effective)),
        ("prorate", "true"),
        ("invoice_immediately", "true" if change.is_billed else "false"),
        ("cf_amendment_ref", change.reference),
        ("meta_data", json_body(change.meta).decode()),
        *_items(change.currency, change.terms),
    ]
    return post(f"/subscriptions/{change.subscription}/update_for_items", fields, key, txn, "update_subscription")


def change_term_end(subscription: str, end: date, key: str, txn: str, reference: str = "") -> Call:
    """Move the end of a subscription's current term (co-terming), for an amendment if there is one."""
    fields: Fields = [("term_ends_at", seconds_of_date(end))]
    if reference:
        fields.append(("cf_amendment_ref", reference))
    return post(f"/subscriptions/{subscription}/change_term_end", fields, key, txn, "change_term_end")


REFUNDS = {"": "prorate", "prorated": "prorate", "none": "none", "full": "full"}
"""What a cancellation gives back of what was paid ahead, in the vendor's words."""


def cancel(subscription: str, effective: date, reference: str, key: str, txn: str, refund: str = "") -> Call:
    """Cancel a subscription from a date on; by default with credit for the unused part of what was billed."""
    fields: Fields = [
        ("cancel_option", "specific_date"),
        ("cancel_at", seconds_of_date(effective)),
        ("credit_option_for_current_term_charges", REFUNDS[refund]),
        ("cf_amendment_ref", reference),
    ]
    return post(f"/subscriptions/{subscription}/cancel_for_items", fields, key, txn, "cancel_subscription")


def revoke_cancellation(subscription: str, key: str, txn: str) -> Call:
    """Take back a cancellation that waits for its date."""
    path = f"/subscriptions/{subscription}/remove_scheduled_cancellation"
    return post(path, [], key, txn, "remove_scheduled_cancellation")


def note(subscription: str, meta: Mapping[str, Any], key: str, txn: str) -> Call:
    """Note on a subscription what the integration must know of it; nothing else changes."""
    fields: Fields = [("meta_data", json_body(meta).decode())]
    return post(f"/subscriptions/{subscription}/update_for_items", fields, key, txn, "note_subscription")


def pause(subscription: str, start: date, resume: date, key: str, txn: str) -> Call:
    """Pause a subscription from a date on; it goes on by itself on another. The vendor gives no credit for a pause."""
    fields: Fields = [
        ("pause_option", "specific_date"),
        ("pause_date", seconds_of_date(start)),
        ("resume_date", seconds_of_date(resume)),
    ]
    return post(f"/subscriptions/{subscription}/pause", fields, key, txn, "pause_subscription")


def resume(subscription: str, key: str, txn: str) -> Call:
    """Let a paused subscription go on at once."""
    fields: Fields = [("resume_option", "immediately"), ("charges_handling", "invoice_immediately")]
    return post(f"/subscriptions/{subscription}/resume", fields, key, txn, "resume_subscription")


def read_invoice(invoice: str, txn: str) -> Call:
    """Ask for an invoice."""
    return get(f"/invoices/{invoice}", txn, "read_invoice")


def pending_invoices() -> Call:
    """Ask for invoices that wait for their tax."""
    return get("/invoices?status[is]=pending&limit=100&sort_by[asc]=date", "", "list_invoices")


def recent_invoices(since_us: int) -> Call:
    """Ask for the invoices made since an instant, whatever has become of them."""
    path = f"/invoices?date[after]={since_us // 1_000_000}&limit=100&sort_by[asc]=date"
    return get(path, "", "list_invoices")


def add_tax(invoice: str, share: TaxShare, key: str, txn: str, reverses: str = "") -> Call:
    """Add the tax of one jurisdiction to a pending invoice; with a tax line to reverse, take it off instead."""
    fields: Fields = [("amount", share.amount_minor), ("description", f"{TAX_PREFIX}{share.jurisdiction}")]
    if reverses:
        fields.append(("reference_line_item_id", reverses))
    return post(f"/invoices/{invoice}/add_charge", fields, key, txn, "add_charge")


def close_invoice(invoice: str, key: str, txn: str) -> Call:
    """Close a pending invoice: nothing can be added any more, it becomes due."""
    return post(f"/invoices/{invoice}/close", [], key, txn, "close_invoice")


def record_excess(account: str, payment: str, amount_minor: int, day: date, key: str, txn: str) -> Call:
    """Record money that a customer paid beyond what was due; it stays as the customer's credit."""
    fields: Fields = [
        ("transaction[amount]", amount_minor),
        ("transaction[payment_method]", "other"),
        ("transaction[reference_number]", payment),
        ("transaction[date]", seconds_of_date(day)),
    ]
    return post(f"/customers/{account}/record_excess_payment", fields, key, txn, "record_excess_payment")


def recent_credit_notes(since_us: int) -> Call:
    """Ask for the credit notes made since an instant."""
    path = f"/credit_notes?date[after]={since_us // 1_000_000}&limit=100"
    return get(path, "", "list_credit_notes")


def record_payment(invoice: str, payment: str, amount_minor: int, day: date, key: str, txn: str) -> Call:
    """Record that an invoice was paid elsewhere."""
    fields: Fields = [
        ("transaction[amount]", amount_minor),
        ("transaction[payment_method]", "other"),
        ("transaction[reference_number]", payment),
        ("transaction[date]", seconds_of_date(day)),
    ]
    return post(f"/invoices/{invoice}/record_payment", fields, key, txn, "record_payment")


def read_credit_note(note: str, txn: str) -> Call:
    """Ask for a credit note."""
    return get(f"/credit_notes/{note}", txn, "read_credit_note")


class Unused(msgspec.Struct, frozen=True):
    """Days of an invoice line (the end exclusive) that were paid for and not used, and what they are worth."""

    line: str
    amount_minor: int
    start: date
    end: date


def credit_unused(invoice: str, is_due: bool, parts: Sequence[Unused], remark: str, key: str, txn: str) -> Call:
    """Credit days of an invoice that were not used; `remark` tells later what for."""
    fields: Fields = [
        ("reference_invoice_id", invoice),
        ("type", "adjustment" if is_due else "refundable"),
        ("reason_code", "other"),
        ("total", sum(part.amount_minor for part in parts)),
        ("customer_notes", remark),
    ]
    for index, part in enumerate(parts):
        fields.append((f"line_items[reference_line_item_id][{index}]", part.line))
        fields.append((f"line_items[amount][{index}]", part.amount_minor))
        fields.append((f"line_items[date_from][{index}]", seconds_of_date(part.start)))
        fields.append((f"line_items[date_to][{index}]", seconds_of_date(part.end)))
    return post("/credit_notes", fields, key, txn, "create_credit_note")


def invoices_of_subscription(subscription: str, txn: str) -> Call:
    """Ask for the invoices of a subscription, the newest first."""
    path = f"/invoices?subscription_id[is]={subscription}&limit=100&sort_by[desc]=date"
    return get(path, txn, "list_invoices")


def credit_notes_of(invoice: str, txn: str) -> Call:
    """Ask for the credit notes of an invoice."""
    return get(f"/credit_notes?reference_invoice_id[is]={invoice}&limit=100", txn, "list_credit_notes")


def tax_note_of(note: str) -> str:
    """Return the remark by which the tax part of a credit note is known."""
    return f"Tax of {note}"


def credit_tax(note: CreditNote, is_due: bool, shares: Sequence[tuple[str, int]], key: str, txn: str) -> Call:
    """Credit the tax that belongs to a credit note: (tax line of the invoice, amount) each."""
    fields: Fields = [
        ("reference_invoice_id", note.reference_invoice_id),
        ("type", "adjustment" if is_due else "refundable"),
        ("reason_code", TAX_REASON),
        ("total", sum(amount for _, amount in shares)),
        ("customer_notes", tax_note_of(note.id)),
    ]
    for index, (line, amount_minor) in enumerate(shares):
        fields.append((f"line_items[reference_line_item_id][{index}]", line))
        fields.append((f"line_items[amount][{index}]", amount_minor))
    return post("/credit_notes", fields, key, txn, "create_credit_note")
