"""Bodies of calls on the catalogue."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mocks.billing.bodies.words import (
    Amount,
    Body,
    Currency,
    Cycles,
    Json,
    Key,
    Name,
    Positive,
    Quantity,
    Seconds,
    Text,
)


class CreateFamily(Body, frozen=True, kw_only=True):
    """POST /item_families."""

    id: Key
    name: Annotated[str, Meta(min_length=1, max_length=50)]
    description: Text = ""


class UpdateFamily(Body, frozen=True, kw_only=True):
    """POST /item_families/{id}."""

    name: Annotated[str, Meta(min_length=1, max_length=50)] | None = None
    description: Text | None = None


class CreateItem(Body, frozen=True, kw_only=True):
    """POST /items."""

    id: Annotated[str, Meta(min_length=1, max_length=100)]
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    type: Literal["plan", "addon", "charge"]
    item_family_id: str
    description: Text = ""
    external_name: Name = ""
    unit: Name = ""
    metered: bool = False
    usage_calculation: Literal["sum_of_usages", "last_usage", "max_usage"] = "sum_of_usages"
    is_shippable: bool = False
    is_giftable: bool = False
    enabled_for_checkout: bool = True
    enabled_in_portal: bool = True
    included_in_mrr: bool = True
    item_applicability: Literal["all", "restricted"] = "all"
    applicable_items: tuple[str, ...] = ()
    metadata: Json = ""


class UpdateItem(Body, frozen=True, kw_only=True):
    """POST /items/{id}."""

    name: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    description: Text | None = None
    external_name: Name | None = None
    unit: Name | None = None
    item_family_id: str | None = None
    status: Literal["active", "archived"] | None = None
    is_shippable: bool | None = None
    enabled_for_checkout: bool | None = None
    enabled_in_portal: bool | None = None
    metadata: Json | None = None


class TierRow(Body, frozen=True, kw_only=True):
    """One row of tiers."""

    starting_unit: Annotated[int, Meta(ge=0, le=1_000_000_000)]
    price: Amount
    ending_unit: Quantity | None = None
    pricing_type: Literal["per_unit", "flat_fee", "package"] | None = None
    package_size: Quantity | None = None


Unit = Literal["day", "week", "month", "year"]
Model = Literal["flat_fee", "per_unit", "tiered", "volume", "stairstep"]


class CreateItemPrice(Body, frozen=True, kw_only=True):
    """POST /item_prices."""

    id: Annotated[str, Meta(min_length=1, max_length=100)]
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    item_id: str
    currency_code: Currency = "USD"
    pricing_model: Model = "flat_fee"
    price: Amount | None = None
    period: Annotated[int, Meta(ge=1, le=120)] | None = None
    period_unit: Unit | None = None
    free_quantity: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 0
    billing_cycles: Cycles | None = None
    trial_period: Annotated[int, Meta(ge=0, le=366)] | None = None
    trial_period_unit: Literal["day", "month"] = "day"
    tiers: tuple[TierRow, ...] = ()
    is_taxable: bool = True
    external_name: Name = ""
    description: Text = ""
    metadata: Json = ""


class UpdateItemPrice(Body, frozen=True, kw_only=True):
    """POST /item_prices/{id}: a new price holds for new subscriptions and for items that are changed."""

    name: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    price: Amount | None = None
    pricing_model: Model | None = None
    tiers: tuple[TierRow, ...] = ()
    status: Literal["active", "archived"] | None = None
    external_name: Name | None = None
    description: Text | None = None
    metadata: Json | None = None


class CreateCoupon(Body, frozen=True, kw_only=True):
    """POST /coupons/create_for_items."""

    id: Annotated[str, Meta(min_length=1, max_length=100)]
    name: Annotated[str, Meta(min_length=1, max_length=50)]
    apply_on: Literal["invoice_amount", "each_specified_item"] = "invoice_amount"
    discount_type: Literal["percentage", "fixed_amount"] = "percentage"
    discount_percentage: Annotated[str, Meta(pattern=r"^(100(\.0{1,4})?|\d{1,2}(\.\d{1,4})?)$")] = ""
    discount_amount: Positive | None = None
    currency_code: Currency = "USD"
    duration_type: Literal["one_time", "forever", "limited_period"] = "one_time"
    duration_month: Annotated[int, Meta(ge=1, le=240)] | None = None
    period: Annotated[int, Meta(ge=1, le=240)] | None = None
    period_unit: Literal["month", "year"] = "month"
    valid_till: Seconds | None = None
    max_redemptions: Positive | None = None
    invoice_name: Name = ""
    meta_data: Json = ""


class UpdateCoupon(Body, frozen=True, kw_only=True):
    """POST /coupons/{id}/update_for_items."""

    name: Annotated[str, Meta(min_length=1, max_length=50)] | None = None
    invoice_name: Name | None = None
    max_redemptions: Positive | None = None
    valid_till: Seconds | None = None
