"""A sales order as the ERP keeps it: what was ordered, in units, and what was fulfilled, billed and closed of it."""

from __future__ import annotations

import msgspec

from domain.objects import Order


class Unit(msgspec.Struct, frozen=True, gc=False):
    """What is fulfilled at once: a line, or one component of it, and how many of it were ordered."""

    position: int  # of the line, from 0
    sku: str
    quantity: int


class OrderRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An order and what only the ERP knows of it: what was fulfilled by unit, what was billed and closed by line."""

    doc: Order
    customer: str
    memo: str = ""
    other_ref: str = ""
    units: tuple[Unit, ...]
    done: tuple[int, ...]
    closed: frozenset[int] = frozenset()
    billed: tuple[int, ...] = ()
    billed_minor: int = 0
    is_billed: bool = False
    created_us: int
    modified_us: int


def exposed(record: OrderRecord) -> int:
    """Return what the order adds to exposure: amendments nothing, they restate what the subscription bills anyway."""
    return 0 if record.doc.kind == "amend" else record.doc.total_minor - record.billed_minor


def remaining(record: OrderRecord, index: int) -> int:
    """Return the quantity of a unit not yet fulfilled, 0 when its line is closed."""
    unit = record.units[index]
    return 0 if unit.position in record.closed else unit.quantity - record.done[index]


def is_open(record: OrderRecord) -> bool:
    """Tell whether anything of the order is left to fulfil."""
    for unit, done in zip(record.units, record.done, strict=True):
        if done < unit.quantity and unit.position not in record.closed:
            return True
    return False


def fulfilled_of(record: OrderRecord, position: int) -> int:
    """Return how many of a line are wholly fulfilled: as many as its scarcest component allows."""
    ordered = record.doc.lines[position].quantity
    shares = [
        done * ordered // unit.quantity if unit.quantity else ordered
        for unit, done in zip(record.units, record.done, strict=True)
        if unit.position == position
    ]
    return min(shares, default=0)


def billed_of(record: OrderRecord) -> tuple[int, ...]:
    """Return the quantities billed so far by line position."""
    if record.is_billed:
        return tuple([line.quantity for line in record.doc.lines])
    return record.billed or (0,) * len(record.doc.lines)
