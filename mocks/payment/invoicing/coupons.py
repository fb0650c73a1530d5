"""Coupons and promotion codes, and the discounts they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from mocks.kernel.operations import Operation, Refusal
from mocks.payment.bodies import EmptyBody
from mocks.payment.expand import EXTRAS
from mocks.payment.invoicing.prices import currency_of, rounded
from mocks.payment.invoicing.terms import later
from mocks.payment.model import Processor, given, merged
from mocks.payment.parts import Body, Deleted, Discount, DiscountBody, Metadata, MetadataChange, Shape, Source
from mocks.payment.queries import Paging
from mocks.payment.rows import alter, make, page, read, remove

DURATIONS = ("forever", "once", "repeating")


class AppliesTo(Shape, frozen=True, kw_only=True):
    """The products a coupon is for."""

    products: list[str]


class Coupon(Shape, frozen=True, kw_only=True):
    """A coupon, as it stands on the wire."""

    id: str
    object: str = "coupon"
    amount_off: int | None = None
    created: int
    currency: str | None = None
    duration: str
    duration_in_months: int | None = None
    livemode: bool = False
    max_redemptions: int | None = None
    metadata: Metadata
    name: str | None = None
    percent_off: Decimal | None = None
    redeem_by: int | None = None
    times_redeemed: int = 0
    valid: bool = True


class CouponBody(Body, frozen=True, kw_only=True):
    """Make a coupon: a share off, or an amount off."""

    amount_off: int | None = None
    applies_to: AppliesTo | None = None
    currency: str | None = None
    currency_options: dict[str, Any] | None = None
    duration: str = "once"
    duration_in_months: int | None = None
    id: str | None = None
    max_redemptions: int | None = None
    metadata: MetadataChange = None
    name: str | None = None
    percent_off: Decimal | None = None
    redeem_by: int | None = None


class CouponUpdate(Body, frozen=True, kw_only=True):
    """Change a coupon: never what it takes off."""

    currency_options: dict[str, Any] | None = None
    metadata: MetadataChange = None
    name: str | None = None


class Promotion(Shape, frozen=True, kw_only=True):
    """What a code promotes."""

    coupon: str | None = None
    type: str = "coupon"


class Restrictions(Shape, frozen=True, kw_only=True):
    """Who may use a code."""

    first_time_transaction: bool = False
    minimum_amount: int | None = None
    minimum_amount_currency: str | None = None


class PromotionCode(Shape, frozen=True, kw_only=True):
    """A promotion code (`promo_`), as it stands on the wire."""

    id: str
    object: str = "promotion_code"
    active: bool = True
    code: str
    created: int
    customer: str | None = None
    customer_account: str | None = None
    expires_at: int | None = None
    livemode: bool = False
    max_redemptions: int | None = None
    metadata: Metadata
    promotion: Promotion
    restrictions: Restrictions = Restrictions()
    times_redeemed: int = 0


class PromotionBody(Body, frozen=True, kw_only=True):
    """Make a code; older versions name the coupon itself."""

    active: bool = True
    code: str | None = None
    coupon: str | None = None
    customer: str | None = None
    customer_account: str | None = None
    expires_at: int | None = None
    max_redemptions: int | None = None
    metadata: MetadataChange = None
    promotion: Promotion | None = None
    restrictions: Restrictions | None = None


class PromotionUpdate(Body, frozen=True, kw_only=True):
    """Change a code."""

    active: bool | None = None
    metadata: MetadataChange = None
    restrictions: dict[str, Any] | None = None


class PromotionQuery(Paging, frozen=True, kw_only=True):
    """Which codes."""

    active: bool | None = None
    code: str | None = None
    coupon: str | None = None
    customer: str | None = None


def create(model: Processor, body: CouponBody) -> Coupon:
    """Make a coupon, under an id of the caller's own when one is given."""
    if (body.percent_off is None) == (body.amount_off is None):
        raise Refusal("parameter_missing", "Give either percent_off or amount_off.", field="percent_off")
    if body.percent_off is not None and not (body.percent_off.is_finite() and 0 < body.percent_off <= 100):
        raise Refusal("parameter_invalid", "percent_off is above 0 and at most 100.", field="percent_off")
    if body.amount_off is not None and body.amount_off < 1:
        raise Refusal("parameter_invalid_integer", "amount_off is at least 1.", field="amount_off")
    currency = currency_of(body.currency) if body.amount_off is not None else None
    if body.duration not in DURATIONS:
        raise Refusal("parameter_invalid", f"Invalid duration: {body.duration}", field="duration")
    if body.duration == "repeating" and not body.duration_in_months:
        raise Refusal("parameter_missing", "A repeating coupon has duration_in_months.", field="duration_in_months")
    key = body.id or f"q2c{model.desk.next('coupon'):05d}"
    if key in model.tables["coupon"]:
        raise Refusal("resource_already_exists", f"Coupon already exists: {key}", field="id")
    coupon = Coupon(
        id=key, amount_off=body.amount_off, created=model.now, currency=currency, duration=body.duration,
        duration_in_months=body.duration_in_months, max_redemptions=body.max_redemptions,
        metadata=merged({}, body.metadata), name=body.name or None, percent_off=body.percent_off,
        redeem_by=body.redeem_by,
    )  # fmt: skip
    if body.applies_to is not None:
        model.applies_to[key] = frozenset(body.applies_to.products)
    model.add("coupon", coupon)
    return coupon


def update(model: Processor, coupon: Coupon, body: CouponUpdate) -> Coupon:
    """Change the name and the metadata of a coupon."""
    metadata = merged(coupon.metadata, body.metadata)
    after: Coupon = model.change("coupon", coupon, **given(body, ("name",)), metadata=metadata)
    return after


def delete(model: Processor, coupon: Coupon, body: EmptyBody) -> Deleted:
    """Delete a coupon: discounts there are go on, new ones there are none."""
    model.retired[coupon.id] = coupon
    return model.drop("coupon", coupon)


def create_code(model: Processor, body: PromotionBody) -> PromotionCode:
    """Make a promotion code for a coupon."""
    named = (body.promotion.coupon if body.promotion is not None else None) or body.coupon
    if not named:
        raise Refusal("parameter_missing", "Missing required param: promotion.", field="promotion")
    model.referred("coupon", named, "promotion[coupon]")
    key = model.new_id("promo")
    code = body.code or f"Q2C{model.desk.next('promotion code'):05d}"
    codes = model.tables["promotion_code"].values()
    if any(each.active and each.code.lower() == code.lower() for each in codes):
        raise Refusal("resource_already_exists", f"An active promotion code with `code: {code}` exists.", field="code")
    made = PromotionCode(
        id=key, active=body.active, code=code, created=model.now, customer=body.customer or None,
        expires_at=body.expires_at, max_redemptions=body.max_redemptions, metadata=merged({}, body.metadata),
        promotion=Promotion(coupon=named), restrictions=body.restrictions or Restrictions(),
    )  # fmt: skip
    model.add("promotion_code", made)
    return made


def update_code(model: Processor, code: PromotionCode, body: PromotionUpdate) -> PromotionCode:
    """Switch a code on or off, and change its metadata."""
    metadata = merged(code.metadata, body.metadata)
    after: PromotionCode = model.change("promotion_code", code, **given(body, ("active",)), metadata=metadata)
    return after


# --- discounts ------------------------------------------------------------------------------------------------------


def discounts_of(model: Processor, asked: Sequence[DiscountBody] | str | None, **owner: Any) -> list[Discount]:
    """Return the discounts that callers ask for, kept; raise Refusal for a coupon that is not valid."""
    found = offered(model, asked, **owner)
    for each in found:
        if each.id not in model.tables["discount"]:
            _redeem(model, each)
    return found


def offered(model: Processor, asked: Sequence[DiscountBody] | str | None, **owner: Any) -> list[Discount]:
    """Return the discounts that callers ask for as they would be, without keeping them."""
    if not asked or isinstance(asked, str):
        return []
    return [_offered(model, each, f"discounts[{index}]", owner) for index, each in enumerate(asked)]


def _offered(model: Processor, asked: DiscountBody, field: str, owner: Mapping[str, Any]) -> Discount:
    if asked.discount:
        there: Discount = model.referred("discount", asked.discount, f"{field}[discount]")
        return there
    coupon, code = asked.coupon, None
    if asked.promotion_code:
        promotion: PromotionCode = model.referred("promotion_code", asked.promotion_code, f"{field}[promotion_code]")
        if not promotion.active:
            raise Refusal("coupon_expired", f"Promotion code {promotion.code} is not active.", field=field)
        coupon, code = promotion.promotion.coupon, promotion.id
    if not coupon:
        raise Refusal("parameter_missing", f"Missing required param: {field}[coupon].", field=f"{field}[coupon]")
    return _by_coupon(model, coupon, field, promotion_code=code, **owner)


def _by_coupon(model: Processor, key: str, field: str, **owner: Any) -> Discount:
    """Return a new discount by a coupon; raise Refusal when the coupon is used up or out of date."""
    coupon: Coupon = model.referred("coupon", key, f"{field}[coupon]")
    used_up = coupon.max_redemptions is not None and coupon.times_redeemed >= coupon.max_redemptions
    if used_up or (coupon.redeem_by is not None and coupon.redeem_by < model.now):
        raise Refusal("coupon_expired", f"Coupon expired: {key}", field=field)
    end = None
    if coupon.duration == "repeating":
        end = later(model.now, "month", coupon.duration_in_months or 1)
    return Discount(id=model.new_id("di"), end=end, source=Source(coupon=key), start=model.now, **owner)


def _redeem(model: Processor, discount: Discount) -> None:
    """Keep a new discount: its coupon, and its code when it came by one, are used once more."""
    for kind, key in (("promotion_code", discount.promotion_code), ("coupon", discount.source.coupon)):
        if key:
            used = model.tables[kind][key]
            model.change(kind, used, "", times_redeemed=used.times_redeemed + 1)
    model.tables["discount"][discount.id] = discount


def coupon_of(model: Processor, discount: Discount) -> Coupon | None:
    """Return the coupon of a discount, even when it has been deleted since."""
    key = discount.source.coupon or ""
    found: Coupon | None = model.tables["coupon"].get(key) or model.retired.get(key)
    return found


def taken_off(model: Processor, discount: Discount, amount: int, currency: str, product: str = "") -> int:
    """Return what a discount takes off an amount in minor units, never more than there is."""
    coupon = coupon_of(model, discount)
    if coupon is None or amount <= 0 or (discount.end is not None and discount.end <= model.now):
        return 0
    products = model.applies_to.get(coupon.id)
    if products is not None and product not in products:
        return 0
    if coupon.percent_off is not None:
        return rounded(amount * coupon.percent_off / 100)
    return min(amount, coupon.amount_off or 0) if coupon.currency == currency else 0


def lasting(model: Processor, discounts: Sequence[Discount]) -> list[Discount]:
    """Return the discounts that also apply to the next invoice."""
    kept = []
    for discount in discounts:
        coupon = coupon_of(model, discount)
        if coupon is not None and coupon.duration != "once" and (discount.end is None or discount.end > model.now):
            kept.append(discount)
    return kept


EXTRAS["coupon", "applies_to"] = lambda model, node: AppliesTo(products=sorted(model.applies_to.get(node["id"], ())))
_COUPONS, _COUPON = "/v1/coupons", "/v1/coupons/{id}"
_CODES, _CODE = "/v1/promotion_codes", "/v1/promotion_codes/{id}"
ROWS: tuple[Operation, ...] = (
    make("create_coupon", _COUPONS, "coupon", CouponBody, create, Coupon),
    page("list_coupons", _COUPONS, "coupon", Paging),
    read("get_coupon", _COUPON, "coupon", Coupon),
    alter("update_coupon", _COUPON, "coupon", CouponUpdate, update, Coupon),
    remove("delete_coupon", _COUPON, "coupon", delete),
    make("create_promotion_code", _CODES, "promotion_code", PromotionBody, create_code, PromotionCode),
    page("list_promotion_codes", _CODES, "promotion_code", PromotionQuery),
    read("get_promotion_code", _CODE, "promotion_code", PromotionCode),
    alter("update_promotion_code", _CODE, "promotion_code", PromotionUpdate, update_code, PromotionCode),
)
