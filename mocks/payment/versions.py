"""Versions: objects are kept in the newest version's shape and taken back, change by change, for older ones.

A change names the version that made it and takes one kind of object back to what it was before. Facts: the vendor's
changelogs as its official clients record them; see docs/reference/vendor-manners.md for what integrations trip over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from mocks.kernel.operations import Refusal

NEWEST = "2026-10-28.endive"
MAJORS: Mapping[str, str] = {
    "acacia": "2024-09-30",
    "basil": "2025-03-31",
    "clover": "2025-09-30",
    "dahlia": "2026-03-25",
    "endive": "2026-10-28",
}
_FORM = re.compile(r"(20\d\d-[01]\d-[0-3]\d)(?:\.([a-z]+))?", re.ASCII)
Node = dict[str, Any]
Undo = Callable[["Look", Node], None]
"""Takes a plain object back in place; it may look up what the object itself no longer tells."""


class Look(Protocol):
    """What undoing a change may ask of the processor."""

    def paid_with(self, invoice: str) -> tuple[str | None, str | None]:
        """Return the payment intent and the charge of an invoice."""

    def plain_coupon(self, key: str) -> Any:
        """Return a coupon as plain values, None when there is none."""

    def plain_price(self, key: str) -> Any:
        """Return a price as plain values, None when there is none."""


class Change(msgspec.Struct, frozen=True):
    """What a major version changed about one kind of object; `undo` changes a plain object in place."""

    version: str
    object: str
    undo: Undo


def is_known(version: str) -> bool:
    """Tell whether there is such a version: a date, and the name of a major version if it has one."""
    found = _FORM.fullmatch(version)
    return found is not None and (found[2] is None or found[2] in MAJORS)


@lru_cache(maxsize=256)
def changes_after(version: str) -> Mapping[str, tuple[Undo, ...]]:
    """Return how each kind of object is taken back to a version, the newest change first; refuse an unknown one."""
    if not is_known(version):
        raise Refusal("unknown_version", f"There is no API version {version}.")
    day = version[:10]
    found: dict[str, tuple[Undo, ...]] = {}
    for change in reversed(CHANGES):
        if MAJORS[change.version] > day:
            found[change.object] = (*found.get(change.object, ()), change.undo)
    return found


def taken_back(look: Look, body: Any, version: str) -> Any:
    """Take a plain object, and all that it holds, back to a version in place; return it."""
    changes = changes_after(version)
    if changes:
        _take_back(look, body, changes)
    return body


def _take_back(look: Look, node: Any, changes: Mapping[str, tuple[Undo, ...]]) -> None:
    if isinstance(node, list | tuple):
        for each in node:
            _take_back(look, each, changes)
    elif isinstance(node, dict):
        for each in list(node.values()):
            if isinstance(each, dict | list | tuple):
                _take_back(look, each, changes)
        for undo in changes.get(node.get("object", ""), ()):
            undo(look, node)


# --- basil ----------------------------------------------------------------------------------------------------------


def _invoice_before_basil(look: Look, node: Node) -> None:
    details = (node.get("parent") or {}).get("subscription_details") or {}
    node["subscription"] = details.get("subscription")
    node["paid"] = node["status"] == "paid"
    node["paid_out_of_band"] = bool(node.get("amount_paid_off_stripe"))
    node["quote"] = ((node.get("parent") or {}).get("quote_details") or {}).get("quote")
    taxes = node.pop("total_taxes", None) or []
    node["total_tax_amounts"] = [_tax_amount(tax) for tax in taxes]
    node["tax"] = sum(tax["amount"] for tax in taxes) if taxes else None
    discounts = node.get("discounts") or []
    node["discount"] = discounts[0] if discounts and isinstance(discounts[0], dict) else None
    node["payment_intent"], node["charge"] = look.paid_with(node["id"])
    for name in ("parent", "confirmation_secret", "payments"):
        node.pop(name, None)


def _tax_amount(tax: Node) -> Node:
    return {
        "amount": tax["amount"],
        "inclusive": tax["tax_behavior"] == "inclusive",
        "tax_rate": (tax.get("tax_rate_details") or {}).get("tax_rate"),
        "taxability_reason": None,
        "taxable_amount": tax.get("taxable_amount"),
    }


def _line_before_basil(look: Look, node: Node) -> None:
    parent = node.pop("parent", None) or {}
    item = parent.get("subscription_item_details") or {}
    billed = parent.get("invoice_item_details") or {}
    node["type"] = "subscription" if item else "invoiceitem"
    node["invoice_item"] = item.get("invoice_item") or billed.get("invoice_item")
    node["subscription_item"] = item.get("subscription_item")
    node["subscription"] = item.get("subscription") or billed.get("subscription")
    node["proration"] = bool(item.get("proration") or billed.get("proration"))
    pricing = node.pop("pricing", None) or {}
    details = pricing.get("price_details") or {}
    node["price"] = look.plain_price(details.get("price") or "")
    node["unit_amount_excluding_tax"] = pricing.get("unit_amount_decimal")
    node["tax_amounts"] = [_tax_amount(tax) for tax in node.pop("taxes", None) or []]


def _item_before_basil(look: Look, node: Node) -> None:
    pricing = node.pop("pricing", None) or {}
    node["price"] = look.plain_price((pricing.get("price_details") or {}).get("price") or "")
    node["unit_amount_decimal"] = pricing.get("unit_amount_decimal")
    unit = node["unit_amount_decimal"]
    node["unit_amount"] = int(unit) if unit is not None and str(unit).lstrip("-").isdigit() else None
    parent = (node.pop("parent", None) or {}).get("subscription_details") or {}
    node["subscription"] = parent.get("subscription")


def _subscription_before_basil(look: Look, node: Node) -> None:
    rows = node["items"]["data"]
    node["current_period_start"] = max([row["current_period_start"] for row in rows], default=node["start_date"])
    node["current_period_end"] = min([row["current_period_end"] for row in rows], default=node["start_date"])
    discounts = node.get("discounts") or []
    node["discount"] = discounts[0] if discounts and isinstance(discounts[0], dict) else None


def _intent_before_basil(look: Look, node: Node) -> None:
    node.setdefault("invoice", None)


# --- clover ---------------------------------------------------------------------------------------------------------


def _discount_before_clover(look: Look, node: Node) -> None:
    source = node.pop("source", None) or {}
    node["coupon"] = look.plain_coupon(source.get("coupon") or "")


def _promotion_before_clover(look: Look, node: Node) -> None:
    promotion = node.pop("promotion", None) or {}
    node["coupon"] = look.plain_coupon(promotion.get("coupon") or "")


CHANGES: tuple[Change, ...] = (
    Change("basil", "invoice", _invoice_before_basil),
    Change("basil", "line_item", _line_before_basil),
    Change("basil", "invoiceitem", _item_before_basil),
    Change("basil", "subscription", _subscription_before_basil),
    Change("basil", "payment_intent", _intent_before_basil),
    Change("basil", "charge", _intent_before_basil),
    Change("clover", "discount", _discount_before_clover),
    Change("clover", "promotion_code", _promotion_before_clover),
)
ONCE_EXPANDABLE: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "basil": {
        "invoice": {"payment_intent": "payment_intent", "charge": "charge", "subscription": "subscription"},
        "invoiceitem": {"subscription": "subscription"},
    },
}
"""Major version -> what could be expanded before it, in the form of `expand.EXPANDABLE`."""
HOLD_OLDER_PARTS: Mapping[str, frozenset[str]] = {
    "discount": frozenset({"discount", "customer", "subscription", "invoice", "coupon", "line_item", "invoiceitem"}),
    "line_item": frozenset({"invoice"}),
}
"""Kinds whose objects may hold one of another kind without being expanded."""


@lru_cache(maxsize=256)
def touched(version: str) -> frozenset[str]:
    """Return the kinds of objects that look different in a version; raise Refusal when there is no such version."""
    changed = set(changes_after(version))
    return frozenset(changed.union(*[HOLD_OLDER_PARTS.get(kind, frozenset()) for kind in changed]))
