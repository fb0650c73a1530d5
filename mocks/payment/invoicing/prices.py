"""Prices: what a product costs, once or again and again, for a unit or in tiers."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Literal

import msgspec

from domain.currency import EXPONENTS
from mocks.kernel.operations import Operation, Refusal
from mocks.payment.expand import EXTRAS
from mocks.payment.invoicing import products
from mocks.payment.invoicing.products import Product, ProductBody
from mocks.payment.model import Processor, given, merged
from mocks.payment.parts import Body, Metadata, MetadataChange, PriceData, Shape, TaxBehavior
from mocks.payment.queries import Paging
from mocks.payment.rows import alter, find, make, page, read

INTERVALS = ("day", "week", "month", "year")
_LONGEST = {"day": 1_095, "week": 156, "month": 36, "year": 3}


class Recurring(Shape, frozen=True, kw_only=True):
    """How often a price recurs, and whether it counts units that are ordered or used."""

    interval: str
    interval_count: int = 1
    meter: str | None = None
    trial_period_days: int | None = None
    usage_type: str = "licensed"


class RecurringBody(Shape, frozen=True, kw_only=True):
    """The same, as callers send it."""

    interval: str
    aggregate_usage: str | None = None
    interval_count: int = 1
    meter: str | None = None
    trial_period_days: int | None = None
    usage_type: str = "licensed"


class Tier(Shape, frozen=True, kw_only=True):
    """The price of units up to a number; none at the end means all further ones."""

    flat_amount: int | None = None
    flat_amount_decimal: str | None = None
    unit_amount: int | None = None
    unit_amount_decimal: str | None = None
    up_to: int | None = None


class TierBody(Shape, frozen=True, kw_only=True):
    """A tier, as callers send it: `up_to` is a number or `inf`."""

    up_to: str
    flat_amount: int | None = None
    flat_amount_decimal: Decimal | None = None
    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None


class Transform(Shape, frozen=True, kw_only=True):
    """Units are sold in packages."""

    divide_by: int
    round: str


class CustomAmount(Shape, frozen=True, kw_only=True):
    """The customer chooses the amount."""

    enabled: bool = True
    maximum: int | None = None
    minimum: int | None = None
    preset: int | None = None


class CurrencyOption(Shape, frozen=True, kw_only=True):
    """What a price is in another currency."""

    custom_unit_amount: CustomAmount | None = None
    tax_behavior: TaxBehavior | None = None
    tiers: list[TierBody] | None = None
    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None


class Price(Shape, frozen=True, kw_only=True):
    """A price (`price_`), as it stands on the wire; its tiers are shown when they are asked for."""

    id: str
    object: str = "price"
    active: bool = True
    billing_scheme: str = "per_unit"
    created: int
    currency: str
    custom_unit_amount: CustomAmount | None = None
    livemode: bool = False
    lookup_key: str | None = None
    metadata: Metadata
    nickname: str | None = None
    product: str
    recurring: Recurring | None = None
    tax_behavior: str = "unspecified"
    tiers_mode: str | None = None
    transform_quantity: Transform | None = None
    type: str = "one_time"
    unit_amount: int | None = None
    unit_amount_decimal: str | None = None


class ProductData(Shape, frozen=True, kw_only=True):
    """A product made along with its price."""

    name: str
    active: bool | None = None
    id: str | None = None
    metadata: MetadataChange = None
    statement_descriptor: str | None = None
    tax_code: str | None = None
    tax_details: dict[str, Any] | None = None
    unit_label: str | None = None


class PriceBody(Body, frozen=True, kw_only=True):
    """Make a price, of a product there is or of a new one."""

    currency: str
    active: bool | None = None
    billing_scheme: str = "per_unit"
    currency_options: dict[str, CurrencyOption] | None = None
    custom_unit_amount: CustomAmount | None = None
    lookup_key: str | None = None
    metadata: MetadataChange = None
    nickname: str | None = None
    product: str | None = None
    product_data: ProductData | None = None
    recurring: RecurringBody | None = None
    tax_behavior: TaxBehavior | None = None
    tiers: list[TierBody] | None = None
    tiers_mode: str | None = None
    transfer_lookup_key: bool = False
    transform_quantity: Transform | None = None
    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None


class PriceUpdate(Body, frozen=True, kw_only=True):
    """Change a price: never what it costs."""

    active: bool | None = None
    currency_options: dict[str, CurrencyOption] | str | None = None
    lookup_key: str | None = None
    metadata: MetadataChange = None
    nickname: str | None = None
    tax_behavior: TaxBehavior | None = None
    transfer_lookup_key: bool = False


class PriceQuery(Paging, frozen=True, kw_only=True):
    """Which prices."""

    active: bool | None = None
    currency: str | None = None
    lookup_keys: list[str] | None = None
    product: str | None = None
    type: Literal["one_time", "recurring"] | None = None


def create(model: Processor, body: PriceBody) -> Price:
    """Make a price."""
    currency = currency_of(body.currency)
    tiers = _tiers(body)
    _require_amount(body, tiers)
    recurring = _recurring(body.recurring)
    product = _product(model, body)
    metadata = merged({}, body.metadata)
    amount, exact = _amounts(body.unit_amount, body.unit_amount_decimal)
    key = model.new_id("price")
    _take_lookup_key(model, body.lookup_key, body.transfer_lookup_key)
    price = Price(
        id=key, active=body.active is not False, billing_scheme=body.billing_scheme, created=model.now,
        currency=currency, custom_unit_amount=body.custom_unit_amount, lookup_key=body.lookup_key or None,
        metadata=metadata, nickname=body.nickname or None, product=product.id, recurring=recurring,
        tax_behavior=body.tax_behavior or "unspecified", tiers_mode=body.tiers_mode,
        transform_quantity=body.transform_quantity, type="recurring" if recurring else "one_time", unit_amount=amount,
        unit_amount_decimal=exact,
    )  # fmt: skip
    if tiers:
        model.tiers[key] = tiers
    model.add("price", price)
    return price


def on_the_fly(model: Processor, data: PriceData, field: str) -> Price:
    """Make the price that a caller describes instead of naming one; it is not active."""
    if not data.product and not data.product_data:
        raise Refusal("parameter_missing", f"Missing required param: {field}[product].", field=f"{field}[product]")
    made = msgspec.convert(data.product_data, ProductData, strict=False) if data.product_data else None
    recurring = data.recurring
    return create(
        model,
        PriceBody(
            currency=data.currency, product=data.product, product_data=made, unit_amount=data.unit_amount,
            unit_amount_decimal=data.unit_amount_decimal, active=False, tax_behavior=data.tax_behavior,
            recurring=RecurringBody(interval=recurring.interval, interval_count=recurring.interval_count)
            if recurring is not None
            else None,
        ),
    )  # fmt: skip


def create_product(model: Processor, body: ProductBody) -> Product:
    """Make a product, and its default price when one is described."""
    data = msgspec.convert(body.default_price_data, PriceData, strict=False) if body.default_price_data else None
    product = products.create(model, body)
    if data is not None:
        price = on_the_fly(model, msgspec.structs.replace(data, product=product.id), "default_price_data")
        model.change("price", price, "", active=True)
        product = products.with_default_price(model, product, price.id)
    return product


def update(model: Processor, price: Price, body: PriceUpdate) -> Price:
    """Change what is not the price of a price."""
    metadata = merged(price.metadata, body.metadata)
    if body.lookup_key and body.lookup_key != price.lookup_key:
        _take_lookup_key(model, body.lookup_key, body.transfer_lookup_key)
    changes = given(body, ("active", "lookup_key", "nickname", "tax_behavior"))
    after: Price = model.change("price", price, **changes, metadata=metadata)
    return after


def _take_lookup_key(model: Processor, key: str | None, transfer: bool) -> None:
    if not key:
        return
    for price in list(model.tables["price"].values()):
        if price.lookup_key == key:
            if not transfer:
                text = f"A price (`{price.id}`) already uses that lookup key."
                raise Refusal("resource_already_exists", text, field="lookup_key")
            model.change("price", price, lookup_key=None)


def _product(model: Processor, body: PriceBody) -> Product:
    data = body.product_data
    if data is not None:
        return products.create(
            model,
            ProductBody(
                name=data.name, active=data.active, id=data.id, metadata=data.metadata,
                statement_descriptor=data.statement_descriptor, tax_code=data.tax_code, unit_label=data.unit_label,
            ),
        )  # fmt: skip
    if not body.product:
        raise Refusal("parameter_missing", "You must specify either `product` or `product_data`.", field="product")
    product: Product = model.referred("product", body.product, "product")
    return product


def _recurring(body: RecurringBody | None) -> Recurring | None:
    if body is None:
        return None
    if body.interval not in INTERVALS:
        raise Refusal("parameter_invalid", f"Invalid recurring[interval]: {body.interval}", field="recurring[interval]")
    if not 1 <= body.interval_count <= _LONGEST[body.interval]:
        text = f"A price recurs after {_LONGEST[body.interval]} {body.interval}s at the latest."
        raise Refusal("parameter_invalid", text, field="recurring[interval_count]")
    return Recurring(
        interval=body.interval, interval_count=body.interval_count, meter=body.meter or None,
        trial_period_days=body.trial_period_days, usage_type=body.usage_type,
    )  # fmt: skip


def _tiers(body: PriceBody) -> tuple[Tier, ...]:
    made = []
    for tier in body.tiers or ():
        if tier.up_to != "inf" and not (tier.up_to.isascii() and tier.up_to.isdecimal() and len(tier.up_to) < 16):
            raise Refusal("parameter_invalid_integer", "up_to is a number or inf.", field="tiers[up_to]")
        unit, exact = _amounts(tier.unit_amount, tier.unit_amount_decimal)
        flat, flat_exact = _amounts(tier.flat_amount, tier.flat_amount_decimal)
        up_to = None if tier.up_to == "inf" else int(tier.up_to)
        made.append(
            Tier(
                flat_amount=flat, flat_amount_decimal=flat_exact, unit_amount=unit, unit_amount_decimal=exact,
                up_to=up_to,
            )
        )  # fmt: skip
    limits = [tier.up_to for tier in made]
    bounded = [limit for limit in limits[:-1] if limit is not None]
    if made and (limits[-1] is not None or len(bounded) < len(limits) - 1 or bounded != sorted(set(bounded))):
        raise Refusal("parameter_invalid", "Tiers rise by up_to, and the last one is up to inf.", field="tiers")
    return tuple(made)


def _require_amount(body: PriceBody, tiers: tuple[Tier, ...]) -> None:
    if body.billing_scheme not in ("per_unit", "tiered"):
        raise Refusal("parameter_invalid", f"Invalid billing_scheme: {body.billing_scheme}", field="billing_scheme")
    if body.billing_scheme == "tiered":
        if not tiers or body.tiers_mode not in ("graduated", "volume"):
            raise Refusal("parameter_missing", "A tiered price has tiers and a tiers_mode.", field="tiers")
        return
    if body.unit_amount is None and body.unit_amount_decimal is None and body.custom_unit_amount is None:
        text = "Must provide `unit_amount`, `unit_amount_decimal` or `custom_unit_amount`."
        raise Refusal("parameter_missing", text, field="unit_amount")
    if (body.unit_amount or 0) < 0 or (body.unit_amount_decimal or 0) < 0:
        text = "This value must be greater than or equal to 0."
        raise Refusal("parameter_invalid_integer", text, field="unit_amount")


def _amounts(amount: int | None, exact: Decimal | None) -> tuple[int | None, str | None]:
    """Return an amount in whole minor units, none when it has a fraction of one, and in full as text."""
    if exact is None:
        return amount, None if amount is None else str(amount)
    if not exact.is_finite() or abs(exact.adjusted()) > 14:
        raise Refusal("parameter_invalid", f"Invalid decimal: {exact}", field="unit_amount_decimal")
    whole = int(exact) if exact == exact.to_integral_value() else None
    return whole, f"{exact:f}"


def currency_of(text: str | None) -> str:
    """Return a currency code in lower case; raise Refusal when there is no such currency."""
    if not text or len(text) != 3 or text.upper() not in EXPONENTS:
        raise Refusal("parameter_invalid", f"Invalid currency: {text}.", field="currency")
    return text.lower()


# --- what units cost ------------------------------------------------------------------------------------------------


def amount_of(model: Processor, price: Price, quantity: int) -> int:
    """Return what a number of units costs in minor units, rounded half up."""
    if price.transform_quantity is not None:
        whole, rest = divmod(quantity, max(1, price.transform_quantity.divide_by))
        quantity = whole + (rest > 0 and price.transform_quantity.round == "up")
    if price.billing_scheme == "tiered":
        return _tiered(model.tiers.get(price.id, ()), price.tiers_mode or "graduated", quantity)
    return rounded(Decimal(price.unit_amount_decimal or 0) * quantity)


def _tiered(tiers: tuple[Tier, ...], mode: str, quantity: int) -> int:
    total, below = Decimal(0), 0
    for tier in tiers:
        top = quantity if tier.up_to is None else min(quantity, tier.up_to)
        last = tier.up_to is None or quantity <= tier.up_to
        if mode == "volume" and last:
            return rounded(_cost(tier, quantity))
        if mode == "graduated":
            if top > below or (quantity == 0 and last):
                total += _cost(tier, top - below)
            below = max(below, top)
            if last:
                break
    return rounded(total)


def _cost(tier: Tier, units: int) -> Decimal:
    return Decimal(tier.flat_amount_decimal or 0) + Decimal(tier.unit_amount_decimal or 0) * units


def rounded(amount: Decimal) -> int:
    """Return whole minor units, rounded half up."""
    try:
        return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
    except InvalidOperation as error:
        raise Refusal("amount_too_large", "The amount is above the maximum.", field="amount") from error


EXTRAS["price", "tiers"] = lambda model, node: list(model.tiers.get(node["id"], ())) or None
EXTRAS["price", "currency_options"] = lambda model, node: {}
_ALL, _ONE = "/v1/prices", "/v1/prices/{id}"
ROWS: tuple[Operation, ...] = (
    *products.rows(create_product),
    make("create_price", _ALL, "price", PriceBody, create, Price),
    page("list_prices", _ALL, "price", PriceQuery),
    find("search_prices", _ALL + "/search", "price"),
    read("get_price", _ONE, "price", Price),
    alter("update_price", _ONE, "price", PriceUpdate, update, Price),
)
