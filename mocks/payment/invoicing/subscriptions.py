"""Subscriptions: a customer is billed again and again, until it ends.

A period is billed when it begins; what is used is billed when it ends. A renewal makes a draft that can be changed for
an hour; the first invoice is finalized at once when it is charged automatically.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from domain.http import Reply
from mocks.kernel.operations import Call, Operation, Refusal, json_reply
from mocks.payment import listing
from mocks.payment.bodies import EmptyBody
from mocks.payment.errors import Failed, declined
from mocks.payment.invoicing import items
from mocks.payment.invoicing import subscription as shapes
from mocks.payment.invoicing.collecting import finalize
from mocks.payment.invoicing.coupons import discounts_of
from mocks.payment.invoicing.proration import prorations
from mocks.payment.invoicing.renewals import begin_period, bill, ended, plan, used_until
from mocks.payment.invoicing.subscribing import (
    Declined,
    asked_discounts,
    create,
    instant_of,
    item_of,
    payer,
    price_of,
    require_alike,
    try_to_pay,
)
from mocks.payment.invoicing.subscription import (
    RUNNING,
    CancellationDetails,
    Subscription,
    SubscriptionItem,
    in_period,
    period_end,
    plan_of,
    with_items,
)
from mocks.payment.invoicing.subscription_bodies import (
    CancelBody,
    ItemEntry,
    PauseBody,
    ResumeBody,
    SubscriptionBody,
    SubscriptionQuery,
    SubscriptionUpdate,
)
from mocks.payment.invoicing.tax_rates import rates_of
from mocks.payment.model import Processor, merged
from mocks.payment.rows import alter, answer, answer_list, find, prepare, read, remove, row

# --- changing -------------------------------------------------------------------------------------------------------


def update(model: Processor, subscription: Subscription, body: SubscriptionUpdate) -> Subscription:
    """Change a subscription; a change of items in the middle of a period is prorated."""
    if subscription.status in ("canceled", "incomplete_expired"):
        text = "A canceled subscription can only update its cancellation_details and metadata."
        raise Refusal("subscription_unexpected_state", text, field="id")
    changes = _plain_changes(model, subscription, body)
    rows = list(subscription.items.data)
    fresh = changed_rows(model, subscription, body.items, "items") if body.items else rows
    after = structs.replace(subscription, **changes)
    if fresh != rows:
        after = swapped(model, subscription, after, fresh, body.proration_behavior, body.proration_date)
    _keep_changed(model, subscription, after)
    for each in body.add_invoice_items or ():
        items.create(
            model,
            items.ItemBody(
                customer=after.customer,
                price=each.price,
                price_data=each.price_data,
                quantity=each.quantity,
                subscription=after.id,
            ),
        )
    if body.trial_end == "now" and subscription.status == "trialing":
        after = structs.replace(after, trial_end=model.now, billing_cycle_anchor=model.now)
        after = begin_period(model, after, model.now, "subscription_update")
    elif _resets_anchor(body.billing_cycle_anchor):
        after = structs.replace(after, billing_cycle_anchor=model.now)
        after = begin_period(model, after, model.now, "subscription_update")
    found: Subscription = model.tables["subscription"][subscription.id]
    return found


def _resets_anchor(asked: Any) -> bool:
    return asked == "now" or (isinstance(asked, dict) and asked.get("type") == "now")


def _keep_changed(model: Processor, before: Subscription, after: Subscription) -> None:
    model.tables["subscription"][after.id] = after
    model.index.note("subscription", after.id, after.metadata)
    model.emit("customer.subscription.updated", after, "", before)
    shapes.show(model, after)
    if after.cancel_at != before.cancel_at and after.cancel_at is not None and not after.cancel_at_period_end:
        plan(model, after)


def _plain_changes(model: Processor, subscription: Subscription, body: SubscriptionUpdate) -> dict[str, Any]:
    changes: dict[str, Any] = {"metadata": merged(subscription.metadata, body.metadata)}
    for name in (
        "collection_method", "days_until_due", "description", "payment_settings", "invoice_settings",
        "pause_collection", "trial_settings", "automatic_tax", "pending_invoice_item_interval",
    ):  # fmt: skip
        value = getattr(body, name)
        if value is not None:
            changes[name] = value if value != "" else None
    if body.default_payment_method is not None:
        changes["default_payment_method"] = payer(model, subscription.customer, body.default_payment_method)
    if body.default_tax_rates is not None:
        changes["default_tax_rates"] = rates_of(model, body.default_tax_rates, "default_tax_rates")
    asked = asked_discounts(body)
    if asked is not None:
        made = discounts_of(model, asked, subscription=subscription.id, customer=subscription.customer)
        changes["discounts"] = [each.id for each in made]
    if body.trial_end not in (None, "now"):
        changes["trial_end"] = instant_of(body.trial_end, "trial_end")
    return changes | _cancellation(model, subscription, body)


def _cancellation(model: Processor, subscription: Subscription, body: SubscriptionUpdate) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if body.cancellation_details is not None:
        details = body.cancellation_details
        changes["cancellation_details"] = structs.replace(details, reason=subscription.cancellation_details.reason)
    if body.cancel_at_period_end is not None:
        ends = body.cancel_at_period_end
        changes["cancel_at_period_end"] = ends
        changes["cancel_at"] = subscription.period.end if ends else None
        changes["canceled_at"] = model.now if ends else None
    elif body.cancel_at is not None:
        text = body.cancel_at
        period = subscription.period
        named = {"min_period_end": period.end, "max_period_end": period.end, "max_billed_until": period.end}
        changes["cancel_at"] = named[text] if text in named else instant_of(text, "cancel_at")
        changes["canceled_at"] = model.now if text else None
        changes["cancel_at_period_end"] = False
    if changes.get("canceled_at"):
        details = changes.get("cancellation_details", subscription.cancellation_details)
        changes["cancellation_details"] = structs.replace(details, reason="cancellation_requested")
    return changes


def changed_rows(
    model: Processor, subscription: Subscription, entries: Sequence[ItemEntry], field: str
) -> list[SubscriptionItem]:
    """Return the items of a subscription with some changed, added and taken away; `field` is where that was asked."""
    rows = {each.id: each for each in subscription.items.data}
    period = subscription.period
    for index, entry in enumerate(entries):
        if entry.id is None:
            price = price_of(model, entry, f"{field}[{index}]")
            made = item_of(model, subscription.id, entry, price, period.start, period.end)
            rows[made.id] = made
            continue
        if entry.id not in rows:
            raise Refusal("reference_missing", f"No such subscription_item: '{entry.id}'", f"{field}[{index}][id]")
        if entry.deleted:
            del rows[entry.id]
            continue
        rows[entry.id] = _changed_row(model, rows[entry.id], entry, f"{field}[{index}]")
    if not rows:
        raise Refusal("parameter_invalid", "A subscription has one item at least.", field=field)
    require_alike([each.price for each in rows.values()])
    return list(rows.values())


def _changed_row(model: Processor, before: SubscriptionItem, entry: ItemEntry, field: str) -> SubscriptionItem:
    price = before.price
    if entry.price or entry.plan or entry.price_data is not None:
        price = price_of(model, entry, field)
    changes: dict[str, Any] = {"metadata": merged(before.metadata, entry.metadata)}
    if entry.tax_rates is not None:
        changes["tax_rates"] = rates_of(model, entry.tax_rates, f"{field}[tax_rates]")
    metered = price.recurring is not None and price.recurring.usage_type == "metered"
    quantity = None if metered else before.quantity if entry.quantity is None else entry.quantity
    return structs.replace(before, price=price, plan=plan_of(price), quantity=quantity, **changes)


def swapped(
    model: Processor, before: Subscription, after: Subscription, fresh: Sequence[SubscriptionItem], behavior: str,
    at: int | None,
) -> Subscription:  # fmt: skip
    """Return a subscription with other items; the rest of the period is prorated, a new interval begins at once."""
    if before.status == "trialing":
        return with_items(model, after, fresh)
    again = fresh[0].price.recurring != before.items.data[0].price.recurring
    if behavior != "none":
        for item in prorations(model, before, fresh, at or model.now, starts_anew=again):
            items.wait(model, item)
            model.add("invoiceitem", item)
    if again:
        start = model.now
        end = period_end(fresh[0].price, start, start)
        fresh = [in_period(each, start, end) for each in fresh]
        after = structs.replace(with_items(model, after, fresh), billing_cycle_anchor=start)
        model.tables["subscription"][after.id] = after
        plan(model, after)
    else:
        after = with_items(model, after, fresh)
        model.tables["subscription"][after.id] = after
    if again or behavior == "always_invoice":
        invoice = bill(model, after, "subscription_update", keeps_draft=False, rows=fresh if again else ())
        invoice = finalize(model, invoice, charges=False)
        if invoice.status == "open" and after.collection_method == "charge_automatically":
            try_to_pay(model, invoice)
        after = structs.replace(model.tables["subscription"][after.id], latest_invoice=invoice.id)
    return after


# --- ending ---------------------------------------------------------------------------------------------------------


def cancel(model: Processor, subscription: Subscription, body: CancelBody) -> Subscription:
    """End a subscription now; the rest of the period is credited when asked for."""
    if subscription.status in ("canceled", "incomplete_expired"):
        raise Refusal("resource_missing", f"No such subscription: '{subscription.id}'", field="id")
    if body.prorate and subscription.status in RUNNING:
        for item in prorations(model, subscription, (), model.now):
            items.wait(model, item)
            model.add("invoiceitem", item)
    given = body.cancellation_details or CancellationDetails()
    after = ended(model, subscription, "cancellation_requested", comment=given.comment, feedback=given.feedback)
    waiting, rows = items.pending(model, after.customer, after.currency, after.id), used_until(model, after, model.now)
    if body.invoice_now and (waiting or rows):
        draft = bill(model, after, "subscription_update", keeps_draft=False, rows=rows)
        invoice = finalize(model, draft, charges=False)
        if invoice.status == "open":
            try_to_pay(model, invoice)
        after = model.change("subscription", after, "", latest_invoice=invoice.id)
    return after


def pause(model: Processor, subscription: Subscription, body: PauseBody) -> Subscription:
    """Pause a subscription: nothing is billed until it goes on."""
    if subscription.status not in RUNNING:
        raise Refusal("subscription_unexpected_state", f"The subscription is {subscription.status}.", field="id")
    after: Subscription = model.change("subscription", subscription, "paused", status="paused")
    shapes.show(model, after)
    return after


def resume(model: Processor, subscription: Subscription, body: ResumeBody) -> Subscription:
    """Let a paused subscription go on with a new period."""
    if subscription.status != "paused":
        text = f"The subscription is {subscription.status}: only a paused one is resumed."
        raise Refusal("subscription_unexpected_state", text, field="id")
    anchored = structs.replace(subscription, billing_cycle_anchor=model.now)
    after = begin_period(model, anchored, model.now, "subscription_update")
    model.emit("customer.subscription.resumed", after)
    return after


def _delete_discount(model: Processor, call: Call) -> Reply:
    prepare(model, call, "subscription")
    subscription: Subscription = model.named("subscription", call.params["id"])
    if not subscription.discounts:
        raise Refusal("resource_missing", "No active discount for subscription", field="id")
    model.change("subscription", subscription, discounts=())
    return json_reply({"id": subscription.discounts[0], "object": "discount", "deleted": True})


def _create(model: Processor, call: Call) -> Reply:
    prepare(model, call, "subscription")
    try:
        return answer(model, call, create(model, call.body))
    except Declined as refused:
        return json_reply(Failed(error=declined(refused.failure)), 402)


def _list(model: Processor, call: Call) -> Reply:
    """List subscriptions: those that have not ended, unless a status is asked for."""
    query: SubscriptionQuery = call.body
    among = {
        each.id: each
        for each in model.tables["subscription"].values()
        if _fits(each, query.status)
        and (query.price is None or any(r.price.id == query.price for r in each.items.data))
    }
    plain = structs.replace(query, status=None, price=None)
    return answer_list(model, call, "subscription", listing.chosen(model, "subscription", plain, among))


def _fits(subscription: Subscription, status: str | None) -> bool:
    if status is None:
        return subscription.status not in ("canceled", "incomplete_expired")
    if status == "ended":
        return subscription.status in ("canceled", "incomplete_expired")
    return status == "all" or subscription.status == status


_ALL, _ONE = "/v1/subscriptions", "/v1/subscriptions/{id}"
ROWS: tuple[Operation, ...] = (
    row("create_subscription", "POST", _ALL, _create, SubscriptionBody, Subscription),
    row("list_subscriptions", "GET", _ALL, _list, SubscriptionQuery),
    find("search_subscriptions", _ALL + "/search", "subscription"),
    read("get_subscription", _ONE, "subscription", Subscription),
    alter("update_subscription", _ONE, "subscription", SubscriptionUpdate, update, Subscription),
    alter("resume_subscription", _ONE + "/resume", "subscription", ResumeBody, resume, Subscription),
    alter("pause_subscription", _ONE + "/pause", "subscription", PauseBody, pause, Subscription),
    remove("cancel_subscription", _ONE, "subscription", cancel, CancelBody),
    row("delete_subscription_discount", "DELETE", _ONE + "/discount", _delete_discount, EmptyBody),
)
