"""Lines of invoices: what is billed, for which period, at what price, and the tax on it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import structs

from mocks.payment.invoicing.coupons import taken_off
from mocks.payment.invoicing.prices import Price, rounded
from mocks.payment.invoicing.tax_rates import TaxRate, taxes_on
from mocks.payment.model import Processor
from mocks.payment.parts import (
    Clear,
    Discount,
    DiscountAmount,
    DiscountBody,
    Metadata,
    MetadataChange,
    Period,
    PriceData,
    Shape,
    Tax,
)
from mocks.payment.parts import Pricing as PricingBody


class PriceDetails(Shape, frozen=True, kw_only=True):
    """Which price of which product."""

    price: str
    product: str


class Pricing(Shape, frozen=True, kw_only=True):
    """What a unit costs."""

    price_details: PriceDetails | None = None
    type: str = "price_details"
    unit_amount_decimal: str | None = None


class ItemDetails(Shape, frozen=True, kw_only=True):
    """The invoice item behind a line."""

    invoice_item: str
    proration: bool = False
    proration_details: dict[str, Any] | None = None
    subscription: str | None = None


class SubscriptionItemDetails(Shape, frozen=True, kw_only=True):
    """The subscription item behind a line."""

    invoice_item: str | None = None
    proration: bool = False
    proration_details: dict[str, Any] | None = None
    subscription: str
    subscription_item: str


class LineParent(Shape, frozen=True, kw_only=True):
    """What a line comes from."""

    invoice_item_details: ItemDetails | None = None
    subscription_item_details: SubscriptionItemDetails | None = None
    type: str


class Line(Shape, frozen=True, kw_only=True):
    """A line of an invoice (`il_`), as it stands on the wire."""

    id: str
    object: str = "line_item"
    amount: int
    currency: str
    description: str | None = None
    discount_amounts: Sequence[DiscountAmount] = ()
    discountable: bool = True
    discounts: Sequence[str] = ()
    invoice: str | None = None
    livemode: bool = False
    metadata: Metadata
    parent: LineParent | None = None
    period: Period
    pretax_credit_amounts: Sequence[Any] = ()
    pricing: Pricing | None = None
    quantity: int | None = None
    quantity_decimal: str | None = None
    subscription: str | None = None
    subtotal: int
    taxes: Sequence[Tax] = ()


class LineBody(Shape, frozen=True, kw_only=True):
    """A line to add to an invoice, or, with an id, to change."""

    id: str | None = None
    amount: int | None = None
    description: str | None = None
    discountable: bool | None = None
    discounts: list[DiscountBody] | Clear | None = None
    invoice_item: str | None = None
    metadata: MetadataChange = None
    period: Period | None = None
    price_data: PriceData | None = None
    pricing: PricingBody | None = None
    quantity: int | None = None
    quantity_decimal: Decimal | None = None
    tax_amounts: list[dict[str, Any]] | str | None = None
    tax_rates: list[str] | Clear | None = None


class Totals(msgspec.Struct, frozen=True, gc=False):
    """What a document comes to in minor units; its lines carry their own discounts and taxes."""

    lines: tuple[Line, ...]
    subtotal: int
    subtotal_excluding_tax: int
    total: int
    total_excluding_tax: int
    discount_amounts: tuple[DiscountAmount, ...]
    taxes: tuple[Tax, ...]


def pricing_of(price: Price) -> Pricing:
    """Return how a line shows its price."""
    details = PriceDetails(price=price.id, product=price.product)
    return Pricing(price_details=details, unit_amount_decimal=price.unit_amount_decimal)


def totals(
    model: Processor, lines: Sequence[Line], discounts: Sequence[Discount], default_rates: Sequence[TaxRate]
) -> Totals:
    """Return what lines come to: discounts of a line first, then those of the document, then tax on what is left."""
    if not lines:
        return Totals((), 0, 0, 0, 0, (), ())
    rests = [line.amount for line in lines]
    offs: list[list[DiscountAmount]] = [[] for _ in lines]
    for index, line in enumerate(lines):
        for key in line.discounts:
            _take(model, model.tables["discount"][key], line, index, rests, offs)
    for discount in discounts:
        _spread(model, discount, lines, rests, offs)
    taxed = []
    for index, line in enumerate(lines):
        keys = model.line_rates.get(line.id)
        rates = default_rates if keys is None else [model.tables["tax_rate"][key] for key in keys]
        taxes = taxes_on(rates, rests[index]) if rates else ()
        taxed.append(structs.replace(line, discount_amounts=tuple(offs[index]), taxes=tuple(taxes)))
    return _summed(tuple(taxed), sum(rests))


def _take(
    model: Processor, discount: Discount, line: Line, index: int, rests: list[int], offs: list[list[DiscountAmount]]
) -> None:
    off = taken_off(model, discount, rests[index], line.currency, _product(line)) if line.discountable else 0
    rests[index] -= off
    offs[index].append(DiscountAmount(amount=off, discount=discount.id))


def _spread(
    model: Processor, discount: Discount, lines: Sequence[Line], rests: list[int], offs: list[list[DiscountAmount]]
) -> None:
    """Take a discount of the whole document off its lines, in proportion; the last one takes the odd units."""
    eligible = [
        index
        for index, line in enumerate(lines)
        if line.discountable and taken_off(model, discount, 1_000_000, line.currency, _product(line)) > 0
    ]
    if not eligible:
        return
    base = sum(rests[index] for index in eligible)
    left = taken_off(model, discount, base, lines[0].currency, _product(lines[eligible[0]]))
    whole = left
    for place, index in enumerate(eligible):
        last = place == len(eligible) - 1
        off = left if last else rounded(Decimal(whole) * rests[index] / base)
        left -= off
        rests[index] -= off
        offs[index].append(DiscountAmount(amount=off, discount=discount.id))


def _product(line: Line) -> str:
    details = line.pricing.price_details if line.pricing is not None else None
    return details.product if details is not None else ""


def _summed(lines: tuple[Line, ...], net: int) -> Totals:
    by_rate: dict[str, Tax] = {}
    by_discount: dict[str, int] = {}
    for line in lines:
        for off in line.discount_amounts:
            by_discount[off.discount] = by_discount.get(off.discount, 0) + off.amount
        for tax in line.taxes:
            key = tax.tax_rate_details.tax_rate if tax.tax_rate_details is not None else ""
            known = by_rate.get(key)
            by_rate[key] = tax if known is None else _joined(known, tax)
    taxes = tuple(by_rate.values())
    subtotal = sum(line.amount for line in lines)
    inclusive = sum(tax.amount for tax in taxes if tax.tax_behavior == "inclusive")
    exclusive = sum(tax.amount for tax in taxes if tax.tax_behavior == "exclusive")
    offs = tuple(DiscountAmount(amount=amount, discount=key) for key, amount in by_discount.items())
    return Totals(lines, subtotal, subtotal - inclusive, net + exclusive, net - inclusive, offs, taxes)


def _joined(one: Tax, other: Tax) -> Tax:
    taxable = (one.taxable_amount or 0) + (other.taxable_amount or 0)
    return structs.replace(one, amount=one.amount + other.amount, taxable_amount=taxable)
