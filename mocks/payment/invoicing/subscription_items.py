"""Subscription items by themselves: adding, changing and taking out one of them."""

from __future__ import annotations

from domain.http import Reply
from mocks.kernel.operations import Call, Operation
from mocks.payment import listing
from mocks.payment.invoicing.subscription import Subscription, SubscriptionItem
from mocks.payment.invoicing.subscription_bodies import (
    ItemBody,
    ItemDelete,
    ItemEntry,
    ItemQuery,
    ItemUpdate,
    SubscriptionUpdate,
)
from mocks.payment.invoicing.subscriptions import update as update_subscription
from mocks.payment.model import Processor
from mocks.payment.parts import Deleted, Proration
from mocks.payment.rows import alter, answer_list, make, read, remove, row


def create(model: Processor, body: ItemBody) -> SubscriptionItem:
    """Add an item to a subscription."""
    subscription: Subscription = model.referred("subscription", body.subscription, "subscription")
    entry = ItemEntry(
        price=body.price or body.plan, price_data=body.price_data, quantity=body.quantity, metadata=body.metadata,
        tax_rates=body.tax_rates, discounts=body.discounts,
    )  # fmt: skip
    after = _updated(model, subscription, entry, body.proration_behavior, body.proration_date)
    return after.items.data[-1]


def update(model: Processor, item: SubscriptionItem, body: ItemUpdate) -> SubscriptionItem:
    """Change the price, the quantity or the metadata of an item."""
    entry = ItemEntry(
        id=item.id, price=body.price or body.plan, price_data=body.price_data, quantity=body.quantity,
        metadata=body.metadata, tax_rates=body.tax_rates,
    )  # fmt: skip
    subscription: Subscription = model.tables["subscription"][item.subscription]
    after = _updated(model, subscription, entry, body.proration_behavior, body.proration_date)
    return next(each for each in after.items.data if each.id == item.id)


def delete(model: Processor, item: SubscriptionItem, body: ItemDelete) -> Deleted:
    """Take an item out of its subscription."""
    subscription: Subscription = model.tables["subscription"][item.subscription]
    _updated(model, subscription, ItemEntry(id=item.id, deleted=True), body.proration_behavior, body.proration_date)
    return Deleted(id=item.id, object="subscription_item")


def _updated(
    model: Processor, subscription: Subscription, entry: ItemEntry, behavior: Proration, at: int | None
) -> Subscription:
    change = SubscriptionUpdate(items=[entry], proration_behavior=behavior, proration_date=at)
    return update_subscription(model, subscription, change)


def _list(model: Processor, call: Call) -> Reply:
    query: ItemQuery = call.body
    subscription: Subscription = model.referred("subscription", query.subscription, "subscription")
    own = {each.id: each for each in subscription.items.data}
    return answer_list(model, call, "subscription_item", listing.chosen(model, "subscription_item", query, own))


_ALL, _ONE, _KIND = "/v1/subscription_items", "/v1/subscription_items/{id}", "subscription_item"
ROWS: tuple[Operation, ...] = (
    make("create_subscription_item", _ALL, _KIND, ItemBody, create, SubscriptionItem),
    row("list_subscription_items", "GET", _ALL, _list, ItemQuery),
    read("get_subscription_item", _ONE, _KIND, SubscriptionItem),
    alter("update_subscription_item", _ONE, _KIND, ItemUpdate, update, SubscriptionItem),
    remove("delete_subscription_item", _ONE, _KIND, delete, ItemDelete),
)
