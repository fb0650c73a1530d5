"""What rows of item prices ask for: priced, checked against the catalogue, and told apart by kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from mocks.billing import bodies as f
from mocks.billing.model import Billing
from mocks.billing.pricing import rated
from mocks.billing.records import ItemPrice, Wanted
from mocks.billing.terms import Price
from mocks.kernel.operations import Refusal


class Asked(msgspec.Struct, frozen=True):
    """What a subscription is asked to consist of, and the item price of its plan (None: one-time charges only)."""

    wanted: Wanted
    plan: ItemPrice | None


def asked(billing: Billing, currency: str, rows: Sequence[f.ItemRow], name: str = "subscription_items") -> Asked:
    """Return what rows of item prices ask for; refuse unknown prices, other currencies, doubles, archived ones."""
    prices: dict[str, Price] = {}
    charges: dict[str, tuple[int, int, int]] = {}
    plan: ItemPrice | None = None
    for index, row in enumerate(rows):
        listed = _listed(billing, currency, row.item_price_id, f"{name}[item_price_id][{index}]")
        if listed.sku in prices or listed.sku in charges:
            raise Refusal(
                "param_wrong_value", f"{listed.sku} is given twice", field=f"{name}[item_price_id][{index}]"
            )  # fmt: skip
        unit_minor = listed.list_unit_minor if row.unit_price is None else row.unit_price
        quantity = 0 if listed.metered else row.quantity or 1
        full_minor = quantity * unit_minor
        if quantity and (listed.model != "per_unit" or listed.free):
            full_minor = rated(listed.model, unit_minor, listed.tiers, quantity, listed.free)
        if listed.months:
            prices[listed.sku] = Price(quantity, unit_minor, listed.months, full_minor, listed.metered)
            if plan is None and listed.item_type == "plan":
                plan = listed
        else:
            charges[listed.sku] = (quantity, unit_minor, full_minor)
    return Asked(Wanted(prices, charges), plan)


def require_plan(billing: Billing, found: Asked) -> None:
    """Refuse a subscription without a plan, on a site that keeps its own catalogue."""
    if found.plan is None and billing.quirks.catalogue_writable:
        raise Refusal(
            "param_wrong_value", "a subscription needs an item price of a plan",
            field="subscription_items[item_price_id][0]",
        )  # fmt: skip


def _listed(billing: Billing, currency: str, key: str, field: str) -> ItemPrice:
    listed = billing.prices.get(key)
    if listed is None or listed.deleted:
        raise Refusal("param_wrong_value", f"{key[:100]} is no item price of this site", field=field)
    if listed.status != "active":
        raise Refusal("param_wrong_value", f"{key} is {listed.status}", field=field)
    if listed.currency != currency:
        detail = f"{key} is in {listed.currency}, the customer in {currency}"
        raise Refusal("param_wrong_value", detail, field=field)
    return listed


def charged(billing: Billing, currency: str, row: f.ChargeItemRow, index: int) -> tuple[ItemPrice, int, int]:
    """Return the item price of a one-time charge, its unit price and what all of it costs."""
    field = f"item_prices[item_price_id][{index}]"
    listed = _listed(billing, currency, row.item_price_id, field)
    if listed.months:
        raise Refusal("param_wrong_value", f"{listed.id} is no price of a charge", field=field)
    unit_minor = listed.list_unit_minor if row.unit_price is None else row.unit_price
    return listed, unit_minor, rated(listed.model, unit_minor, listed.tiers, row.quantity, listed.free)


def start_of(billing: Billing, seconds: int | None, zone: str) -> tuple[date, int]:
    """Return the day, and the instant, of a start on the wire; none means now."""
    if seconds is None:
        return billing.today(zone), billing.book.now_us
    return billing.day_at(seconds, zone), billing.due_at(seconds, zone)
