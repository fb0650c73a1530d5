"""Previews: the invoice that would be made next, without making it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import structs

from domain.http import Reply
from mocks.kernel.operations import Call, Operation, Refusal
from mocks.payment.customers import charged
from mocks.payment.invoicing import invoices, items
from mocks.payment.invoicing.coupons import offered
from mocks.payment.invoicing.invoice import Invoice, InvoiceParent, SubscriptionDetails, with_lines
from mocks.payment.invoicing.lines import Line, pricing_of
from mocks.payment.invoicing.prices import Price, amount_of, rounded
from mocks.payment.invoicing.proration import prorations
from mocks.payment.invoicing.renewals import used_in_period
from mocks.payment.invoicing.subscription import RUNNING, Subscription, SubscriptionItem, period_end
from mocks.payment.invoicing.subscription_bodies import ItemEntry
from mocks.payment.invoicing.subscriptions import changed_rows
from mocks.payment.model import Processor
from mocks.payment.parts import Body, Clear, Discount, DiscountBody, Period, PriceData, Proration, Shape, TaxBehavior
from mocks.payment.records import Customer
from mocks.payment.rows import answer, prepare, row


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
    tax_behavior: TaxBehavior | None = None
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
    proration_behavior: Proration = "create_prorations"
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


_UNPLAYED = ("schedule", "schedule_details")
_UNPLAYED_DETAILS = ("billing_cycle_anchor", "cancel_at", "cancel_now", "resume_at", "start_date", "trial_end")


def _preview(model: Processor, call: Call) -> Reply:
    """Show the invoice that would come next; nothing is kept of it."""
    prepare(model, call, "invoice")
    return answer(model, call, preview(model, call.body))


def preview(model: Processor, body: PreviewBody) -> Invoice:
    """Return the invoice that would come next; raise Refusal when none would, or when that is not played."""
    _require_played(body)
    subscription: Subscription | None = None
    if body.subscription:
        subscription = model.referred("subscription", body.subscription, "subscription")
    customer = charged(model, body.customer or (subscription.customer if subscription is not None else None))
    if customer is None:
        raise Refusal("parameter_missing", "Missing required param: customer.", field="customer")
    if subscription is None and (body.subscription_details is None or not body.subscription_details.items):
        subscription = _next(model, customer)
    found = _previewed(model, customer, subscription, body)
    if not found.lines.data:
        raise Refusal("invoice_upcoming_none", f"No upcoming invoices for customer: {customer.id}")
    return found


def _next(model: Processor, customer: Customer) -> Subscription | None:
    """Return the subscription of a customer that is billed next."""
    running = [
        each
        for each in model.tables["subscription"].values()
        if each.customer == customer.id and each.status in RUNNING and not each.cancel_at_period_end
    ]
    return min(running, key=lambda each: each.period.end, default=None)


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
        default_tax_rates=subscription.default_tax_rates if subscription is not None else (),
        parent=InvoiceParent(
            subscription_details=SubscriptionDetails(metadata=subscription.metadata, subscription=subscription.id),
            type="subscription_details",
        )
        if subscription is not None
        else None,
    )  # fmt: skip
    lines = [structs.replace(line, id=f"il_tmp_{number}") for number, line in enumerate(lines, 1)]
    discounts = _discounts(model, customer, subscription, body)
    return with_lines(model, structs.replace(invoice, discounts=[each.id for each in discounts]), lines, discounts)


def _require_played(body: PreviewBody) -> None:
    """Refuse what would change the invoice and is not played: an answer without it would be wrong."""
    details = body.subscription_details
    for holder, names in ((body, _UNPLAYED), (details, _UNPLAYED_DETAILS)):
        for name in names if holder is not None else ():
            if getattr(holder, name) is not None:
                field = name if holder is body else f"subscription_details[{name}]"
                raise Refusal("parameter_invalid", f"A preview with {field} is not played here.", field=field)


def _discounts(
    model: Processor, customer: Customer, subscription: Subscription | None, body: PreviewBody
) -> list[Discount]:
    """Return the discounts asked for, else those of the subscription, else the customer's."""
    if body.discounts is not None:
        return offered(model, body.discounts, customer=customer.id)
    if subscription is not None and subscription.discounts:
        return [model.tables["discount"][key] for key in subscription.discounts]
    return [customer.discount] if customer.discount is not None else []


def _of_subscription(
    model: Processor, subscription: Subscription, entries: Sequence[ItemEntry] | None,
    details: PreviewSubscription | None, key: str,
) -> list[Line]:  # fmt: skip
    """Return the lines of the next period, after the prorations of a change."""
    rows: Sequence[SubscriptionItem] = subscription.items.data
    lines: list[Line] = []
    if entries:
        rows = changed_rows(model, subscription, entries, "subscription_details[items]")
    if entries and (details is None or details.proration_behavior != "none"):
        at = details.proration_date if details is not None and details.proration_date else model.now
        for item in prorations(model, subscription, rows, at):
            lines.append(items.line_of(model, item, key))
    start = subscription.period.end
    if not _goes_on(subscription, details):
        rows = [each for each in rows if each.quantity is None and subscription.status in RUNNING]
    for each in rows:
        if each.quantity is None:  # billed as it was used
            used = used_in_period(model, subscription, each, start)
            lines.append(_line(model, each.price, used, key, each.current_period_start, start))
        else:
            end = period_end(each.price, start, subscription.billing_cycle_anchor)
            lines.append(_line(model, each.price, each.quantity, key, start, end))
    return lines


def _goes_on(subscription: Subscription, details: PreviewSubscription | None) -> bool:
    """Tell whether there is a next period."""
    ends = subscription.cancel_at_period_end
    if details is not None and details.cancel_at_period_end is not None:
        ends = details.cancel_at_period_end
    return subscription.status in RUNNING and not ends


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
        id="", amount=amount, currency=currency, description=item.description, invoice=key,
        metadata={}, period=period, quantity=quantity, quantity_decimal=str(quantity), subtotal=amount,
    )  # fmt: skip


def _line(model: Processor, price: Price, quantity: int, key: str, start: int, end: int) -> Line:
    amount = amount_of(model, price, quantity)
    product = model.tables["product"].get(price.product)
    name = product.name if product is not None else price.product
    return Line(
        id="", amount=amount, currency=price.currency, description=f"{quantity} × {name}",
        invoice=key, metadata={}, period=Period(start=start, end=end), pricing=pricing_of(price), quantity=quantity,
        quantity_decimal=str(quantity), subtotal=amount,
    )  # fmt: skip


ROWS: tuple[Operation, ...] = (
    row("preview_invoice", "POST", "/v1/invoices/create_preview", _preview, PreviewBody, Invoice),
)
