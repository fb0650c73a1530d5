"""Proration: what a change in the middle of a period gives back, and what it charges, to the second."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from mocks.payment.invoicing import coupons
from mocks.payment.invoicing.items import InvoiceItem, ItemParent, ItemSubscription
from mocks.payment.invoicing.lines import pricing_of
from mocks.payment.invoicing.prices import amount_of, rounded
from mocks.payment.invoicing.subscription import Subscription, SubscriptionItem, period_start
from mocks.payment.model import Processor
from mocks.payment.parts import Period
from mocks.payment.records import Customer


def prorations(
    model: Processor, before: Subscription, after: Sequence[SubscriptionItem], at: int, *, starts_anew: bool = False
) -> list[InvoiceItem]:
    """Return the items, not kept yet, that credit what is not used any more and charge what is used instead.

    With `starts_anew` a new period begins and charges its items itself. A trial cost nothing and gives nothing back.
    """
    if before.status == "trialing":
        return []
    fresh = {each.id: each for each in after}
    made = []
    for old in before.items.data:
        new = fresh.pop(old.id, None)
        same = new is not None and (new.price.id, new.quantity) == (old.price.id, old.quantity)
        if same and not starts_anew:
            continue
        made += _share(model, before, old, at, -1)
        if new is not None and not starts_anew:
            made += _share(model, before, new, at, 1)
    if not starts_anew:
        for new in fresh.values():
            made += _share(model, before, new, at, 1)
    return made


def _discounted(
    model: Processor, subscription: Subscription, row: SubscriptionItem, amount: int, *, is_credit: bool
) -> int:
    """Return an amount less what is off by percentages, so that nobody is given back more than was paid.

    A credit knows all discounts of the period that was billed, a charge those that go on. Fixed amounts stay out:
    they come off the invoice as a whole.
    """
    customer: Customer = model.customers[subscription.customer]
    shared = list(subscription.discounts) or ([customer.discount.id] if customer.discount is not None else [])
    discounts = [model.tables["discount"][key] for key in (*row.discounts, *shared)]
    for discount in discounts if is_credit else coupons.lasting(model, discounts):
        coupon = coupons.coupon_of(model, discount)
        if coupon is not None and coupon.percent_off is not None:
            amount -= coupons.taken_off(model, discount, amount, subscription.currency, row.price.product)
    return amount


def _share(
    model: Processor, subscription: Subscription, each: SubscriptionItem, at: int, sign: int
) -> list[InvoiceItem]:
    period = subscription.period
    start = min(max(at, period.start), period.end)
    is_stub = period.end == subscription.billing_cycle_anchor
    length = period.end - (period_start(each.price, period.end) if is_stub else period.start)
    if each.quantity is None or length <= 0:
        return []  # what is metered is billed as it was used
    whole = _discounted(model, subscription, each, amount_of(model, each.price, each.quantity), is_credit=sign < 0)
    amount = sign * rounded(Decimal(whole) * (period.end - start) / length)
    said = "Unused time on" if sign < 0 else "Remaining time on"
    return [_item(model, subscription, each, amount, said, Period(start=start, end=period.end))]


def backdated(model: Processor, made: Subscription, since: int) -> list[InvoiceItem]:
    """Return the items, not kept yet, that charge a new subscription for the time before it was made."""
    return [
        _item(model, made, each, amount, "Time before the start on", Period(start=since, end=model.now))
        for each in made.items.data
        if each.quantity is not None and (amount := _past(model, made, each, each.quantity, since))
    ]


def _past(model: Processor, made: Subscription, row: SubscriptionItem, quantity: int, since: int) -> int:
    """Return what the time up to now costs, period by period back from the anchor, each by its own length."""
    whole = _discounted(model, made, row, amount_of(model, row.price, quantity), is_credit=False)
    end, share, steps = made.billing_cycle_anchor, Fraction(0), 0
    while end > since:
        steps += 1
        start = period_start(row.price, made.billing_cycle_anchor, steps)
        share += Fraction(max(min(end, model.now) - max(start, since), 0), end - start)
        end = start
    return rounded(Decimal(whole * share.numerator) / share.denominator)


def _item(
    model: Processor, subscription: Subscription, each: SubscriptionItem, amount: int, said: str, period: Period
) -> InvoiceItem:
    quantity = each.quantity or 0
    product = model.tables["product"].get(each.price.product)
    name = product.name if product is not None else each.price.product
    owner = ItemSubscription(subscription=subscription.id, subscription_item=each.id)
    return InvoiceItem(
        id=model.new_id("ii"), amount=amount, currency=subscription.currency, customer=subscription.customer,
        date=model.now, description=f"{said} {quantity} × {name}", discountable=False, metadata={},
        net_amount=amount, parent=ItemParent(subscription_details=owner), period=period,
        pricing=pricing_of(each.price), proration=True, quantity=quantity, quantity_decimal=str(quantity),
        tax_rates=each.tax_rates, test_clock=subscription.test_clock,
    )  # fmt: skip
