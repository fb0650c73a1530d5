"""Expansion: `expand[]` replaces ids by the objects they name, at most four levels deep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mocks.kernel.operations import Refusal
from mocks.payment import render
from mocks.payment.model import Processor

DEPTH = 4
EXPANDABLE: Mapping[tuple[str, str], str] = {
    ("payment_intent", "customer"): "customer",
    ("payment_intent", "payment_method"): "payment_method",
    ("payment_intent", "latest_charge"): "charge",
    ("charge", "customer"): "customer",
    ("charge", "payment_intent"): "payment_intent",
    ("charge", "balance_transaction"): "balance_transaction",
    ("charge", "dispute"): "dispute",
    ("refund", "charge"): "charge",
    ("refund", "payment_intent"): "payment_intent",
    ("refund", "balance_transaction"): "balance_transaction",
    ("dispute", "charge"): "charge",
    ("dispute", "payment_intent"): "payment_intent",
    ("payout", "balance_transaction"): "balance_transaction",
    ("payment_method", "customer"): "customer",
    ("customer.invoice_settings", "default_payment_method"): "payment_method",
}
_SOURCES = ("charge", "refund", "dispute", "payout")


def require(kind: str, path: str) -> None:
    """Raise Refusal when a path cannot be expanded from an object of a kind, whatever the object holds."""
    parts = path.split(".")
    for part in parts:
        if (kind, part) in EXPANDABLE:
            kind = EXPANDABLE[kind, part]
        elif any(holder == f"{kind}.{part}" for holder, _ in EXPANDABLE) and part is not parts[-1]:
            kind = f"{kind}.{part}"
        else:
            raise Refusal("not_expandable", f"This property cannot be expanded ({path}).", field="expand")
    if len(parts) > DEPTH:
        raise Refusal("not_expandable", f"You cannot expand more than {DEPTH} levels of a property.", "expand")


def expand(model: Processor, body: dict[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    """Return the body with the paths expanded in place; raise Refusal for one that cannot be."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > DEPTH:
            raise Refusal("not_expandable", f"You cannot expand more than {DEPTH} levels of a property.", "expand")
        _expand(model, body, body["object"], parts, path)
    return body


def _expand(model: Processor, node: dict[str, Any], kind: str, parts: list[str], path: str) -> None:
    name, rest = parts[0], parts[1:]
    if kind in ("list", "search_result") and name == "data" and rest:
        for row in node["data"]:
            _expand(model, row, row["object"], rest, path)
        return
    value = node.get(name)
    if isinstance(value, dict) and "object" not in value and rest:
        _expand(model, value, f"{kind}.{name}", rest, path)
        return
    if not _can(kind, name):
        raise Refusal("not_expandable", f"This property cannot be expanded ({path}).", field="expand")
    if isinstance(value, str):
        value = node[name] = render.shown(_named(model, kind, name, value))
    if rest and isinstance(value, dict):
        _expand(model, value, value["object"], rest, path)


def _can(kind: str, name: str) -> bool:
    return (kind, name) in EXPANDABLE or (kind, name) == ("balance_transaction", "source")


def _named(model: Processor, kind: str, name: str, key: str) -> Any:
    if (kind, name) == ("balance_transaction", "source"):
        return next(model.tables[table][key] for table in _SOURCES if key in model.tables[table])
    return model.tables[EXPANDABLE[kind, name]][key]
