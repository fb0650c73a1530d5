"""Coupons: what they take off the lines of an invoice, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from domain.calendar import SECOND_US, add_months, local_date
from domain.money import allocate
from domain.objects import Line
from mocks.billing.model import Billing
from mocks.billing.records import Subscription
from mocks.kernel.operations import Refusal

if TYPE_CHECKING:
    from mocks.billing.resources import Coupon

PERCENT = 1_000_000  # a hundred per cent in ten thousandths of one
Discounts = tuple[tuple[str, str, int], ...]


def require(billing: Billing, keys: Sequence[str], currency: str) -> None:
    """Refuse coupons that are not known, not valid any more, used up, or in another currency."""
    for index, key in enumerate(keys):
        coupon: Coupon | None = billing.book.get("coupon", key)
        field = f"coupon_ids[{index}]"
        if coupon is None or coupon.status == "deleted":
            raise Refusal("param_wrong_value", f"{key} is no coupon of this site", field=field)
        if coupon.status != "active":
            raise Refusal("param_wrong_value", f"coupon {key} is {coupon.status}", field=field)
        if coupon.currency_code and coupon.currency_code != currency:
            raise Refusal("param_wrong_value", f"coupon {key} is in {coupon.currency_code}", field=field)
        if coupon.max_redemptions and coupon.redemptions >= coupon.max_redemptions:
            raise Refusal("param_wrong_value", f"coupon {key} is used up", field=field)
        if coupon.valid_till and coupon.valid_till * SECOND_US < billing.book.now_us:
            raise Refusal("param_wrong_value", f"coupon {key} has expired", field=field)


def redeem(billing: Billing, keys: Sequence[str]) -> None:
    """Count one more redemption of each coupon."""
    for key in keys:
        coupon: Coupon = billing.found("coupon", key)
        billing.book.keep("coupon", key, replace(coupon, redemptions=coupon.redemptions + 1))


def take_off(
    billing: Billing, keys: Sequence[str], lines: Sequence[Line]
) -> tuple[tuple[Line, ...], Discounts]:  # fmt: skip
    """Return lines net of coupons, and what each coupon took off which line; one after another, each off the rest."""
    amounts = [line.amount_minor for line in lines]
    discounts = []
    for key in keys:
        coupon: Coupon = billing.book.get("coupon", key)  # type: ignore[assignment]
        for index, amount in enumerate(_taken(coupon, amounts)):
            if amount:
                discounts.append((lines[index].id, key, amount))
                amounts[index] -= amount
    return tuple(
        [replace(line, amount_minor=amount) for line, amount in zip(lines, amounts, strict=True)]
    ), tuple(discounts)  # fmt: skip


def _taken(coupon: Coupon, amounts: Sequence[int]) -> Sequence[int]:
    if coupon.discount_type == "percentage":
        share = int((coupon.discount_percentage or 0) * 10_000)  # at most four digits after the point
        return [(amount * share + PERCENT // 2) // PERCENT for amount in amounts]
    total = sum(amounts)
    off = min(coupon.discount_amount or 0, total)
    return allocate(off, amounts) if off else [0] * len(amounts)


def of_subscription(billing: Billing, subscription: Subscription) -> list[str]:
    """Return the coupons of a subscription that still hold for its next invoice."""
    return [key for key, applied in subscription.coupons if _holds(billing, subscription, key, applied)]


def _holds(billing: Billing, subscription: Subscription, key: str, applied: int) -> bool:
    coupon: Coupon = billing.book.get("coupon", key)  # type: ignore[assignment]
    if coupon.duration_type == "forever" or not applied:
        return True
    if coupon.duration_type == "one_time" or not coupon.period:
        return False
    months = coupon.period * (12 if coupon.period_unit == "year" else 1)
    today = local_date(billing.book.now_us, subscription.zone)
    return today < add_months(subscription.start, months)
