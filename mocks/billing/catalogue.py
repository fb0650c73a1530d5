"""Calls on the catalogue: item families, items, item prices, coupons."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace

from domain.calendar import SECOND_US
from domain.http import Reply
from mocks.billing import bodies as f
from mocks.billing import resources as r
from mocks.billing.customer_calls import meta_of
from mocks.billing.model import Billing
from mocks.billing.pricing import Tier
from mocks.billing.records import ItemPrice
from mocks.billing.views import shown
from mocks.kernel.operations import Call, Refusal

TIERED = frozenset({"tiered", "volume", "stairstep"})
DAYS_OF = {"day": 1, "week": 7, "month": 30}


def require_owned(billing: Billing) -> None:
    """Refuse a write to a catalogue that sales publishes."""
    if not billing.quirks.catalogue_writable:
        raise Refusal("not_owned", "the catalogue is published by sales; the API of this site only reads it")


def _fresh(billing: Billing, kind: str, key: str) -> int:
    """Return the second of now for a new row of the catalogue; refuse an id that is taken."""
    require_owned(billing)
    known = billing.book.get(kind, key)
    if known is not None and not getattr(known, "deleted", False):
        raise Refusal("duplicate_entry", f"the value {key} is already present", field="id")
    return billing.book.now_us // SECOND_US


def _changed(billing: Billing, kind: str, record: Any, **given: Any) -> Any:
    """Keep a row of the catalogue with what is given (not None) changed."""
    require_owned(billing)
    kept = {name: value for name, value in given.items() if value is not None}
    record = replace(
        record, updated_at=billing.book.now_us // SECOND_US, resource_version=record.resource_version + 1, **kept
    )
    billing.book.keep(kind, record.id, record)
    billing.announce(f"{kind}_updated", ((kind, record),), "")
    return record


def _deleted(billing: Billing, kind: str, record: Any) -> Any:
    require_owned(billing)
    record = replace(record, deleted=True, status="deleted")
    billing.book.keep(kind, record.id, record)
    billing.announce(f"{kind}_deleted", ((kind, record),), "")
    return record


# --- families ---------------------------------------------------------------------------------------------------------


def create_item_family(billing: Billing, call: Call) -> Reply:
    """Create an item family."""
    body: f.CreateFamily = call.body
    second = _fresh(billing, "item_family", body.id)
    family = r.ItemFamily(
        id=body.id, name=body.name, description=body.description or None, status="active", created_at=second,
        updated_at=second, resource_version=1, deleted=False,
    )  # fmt: skip
    billing.book.keep("item_family", family.id, family)
    billing.announce("item_family_created", (("item_family", family),), "")
    return shown(billing, ("item_family", family))


def read_item_family(billing: Billing, call: Call) -> Reply:
    """Show an item family."""
    return shown(billing, ("item_family", billing.found("item_family", call.params["id"])))


def update_item_family(billing: Billing, call: Call) -> Reply:
    """Change an item family."""
    body: f.UpdateFamily = call.body
    family = billing.found("item_family", call.params["id"])
    family = _changed(billing, "item_family", family, name=body.name, description=body.description)
    return shown(billing, ("item_family", family))


def delete_item_family(billing: Billing, call: Call) -> Reply:
    """Delete an item family without items."""
    family = billing.found("item_family", call.params["id"])
    for item in billing.book.table("item").values():
        if item.item_family_id == family.id and not item.deleted:
            raise Refusal("invalid_state_for_request", f"item {item.id} belongs to the family {family.id}")
    return shown(billing, ("item_family", _deleted(billing, "item_family", family)))


# --- items ------------------------------------------------------------------------------------------------------------


def create_item(billing: Billing, call: Call) -> Reply:
    """Create an item of a family: a plan, an addon or a charge."""
    body: f.CreateItem = call.body
    second = _fresh(billing, "item", body.id)
    family = billing.book.get("item_family", body.item_family_id)
    if family is None or family.deleted:
        raise Refusal("param_wrong_value", f"{body.item_family_id} is no item family", field="item_family_id")
    if body.metered and body.type == "charge":
        raise Refusal("param_wrong_value", "a charge cannot be metered", field="metered")
    item = r.Item(
        id=body.id,
        name=body.name,
        external_name=body.external_name or None,
        description=body.description or None,
        status="active",
        item_family_id=family.id,
        type=body.type,
        is_shippable=body.is_shippable,
        is_giftable=body.is_giftable,
        enabled_for_checkout=body.enabled_for_checkout,
        enabled_in_portal=body.enabled_in_portal,
        included_in_mrr=body.included_in_mrr if body.type == "charge" else None,
        item_applicability=body.item_applicability,
        unit=body.unit or None,
        metered=body.metered,
        usage_calculation=body.usage_calculation if body.metered else None,
        metadata=_raw(body.metadata),
        created_at=second,
        updated_at=second,
        resource_version=1,
        deleted=False,
    )
    billing.book.keep("item", item.id, item)
    billing.announce("item_created", (("item", item),), "")
    return shown(billing, ("item", item))


def _raw(text: str | None) -> msgspec.Raw | None:
    if text:
        meta_of(text)
    return msgspec.Raw(text.encode()) if text else None


def read_item(billing: Billing, call: Call) -> Reply:
    """Show an item."""
    return shown(billing, ("item", billing.found("item", call.params["id"])))


def update_item(billing: Billing, call: Call) -> Reply:
    """Change an item."""
    body: f.UpdateItem = call.body
    item = billing.found("item", call.params["id"])
    given = {name: getattr(body, name) for name in body.__struct_fields__ if name != "metadata"}
    item = _changed(billing, "item", item, metadata=_raw(body.metadata), **given)
    return shown(billing, ("item", item))


def delete_item(billing: Billing, call: Call) -> Reply:
    """Delete an item and its prices, while no subscription has them."""
    item = billing.found("item", call.params["id"])
    require_owned(billing)
    for price in billing.prices.values():
        if price.sku == item.id and not price.deleted:
            _drop_price(billing, price)
    return shown(billing, ("item", _deleted(billing, "item", item)))


# --- item prices ------------------------------------------------------------------------------------------------------


def create_item_price(billing: Billing, call: Call) -> Reply:
    """Create a price of an item in a currency for a billing period."""
    body: f.CreateItemPrice = call.body
    _fresh(billing, "item_price", body.id)
    item = billing.book.get("item", body.item_id)
    if item is None or item.deleted:
        raise Refusal("param_wrong_value", f"{body.item_id} is no item", field="item_id")
    months = _months(body, item)
    if (item.id, body.currency_code, months) in billing.price_keys:
        other = billing.price_keys[item.id, body.currency_code, months]
        raise Refusal("duplicate_entry", f"{other} is the price of {item.id} for that currency and period", "period")
    now_us = billing.book.now_us
    price = ItemPrice(
        id=body.id,
        sku=item.id,
        currency=body.currency_code,
        months=months,
        kind="recurring" if months else "one_time",
        list_unit_minor=_price(body.pricing_model, body.price),
        item_type=item.type,
        model=body.pricing_model,
        tiers=_tiers(body.pricing_model, body.tiers),
        free=body.free_quantity,
        metered=item.metered,
        trial_days=(body.trial_period or 0) * DAYS_OF[body.trial_period_unit],
        cycles=body.billing_cycles or 0,
        name=body.name,
        family=item.item_family_id,
        period_unit=body.period_unit or "month",
        external_name=body.external_name,
        description=body.description,
        metadata=body.metadata,
        created_us=now_us,
        updated_us=now_us,
    )
    _raw(body.metadata)
    billing.keep_price(price)
    billing.announce("item_price_created", (("item_price", price),), "")
    return shown(billing, ("item_price", price))


def _months(body: f.CreateItemPrice, item: Any) -> int:
    if item.type == "charge":
        if body.period is not None:
            raise Refusal("param_wrong_value", "a charge has no period", field="period")
        return 0
    if body.period is None or body.period_unit is None:
        raise Refusal("param_wrong_value", "cannot be blank", field="period" if body.period is None else "period_unit")
    if body.period_unit in ("day", "week"):
        detail = "periods of days and weeks are not offered here: use months or years"
        raise Refusal("param_wrong_value", detail, field="period_unit")
    return body.period * (12 if body.period_unit == "year" else 1)


def _price(model: str, price: int | None) -> int:
    if model in TIERED:
        return 0
    if price is None:
        raise Refusal("param_wrong_value", "cannot be blank", field="price")
    return price


def _tiers(model: str, rows: Sequence[f.TierRow]) -> tuple[Tier, ...]:
    """Return the tiers of a price; refuse gaps and overlaps, and tiers of a model without."""
    if model not in TIERED:
        if rows:
            raise Refusal("param_wrong_value", f"{model} has no tiers", field="tiers[starting_unit][0]")
        return ()
    if not rows:
        raise Refusal("param_wrong_value", "cannot be blank", field="tiers[starting_unit][0]")
    tiers: list[Tier] = []
    for index, row in enumerate(rows):
        expected = tiers[-1].up_to + 1 if tiers else row.starting_unit
        if (tiers and not tiers[-1].up_to) or row.starting_unit != expected or (not tiers and row.starting_unit > 1):
            raise Refusal("param_wrong_value", "tiers must join", field=f"tiers[starting_unit][{index}]")
        if row.ending_unit is not None and row.ending_unit < row.starting_unit:
            raise Refusal("param_wrong_value", "ends before it starts", field=f"tiers[ending_unit][{index}]")
        tiers.append(
            Tier(row.ending_unit or 0, row.price, row.package_size or 1, row.pricing_type == "flat_fee")
        )  # fmt: skip
    return tuple(tiers)


def update_item_price(billing: Billing, call: Call) -> Reply:
    """Change an item price: subscriptions keep the price they have."""
    body: f.UpdateItemPrice = call.body
    price = _listed(billing, call.params["id"])
    require_owned(billing)
    model = body.pricing_model or price.model
    changes: dict[str, Any] = {
        "model": model,
        "list_unit_minor": price.list_unit_minor if body.price is None else body.price,
        "tiers": _tiers(model, body.tiers) if body.tiers or model != price.model else price.tiers,
    }
    for name in ("name", "status", "external_name", "description", "metadata"):
        if getattr(body, name) is not None:
            changes[name] = getattr(body, name)
    _raw(body.metadata)
    price = billing.keep_price(
        replace(price, updated_us=billing.book.now_us, version=price.version + 1, **changes)
    )  # fmt: skip
    billing.announce("item_price_updated", (("item_price", price),), "")
    return shown(billing, ("item_price", price))


def _listed(billing: Billing, key: str) -> ItemPrice:
    price = billing.prices.get(key)
    if price is None or price.deleted:
        raise Refusal("resource_not_found", f"{key} not found")
    return price


def delete_item_price(billing: Billing, call: Call) -> Reply:
    """Delete an item price, or archive it while subscriptions have it."""
    price = _listed(billing, call.params["id"])
    require_owned(billing)
    return shown(billing, ("item_price", _drop_price(billing, price)))


def _drop_price(billing: Billing, price: ItemPrice) -> ItemPrice:
    now_us = billing.book.now_us
    if _in_use(billing, price):
        price = replace(price, status="archived", updated_us=now_us, version=price.version + 1)
    else:
        price = replace(price, status="deleted", deleted=True, updated_us=now_us, version=price.version + 1)
        billing.price_keys.pop((price.sku, price.currency, price.months), None)
    billing.book.keep("item_price", price.id, price)
    billing.announce("item_price_deleted", (("item_price", price),), "")
    return price


def _in_use(billing: Billing, price: ItemPrice) -> bool:
    for subscription in billing.book.table("subscription").values():
        if subscription.currency != price.currency:
            continue
        if any(term.sku == price.sku and term.price.months == price.months for term in subscription.terms):
            return True
        if not price.months and any(charge.sku == price.sku for charge in subscription.charges):
            return True
    return False


# --- coupons ----------------------------------------------------------------------------------------------------------


def create_coupon(billing: Billing, call: Call) -> Reply:
    """Create a coupon for items."""
    body: f.CreateCoupon = call.body
    if billing.book.get("coupon", body.id) is not None:
        raise Refusal("duplicate_entry", f"the value {body.id} is already present", field="id")
    by_share = body.discount_type == "percentage"
    if by_share and not body.discount_percentage:
        raise Refusal("param_wrong_value", "cannot be blank", field="discount_percentage")
    if not by_share and body.discount_amount is None:
        raise Refusal("param_wrong_value", "cannot be blank", field="discount_amount")
    period = body.period or body.duration_month
    if body.duration_type == "limited_period" and not period:
        raise Refusal("param_wrong_value", "cannot be blank", field="period")
    if body.meta_data:
        meta_of(body.meta_data)
    second = billing.book.now_us // SECOND_US
    coupon = r.Coupon(
        id=body.id,
        name=body.name,
        invoice_name=body.invoice_name or None,
        discount_type=body.discount_type,
        discount_percentage=Decimal(body.discount_percentage) if by_share else None,
        discount_amount=None if by_share else body.discount_amount,
        currency_code=None if by_share else body.currency_code,
        duration_type=body.duration_type,
        duration_month=body.duration_month,
        period=period if body.duration_type == "limited_period" else None,
        period_unit=body.period_unit if body.duration_type == "limited_period" else None,
        valid_till=body.valid_till,
        max_redemptions=body.max_redemptions,
        status="active",
        apply_discount_on="not_applicable",
        apply_on=body.apply_on,
        redemptions=0,
        meta_data=_raw(body.meta_data),
        created_at=second,
        updated_at=second,
        resource_version=1,
        deleted=False,
    )
    billing.book.keep("coupon", coupon.id, coupon)
    billing.announce("coupon_created", (("coupon", coupon),), "")
    return shown(billing, ("coupon", coupon))


def read_coupon(billing: Billing, call: Call) -> Reply:
    """Show a coupon."""
    return shown(billing, ("coupon", billing.found("coupon", call.params["id"])))


def update_coupon(billing: Billing, call: Call) -> Reply:
    """Change a coupon."""
    body: f.UpdateCoupon = call.body
    coupon = billing.found("coupon", call.params["id"])
    given = {name: value for name in body.__struct_fields__ if (value := getattr(body, name)) is not None}
    second = billing.book.now_us // SECOND_US
    coupon = replace(coupon, updated_at=second, resource_version=coupon.resource_version + 1, **given)
    billing.book.keep("coupon", coupon.id, coupon)
    billing.announce("coupon_updated", (("coupon", coupon),), "")
    return shown(billing, ("coupon", coupon))


def delete_coupon(billing: Billing, call: Call) -> Reply:
    """Delete a coupon; what it took off stays off."""
    coupon = replace(billing.found("coupon", call.params["id"]), status="deleted", deleted=True)
    billing.book.keep("coupon", coupon.id, coupon)
    billing.announce("coupon_deleted", (("coupon", coupon),), "")
    return shown(billing, ("coupon", coupon))
