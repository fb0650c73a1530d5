"""How the vendor shows each resource: JSON objects, amounts in minor units, instants in Unix seconds.

Contract dates travel as Unix seconds of their day (quirk `dates_at`); `date_to` of a line is exclusive.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec

from domain.calendar import SECOND_US
from domain.http import Reply
from domain.objects import Line
from mocks.billing.model import Billing
from mocks.billing.records import (
    FOREVER,
    CreditNote,
    Customer,
    Invoice,
    ItemPrice,
    Subscription,
    Transaction,
)
from mocks.billing.terms import Price, boundary, next_bill_day, prices_at, steps_to
from mocks.kernel.codec import encode_json
from mocks.kernel.desk import Message
from mocks.kernel.operations import json_reply

SHOWN_MAX = 16_384
STATUSES = {
    "pending_activation": "future",
    "active": "active",
    "pending_cancel": "non_renewing",
    "suspended": "paused",
    "cancelled": "cancelled",
    "expired": "cancelled",
    "renewed": "cancelled",
}


def customer(billing: Billing, record: Customer) -> dict[str, Any]:
    """Show a customer."""
    body: dict[str, Any] = {
        "id": record.id,
        "company": record.company,
        "auto_collection": "off",
        "net_term_days": record.net_term_days,
        "preferred_currency_code": record.currency,
        "taxability": "taxable",
        "created_at": record.created_us // SECOND_US,
        "updated_at": record.updated_us // SECOND_US,
        "resource_version": record.version,
        "deleted": False,
        "object": "customer",
        "billing_address": _address(billing, record),
        "promotional_credits": 0,
        "refundable_credits": sum(billing.note(key).available_minor for key in billing.open_credits.get(record.id, ())),
        "excess_payments": record.excess_minor,
        "unbilled_charges": 0,
        "business_entity_id": record.entity,
    }
    if record.meta:
        body["meta_data"] = msgspec.Raw(record.meta.encode())
    return body


def _address(billing: Billing, record: Customer) -> msgspec.Raw:
    key = f"address {record.id}"
    found = billing.shown.get(key)
    if found is not None and found[0] is record.address:
        return found[1]
    body = {**msgspec.structs.asdict(record.address), "object": "billing_address", "validation_status": "not_validated"}
    return _keep(billing, key, record.address, body)


def item_price(_billing: Billing, record: ItemPrice) -> dict[str, Any]:
    """Show an item price."""
    body: dict[str, Any] = {
        "id": record.id,
        "name": record.id,
        "item_id": record.sku,
        "item_type": "charge" if record.months == 0 else "plan",
        "currency_code": record.currency,
        "price": record.list_unit_minor,
        "pricing_model": "per_unit",
        "status": "active",
        "object": "item_price",
    }
    if record.months:
        body["period"] = record.months
        body["period_unit"] = "month"
    return body


def subscription(billing: Billing, record: Subscription) -> dict[str, Any]:
    """Show a subscription with the charges that hold today (or from its start on)."""
    today = max(billing.today(record.zone), record.start)
    prices = prices_at(record.terms, today)
    body: dict[str, Any] = {
        "id": record.id,
        "customer_id": record.customer,
        "currency_code": record.currency,
        "status": STATUSES[record.status],
        "start_date": billing.seconds_of(record.start, record.zone),
        "created_at": record.created_us // SECOND_US,
        "updated_at": record.updated_us // SECOND_US,
        "resource_version": record.version,
        "has_scheduled_changes": bool(record.scheduled),
        "auto_collection": "off",
        "po_number": record.reference,
        "business_entity_id": record.entity,
        "deleted": False,
        "object": "subscription",
        "subscription_items": _items(record, prices),
    }
    body.update(_dates(billing, record, today, prices))
    if record.meta:
        body["meta_data"] = msgspec.Raw(record.meta.encode())
    if record.applied:
        body["cf_amendment_refs"] = ",".join(reference for _, reference in record.applied)
    return body


def _items(record: Subscription, prices: dict[str, Price]) -> list[dict[str, Any]]:
    items = []
    for sku, price in prices.items():
        key = f"{sku}-{record.currency}-{price.months}"
        items.append(
            {
                "item_price_id": key,
                "item_type": "plan" if key == record.plan else "addon",
                "quantity": price.quantity,
                "unit_price": price.unit_minor,
                "amount": price.quantity * price.unit_minor,
                "object": "subscription_item",
            }
        )
    for charge in record.charges:
        items.append(
            {
                "item_price_id": f"{charge.sku}-{record.currency}-0",
                "item_type": "charge",
                "quantity": charge.quantity,
                "unit_price": charge.unit_minor,
                "amount": charge.quantity * charge.unit_minor,
                "charge_once": True,
                "object": "subscription_item",
            }
        )
    return items


def _dates(billing: Billing, record: Subscription, today: date, prices: dict[str, Price]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    zone = record.zone
    if record.status in ("active", "pending_cancel"):
        months = min((price.months for price in prices.values()), default=0)
        if months:
            steps = steps_to(record.start, months, today)
            starts, ends = (boundary(record.start, months, steps + step) for step in (0, 1))
            body["billing_period"] = months
            body["billing_period_unit"] = "month"
            body["current_term_start"] = billing.seconds_of(starts, zone)
            body["current_term_end"] = billing.seconds_of(min(ends, record.term_end), zone)
        bill_day = next_bill_day(record.terms, record.start, record.term_end, today)
        if bill_day is not None:
            body["next_billing_at"] = billing.seconds_of(bill_day, zone)
    if record.term_end != FOREVER:
        body["contract_term"] = {
            "contract_start": billing.seconds_of(record.start, zone),
            "contract_end": billing.seconds_of(record.term_end, zone),
            "action_at_term_end": record.at_term_end,
            "object": "contract_term",
        }
    if record.activated_us:
        body["activated_at"] = record.activated_us // SECOND_US
        body["started_at"] = billing.seconds_of(record.start, zone)
    if record.cancellation is not None:
        body["cancelled_at" if record.cancelled_us else "cancel_schedule_created_at"] = billing.seconds_of(
            record.cancellation.day, zone
        )
    elif record.cancelled_us:
        body["cancelled_at"] = record.cancelled_us // SECOND_US
    return body


def _lines(billing: Billing, owner: Invoice | CreditNote) -> msgspec.Raw:
    key = f"lines {owner.id}"
    found = billing.shown.get(key)
    if found is not None and found[0] is owner.lines:
        return found[1]
    return _keep(billing, key, owner.lines, [_line(billing, line, owner) for line in owner.lines])


def _line(billing: Billing, line: Line, owner: Invoice | CreditNote) -> msgspec.Raw:
    found = billing.shown.get(line.id)
    if found is not None and found[0] is line:
        return found[1]
    return _keep(billing, line.id, line, _line_body(billing, line, owner))


def _line_body(billing: Billing, line: Line, owner: Invoice | CreditNote) -> dict[str, Any]:
    tax = line.kind == "tax"
    start = line.period_start or owner.day
    end = line.period_end or start
    body: dict[str, Any] = {
        "id": line.id,
        "subscription_id": owner.subscription,
        "customer_id": owner.customer,
        "date_from": billing.seconds_of(start, owner.zone),
        "date_to": billing.seconds_of(end, owner.zone),
        "unit_amount": line.unit_minor,
        "quantity": line.quantity,
        "amount": line.amount_minor,
        "pricing_model": "flat_fee" if tax else "per_unit",
        "is_taxed": False,
        "tax_amount": 0,
        "discount_amount": 0,
        "description": f"Tax {line.sku}" if tax else line.sku,
        "object": "line_item",
    }
    if tax or (line.kind == "one_time" and not _is_item(billing, line, owner)):
        body["entity_type"] = "adhoc"
        body["entity_id"] = None
    else:
        body["entity_type"] = "charge_item_price" if line.kind == "one_time" else "plan_item_price"
        body["entity_id"] = f"{line.sku}-{owner.currency}-{line.months}"
    if line.reverses:
        body["reference_line_item_id"] = line.reverses
    return body


def _is_item(billing: Billing, line: Line, owner: Invoice | CreditNote) -> bool:
    return billing.price(f"{line.sku}-{owner.currency}-0") is not None


def invoice(billing: Billing, record: Invoice) -> dict[str, Any]:
    """Show an invoice; a pending one has no number yet."""
    body: dict[str, Any] = {
        "id": record.id,
        "po_number": record.reference,
        "customer_id": record.customer,
        "subscription_id": record.subscription,
        "recurring": True,
        "status": record.status,
        "price_type": "tax_exclusive",
        "date": billing.seconds_of(record.day, record.zone),
        "due_date": billing.seconds_of(record.due_day, record.zone),
        "net_term_days": (record.due_day - record.day).days,
        "currency_code": record.currency,
        "total": record.total_minor,
        "sub_total": record.total_minor,
        "tax": 0,
        "amount_paid": record.paid_minor,
        "amount_adjusted": record.adjusted_minor,
        "credits_applied": record.credits_minor,
        "write_off_amount": record.written_off_minor,
        "amount_due": 0 if record.status == "voided" else record.due_minor,
        "amount_to_collect": 0 if record.status == "voided" else record.due_minor,
        "first_invoice": record.first,
        "generated_at": record.created_us // SECOND_US,
        "updated_at": record.updated_us // SECOND_US,
        "resource_version": record.version,
        "deleted": False,
        "object": "invoice",
        "business_entity_id": record.entity,
        "line_items": _lines(billing, record),
        "linked_payments": [{"txn_id": key, "applied_amount": amount} for key, amount in record.payments],
        "issued_credit_notes": [{"cn_id": key} for key in record.notes],
        "billing_address": _address(billing, billing.customer(record.customer)),
    }
    if record.number:
        body["invoice_number"] = record.number
    if record.paid_us:
        body["paid_at"] = record.paid_us // SECOND_US
    if record.dunning != "current":
        stopped, exhausted = record.dunning_stopped, record.status == "not_paid"
        body["dunning_status"] = "stopped" if stopped else "exhausted" if exhausted else "in_progress"
        body["cf_dunning_stage"] = record.dunning
    return body


def credit_note(billing: Billing, record: CreditNote) -> dict[str, Any]:
    """Show a credit note."""
    return {
        "id": record.id,
        "customer_id": record.customer,
        "subscription_id": record.subscription,
        "reference_invoice_id": record.invoice,
        "type": record.type,
        "reason_code": record.reason,
        "create_reason_code": record.reason,
        "status": record.status,
        "date": billing.seconds_of(record.day, record.zone),
        "price_type": "tax_exclusive",
        "currency_code": record.currency,
        "total": record.total_minor,
        "sub_total": record.total_minor,
        "amount_allocated": record.allocated_minor,
        "amount_refunded": record.refunded_minor,
        "amount_available": 0 if record.status == "adjusted" else record.available_minor,
        "customer_notes": record.notes,
        "generated_at": record.created_us // SECOND_US,
        "updated_at": record.updated_us // SECOND_US,
        "resource_version": record.version,
        "deleted": False,
        "object": "credit_note",
        "business_entity_id": record.entity,
        "line_items": _lines(billing, record),
        "allocations": [{"invoice_id": key, "allocated_amount": amount} for key, amount in record.allocations],
        "linked_refunds": [{"txn_id": key, "applied_amount": amount} for key, amount in record.refunds],
    }


def transaction(_billing: Billing, record: Transaction) -> dict[str, Any]:
    """Show a transaction."""
    body: dict[str, Any] = {
        "id": record.id,
        "customer_id": record.customer,
        "subscription_id": record.subscription,
        "payment_method": record.method,
        "reference_number": record.reference,
        "gateway": "not_applicable",
        "type": record.type,
        "date": record.date_us // SECOND_US,
        "amount": record.amount_minor,
        "amount_unused": record.unused_minor,
        "status": record.status,
        "currency_code": record.currency,
        "updated_at": record.created_us // SECOND_US,
        "deleted": False,
        "object": "transaction",
    }
    if record.invoice:
        body["linked_invoices"] = [{"invoice_id": record.invoice, "applied_amount": record.amount_minor}]
    if record.note:
        body["linked_credit_notes"] = [{"cn_id": record.note, "applied_amount": record.amount_minor}]
    return body


def event(billing: Billing, message: Message) -> dict[str, Any]:
    """Show an event with its content as it was when it happened."""
    return {
        "id": message.id,
        "occurred_at": message.occurred_us // SECOND_US,
        "source": "api",
        "object": "event",
        "api_version": "v2",
        "event_type": message.topic,
        "webhook_status": "scheduled" if message.topic in billing.quirks.topics else "not_configured",
        "content": {name: show(billing, name, record) for name, record in message.content},
    }


VIEWS: dict[str, Callable[[Billing, Any], dict[str, Any]]] = {
    "customer": customer,
    "item_price": item_price,
    "subscription": subscription,
    "invoice": invoice,
    "credit_note": credit_note,
    "transaction": transaction,
    "event": event,
}


def show(billing: Billing, name: str, record: Any) -> msgspec.Raw:
    """Show a record under its resource name, as JSON.

    Records are frozen and shown several times (a reply, an event, a read): the JSON of the latest is kept. That of a
    subscription holds for its version and for a day: what changes without a version (coverage, plans) is not shown.
    """
    mark = record
    if name == "subscription":
        mark = (record.version, billing.today(record.zone))
    elif name == "customer" and billing.open_credits.get(record.id):
        return msgspec.Raw(encode_json(customer(billing, record)))  # its credits change without it
    found = billing.shown.get(record.id)
    if found is not None and (found[0] is mark or found[0] == mark):
        return found[1]
    return _keep(billing, record.id, mark, VIEWS[name](billing, record))


def _keep(billing: Billing, key: str, mark: Any, body: Any) -> msgspec.Raw:
    """Keep the JSON of what `mark` stands for: a record, a part of one, or a version."""
    raw = msgspec.Raw(encode_json(body))
    if len(billing.shown) >= SHOWN_MAX:
        billing.shown.clear()
    billing.shown[key] = (mark, raw)
    return raw


def shown(billing: Billing, *pairs: tuple[str, Any]) -> Reply:
    """Return the reply that shows records under their resource names."""
    return json_reply({name: show(billing, name, record) for name, record in pairs})
