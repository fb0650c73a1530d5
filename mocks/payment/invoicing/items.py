"""Invoice items: what waits for the next invoice of a customer, or stands on a draft."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import structs

from mocks.kernel.operations import Operation, Refusal
from mocks.payment.bodies import EmptyBody
from mocks.payment.customers import charged
from mocks.payment.invoicing import prices
from mocks.payment.invoicing.coupons import discounts_of
from mocks.payment.invoicing.invoice import Invoice, with_lines
from mocks.payment.invoicing.lines import ItemDetails, Line, LineParent, Pricing, pricing_of
from mocks.payment.invoicing.prices import Price, amount_of, currency_of
from mocks.payment.invoicing.tax_rates import TaxRate, rates_of
from mocks.payment.model import Processor, merged
from mocks.payment.parts import (
    Body,
    Clear,
    Deleted,
    DiscountBody,
    Metadata,
    MetadataChange,
    Period,
    PriceData,
    Shape,
    TaxBehavior,
)
from mocks.payment.parts import Pricing as PricingBody
from mocks.payment.queries import Paging
from mocks.payment.rows import alter, make, page, read, remove


class ItemSubscription(Shape, frozen=True, kw_only=True):
    """The subscription an item comes from."""

    subscription: str
    subscription_item: str | None = None


class ItemParent(Shape, frozen=True, kw_only=True):
    """What an item comes from."""

    subscription_details: ItemSubscription
    type: str = "subscription_details"


class InvoiceItem(Shape, frozen=True, kw_only=True):
    """An invoice item (`ii_`), as it stands on the wire."""

    id: str
    object: str = "invoiceitem"
    amount: int
    currency: str
    customer: str
    customer_account: str | None = None
    date: int
    description: str | None = None
    discountable: bool = True
    discounts: Sequence[str] = ()
    invoice: str | None = None
    livemode: bool = False
    metadata: Metadata
    net_amount: int | None = None
    parent: ItemParent | None = None
    period: Period
    pricing: Pricing | None = None
    proration: bool = False
    proration_details: dict[str, Any] | None = None
    quantity: int = 1
    quantity_decimal: str = "1"
    tax_rates: Sequence[TaxRate] = ()
    test_clock: str | None = None

    @property
    def created(self) -> int:
        """When it was made, in seconds: lists filter by it."""
        return self.date

    @property
    def pending(self) -> bool:
        """Whether it stands on no invoice yet."""
        return self.invoice is None


class ItemBody(Body, frozen=True, kw_only=True):
    """Make an item: an amount, or units at a price. Older versions name the price at the top."""

    amount: int | None = None
    currency: str | None = None
    customer: str | None = None
    customer_account: str | None = None
    description: str | None = None
    discountable: bool | None = None
    discounts: list[DiscountBody] | Clear | None = None
    invoice: str | None = None
    metadata: MetadataChange = None
    period: Period | None = None
    price: str | None = None
    price_data: PriceData | None = None
    pricing: PricingBody | None = None
    quantity: int | None = None
    quantity_decimal: Decimal | None = None
    subscription: str | None = None
    tax_behavior: TaxBehavior | None = None
    tax_code: str | None = None
    tax_rates: list[str] | Clear | None = None
    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None


class ItemQuery(Paging, frozen=True, kw_only=True):
    """Which items; `pending` ones stand on no invoice."""

    customer: str | None = None
    invoice: str | None = None
    pending: bool | None = None


def create(model: Processor, body: ItemBody) -> InvoiceItem:
    """Make an item, on a draft when one is named."""
    invoice: Invoice | None = model.referred("invoice", body.invoice, "invoice") if body.invoice else None
    if invoice is not None and invoice.status != "draft":
        raise Refusal("invoice_not_editable", "You can only add items to an invoice that is a draft.", field="invoice")
    named = body.customer or (invoice.customer if invoice is not None else "")
    if not named:
        raise Refusal("parameter_missing", "Missing required param: customer.", field="customer")
    customer = charged(model, named)
    assert customer is not None, "a customer was named"
    if invoice is not None and invoice.customer != customer.id:
        raise Refusal("parameter_invalid", "The invoice belongs to another customer.", field="customer")
    rates = rates_of(model, body.tax_rates, "tax_rates")
    currency = body.currency or (invoice.currency if invoice is not None else customer.currency) or "usd"
    amount, quantity, pricing, currency = _cost(model, body, currency_of(currency))
    if invoice is not None and currency != invoice.currency:
        raise Refusal("parameter_invalid", f"The invoice is in {invoice.currency}.", field="currency")
    key = model.new_id("ii")
    discounts = discounts_of(model, body.discounts, invoice_item=key, customer=customer.id)
    parent = None
    if body.subscription:
        model.referred("subscription", body.subscription, "subscription")
        parent = ItemParent(subscription_details=ItemSubscription(subscription=body.subscription))
    item = InvoiceItem(
        id=key, amount=amount, currency=currency, customer=customer.id, date=model.now,
        description=body.description or _said(model, pricing), discountable=body.discountable is not False,
        discounts=[each.id for each in discounts], invoice=invoice.id if invoice is not None else None,
        metadata=merged({}, body.metadata), net_amount=amount, parent=parent,
        period=body.period or Period(start=model.now, end=model.now), pricing=pricing, quantity=quantity,
        quantity_decimal=str(quantity), tax_rates=rates, test_clock=customer.test_clock,
    )  # fmt: skip
    model.add("invoiceitem", item)
    if invoice is not None:
        _put_on(model, invoice, item)
    else:
        wait(model, item)
    return item


def _cost(model: Processor, body: ItemBody, currency: str) -> tuple[int, int, Pricing | None, str]:
    """Return (amount, quantity, pricing, currency) of an item."""
    named = (body.pricing.price if body.pricing is not None else None) or body.price
    quantity = 1 if body.quantity is None else body.quantity
    if quantity < 0:
        text = "This value must be greater than or equal to 0."
        raise Refusal("parameter_invalid_integer", text, field="quantity")
    price: Price | None = None
    if named:
        price = model.referred("price", named, "pricing[price]")
    elif body.price_data is not None:
        price = prices.on_the_fly(model, body.price_data, "price_data")
    if price is not None:
        if price.recurring is not None:
            text = f"The price {price.id} is recurring: only subscriptions bill recurring prices."
            raise Refusal("parameter_invalid", text, field="pricing[price]")
        return amount_of(model, price, quantity), quantity, pricing_of(price), price.currency
    unit = body.unit_amount_decimal if body.unit_amount_decimal is not None else body.unit_amount
    if unit is not None:
        exact = Decimal(unit)
        pricing = Pricing(price_details=None, unit_amount_decimal=f"{exact:f}")
        return prices.rounded(exact * quantity), quantity, pricing, currency
    amount = body.amount
    if amount is None:
        if model.stand_in is None:
            raise Refusal("parameter_missing", "Give an amount, or a price.", field="amount")
        amount = 0
    return amount, 1, Pricing(price_details=None, unit_amount_decimal=str(amount)), currency


def _said(model: Processor, pricing: Pricing | None) -> str | None:
    if pricing is None or pricing.price_details is None:
        return None
    product = model.tables["product"].get(pricing.price_details.product)
    return product.name if product is not None else None


def line_of(model: Processor, item: InvoiceItem, invoice: str) -> Line:
    """Return an item as a line of an invoice."""
    owner = item.parent.subscription_details if item.parent is not None else None
    subscription = owner.subscription if owner is not None else None
    details = ItemDetails(invoice_item=item.id, proration=item.proration, subscription=subscription)
    line = Line(
        id=model.new_id("il"), amount=item.amount, currency=item.currency, description=item.description,
        discountable=item.discountable, discounts=item.discounts, invoice=invoice, metadata=item.metadata,
        parent=LineParent(invoice_item_details=details, type="invoice_item_details"), period=item.period,
        pricing=item.pricing, quantity=item.quantity, quantity_decimal=item.quantity_decimal,
        subscription=subscription, subtotal=item.amount,
    )  # fmt: skip
    if item.tax_rates:
        model.line_rates[line.id] = tuple([rate.id for rate in item.tax_rates])
    return line


def _put_on(model: Processor, invoice: Invoice, item: InvoiceItem) -> None:
    after = with_lines(model, invoice, (*invoice.lines.data, line_of(model, item, invoice.id)))
    model.tables["invoice"][invoice.id] = after
    model.emit("invoice.updated", after, "", invoice)


def wait(model: Processor, item: InvoiceItem) -> None:
    """Let an item wait for the next invoice of its customer."""
    model.pending_items.setdefault(item.customer, {})[item.id] = item


def pending(model: Processor, customer: str, currency: str, subscription: str = "") -> list[InvoiceItem]:
    """Return the items of a customer that stand on no invoice, the oldest first."""
    found = []
    for item in model.pending_items.get(customer, {}).values():
        owner = item.parent.subscription_details.subscription if item.parent is not None else ""
        if item.currency == currency and (not subscription or owner in ("", subscription)):
            found.append(item)
    return found


def taken(model: Processor, items: Sequence[InvoiceItem], invoice: str) -> list[Line]:
    """Put pending items on an invoice; return its lines."""
    lines = []
    for item in items:
        model.change("invoiceitem", item, "", invoice=invoice)
        model.pending_items[item.customer].pop(item.id, None)
        lines.append(line_of(model, item, invoice))
    return lines


def update(model: Processor, item: InvoiceItem, body: ItemBody) -> InvoiceItem:
    """Change an item that is pending, or on a draft."""
    invoice = _draft_of(model, item)
    changes: dict[str, Any] = {"metadata": merged(item.metadata, body.metadata)}
    if body.description is not None:
        changes["description"] = body.description or None
    if body.discountable is not None:
        changes["discountable"] = body.discountable
    if body.period is not None:
        changes["period"] = body.period
    if body.tax_rates is not None:
        changes["tax_rates"] = rates_of(model, body.tax_rates, "tax_rates")
    if body.discounts is not None:
        made = discounts_of(model, body.discounts, invoice_item=item.id, customer=item.customer)
        changes["discounts"] = [each.id for each in made]
    if _costs(body):
        amount, quantity, pricing, _ = _cost(model, _as_before(item, body), item.currency)
        changes |= {
            "amount": amount, "net_amount": amount, "quantity": quantity, "quantity_decimal": str(quantity),
            "pricing": pricing,
        }  # fmt: skip
    after: InvoiceItem = model.change("invoiceitem", item, **changes)
    if invoice is not None:
        _replace(model, invoice, after)
    else:
        wait(model, after)
    return after


def _costs(body: ItemBody) -> bool:
    given = (body.amount, body.quantity, body.price, body.price_data, body.pricing, body.unit_amount)
    return any(value is not None for value in (*given, body.unit_amount_decimal))


def _as_before(item: InvoiceItem, body: ItemBody) -> ItemBody:
    """Return a body with the item's price, when only the quantity changes."""
    asked = (body.amount, body.price, body.price_data, body.pricing, body.unit_amount, body.unit_amount_decimal)
    if body.quantity is None and body.amount is None:
        body = structs.replace(body, quantity=item.quantity)
    if any(value is not None for value in asked) or item.pricing is None:
        return body
    details = item.pricing.price_details
    if details is not None:
        return structs.replace(body, price=details.price)
    return structs.replace(body, unit_amount_decimal=Decimal(item.pricing.unit_amount_decimal or 0))


def _replace(model: Processor, invoice: Invoice, item: InvoiceItem) -> None:
    lines = []
    for line in invoice.lines.data:
        details = line.parent.invoice_item_details if line.parent is not None else None
        if details is not None and details.invoice_item == item.id:
            fresh = line_of(model, item, invoice.id)
            model.line_rates.pop(line.id, None)
            if fresh.id in model.line_rates:
                model.line_rates[line.id] = model.line_rates.pop(fresh.id)
            lines.append(structs.replace(fresh, id=line.id))
        else:
            lines.append(line)
    model.change("invoice", invoice, **_changes(with_lines(model, invoice, lines)))


def _changes(invoice: Invoice) -> dict[str, Any]:
    return structs.asdict(invoice)


def delete(model: Processor, item: InvoiceItem, body: EmptyBody) -> Deleted:
    """Delete an item that is pending, or on a draft, and its line with it."""
    invoice = _draft_of(model, item)
    if invoice is not None:
        kept = [line for line in invoice.lines.data if not comes_from(line, item.id)]
        model.change("invoice", invoice, **_changes(with_lines(model, invoice, kept)))
    model.pending_items.get(item.customer, {}).pop(item.id, None)
    return model.drop("invoiceitem", item)


def comes_from(line: Line, item: str) -> bool:
    """Tell whether a line shows an item."""
    details = line.parent.invoice_item_details if line.parent is not None else None
    return details is not None and details.invoice_item == item


def _draft_of(model: Processor, item: InvoiceItem) -> Invoice | None:
    if item.invoice is None:
        return None
    invoice: Invoice = model.tables["invoice"][item.invoice]
    if invoice.status != "draft":
        text = "This invoice item can no longer be changed: it is on an invoice that is finalized."
        raise Refusal("invoice_not_editable", text, field="id")
    return invoice


_ALL, _ONE = "/v1/invoiceitems", "/v1/invoiceitems/{id}"
ROWS: tuple[Operation, ...] = (
    make("create_invoice_item", _ALL, "invoiceitem", ItemBody, create, InvoiceItem),
    page("list_invoice_items", _ALL, "invoiceitem", ItemQuery),
    read("get_invoice_item", _ONE, "invoiceitem", InvoiceItem),
    alter("update_invoice_item", _ONE, "invoiceitem", ItemBody, update, InvoiceItem),
    remove("delete_invoice_item", _ONE, "invoiceitem", delete),
)
