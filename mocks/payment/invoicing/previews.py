"""Previews: the invoice that would be made next, without making it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import structs

from domain.http import Reply
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import JSON, Call, Operation, Refusal
from mocks.payment import render
from mocks.payment.customers import charged
from mocks.payment.invoicing import invoices, items
from mocks.payment.invoicing.invoice import Invoice, InvoiceParent, SubscriptionDetails, with_lines
from mocks.payment.invoicing.lines import Line, pricing_of
from mocks.payment.invoicing.prices import Price, amount_of, rounded
from mocks.payment.invoicing.proration import prorations
from mocks.payment.invoicing.renewals import used_in_period
from mocks.payment.invoicing.subscription import Subscription, period_end
from mocks.payment.invoicing.subscription_bodies import ItemEntry
from mocks.payment.model import Processor
from mocks.payment.parts import Body, Clear, DiscountBody, Period, PriceData, Shape
from mocks.payment.records import Customer
from mocks.payment.rows import row


class PreviewItem(Shape, frozen=True, kw_only=True):
    """Something that would be on the invoice too."""

    amount: int | None = None
    currency: str | None = None
    description: str | None = None
    discountable: bool | None = None
    discounts: list[DiscountBody] | Clear | None = None
    invoiceitem: str | None = None
    metadata: Any = None
    period: Period | None = None
    price: str | None = None
    price_data: PriceData | None = None
    quantity: int | None = None
    quantity_decimal: Decimal | None = None
    tax_behavior: str | None = None
    tax_code: str | None = None
    tax_rates: list[str] | Clear | None = None
    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None


class PreviewSubscription(Shape, frozen=True, kw_only=True):
    """How the subscription would be changed, or what would be subscribed to."""

    billing_cycle_anchor: Any = None
    billing_mode: dict[str, Any] | None = None
    billing_schedules: Any = None
    cancel_at: str | None = None
    cancel_at_period_end: bool | None = None
    cancel_now: bool | None = None
    default_tax_rates: list[str] | Clear | None = None
    items: list[ItemEntry] | None = None
    metadata: Any = None
    proration_behavior: str = "create_prorations"
    proration_date: int | None = None
    resume_at: str | None = None
    start_date: int | None = None
    trial_end: str | None = None


class PreviewBody(Body, frozen=True, kw_only=True):
    """Ask for a preview."""

    automatic_tax: dict[str, Any] | None = None
    currency: str | None = None
    customer: str | None = None
    customer_account: str | None = None
    customer_details: dict[str, Any] | None = None
    discounts: list[DiscountBody] | Clear | None = None
    invoice_items: list[PreviewItem] | None = None
    issuer: dict[str, Any] | None = None
    on_behalf_of: str | None = None
    preview_mode: str | None = None
    schedule: str | None = None
    schedule_details: dict[str, Any] | None = None
    subscription: str | None = None
    subscription_details: PreviewSubscription | None = None


def _preview(model: Processor, call: Call) -> Reply:
    """Show the invoice that would come next; nothing is kept of it."""
    body: PreviewBody = call.body
    subscription: Subscription | None = None
    if body.subscription:
        subscription = model.referred("subscription", body.subscription, "subscription")
    customer = charged(model, body.customer or (subscription.customer if subscription is not None else None))
    if customer is None:
        raise Refusal("parameter_missing", "Missing required param: customer.", field="customer")
    return Reply(200, JSON, encode_json(render.shown(_previewed(model, customer, subscription, body))))


def _previewed(model: Processor, customer: Customer, subscription: Subscription | None, body: PreviewBody) -> Invoice:
    key = "upcoming_in_preview"
    details = body.subscription_details
    currency = body.currency or (subscription.currency if subscription is not None else customer.currency) or "usd"
    lines: list[Line] = []
    for item in items.pending(model, customer.id, currency, subscription.id if subscription is not None else ""):
        lines.append(items.line_of(model, item, key))
    entries = details.items if details is not None else None
    if subscription is not None:
        lines += _of_subscription(model, subscription, entries, details, key)
    elif entries:
        lines += _of_entries(model, entries, key)
    lines += [_of_item(model, item, key, currency) for item in body.invoice_items or ()]
    invoice = invoices.blank(
        model, customer, key, lines[0].currency if lines else currency, metadata={}, billing_reason="upcoming",
        discounts=list(subscription.discounts) if subscription is not None else [],
        default_tax_rates=subscription.default_tax_rates if subscription is not None else (),
        parent=InvoiceParent(
            subscription_details=SubscriptionDetails(metadata=subscription.metadata, subscription=subscription.id),
            type="subscription_details",
        )
        if subscription is not None
        else None,
    )  # fmt: skip
    return with_lines(model, invoice, lines)


def _of_subscription(
    model: Processor, subscription: Subscription, entries: Sequence[ItemEntry] | None,
    details: PreviewSubscription | None, key: str,
) -> list[Line]:  # fmt: skip
    """Return the lines of the next period, after the prorations of a change."""
    rows = {each.id: each for each in subscription.items.data}
    lines: list[Line] = []
    for entry in entries or ():
        known = rows.get(entry.id or "")
        if known is None:
            continue
        if entry.deleted:
            del rows[known.id]
            continue
        price: Price = model.referred("price", entry.price, "items[price]") if entry.price else known.price
        quantity = known.quantity if entry.quantity is None else entry.quantity
        rows[known.id] = structs.replace(known, price=price, quantity=quantity)
    if entries and (details is None or details.proration_behavior != "none"):
        at = details.proration_date if details is not None and details.proration_date else model.now
        for item in prorations(model, subscription, list(rows.values()), at):
            lines.append(items.line_of(model, item, key))
    start = subscription.period.end
    for each in rows.values():
        if each.quantity is None:  # billed as it was used
            used = used_in_period(model, subscription, each, start)
            lines.append(_line(model, each.price, used, key, each.current_period_start, start))
        else:
            end = period_end(each.price, start, subscription.billing_cycle_anchor)
            lines.append(_line(model, each.price, each.quantity, key, start, end))
    return lines


def _of_entries(model: Processor, entries: Sequence[ItemEntry], key: str) -> list[Line]:
    lines = []
    for index, entry in enumerate(entries):
        price: Price = model.referred("price", entry.price or "", f"subscription_details[items][{index}][price]")
        if price.recurring is None:
            raise Refusal("parameter_invalid", f"The price {price.id} is not recurring.", field="subscription_details")
        quantity = 1 if entry.quantity is None else entry.quantity
        lines.append(_line(model, price, quantity, key, model.now, period_end(price, model.now, model.now)))
    return lines


def _of_item(model: Processor, item: PreviewItem, key: str, currency: str) -> Line:
    period = item.period or Period(start=model.now, end=model.now)
    quantity = 1 if item.quantity is None else item.quantity
    if item.price:
        price: Price = model.referred("price", item.price, "invoice_items[price]")
        return _line(model, price, quantity, key, period.start, period.end)
    unit = item.unit_amount_decimal if item.unit_amount_decimal is not None else item.unit_amount
    if item.price_data is not None:
        unit = item.price_data.unit_amount or item.price_data.unit_amount_decimal
        currency = item.price_data.currency.lower()
    amount = item.amount if item.amount is not None else rounded(Decimal(unit or 0) * quantity)
    return Line(
        id=f"il_preview_{len(key)}", amount=amount, currency=currency, description=item.description, invoice=key,
        metadata={}, period=period, quantity=quantity, quantity_decimal=str(quantity), subtotal=amount,
    )  # fmt: skip


def _line(model: Processor, price: Price, quantity: int, key: str, start: int, end: int) -> Line:
    amount = amount_of(model, price, quantity)
    product = model.tables["product"].get(price.product)
    name = product.name if product is not None else price.product
    return Line(
        id=f"il_preview_{price.id}", amount=amount, currency=price.currency, description=f"{quantity} × {name}",
        invoice=key, metadata={}, period=Period(start=start, end=end), pricing=pricing_of(price), quantity=quantity,
        quantity_decimal=str(quantity), subtotal=amount,
    )  # fmt: skip


ROWS: tuple[Operation, ...] = (
    row("preview_invoice", "POST", "/v1/invoices/create_preview", _preview, PreviewBody, Invoice),
)
