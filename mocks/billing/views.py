"""Records become what the vendor shows of them: `resources` filled from `records`, and kept as JSON.

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
from mocks.billing import resources as r
from mocks.billing.errors import JSON
from mocks.billing.model import Billing
from mocks.billing.records import FOREVER, CreditNote, Customer, Invoice, ItemPrice, Subscription, Transaction
from mocks.billing.terms import Price, boundary, next_bill_day, prices_at, steps_to
from mocks.kernel.codec import encode_json
from mocks.kernel.desk import Message

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


def customer(billing: Billing, record: Customer) -> r.Customer:
    """Show a customer with what is left of its credits and payments."""
    notes = billing.open_credits.get(record.id)
    return r.Customer(
        id=record.id,
        company=record.company or None,
        auto_collection="off",
        net_term_days=record.net_term_days,
        preferred_currency_code=record.currency,
        taxability="taxable",
        created_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
        resource_version=record.version,
        deleted=False,
        allow_direct_debit=False,
        pii_cleared="active",
        card_status="no_card",
        promotional_credits=0,
        refundable_credits=sum([billing.note(key).available_minor for key in notes]) if notes else 0,
        excess_payments=record.excess_minor,
        unbilled_charges=0,
        business_entity_id=record.entity or None,
        billing_address=billing.addresses[record.id],
        meta_data=msgspec.Raw(record.meta.encode()) if record.meta else None,
    )


def item_price(_billing: Billing, record: ItemPrice) -> r.ItemPrice:
    """Show an item price."""
    return r.ItemPrice(
        id=record.id,
        name=record.id,
        item_id=record.sku,
        item_type="plan" if record.months else "charge",
        currency_code=record.currency,
        pricing_model="per_unit",
        price=record.list_unit_minor,
        status="active",
        free_quantity=0,
        is_taxable=True,
        created_at=0,
        updated_at=0,
        resource_version=1,
        deleted=False,
        period=record.months or None,
        period_unit="month" if record.months else None,
    )


# --- subscriptions ----------------------------------------------------------------------------------------------------


def subscription(billing: Billing, record: Subscription) -> r.Subscription:
    """Show a subscription with the charges that hold today (or from its start on)."""
    today = max(billing.today(record.zone), record.start)
    prices = prices_at(record.terms, today)
    seconds = billing.seconds[record.zone]
    starts, ends, months = _current_term(record, today, prices)
    bill_day = next_bill_day(record.terms, record.start, record.term_end, today) if months else None
    activated = record.activated_us
    cancellation = record.cancellation
    return r.Subscription(
        id=record.id,
        customer_id=record.customer,
        currency_code=record.currency,
        status=STATUSES[record.status],
        start_date=seconds[record.start],
        created_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
        resource_version=record.version,
        has_scheduled_changes=bool(record.scheduled),
        auto_collection="off",
        po_number=record.reference or None,
        business_entity_id=record.entity or None,
        deleted=False,
        due_invoices_count=0,
        subscription_items=_items(record, prices),
        billing_period=months or None,
        billing_period_unit="month" if months else None,
        current_term_start=seconds[starts] if starts else None,
        current_term_end=seconds[ends] if ends else None,
        next_billing_at=seconds[bill_day] if bill_day else None,
        contract_term=_contract_term(billing, record) if record.term_end != FOREVER else None,
        started_at=seconds[record.start] if activated else None,
        activated_at=activated // SECOND_US if activated else None,
        cancelled_at=_cancelled_at(billing, record),
        cancel_schedule_created_at=seconds[cancellation.day] if cancellation and not record.cancelled_us else None,
        changes_scheduled_at=seconds[record.scheduled[0].day] if record.scheduled else None,
        meta_data=msgspec.Raw(record.meta.encode()) if record.meta else None,
        cf_amendment_refs=",".join([reference for _, reference in record.applied]) if record.applied else None,
    )


def _items(record: Subscription, prices: dict[str, Price]) -> list[r.SubscriptionItem]:
    items = []
    for sku, price in prices.items():
        key = f"{sku}-{record.currency}-{price.months}"
        items.append(
            r.SubscriptionItem(
                item_price_id=key,
                item_type="plan" if key == record.plan else "addon",
                quantity=price.quantity,
                unit_price=price.unit_minor,
                amount=price.quantity * price.unit_minor,
            )
        )
    for charge in record.charges:
        items.append(
            r.SubscriptionItem(
                item_price_id=f"{charge.sku}-{record.currency}-0",
                item_type="charge",
                quantity=charge.quantity,
                unit_price=charge.unit_minor,
                amount=charge.quantity * charge.unit_minor,
                charge_once=True,
            )
        )
    return items


def _current_term(
    record: Subscription, today: date, prices: dict[str, Price]
) -> tuple[date | None, date | None, int]:  # fmt: skip
    """Return start and end of the billing period at work, and its length in months (0: none)."""
    if record.status not in ("active", "pending_cancel") or not prices:
        return None, None, 0
    months = min([price.months for price in prices.values()])
    steps = steps_to(record.start, months, today)
    ends = boundary(record.start, months, steps + 1)
    return boundary(record.start, months, steps), min(ends, record.term_end), months


def _contract_term(billing: Billing, record: Subscription) -> r.ContractTerm:
    seconds = billing.seconds[record.zone]
    return r.ContractTerm(
        id=f"ct_{record.id}",
        status="active",
        contract_start=seconds[record.start],
        contract_end=seconds[record.term_end],
        billing_cycle=1,
        action_at_term_end=record.at_term_end,
        total_contract_value=0,
        cancellation_cutoff_period=0,
        created_at=record.created_us // SECOND_US,
        subscription_id=record.id,
    )


def _cancelled_at(billing: Billing, record: Subscription) -> int | None:
    if not record.cancelled_us:
        return None
    if record.cancellation is not None:
        return billing.seconds[record.zone][record.cancellation.day]
    return record.cancelled_us // SECOND_US


# --- invoices and credit notes ----------------------------------------------------------------------------------------


def _lines(billing: Billing, owner: Invoice | CreditNote) -> list[r.LineItem]:
    """Show the lines of a document: those shown before are kept, for lines are only ever added."""
    kept = billing.line_items.get(owner.id)
    if kept is None:
        if len(billing.line_items) >= SHOWN_MAX:
            billing.line_items.clear()
        kept = billing.line_items[owner.id] = []
    for line in owner.lines[len(kept) :]:
        kept.append(_line(billing, line, owner))
    return kept if len(kept) == len(owner.lines) else kept[: len(owner.lines)]


def _line(billing: Billing, line: Line, owner: Invoice | CreditNote) -> r.LineItem:
    seconds = billing.seconds[owner.zone]
    starts = line.period_start or owner.day
    is_tax = line.kind == "tax"
    key = f"{line.sku}-{owner.currency}-{line.months}"
    listed = not is_tax and (line.months or key in billing.prices)
    return r.LineItem(
        id=line.id,
        subscription_id=owner.subscription or None,
        customer_id=owner.customer,
        date_from=seconds[starts],
        date_to=seconds[line.period_end or starts],
        unit_amount=line.unit_minor,
        quantity=line.quantity,
        amount=line.amount_minor,
        pricing_model="flat_fee" if is_tax else "per_unit",
        is_taxed=False,
        tax_amount=0,
        discount_amount=0,
        description=f"Tax {line.sku}" if is_tax else line.sku,
        entity_type="adhoc" if not listed else "plan_item_price" if line.months else "charge_item_price",
        entity_id=key if listed else None,
        reference_line_item_id=line.reverses or None,
    )


def invoice(billing: Billing, record: Invoice) -> r.Invoice:
    """Show an invoice; a pending one has no number yet."""
    seconds = billing.seconds[record.zone]
    due = 0 if record.status == "voided" else record.due_minor
    total = record.net_minor + record.tax_minor
    dunning = record.dunning != "current"
    return r.Invoice(
        id=record.id,
        po_number=record.reference or None,
        customer_id=record.customer,
        subscription_id=record.subscription or None,
        recurring=True,
        status=record.status,
        price_type="tax_exclusive",
        date=seconds[record.day],
        due_date=seconds[record.due_day],
        net_term_days=(record.due_day - record.day).days,
        currency_code=record.currency,
        total=total,
        sub_total=total,
        tax=0,
        amount_paid=record.paid_minor,
        amount_adjusted=record.adjusted_minor,
        credits_applied=record.credits_minor,
        write_off_amount=record.written_off_minor,
        amount_due=due,
        amount_to_collect=due,
        round_off_amount=0,
        first_invoice=record.first,
        has_advance_charges=False,
        term_finalized=True,
        is_gifted=False,
        generated_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
        resource_version=record.version,
        deleted=False,
        business_entity_id=record.entity or None,
        line_items=_lines(billing, record),
        linked_payments=[r.LinkedPayment(txn_id=key, applied_amount=amount) for key, amount in record.payments]
        if record.payments
        else [],
        applied_credits=[],
        adjustment_credit_notes=[],
        issued_credit_notes=[r.LinkedNote(cn_id=key) for key in record.notes] if record.notes else [],
        dunning_attempts=[],
        linked_orders=[],
        billing_address=billing.addresses[record.customer],
        invoice_number=record.number or None,
        paid_at=record.paid_us // SECOND_US if record.paid_us else None,
        dunning_status=_dunning_status(record) if dunning else None,
        cf_dunning_stage=record.dunning if dunning else None,
    )


def _dunning_status(record: Invoice) -> str:
    if record.dunning_stopped:
        return "stopped"
    return "exhausted" if record.status == "not_paid" else "in_progress"


def credit_note(billing: Billing, record: CreditNote) -> r.CreditNote:
    """Show a credit note."""
    total = record.net_minor + record.tax_minor
    return r.CreditNote(
        id=record.id,
        customer_id=record.customer,
        subscription_id=record.subscription or None,
        reference_invoice_id=record.invoice,
        type=record.type,
        reason_code=record.reason,
        create_reason_code=record.reason,
        status=record.status,
        date=billing.seconds[record.zone][record.day],
        price_type="tax_exclusive",
        currency_code=record.currency,
        total=total,
        sub_total=total,
        amount_allocated=record.allocated_minor,
        amount_refunded=record.refunded_minor,
        amount_available=0 if record.status == "adjusted" else record.available_minor,
        round_off_amount=0,
        customer_notes=record.notes or None,
        generated_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
        resource_version=record.version,
        deleted=False,
        business_entity_id=record.entity or None,
        line_items=_lines(billing, record),
        allocations=[r.Allocation(invoice_id=key, allocated_amount=amount) for key, amount in record.allocations],
        linked_refunds=[r.LinkedRefund(txn_id=key, applied_amount=amount) for key, amount in record.refunds],
    )


# --- money and events -------------------------------------------------------------------------------------------------


def transaction(_billing: Billing, record: Transaction) -> r.Transaction:
    """Show a transaction."""
    amount = record.amount_minor
    return r.Transaction(
        id=record.id,
        customer_id=record.customer,
        subscription_id=record.subscription or None,
        payment_method=record.method,
        reference_number=record.reference or None,
        gateway="not_applicable",
        type=record.type,
        date=record.date_us // SECOND_US,
        amount=amount,
        amount_unused=record.unused_minor,
        status=record.status,
        currency_code=record.currency,
        exchange_rate=1,
        updated_at=record.created_us // SECOND_US,
        resource_version=1,
        deleted=False,
        linked_invoices=[r.LinkedInvoice(invoice_id=record.invoice, applied_amount=amount)] if record.invoice else [],
        linked_credit_notes=[r.LinkedNote(cn_id=record.note, applied_amount=amount)] if record.note else None,
    )


def event(billing: Billing, message: Message) -> r.Event:
    """Show an event with its content as it was when it happened."""
    content = {}
    for name, record in message.content:
        content[name] = show(billing, name, record)
    return r.Event(
        id=message.id,
        occurred_at=message.occurred_us // SECOND_US,
        source="api",
        api_version="v2",
        event_type=message.topic,
        webhook_status="scheduled" if message.topic in billing.quirks.topics else "not_configured",
        content=content,
    )


VIEWS: dict[str, Callable[[Billing, Any], r.Shown]] = {
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

    Records are frozen and shown several times (a reply, an event, a read): the JSON of the latest is kept, under the
    record's id, with the record it shows. That of a subscription holds for its version and for a day: what changes
    without a version (coverage, plans) is not shown. Who changes what another record shows drops that one's JSON.
    """
    kept = billing.shown
    found = kept.get(record.id)
    if name == "subscription":
        mark: Any = (record.version, billing.today(record.zone))
        if found is not None and found[0] == mark:
            return found[1]
    else:
        mark = record
        if found is not None and found[0] is record:
            return found[1]
    raw = msgspec.Raw(encode_json(VIEWS[name](billing, record)))
    if len(kept) >= SHOWN_MAX:
        kept.clear()
    kept[record.id] = (mark, raw)
    return raw


def reply(body: Any) -> Reply:
    """Return a reply with a JSON body and the vendor's content type."""
    return Reply(200, JSON, encode_json(body))


def shown(billing: Billing, *pairs: tuple[str, Any]) -> Reply:
    """Return the reply that shows records under their resource names."""
    body = {}
    for name, record in pairs:
        body[name] = show(billing, name, record)
    return Reply(200, JSON, encode_json(body))
