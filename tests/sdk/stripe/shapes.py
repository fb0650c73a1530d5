"""Which fields the official client declares for an object and the service's replies lack.

usage: shapes.py ADDRESS   prints what is missing by object, and how many of each kind it saw
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

import stripe
from stripe._object_classes import OBJECT_CLASSES

client = stripe.StripeClient("sk_test_q2c", base_addresses={"api": sys.argv[1]})
v1 = client.v1
seen: dict[str, int] = {}
missing: dict[str, set[str]] = {}


def look(node: Any) -> None:
    """Compare a reply, and all that it holds, with what the client declares."""
    if isinstance(node, list):
        for each in node:
            look(each)
    elif isinstance(node, dict):
        kind = node.get("object")
        if isinstance(kind, str) and kind in OBJECT_CLASSES and not node.get("deleted"):
            seen[kind] = seen.get(kind, 0) + 1
            lacking = declared(OBJECT_CLASSES[kind]) - node.keys()
            missing.setdefault(kind, set()).update(lacking)
        for each in node.values():
            look(each)


def declared(described: Any) -> set[str]:
    """Return the fields that are always there: those that are not optional."""
    module, name = described
    described = getattr(import_module(module), name)
    found = set()
    for name, kind in described.__annotations__.items():
        if not name.startswith("_") and "Optional" not in str(kind) and "NoneType" not in str(kind):
            found.add(name)
    return found - {"OBJECT_NAME", "last_response"}


LISTS = (
    v1.customers, v1.products, v1.prices, v1.coupons, v1.promotion_codes, v1.tax_rates, v1.invoices, v1.invoice_items,
    v1.invoice_payments, v1.credit_notes, v1.subscriptions, v1.subscription_schedules, v1.quotes, v1.payment_intents,
    v1.setup_intents, v1.charges, v1.refunds, v1.disputes, v1.payouts, v1.balance_transactions, v1.events,
    v1.payment_methods, v1.test_helpers.test_clocks, v1.webhook_endpoints,
)  # fmt: skip
for service in LISTS:
    look(service.list({"limit": 50}).to_dict())
look(v1.balance.retrieve().to_dict())
print(json.dumps({"seen": seen, "missing": {kind: sorted(names) for kind, names in missing.items() if names}}))
