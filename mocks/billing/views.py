"""Records become what the vendor shows of them: `resources` filled from `records`, and kept as JSON.

Contract dates travel as Unix seconds of their day (quirk `dates_at`); `date_to` of a line is exclusive.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
from msgspec.structs import replace

from domain.calendar import SECOND_US
from domain.http import Reply
from domain.objects import Line
from mocks.billing import resources as r
from mocks.billing import usages
from mocks.billing.errors import JSON
from mocks.billing.model import Addressed, Billing
from mocks.billing.pricing import Tier
from mocks.billing.records import (
    FOREVER,
    CreditNote,
    Customer,
    Invoice,
    ItemPrice,
    Source,
    Subscription,
    Transaction,
    Unbilled,
    Usage,
)
from mocks.billing.terms import Price, boundary, next_bill_day, prices_at, steps_to
from mocks.kernel.codec import encode_json
from mocks.kernel.desk import Message

SHOWN_MAX = 16_384
STATUSES = {
    "pending_activation": "future",
    "trialing": "in_trial",
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
        first_name=record.first_name or None,
        last_name=record.last_name or None,
        email=record.email or None,
        phone=record.phone or None,
        locale=record.locale or None,
        auto_collection=record.auto_collection,
        net_term_days=record.net_term_days,
        preferred_currency_code=record.currency,
        taxability=record.taxability,
        created_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
        resource_version=record.version,
        deleted=record.deleted,
        allow_direct_debit=False,
        pii_cleared="active",
        card_status="valid" if record.source else "no_card",
        primary_payment_source_id=record.source or None,
        promotional_credits=record.promotional_minor,
        refundable_credits=sum([billing.note(key).available_minor for key in notes]) if notes else 0,
        excess_payments=record.excess_minor,
        unbilled_charges=_unbilled_of(billing, record) if billing.unbilled else 0,
        business_entity_id=record.entity or None,
        billing_address=billing.addresses[record.id],
        meta_data=msgspec.Raw(record.meta.encode()) if record.meta else None,
    )


def _unbilled_of(billing: Billing, record: Customer) -> int:
    table: dict[str, Unbilled] = billing.book.table("unbilled_charge")
    charges = [table[key] for keys in billing.unbilled.values() for key in keys]
    return sum([charge.line.amount_minor for charge in charges if charge.customer == record.id])


def item_price(_billing: Billing, record: ItemPrice) -> r.ItemPrice:
    """Show an item price."""
    years = record.months // 12 if record.period_unit == "year" else 0
    return r.ItemPrice(
        id=record.id,
        name=record.name or record.id,
        external_name=record.external_name or None,
        description=record.description or None,
        item_family_id=record.family or None,
        item_id=record.sku,
        item_type=record.item_type,
        currency_code=record.currency,
        pricing_model=record.model,
        price=None if record.tiers else record.list_unit_minor,
        tiers=_tiers(record.tiers) if record.tiers else None,
        status=record.status,
        free_quantity=record.free,
        is_taxable=True,
        created_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
        resource_version=record.version,
        deleted=record.deleted,
        period=years or record.months or None,
        period_unit=("year" if years else "month") if record.months else None,
        billing_cycles=record.cycles or None,
        trial_period=record.trial_days or None,
        trial_period_unit="day" if record.trial_days else None,
        metadata=msgspec.Raw(record.metadata.encode()) if record.metadata else None,
    )


def _tiers(tiers: tuple[Tier, ...]) -> list[r.Tier]:
    shown, start = [], 1
    for tier in tiers:
        shown.append(
            r.Tier(
                starting_unit=start, ending_unit=tier.up_to or None, price=tier.price_minor,
                package_size=tier.package if tier.package > 1 else None,
            )
        )  # fmt: skip
        start = tier.up_to + 1
    return shown


# --- subscriptions ----------------------------------------------------------------------------------------------------


def subscription(billing: Billing, record: Subscription) -> r.Subscription:
    """Show a subscription with the charges that hold today (or from its start on)."""
    today = max(billing.today(record.zone), record.start)
    prices = prices_at(record.terms, today)
    seconds = billing.seconds[record.zone]
    starts, ends, months = _current_term(record, today, prices)
    bill_day = next_bill_day(record.terms, record.start, record.term_end, today) if months else None
    activated, trial, paused = record.activated_us, record.trial_start, record.pause_day
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
        auto_collection=record.auto_collection,
        po_number=record.reference or None,
        business_entity_id=record.entity or None,
        deleted=record.deleted,
        due_invoices_count=0,
        subscription_items=_items(billing, record, prices),
        billing_period=months or None,
        billing_period_unit="month" if months else None,
        remaining_billing_cycles=_remaining(record, ends, months) if months else None,
        trial_start=seconds[trial] if trial else None,
        trial_end=seconds[record.start] if trial else None,
        current_term_start=seconds[starts] if starts else None,
        current_term_end=seconds[ends] if ends else None,
        next_billing_at=seconds[bill_day] if bill_day else None,
        contract_term=_contract_term(billing, record) if record.term_end != FOREVER else None,
        started_at=seconds[trial or record.start] if activated or record.status == "trialing" else None,
        activated_at=activated // SECOND_US if activated else None,
        pause_date=seconds[paused] if paused else None,
        resume_date=seconds[record.resume_day] if record.resume_day else None,
        cancelled_at=_cancelled_at(billing, record),
        cancel_reason_code=cancellation.reason or None if cancellation else None,
        cancel_schedule_created_at=seconds[cancellation.day] if cancellation and not record.cancelled_us else None,
        changes_scheduled_at=seconds[record.scheduled[0].day] if record.scheduled else None,
        coupons=[r.AppliedCoupon(coupon_id=key, applied_count=count) for key, count in record.coupons]
        if record.coupons
        else None,
        meta_data=msgspec.Raw(record.meta.encode()) if record.meta else None,
        cf_amendment_refs=",".join([reference for _, reference in record.applied]) if record.applied else None,
    )


def _remaining(record: Subscription, ends: date | None, months: int) -> int | None:
    if record.term_end == FOREVER or ends is None:
        return None
    left = (record.term_end.year - ends.year) * 12 + record.term_end.month - ends.month
    return max(left // months, 0)


def _items(billing: Billing, record: Subscription, prices: dict[str, Price]) -> list[r.SubscriptionItem]:
    items, keys, currency = [], billing.price_keys, record.currency
    for sku, price in prices.items():
        key = keys.get((sku, currency, price.months)) or f"{sku}-{currency}-{price.months}"
        items.append(
            r.SubscriptionItem(
                item_price_id=key,
                item_type="plan" if key == record.plan else "addon",
                quantity=None if price.metered else price.quantity,
                unit_price=price.unit_minor,
                amount=None if price.metered else price.full_minor,
                metered_quantity=_metered(billing, record, sku, price) if price.metered else None,
            )
        )
    for charge in record.charges:
        items.append(
            r.SubscriptionItem(
                item_price_id=keys.get((charge.sku, currency, 0)) or f"{charge.sku}-{currency}-0",
                item_type="charge",
                quantity=charge.quantity,
                unit_price=charge.unit_minor,
                amount=charge.full_minor,
                charge_once=True,
            )
        )
    return items


def _metered(billing: Billing, record: Subscription, sku: str, price: Price) -> str:
    today = max(billing.today(record.zone), record.start)
    steps = steps_to(record.start, price.months, today)
    start, end = (boundary(record.start, price.months, steps + step) for step in (0, 1))
    return str(usages.counted(billing, record, sku, price.months, start, end))


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
    key = "" if is_tax else billing.price_keys.get((line.sku, owner.currency, line.months), "")
    if not key and line.months:
        key = f"{line.sku}-{owner.currency}-{line.months}"
    listed = billing.prices.get(key)
    return r.LineItem(
        id=line.id,
        subscription_id=owner.subscription or None,
        customer_id=owner.customer,
        date_from=seconds[starts],
        date_to=seconds[line.period_end or starts],
        unit_amount=line.unit_minor,
        quantity=line.quantity,
        amount=line.amount_minor,
        pricing_model="flat_fee" if is_tax else listed.model if listed is not None else "per_unit",
        is_taxed=False,
        tax_amount=0,
        discount_amount=0,
        description=f"Tax {line.sku}" if is_tax else line.sku,
        entity_type=f"{listed.item_type}_item_price" if listed is not None else "plan_item_price" if key else "adhoc",
        entity_id=key or None,
        reference_line_item_id=line.reverses or None,
        metered=True if line.kind == "usage" else None,
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
        recurring=record.recurring,
        status=record.status,
        price_type="tax_exclusive",
        date=seconds[record.day],
        due_date=seconds[record.due_day],
        net_term_days=(record.due_day - record.day).days,
        currency_code=record.currency,
        total=total,
        sub_total=total + sum([row[2] for row in record.discounts]) if record.discounts else total,
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
        deleted=record.deleted,
        business_entity_id=record.entity or None,
        line_items=_discounted(billing, record) if record.discounts else _lines(billing, record),
        linked_payments=_linked_payments(billing, record) if record.payments else [],
        applied_credits=_applied_credits(billing, record) if record.credits else [],
        adjustment_credit_notes=_linked_notes(billing, record, "adjustment") if record.notes else [],
        issued_credit_notes=_linked_notes(billing, record, "refundable") if record.notes else [],
        dunning_attempts=[],
        linked_orders=[],
        billing_address=billing.addresses[record.customer],
        invoice_number=record.number or None,
        paid_at=record.paid_us // SECOND_US if record.paid_us else None,
        voided_at=record.voided_us // SECOND_US if record.voided_us else None,
        line_item_discounts=_line_discounts(record) if record.discounts else None,
        discounts=_discounts(record) if record.discounts else None,
        dunning_status=dunning_status(record) or None,
        cf_dunning_stage=record.dunning if dunning else None,
    )


def _linked_payments(billing: Billing, record: Invoice) -> list[r.LinkedPayment]:
    found = []
    for key, amount in record.payments:
        payment = billing.transaction(key)
        at = payment.date_us // SECOND_US
        found.append(
            r.LinkedPayment(
                txn_id=key, applied_amount=amount, applied_at=at, txn_status=payment.status, txn_date=at,
                txn_amount=payment.amount_minor,
            )
        )  # fmt: skip
    return found


def _applied_credits(billing: Billing, record: Invoice) -> list[r.LinkedNote]:
    return [
        r.LinkedNote(cn_id=key, applied_amount=amount, cn_status=billing.note(key).status)
        for key, amount in record.credits
        if key
    ]


def _linked_notes(billing: Billing, record: Invoice, type_: str) -> list[r.LinkedNote]:
    """Show the credit notes of an invoice of one type."""
    found = []
    for key in record.notes:
        note = billing.note(key)
        if note.type == type_:
            found.append(
                r.LinkedNote(
                    cn_id=key, cn_reason_code=note.reason, cn_create_reason_code=note.reason,
                    cn_date=billing.seconds[note.zone][note.day], cn_total=note.total_minor, cn_status=note.status,
                )
            )  # fmt: skip
    return found


def _discounted(billing: Billing, record: Invoice) -> list[r.LineItem]:
    """Show the lines of an invoice with coupons: each before its discount, and the discount apart."""
    taken: dict[str, int] = {}
    for line, _, amount in record.discounts:
        taken[line] = taken.get(line, 0) + amount
    shown = []
    for item in _lines(billing, record):
        off = taken.get(item.id, 0)
        whole = replace(item, amount=item.amount + off, discount_amount=off, item_level_discount_amount=0)
        shown.append(whole if off else item)
    return shown


def _line_discounts(record: Invoice) -> list[r.LineDiscount]:
    return [
        r.LineDiscount(
            line_item_id=line, discount_type="document_level_coupon", discount_amount=amount, coupon_id=coupon,
            entity_id=coupon,
        )
        for line, coupon, amount in record.discounts
    ]  # fmt: skip


def _discounts(record: Invoice) -> list[r.Discount]:
    totals: dict[str, int] = {}
    for _, coupon, amount in record.discounts:
        totals[coupon] = totals.get(coupon, 0) + amount
    return [
        r.Discount(amount=amount, entity_type="document_level_coupon", entity_id=coupon, description=coupon)
        for coupon, amount in totals.items()
    ]


def dunning_status(record: Invoice) -> str:
    """Return the vendor's word for how the dunning of an invoice goes; empty when there is none."""
    if record.dunning == "current":
        return ""
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
        amount_available=record.available_minor if record.status in ("refund_due", "refunded") else 0,
        round_off_amount=0,
        customer_notes=record.notes or None,
        voided_at=record.voided_us // SECOND_US if record.voided_us else None,
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


def transaction(billing: Billing, record: Transaction) -> r.Transaction:
    """Show a transaction."""
    is_payment = record.type == "payment"
    return r.Transaction(
        id=record.id,
        customer_id=record.customer,
        subscription_id=record.subscription or None,
        payment_source_id=record.source or None,
        payment_method=record.method,
        reference_number=record.reference or None,
        gateway=record.gateway,
        gateway_account_id="gw_test" if record.source else None,
        id_at_gateway=f"gw_{record.id}" if record.source else None,
        masked_card_number=record.masked or None,
        type=record.type,
        date=record.date_us // SECOND_US,
        amount=record.amount_minor,
        amount_unused=record.unused_minor if is_payment else None,
        status=record.status,
        error_code=record.error_code or None,
        error_text=record.error_text or None,
        currency_code=record.currency,
        exchange_rate=1,
        updated_at=(record.updated_us or record.created_us) // SECOND_US,
        voided_at=record.voided_us // SECOND_US if record.voided_us else None,
        resource_version=record.version,
        deleted=record.deleted,
        refunded_txn_id=record.refunded or None,
        linked_invoices=_linked_invoices(billing, record) if is_payment else None,
        linked_refunds=_linked_refunds(billing, record) if is_payment else None,
        linked_credit_notes=_refunded_notes(billing, record) if record.note else None,
    )


def _linked_invoices(billing: Billing, record: Transaction) -> list[r.LinkedInvoice]:
    found = []
    for key, amount in record.applied:
        owner = billing.invoice(key)
        found.append(
            r.LinkedInvoice(
                invoice_id=key, applied_amount=amount, applied_at=record.date_us // SECOND_US,
                invoice_date=billing.seconds[owner.zone][owner.day], invoice_total=owner.total_minor,
                invoice_status=owner.status,
            )
        )  # fmt: skip
    return found


def _linked_refunds(billing: Billing, record: Transaction) -> list[r.LinkedRefund]:
    return [
        r.LinkedRefund(
            txn_id=key, txn_status="success", txn_amount=amount, txn_date=billing.transaction(key).date_us // SECOND_US
        )
        for key, amount in record.refunds
    ]


def _refunded_notes(billing: Billing, record: Transaction) -> list[r.LinkedNote]:
    note = billing.note(record.note)
    return [
        r.LinkedNote(
            cn_id=note.id, applied_amount=record.amount_minor, cn_reason_code=note.reason,
            cn_create_reason_code=note.reason, cn_date=billing.seconds[note.zone][note.day], cn_total=note.total_minor,
            cn_status=note.status, cn_reference_invoice_id=note.invoice,
        )
    ]  # fmt: skip


def payment_source(_billing: Billing, record: Source) -> r.PaymentSource:
    """Show a card on file."""
    card = r.Card(
        iin=record.iin, last4=record.last4, brand=record.brand, funding_type="credit", masked_number=record.masked,
        expiry_month=record.expiry_month, expiry_year=record.expiry_year,
    )  # fmt: skip
    return r.PaymentSource(
        id=record.id,
        customer_id=record.customer,
        type="card",
        status="valid",
        reference_id=f"tok_{record.id}",
        gateway="chargebee",
        gateway_account_id="gw_test",
        card=card,
        created_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
        resource_version=record.version,
        deleted=record.deleted,
    )


def usage(_billing: Billing, record: Usage) -> r.Usage:
    """Show what was used."""
    return r.Usage(
        id=record.id,
        usage_date=record.at_us // SECOND_US,
        subscription_id=record.subscription,
        item_price_id=record.item_price,
        quantity=str(record.quantity),
        source="api",
        note=record.note or None,
        invoice_id=record.invoice or None,
        line_item_id=record.line or None,
        created_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
        resource_version=record.version,
    )


def unbilled_charge(billing: Billing, record: Unbilled) -> r.UnbilledCharge:
    """Show a charge that waits for an invoice."""
    line, seconds = record.line, billing.seconds[record.zone]
    key = billing.price_keys.get((line.sku, record.currency, 0))
    listed = billing.prices.get(key or "")
    return r.UnbilledCharge(
        id=record.id,
        customer_id=record.customer,
        subscription_id=record.subscription,
        date_from=seconds[line.period_start] if line.period_start else 0,
        date_to=seconds[line.period_end] if line.period_end else 0,
        unit_amount=line.unit_minor,
        pricing_model=listed.model if listed is not None else "flat_fee",
        quantity=line.quantity,
        amount=line.amount_minor,
        currency_code=record.currency,
        discount_amount=0,
        description=line.sku,
        entity_type="charge_item_price" if key else "adhoc",
        entity_id=key,
        is_voided=False,
        deleted=record.deleted,
        created_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
    )


def quote(_billing: Billing, record: Any) -> r.Shown:
    """Show a quote."""
    shown: r.Shown = record.quote if hasattr(record, "quote") else record
    return shown


def ramp(billing: Billing, record: r.Ramp) -> r.Ramp:
    """Show a ramp: it has succeeded when its day has come."""
    due = record.effective_from * SECOND_US <= billing.book.now_us
    return replace(record, status="succeeded") if due else record


def event(billing: Billing, message: Message) -> r.Event:
    """Show an event with its content as it was when it happened."""
    told = message.content
    pairs = told.content if type(told) is Addressed else told
    content = {}
    for name, record in pairs:
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
    "payment_source": payment_source,
    "usage": usage,
    "unbilled_charge": unbilled_charge,
    "quote": quote,
    "ramp": ramp,
}
"""Resources whose records are not what is shown; the others are."""
KEPT = frozenset({"customer", "subscription", "invoice", "credit_note", "item_price", "event"})
"""Resources whose JSON is kept."""


def show(billing: Billing, name: str, record: Any) -> msgspec.Raw:
    """Show a record under its resource name, as JSON.

    Records are frozen and shown several times (a reply, an event, a read): the JSON of the latest is kept, under the
    record's id, with the record it shows. That of a subscription holds for its version and for a day: what changes
    without a version (coverage, plans) is not shown. Who changes what another record shows drops that one's JSON.
    """
    if name not in KEPT:
        view = VIEWS.get(name)
        return msgspec.Raw(encode_json(record if view is None else view(billing, record)))
    kept = billing.shown
    found = kept.get(record.id)
    if name == "subscription":
        mark: Any = (record.version, billing.today(record.zone))
        if found is not None and found[0] == mark and record.id not in billing.usages:
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
