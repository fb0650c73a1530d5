"""Product mapping: what a product that was quoted is called in another system, from which day on, and of what parts.

A row of the cross-reference is `("product", "erp/SKU")`, or `"erp/SKU/DE"` for one legal entity, and holds entries with
effective dates. An entry names the items that stand for one piece of the product; more than one item is a bundle, whose
price is divided by the items' weights to the minor unit: an explosion neither makes nor loses money.
A product without an entry for the day is a question for a steward, never a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any

import msgspec

from domain.money import allocate
from domain.objects import Line

_to_json = msgspec.json.Encoder().encode


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An item that stands for (a part of) a product: how many of it, and its weight in the price (0: it is free)."""

    item: str
    quantity: int = 1
    weight: int = 1


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}):
    """What a product is from a day (included) to a day (excluded); an end that is not given is open."""

    items: tuple[Part, ...]
    start: date = date.min
    end: date = date.max

    def covers(self, day: date) -> bool:
        """Tell whether the entry holds on a day."""
        return self.start <= day < self.end


class ProductRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mapping of one product in one system: its entries, and who answers for it."""

    entries: tuple[Entry, ...]
    steward: str = ""


class WrongRow(ValueError):
    """A row that a steward gave cannot be used: DATA_QUALITY.MAPPING_AMBIGUOUS."""

    code = "DATA_QUALITY.MAPPING_AMBIGUOUS"


def row_key(system: str, sku: str, entity: str = "") -> str:
    """Return the key of a product's row, for all legal entities or for one.

    >>> row_key("erp", "PLAT-STD"), row_key("erp", "PLAT-STD", "DE")
    ('erp/PLAT-STD', 'erp/PLAT-STD/DE')
    """
    return f"{system}/{sku}/{entity}" if entity else f"{system}/{sku}"


def one_to_one(item: str) -> dict[str, Any]:
    """Return the row of a product that is one item, always."""
    return {"entries": [{"items": [{"item": item}]}]}


def row_of(value: Mapping[str, Any]) -> ProductRow:
    """Return a row as a value; raise WrongRow with what is wrong with it."""
    try:
        text = _to_json(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise WrongRow(f"this is no product mapping: {error}") from error
    return _row(text)


@lru_cache(maxsize=4096)
def _row(text: bytes) -> ProductRow:
    """Return a row from its JSON: the same few products are looked up for every line."""
    try:
        row = msgspec.json.decode(text, type=ProductRow)
    except msgspec.ValidationError as error:
        raise WrongRow(f"this is no product mapping: {error}") from error
    for entry in row.entries:
        if not entry.items or min(part.quantity for part in entry.items) < 1:
            raise WrongRow("an entry has at least one item, and at least one piece of each")
        if min(part.weight for part in entry.items) < 0 or not sum(part.weight for part in entry.items):
            raise WrongRow("weights are not negative, and not all of them are 0")
        if entry.end <= entry.start:
            raise WrongRow(f"an entry ends on {entry.end}, before it begins on {entry.start}")
    ordered = sorted(row.entries, key=lambda entry: entry.start)
    for before, after in pairwise(ordered):
        if after.start < before.end:
            raise WrongRow(f"two entries hold on {after.start}")
    return row


def entry_on(row: ProductRow, day: date) -> Entry | None:
    """Return the entry that holds on a day, or None."""
    return next((entry for entry in row.entries if entry.covers(day)), None)


def exploded(line: Line, entry: Entry) -> tuple[Line, ...]:
    """Return a line in the items of an entry; amounts and list prices add up to those of the line exactly."""
    if len(entry.items) == 1 and entry.items[0].quantity == 1:
        return (msgspec.structs.replace(line, sku=entry.items[0].item),)
    weights = [part.weight for part in entry.items]
    listed = allocate(line.list_unit_minor, weights)
    return tuple(
        msgspec.structs.replace(
            line, id=f"{line.id}.{number}", reverses=line.reverses and f"{line.reverses}.{number}", sku=part.item,
            quantity=line.quantity * part.quantity,
            unit_minor=abs(amount) // (line.quantity * part.quantity) if line.quantity else 0, amount_minor=amount,
            list_unit_minor=each // part.quantity,
        )
        for number, (part, amount, each) in enumerate(
            zip(entry.items, _amounts(line, weights), listed, strict=True), 1
        )
    )  # fmt: skip


def _amounts(line: Line, weights: list[int]) -> tuple[int, ...]:
    """Divide a line's amount: by its unit price where that is what it is made of, so that each part is so too."""
    if line.quantity * line.unit_minor == abs(line.amount_minor):
        sign = -1 if line.amount_minor < 0 else 1
        return tuple(sign * share * line.quantity for share in allocate(line.unit_minor, weights))
    return allocate(line.amount_minor, weights)
