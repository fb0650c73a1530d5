"""Pricing: what so many units of an item price cost for a full period, in whole minor units.

The vendor's models: flat_fee, per_unit, tiered (each unit in its own tier, domain's graduated), volume
(all units at the price of the tier reached), stairstep (the price of the tier reached, whatever the quantity). A tier
may be priced by the package (`package_size`): every package begun counts. Free units come off first.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from mocks.kernel.operations import Refusal


class Tier(msgspec.Struct, frozen=True, gc=False):
    """A price band from the unit after the last tier up to and including `up_to` (0: without end)."""

    up_to: int
    price_minor: int
    package: int = 1
    flat: bool = False


def rated(model: str, unit_minor: int, tiers: Sequence[Tier], quantity: int, free: int = 0) -> int:
    """Return what `quantity` units cost; `unit_minor` is the price of one, or of all for a flat fee."""
    if model == "flat_fee":
        return unit_minor
    units = quantity - free if quantity > free else 0
    if model == "per_unit":
        return units * unit_minor
    if model == "tiered":
        return _graduated(tiers, units)
    tier = _reached(tiers, units)
    return tier.price_minor if model == "stairstep" or tier.flat else _packages(units, tier) * tier.price_minor


def _packages(units: int, tier: Tier) -> int:
    return -(-units // tier.package)


def _reached(tiers: Sequence[Tier], units: int) -> Tier:
    for tier in tiers:
        if not tier.up_to or units <= tier.up_to:
            return tier
    raise Refusal("param_wrong_value", f"{units} units are more than the last tier holds", field="quantity")


def _graduated(tiers: Sequence[Tier], units: int) -> int:
    total = floor = 0
    for tier in tiers:
        if units <= floor and floor:
            return total
        top = min(units, tier.up_to) if tier.up_to else units
        total += tier.price_minor if tier.flat else _packages(max(top - floor, 0), tier) * tier.price_minor
        floor = tier.up_to or units
    if units > floor:
        raise Refusal("param_wrong_value", f"{units} units are more than the last tier holds", field="quantity")
    return total
