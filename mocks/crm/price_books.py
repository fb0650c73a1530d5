"""Price books: what a product lists for in a currency and for a billing period, from the day a book is published.

A quote line is priced from the entry that holds when the line is made, and keeps it: a book published later changes
no quote that is out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from mocks.crm.catalogue import PRICE_BOOK, PRICE_BOOK_ENTRY
from mocks.crm.rows import new_row
from mocks.crm.schema import ID, Row
from mocks.crm.store import Store
from mocks.kernel.desk import Desk

if TYPE_CHECKING:
    from mocks.crm.model import Crm

_KEY = PRICE_BOOK_ENTRY.at("PriceKey__c")


class NewPrice(msgspec.Struct, frozen=True, kw_only=True):
    """A list price of publish_price_book: of one unit for a full billing period of `months` (0 for one-time)."""

    sku: str
    currency: str
    months: int = 12
    list_unit_minor: int


def key_of(sku: str, currency: str, months: int) -> str:
    """Return what the entry of a price is found by."""
    return f"{sku}/{currency}/{months}"


def entry_of(store: Store, sku: str, currency: str, months: int) -> str | None:
    """Return the id of the entry that holds now, or None when no book lists the product."""
    rows = store.find(PRICE_BOOK_ENTRY, _KEY, key_of(sku, currency, months))
    return rows[0][ID] if rows else None


def publish_price_book(crm: Crm, arguments: dict[str, Any]) -> None:
    """Publish a book: its entries take the place of those that held for the same products."""
    prices = msgspec.convert(arguments.get("prices", ()), tuple[NewPrice, ...])
    book = new_row(crm.desk, PRICE_BOOK, {"Name": arguments["name"], "IsActive": True, "IsStandard": False})
    crm.store.put(PRICE_BOOK, book)
    for price in prices:
        _retire(crm.store, crm.desk, key_of(price.sku, price.currency, price.months))
        crm.store.put(PRICE_BOOK_ENTRY, _entry(crm, book[ID], price))


def _retire(store: Store, desk: Desk, key: str) -> None:
    for row in store.find(PRICE_BOOK_ENTRY, _KEY, key):
        store.put(
            PRICE_BOOK_ENTRY, PRICE_BOOK_ENTRY.touched(row, {"PriceKey__c": None, "IsActive": False}, desk.now_us)
        )


def _entry(crm: Crm, book: str, price: NewPrice) -> Row:
    return new_row(
        crm.desk,
        PRICE_BOOK_ENTRY,
        {
            "Pricebook2Id": book,
            "Product2Id": crm.accounts.product(price.sku)[ID],
            "UnitPrice": price.list_unit_minor,
            "CurrencyIsoCode": price.currency,
            "IsActive": True,
            "Months__c": price.months,
            "PriceKey__c": key_of(price.sku, price.currency, price.months),
        },
    )


def entries_of(store: Store, currency: str, lines: Sequence[tuple[Any, ...]]) -> list[str | None]:
    """Return the entry of each line of a new quote; a line's sku comes first and its months last."""
    if not store.tables[PRICE_BOOK_ENTRY.name]:
        return [None] * len(lines)
    return [entry_of(store, line[0], currency, line[-1]) for line in lines]
