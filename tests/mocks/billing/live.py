"""A site that keeps its own catalogue, as a real integration finds one."""

from __future__ import annotations

from typing import Any

import msgspec

from mocks.billing import LIVE

QUIRKS = msgspec.structs.asdict(LIVE)
MONTHLY: dict[str, Any] = {"currency_code": "EUR", "period": 1, "period_unit": "month"}
CARD = {"card[number]": "4111111111111111", "card[expiry_month]": 12, "card[expiry_year]": 2033}


def opened(sites: type[Any], **quirks: Any) -> Any:
    """Return a live site with a plan, an addon, a metered addon and a charge, and one customer."""
    site = sites(**{**QUIRKS, **quirks})
    site.post("/item_families", {"id": "fam", "name": "Family"})
    for key, kind in (("plan", "plan"), ("addon", "addon"), ("calls", "addon"), ("setup", "charge")):
        fields = {"id": key, "name": key, "type": kind, "item_family_id": "fam"}
        site.post("/items", {**fields, **({"metered": "true"} if key == "calls" else {})})
    price(site, "plan-m", "plan", pricing_model="per_unit", price=3000, **MONTHLY)
    price(site, "addon-m", "addon", price=500, **MONTHLY)
    price(site, "setup-once", "setup", pricing_model="per_unit", price=1000, currency_code="EUR")
    price(site, "calls-m", "calls", pricing_model="tiered", **MONTHLY, **tier(0, 1, 10, 100), **tier(1, 11, "", 50))
    site.customer(terms=0)
    site.collected()
    return site


def price(site: Any, key: str, item: str, status: int = 200, **fields: Any) -> Any:
    """Create an item price."""
    return site.post("/item_prices", {"id": key, "name": key, "item_id": item, **fields}, status=status)


def tier(row: int, start: int, end: Any, minor: int) -> dict[str, Any]:
    """Return the form fields of one tier."""
    return {f"tiers[starting_unit][{row}]": start, f"tiers[ending_unit][{row}]": end, f"tiers[price][{row}]": minor}


def start(site: Any, *keys: str, status: int = 200, **more: Any) -> Any:
    """Create a subscription of item prices (`key` or `key:quantity`)."""
    fields: dict[str, Any] = {"id": "sub", **more}
    for index, text in enumerate(keys):
        key, _, quantity = text.partition(":")
        fields[f"subscription_items[item_price_id][{index}]"] = key
        if quantity:
            fields[f"subscription_items[quantity][{index}]"] = quantity
    return site.post("/customers/A-000001/subscription_for_items", fields, status=status)


def bills(site: Any, key: str = "sub") -> list[Any]:
    """Return the invoices of a subscription, oldest first."""
    rows = site.get(f"/invoices?subscription_id[is]={key}&limit=100&sort_by[asc]=date")["list"]
    return [row["invoice"] for row in rows]
