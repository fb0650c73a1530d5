"""Expansion: `expand[]` replaces ids by the objects they name, and adds what is left out unless asked for.

A path is made of fields; `data` stands for the rows of a list and is no level of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from mocks.kernel.operations import Refusal
from mocks.payment import render
from mocks.payment.model import Processor
from mocks.payment.versions import MAJORS, NEWEST, ONCE_EXPANDABLE, taken_back

DEPTH = 4
_MONEY = {"customer": "customer", "payment_intent": "payment_intent", "payment_method": "payment_method"}
_BILLED = {"customer": "customer", "test_clock": "test_helpers.test_clock", "discounts": "discount"}
EXPANDABLE: Mapping[str, Mapping[str, str]] = {
    "payment_intent": {**_MONEY, "latest_charge": "charge"},
    "setup_intent": _MONEY,
    "charge": {**_MONEY, "balance_transaction": "balance_transaction", "dispute": "dispute", "refunds": "refund"},
    "refund": {
        "charge": "charge", "payment_intent": "payment_intent", "balance_transaction": "balance_transaction",
    },
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "payout": {"balance_transaction": "balance_transaction"},
    "balance_transaction": {"source": "*"},
    "payment_method": {"customer": "customer"},
    "customer": {
        "subscriptions": "subscription", "tax_ids": "tax_id", "test_clock": "test_helpers.test_clock",
        "sources": "source",
    },
    "customer.invoice_settings": {"default_payment_method": "payment_method"},
    "customer_balance_transaction": {"customer": "customer", "invoice": "invoice", "credit_note": "credit_note"},
    "tax_id": {"customer": "customer"},
    "product": {"default_price": "price"},
    "price": {"product": "product", "tiers": "tiers", "currency_options": "currency_options"},
    "coupon": {"applies_to": "applies_to"},
    "discount": {"customer": "customer", "promotion_code": "promotion_code"},
    "discount.source": {"coupon": "coupon"},
    "promotion_code": {"customer": "customer"},
    "promotion_code.promotion": {"coupon": "coupon"},
    "invoice": {
        **_BILLED, "default_payment_method": "payment_method", "payments": "invoice_payment",
        "confirmation_secret": "confirmation_secret", "latest_revision": "invoice", "account_tax_ids": "tax_id",
        "default_tax_rates": "tax_rate",
    },
    "invoice.parent.subscription_details": {"subscription": "subscription"},
    "invoice.from_invoice": {"invoice": "invoice"},
    "invoice.lines": {"discounts": "discount"},
    "invoice.lines.pricing.price_details": {"price": "price"},
    "line_item": {"discounts": "discount", "subscription": "subscription"},
    "line_item.pricing.price_details": {"price": "price"},
    "invoiceitem": {**_BILLED, "invoice": "invoice"},
    "invoiceitem.pricing.price_details": {"price": "price"},
    "invoice_payment": {"invoice": "invoice"},
    "invoice_payment.payment": {"payment_intent": "payment_intent", "charge": "charge"},
    "credit_note": {
        "customer": "customer", "invoice": "invoice", "customer_balance_transaction": "customer_balance_transaction",
    },
    "subscription": {
        **_BILLED, "latest_invoice": "invoice", "default_payment_method": "payment_method",
        "pending_setup_intent": "setup_intent", "schedule": "subscription_schedule", "default_tax_rates": "tax_rate",
    },
    "subscription.items": {"tax_rates": "tax_rate", "discounts": "discount"},
    "subscription.items.price": {"product": "product", "tiers": "tiers"},
    "subscription_item": {"discounts": "discount"},
    "subscription_item.price": {"product": "product", "tiers": "tiers"},
    "subscription_schedule": {
        "customer": "customer", "subscription": "subscription", "test_clock": "test_helpers.test_clock",
    },
    "subscription_schedule.phases.items": {"price": "price"},
    "quote": {**_BILLED, "invoice": "invoice", "subscription": "subscription", "line_items": "item"},
}  # fmt: skip
"""Holder (an object, or a part of one by its path) -> field -> kind of what is expanded there."""
_HOLDERS = frozenset(
    ".".join(holder.split(".")[:length]) for holder in EXPANDABLE for length in range(2, holder.count(".") + 2)
)
_SOURCES = ("charge", "refund", "dispute", "payout")


@lru_cache(maxsize=256)
def expandable(version: str) -> Mapping[str, Mapping[str, str]]:
    """Return what can be expanded in a version."""
    table = dict(EXPANDABLE)
    for major, holders in ONCE_EXPANDABLE.items():
        if version[:10] < MAJORS[major]:
            for holder, fields in holders.items():
                table[holder] = {**table.get(holder, {}), **fields}
    return table


EXTRAS: dict[tuple[str, str], Callable[[Processor, dict[str, Any]], Any]] = {}
"""What is left out unless asked for: (kind, field) -> the view of it. Modules of invoicing add theirs."""


def require(kind: str, path: str, version: str = NEWEST) -> None:
    """Raise Refusal when a path cannot be expanded from an object of a kind, whatever the object holds."""
    levels, holder, opened = 0, kind, False
    table = expandable(version)
    for part in path.split("."):
        if part == "data":
            continue
        target = table.get(holder, {}).get(part)
        opened = target is not None
        if target is not None:
            levels, holder = levels + 1, target
        elif f"{holder}.{part}" in _HOLDERS:
            holder = f"{holder}.{part}"
        else:
            raise Refusal("not_expandable", f"This property cannot be expanded ({path}).", field="expand")
        if holder == "*":
            break
    if not opened:
        raise Refusal("not_expandable", f"This property cannot be expanded ({path}).", field="expand")
    if levels > DEPTH:
        raise Refusal("not_expandable", f"You cannot expand more than {DEPTH} levels of a property.", "expand")


def plain(view: Any) -> Any:
    """Return a view as dictionaries and lists that may be changed."""
    return msgspec.to_builtins(view, builtin_types=(Decimal,))


def expand(model: Processor, body: dict[str, Any], paths: Sequence[str], kind: str, version: str) -> None:
    """Expand the paths of an object, or of the rows of a list of a kind, in place and in a version."""
    for path in paths:
        require(kind, path, version)
        _open(model, body, kind, path.split("."), version)


def _open(model: Processor, node: Any, kind: str, parts: Sequence[str], version: str) -> None:
    if isinstance(node, list | tuple):
        for each in node:
            _open(model, each, kind, parts, version)
    if not isinstance(node, dict) or not parts:
        return
    name, rest = parts[0], parts[1:]
    if name == "data":
        _open(model, node.get("data"), kind, rest, version)
        return
    target = expandable(version).get(kind, {}).get(name)
    if target is None:
        _open(model, node.get(name), f"{kind}.{name}", rest, version)
        return
    node[name] = taken_back(model, _opened(model, node, kind, name, target), version)
    _open(model, node[name], target if target != "*" else _kind(node[name]), rest, version)


def _kind(node: Any) -> str:
    return str(node["object"]) if isinstance(node, dict) else ""


def _opened(model: Processor, node: dict[str, Any], kind: str, name: str, target: str) -> Any:
    value = node.get(name)
    extra = EXTRAS.get((kind, name))
    if extra is not None and value is None:
        return plain(extra(model, node))
    if isinstance(value, str):
        return plain(render.shown(_named(model, target, value)))
    if isinstance(value, list | tuple):
        return [plain(render.shown(_named(model, target, each))) if isinstance(each, str) else each for each in value]
    return value


def _named(model: Processor, kind: str, key: str) -> Any:
    if kind == "*":
        return next(model.tables[table][key] for table in _SOURCES if key in model.tables[table])
    return model.tables[kind][key]
