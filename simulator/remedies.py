"""What clerks correct in the systems of record, by the class of the trouble."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.acts import Act
from domain.families import account_of
from integration.masterdata.crossreference import PRODUCT
from integration.masterdata.products import one_to_one, row_key
from mocks.world import World
from scenarios.catalogue import MAPPING
from simulator.clerks import Remedy


def remedies(world: World, mapping_missing: Sequence[str], books: Sequence[str]) -> dict[str, Remedy]:
    """Return the table of remedies for one world; `books` are the systems that keep books in it."""
    return {
        "DATA_QUALITY.MAPPING_MISSING": lambda case, at_us: _enter_items(world, mapping_missing, books, at_us),
        "PAYMENT.DISPUTE": lambda case, at_us: (),  # evidence is gathered, nothing is corrected
        "PAYMENT": lambda case, at_us: _new_payment_method(world, case, at_us),
    }


def _enter_items(world: World, mapping_missing: Sequence[str], books: Sequence[str], at_us: int) -> list[Act]:
    """Enter every item the books still lack, and map it: a launch is completed as a whole, not order by order."""
    known = world["erp"].desk.book.table("item")
    acts = []
    for sku in mapping_missing:
        if sku not in known:
            item = {"sku": sku, "item": MAPPING.get(sku, sku), "kind": "recurring"}
            acts.append(Act(at_us=at_us, system="erp", action="create_item", arguments=item))
        for system in books:
            row = {"kind": PRODUCT, "key": row_key(system, sku), "value": one_to_one(MAPPING.get(sku, sku))}
            acts.append(Act(at_us=at_us, system="integration", action="add_mapping", arguments=row))
    return acts


def _new_payment_method(world: World, case: Any, at_us: int) -> list[Act]:
    """Collections has called: the customer gives a means of payment that works."""
    invoice = world["billing"].desk.book.get("invoice", case.context.get("invoice", ""))
    if invoice is None:
        return []
    arguments = {"account": account_of(invoice.customer), "declines": 0}
    return [Act(at_us=at_us, system="payment", action="set_behaviour", arguments=arguments)]
