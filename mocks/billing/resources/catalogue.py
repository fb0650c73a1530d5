"""The catalogue as the vendor shows it: families, items, their prices, and coupons."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from mocks.billing.resources.objects import Shown


class Tier(Shown, frozen=True, kw_only=True, tag="tier"):
    """A price band of an item price; `ending_unit` is not shown of the last one."""

    starting_unit: int
    price: int
    ending_unit: int | None = None
    package_size: int | None = None


class ItemFamily(Shown, frozen=True, kw_only=True, tag="item_family"):
    """A family of items."""

    id: str
    name: str
    status: str
    created_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    description: str | None = None


class Item(Shown, frozen=True, kw_only=True, tag="item"):
    """An item: a plan, an addon or a charge."""

    id: str
    name: str
    status: str
    item_family_id: str
    type: str
    is_shippable: bool
    is_giftable: bool
    enabled_for_checkout: bool
    enabled_in_portal: bool
    item_applicability: str
    metered: bool
    created_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    external_name: str | None = None
    description: str | None = None
    included_in_mrr: bool | None = None
    unit: str | None = None
    usage_calculation: str | None = None
    metadata: msgspec.Raw | None = None


class Coupon(Shown, frozen=True, kw_only=True, tag="coupon"):
    """A coupon."""

    id: str
    name: str
    discount_type: str
    duration_type: str
    status: str
    apply_discount_on: str
    apply_on: str
    redemptions: int
    created_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    invoice_name: str | None = None
    discount_percentage: Decimal | None = None
    discount_amount: int | None = None
    currency_code: str | None = None
    duration_month: int | None = None
    period: int | None = None
    period_unit: str | None = None
    valid_till: int | None = None
    max_redemptions: int | None = None
    meta_data: msgspec.Raw | None = None


class ItemPrice(Shown, frozen=True, kw_only=True, tag="item_price"):
    """A price of an item in a currency for a billing period."""

    id: str
    name: str
    item_id: str
    item_type: str
    currency_code: str
    pricing_model: str
    status: str
    free_quantity: int
    is_taxable: bool
    created_at: int
    updated_at: int
    resource_version: int
    deleted: bool
    price: int | None = None
    period: int | None = None
    period_unit: str | None = None
    billing_cycles: int | None = None
    trial_period: int | None = None
    trial_period_unit: str | None = None
    external_name: str | None = None
    description: str | None = None
    item_family_id: str | None = None
    archived_at: int | None = None
    tiers: list[Tier] | None = None
    metadata: msgspec.Raw | None = None
