"""Calls on quotes, orders and ramps: what is offered, what is shipped, what will change on a day."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from domain.calendar import SECOND_US
from domain.http import Reply
from mocks.billing import bodies as f
from mocks.billing import changes, subscriptions
from mocks.billing import resources as r
from mocks.billing.estimates import estimate_creation
from mocks.billing.items import Asked, asked, require_plan
from mocks.billing.model import Billing, quote_number
from mocks.billing.records import Change, Invoice, Wanted
from mocks.billing.subscription_calls import intent, outcome
from mocks.billing.terms import prices_at
from mocks.billing.views import reply, shown
from mocks.kernel.codec import decode_json
from mocks.kernel.operations import Call, Refusal

NEXT_OF_QUOTE = {
    "open": ("accepted", "declined", "closed"),
    "accepted": ("declined", "closed"),
    "declined": ("closed", "open"),
}
QUOTE_DAYS = 30


class Offer(msgspec.Struct, frozen=True):
    """A quote: what it shows, the subscription it shows, and the request it was made by."""

    id: str
    quote: r.Quote
    quoted: r.QuotedSubscription
    body: f.CreateQuote
    created_at: int
    updated_at: int
    deleted: bool = False


# --- quotes -----------------------------------------------------------------------------------------------------------


def create_quote(billing: Billing, call: Call) -> Reply:
    """Offer a customer a subscription; its amounts are those of its first invoice."""
    body: f.CreateQuote = call.body
    customer = billing.customer(call.params["id"])
    if not body.subscription_items:
        raise Refusal("param_wrong_value", "cannot be blank", field="subscription_items[item_price_id][0]")
    found = asked(billing, customer.currency, body.subscription_items)
    require_plan(billing, found)
    first = _first_invoice(billing, call, body)
    number, second = f"QT-{billing.desk.next('quote'):06d}", billing.book.now_us // SECOND_US
    total = first.get("total", 0)
    quote = r.Quote(
        id=number,
        name=body.name or None,
        po_number=body.subscription.po_number or None,
        customer_id=customer.id,
        status="open",
        operation_type="create_subscription_for_customer",
        price_type="tax_exclusive",
        valid_till=body.expires_at or second + QUOTE_DAYS * 86_400,
        date=second,
        sub_total=total,
        total=total,
        total_payable=total,
        charge_on_acceptance=total,
        credits_applied=0,
        amount_paid=0,
        amount_due=total,
        version=1,
        resource_version=1,
        updated_at=second,
        currency_code=customer.currency,
        line_items=_raw(first.get("line_items", [])),
        notes=[{"entity_type": "customer", "note": body.notes}] if body.notes else [],
        business_entity_id=customer.entity or None,
        deleted=False,
    )
    offer = Offer(number, quote, _quoted(billing, found, body), body, second, second)
    billing.book.keep("quote", number, offer)
    billing.announce("quote_created", (("quote", quote),), quote_number(body.subscription.po_number))
    return _offer(offer)


def _first_invoice(billing: Billing, call: Call, body: f.CreateQuote) -> dict[str, Any]:
    """Return the estimate of the first invoice, as shown."""
    wish = f.EstimateNew(
        subscription_items=body.subscription_items,
        subscription=f.EstimatedSubscription(
            start_date=body.subscription.start_date, trial_end=body.subscription.trial_end
        ),
        billing_cycles=body.billing_cycles,
        coupon_ids=body.coupon_ids,
    )
    asking = Call(call.request, call.operation, call.params, call.now_us, call.number)
    asking.body = wish
    estimate = decode_json(estimate_creation(billing, asking).body)["estimate"]
    return estimate.get("invoice_estimate") or {}


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def _quoted(billing: Billing, found: Asked, body: f.CreateQuote) -> r.QuotedSubscription:
    items = []
    for row in body.subscription_items:
        listed = billing.prices[row.item_price_id]
        price = found.wanted.prices.get(listed.sku)
        once = found.wanted.charges.get(listed.sku)
        quantity, unit_minor, full_minor = once or (price.quantity, price.unit_minor, price.full_minor)  # type: ignore[union-attr]
        items.append(
            r.SubscriptionItem(
                item_price_id=listed.id, item_type=listed.item_type, quantity=quantity, unit_price=unit_minor,
                amount=full_minor,
            )
        )  # fmt: skip
    plan = found.plan
    return r.QuotedSubscription(
        id=body.subscription.id or f"sub_quoted_{billing.desk.next('quoted subscription'):06d}",
        billing_period=plan.months if plan is not None else None,
        billing_period_unit="month" if plan is not None else None,
        start_date=body.subscription.start_date,
        remaining_billing_cycles=body.billing_cycles,
        po_number=body.subscription.po_number or None,
        subscription_items=items,
    )


def _offer(offer: Offer) -> Reply:
    return reply({"quote": offer.quote, "quoted_subscription": offer.quoted})


def read_quote(billing: Billing, call: Call) -> Reply:
    """Show a quote."""
    return _offer(billing.found("quote", call.params["id"]))


def update_quote_status(billing: Billing, call: Call) -> Reply:
    """Accept, decline or close a quote."""
    offer: Offer = billing.found("quote", call.params["id"])
    status = call.body.status
    if status not in NEXT_OF_QUOTE.get(offer.quote.status, ()):
        raise Refusal("invalid_state_for_request", f"quote {offer.id} is {offer.quote.status}, not to become {status}")
    return _offer(_with_status(billing, offer, status))


def _with_status(billing: Billing, offer: Offer, status: str, **changes: Any) -> Offer:
    second = billing.book.now_us // SECOND_US
    quote = replace(
        offer.quote, status=status, updated_at=second, resource_version=offer.quote.resource_version + 1, **changes
    )
    offer = replace(offer, quote=quote, updated_at=second)
    billing.book.keep("quote", offer.id, offer)
    billing.announce("quote_updated", (("quote", quote),), "")
    return offer


def convert_quote(billing: Billing, call: Call) -> Reply:
    """Make the subscription a quote offers, and with it its first invoice."""
    body: f.ConvertQuote = call.body
    offer: Offer = billing.found("quote", call.params["id"])
    if offer.quote.status not in ("open", "accepted"):
        raise Refusal("invalid_state_for_request", f"quote {offer.id} is {offer.quote.status}")
    if offer.quote.valid_till < billing.book.now_us // SECOND_US:
        raise Refusal("invalid_state_for_request", f"quote {offer.id} has expired")
    customer = billing.customer(offer.quote.customer_id)
    told = offer.body
    found = asked(billing, customer.currency, told.subscription_items)
    wish = f.CreateSubscription(
        id=body.subscription.id or told.subscription.id,
        start_date=told.subscription.start_date,
        trial_end=told.subscription.trial_end,
        billing_cycles=told.billing_cycles,
        po_number=told.subscription.po_number if body.subscription.po_number is None else body.subscription.po_number,
        auto_collection=body.subscription.auto_collection,
        invoice_immediately=body.invoice_immediately,
        create_pending_invoices=body.create_pending_invoices,
        coupon_ids=told.coupon_ids,
    )
    settled = subscriptions.create(billing, intent(billing, customer, found, wish))
    invoice = settled.invoice.id if settled.invoice is not None else None
    offer = _with_status(billing, offer, "invoiced", subscription_id=settled.subscription.id, invoice_id=invoice)
    return reply({"quote": offer.quote, "quoted_subscription": offer.quoted, **outcome(billing, settled)})


# --- orders -----------------------------------------------------------------------------------------------------------


def create_order(billing: Billing, call: Call) -> Reply:
    """Create the order by which an invoice is shipped."""
    body: f.CreateOrder = call.body
    invoice = billing.invoice(body.invoice_id)
    key = body.id or f"order_{billing.desk.next('order'):08d}"
    if billing.book.get("order", key) is not None:
        raise Refusal("duplicate_entry", f"the value {key} is already present", field="id")
    second = billing.book.now_us // SECOND_US
    order = r.Order(
        id=key,
        document_number=f"O-{billing.desk.next('order number'):06d}",
        invoice_id=invoice.id,
        subscription_id=invoice.subscription or None,
        customer_id=invoice.customer,
        status=body.status,
        order_type="manual",
        price_type="tax_exclusive",
        reference_id=body.reference_id or None,
        fulfillment_status=body.fulfillment_status or None,
        note=body.note or None,
        tracking_id=body.tracking_id or None,
        tracking_url=body.tracking_url or None,
        batch_id=body.batch_id or None,
        created_by="full_access_key_v1",
        tax=invoice.tax_minor,
        sub_total=invoice.net_minor,
        total=invoice.total_minor,
        amount_paid=invoice.paid_minor,
        amount_adjusted=invoice.adjusted_minor,
        currency_code=invoice.currency,
        payment_status="paid" if invoice.status == "paid" else "not_paid",
        order_line_items=[_order_line(invoice, index) for index in range(len(invoice.lines))],
        created_at=second,
        status_update_at=second,
        updated_at=second,
        resource_version=1,
        deleted=False,
    )
    billing.book.keep("order", key, order)
    billing.announce("order_created", (("order", order),), invoice.txn)
    return shown(billing, ("order", order))


def _order_line(invoice: Invoice, index: int) -> r.OrderLine:
    line = invoice.lines[index]
    return r.OrderLine(
        id=f"oli_{line.id}",
        invoice_id=invoice.id,
        invoice_line_item_id=line.id,
        unit_price=line.unit_minor,
        description=line.sku,
        amount=line.amount_minor,
        fulfillment_quantity=line.quantity,
        fulfillment_amount=line.amount_minor,
        status="new",
        entity_type="adhoc" if line.kind == "tax" else "plan_item_price",
        is_shippable=False,
        discount_amount=0,
        tax_amount=0,
        amount_paid=0,
        amount_adjusted=0,
    )


def read_order(billing: Billing, call: Call) -> Reply:
    """Show an order."""
    return shown(billing, ("order", billing.found("order", call.params["id"])))


def update_order(billing: Billing, call: Call) -> Reply:
    """Change an order."""
    body: f.UpdateOrder = call.body
    order: r.Order = billing.found("order", call.params["id"])
    second = billing.book.now_us // SECOND_US
    given = {name: value for name in body.__struct_fields__ if (value := getattr(body, name)) is not None}
    if given.get("status", order.status) != order.status:
        given["status_update_at"] = second
    order = replace(order, updated_at=second, resource_version=order.resource_version + 1, **given)
    billing.book.keep("order", order.id, order)
    billing.announce("order_updated", (("order", order),), "")
    return shown(billing, ("order", order))


# --- ramps ------------------------------------------------------------------------------------------------------------


def create_ramp(billing: Billing, call: Call) -> Reply:
    """Plan a change of a subscription for a day to come: items added, changed and removed."""
    body: f.CreateRamp = call.body
    subscription = billing.subscription(call.params["id"])
    day = billing.day_at(body.effective_from, subscription.zone)
    if day <= billing.today(subscription.zone):
        raise Refusal("param_wrong_value", "must lie in the future", field="effective_from")
    added = asked(billing, subscription.currency, body.items_to_add, "items_to_add").wanted
    changed = asked(billing, subscription.currency, body.items_to_update, "items_to_update").wanted
    if not (body.items_to_add or body.items_to_update or body.items_to_remove):
        raise Refusal("param_wrong_value", "a ramp changes something", field="items_to_add[item_price_id][0]")
    prices = {**prices_at(subscription.terms, day), **changed.prices, **added.prices}
    for index, key in enumerate(body.items_to_remove):
        listed = billing.prices.get(key)
        if listed is None or prices.pop(listed.sku, None) is None:
            raise Refusal("param_wrong_value", f"{key} is not there to remove", field=f"items_to_remove[{index}]")
    change = Change(
        day=day, wanted=Wanted(prices, {**changed.charges, **added.charges}), replaces=True, prorates=True,
        invoices=True, reference="", txn="",
    )  # fmt: skip
    changes.amend(billing, subscription.id, change)
    second = billing.book.now_us // SECOND_US
    ramp = r.Ramp(
        id=f"ramp_{billing.desk.next('ramp'):06d}",
        description=body.description or None,
        subscription_id=subscription.id,
        effective_from=body.effective_from,
        status="scheduled",
        items_to_add=[_row(billing, row) for row in body.items_to_add],
        items_to_update=[_row(billing, row) for row in body.items_to_update],
        items_to_remove=list(body.items_to_remove),
        created_at=second,
        updated_at=second,
        resource_version=1,
        deleted=False,
    )
    billing.book.keep("ramp", ramp.id, ramp)
    billing.announce("subscription_ramp_created", (("ramp", ramp),), subscription.txn)
    return shown(billing, ("ramp", ramp))


def _row(billing: Billing, row: f.ItemRow) -> r.SubscriptionItem:
    listed = billing.prices[row.item_price_id]
    return r.SubscriptionItem(
        item_price_id=listed.id, item_type=listed.item_type, quantity=row.quantity or 1,
        unit_price=listed.list_unit_minor if row.unit_price is None else row.unit_price,
    )  # fmt: skip


def read_ramp(billing: Billing, call: Call) -> Reply:
    """Show a ramp: scheduled until its day, then succeeded."""
    return shown(billing, ("ramp", billing.found("ramp", call.params["id"])))
