"""What clerks correct in the systems of record, by the class of the trouble."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.acts import Act
from mocks.world import World
from simulator.clerks import Remedy


def remedies(world: World, mapping_missing: Sequence[str]) -> dict[str, Remedy]:
    """Return the table of remedies for one world."""
    return {
        "DATA_QUALITY.MAPPING_MISSING": lambda case, at_us: _enter_items(world, mapping_missing, at_us),
        "PAYMENT": lambda case, at_us: _new_payment_method(world, case, at_us),
    }


def _enter_items(world: World, mapping_missing: Sequence[str], at_us: int) -> list[Act]:
    """Enter every item the ERP still lacks: a launch is completed as a whole, not order by order."""
    known = world["erp"].desk.book.table("item")
    return [
        Act(at_us=at_us, system="erp", action="create_item", arguments={"sku": sku, "kind": "recurring"})
        for sku in mapping_missing
        if sku not in known
    ]


def _new_payment_method(world: World, case: Any, at_us: int) -> list[Act]:
    """Collections has called: the customer gives a means of payment that works."""
    invoice = world["billing"].desk.book.get("invoice", case.context.get("invoice", ""))
    if invoice is None:
        return []
    arguments = {"account": invoice.customer, "declines": 0}
    return [Act(at_us=at_us, system="payment", action="set_behaviour", arguments=arguments)]
