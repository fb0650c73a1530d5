"""Drifts of the billing platform: a site with another product catalogue."""

from __future__ import annotations

from typing import Any

from mocks.drift.row import Drift, Plain, nodes
from mocks.kernel.operations import Call, Refusal

_FOR_ITEMS = (
    "create_subscription", "import_subscription", "update_subscription", "create_item*", "list_item*", "read_item*",
    "update_item*", "delete_item*", "estimate_*", "create_quote",
)  # fmt: skip
_WORDS = "This site has Product Catalog 1.0: operations for items are not available"
_MOVED = (
    ("item_price_id", "plan_id"),
    ("quantity", "plan_quantity"),
    ("unit_price", "plan_unit_price"),
    ("amount", "plan_amount"),
)  # fmt: skip


def _refuse(_billing: Any, call: Call) -> None:
    if any(call.operation.name.startswith(pattern.rstrip("*")) for pattern in _FOR_ITEMS):
        raise Refusal("not_enabled", _WORDS)


def _as_plans(_call: Call, body: Any) -> None:
    for node in list(nodes(body)):
        items = node.get("subscription_items")
        if isinstance(items, list) and items:
            node.update(_planned(items))
            del node["subscription_items"]


def _planned(items: list[Plain]) -> Plain:
    plan = next((item for item in items if item.get("item_type") == "plan"), items[0])
    found: Plain = {new: plan[old] for old, new in _MOVED if old in plan}
    addons = [{"id": each["item_price_id"], "quantity": each.get("quantity", 1)} for each in items if each is not plan]
    if addons:
        found["addons"] = addons
    return found


ROWS: tuple[Drift, ...] = (
    Drift(
        name="chargebee-product-catalog-1", system="billing", since="sites made before 2021",
        source="the vendor's documentation",
        summary="subscriptions show plan_id and addons instead of subscription_items; calls for items are refused",
        breaks="code for Product Catalog 2.0: no subscription_items[item_price_id] to read or write",
        ask=_refuse, tell=_as_plans,
    ),
)  # fmt: skip
