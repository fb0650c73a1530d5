"""Line items of a draft quote: added, changed and taken away, with the totals that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mocks.crm.bundles import parts_of
from mocks.crm.catalogue import PRICE_BOOK_ENTRY
from mocks.crm.documents import LINE_AT
from mocks.crm.objects import PRODUCT, QUOTE, QUOTE_LINE
from mocks.crm.quotes import Quotes, state_of
from mocks.crm.rows import line_row
from mocks.crm.schema import CURRENCY, ID, Row
from mocks.crm.store import Store
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal

_NUMBER, _CODE = LINE_AT["LineNumber"], LINE_AT["ProductCode__c"]
_QUANTITY, _MONTHS = LINE_AT["Quantity"], LINE_AT["Months__c"]


class QuoteLines:
    """The rules of line items for API users of an organisation that lets them price quotes."""

    def __init__(self, desk: Desk, store: Store, quotes: Quotes) -> None:
        self._desk = desk
        self._store = store
        self._quotes = quotes

    def create(self, row: Row) -> None:
        """Add a line at the end of its quote, and after it the parts of the bundle it may be."""
        quote = self._draft(row)
        row = QUOTE_LINE.changed(row, self._product_of(row))
        last = max((int(line[_NUMBER]) for line in self._quotes.lines(quote)), default=0)
        named = {"LineNumber": f"{last + 1:08d}", "CurrencyIsoCode": quote[CURRENCY], "TotalPrice": _total(row)}
        whole = QUOTE_LINE.changed(row, named)
        self._store.put(QUOTE_LINE, whole)
        for number, part in enumerate(parts_of(self._store, whole[_CODE]), last + 2):
            cells = (
                part.sku,
                part.kind,
                whole[_QUANTITY] * part.quantity,
                0,
                0,
                0,
                whole[_MONTHS],
                None,
                None,
                whole[ID],
                whole[LINE_AT["Entity__c"]],
                whole[LINE_AT["DeliveredBy__c"]],
            )
            line = line_row(self._desk, quote[CURRENCY], (quote[ID], f"{number:08d}", *cells))
            self._store.put(QUOTE_LINE, line)
        self._retotal(quote)

    def _product_of(self, row: Row) -> dict[str, Any]:
        """Return the product's code and kind for a line that names the product by its id, or by its price."""
        product_id = row[LINE_AT["Product2Id"]]
        entry = self._store.get(PRICE_BOOK_ENTRY, row[LINE_AT["PricebookEntryId"]] or "")
        if product_id is None and entry is not None:
            product_id = entry[PRICE_BOOK_ENTRY.at("Product2Id")]
        product = self._store.get(PRODUCT, product_id or "")
        if product is None:
            if row[_CODE] is None:
                raise Refusal("required_field_missing", "Required fields are missing: [Product2Id]", "Product2Id")
            return {}
        code, kind = product[PRODUCT.at("ProductCode")] or product[ID], product[PRODUCT.at("Kind__c")]
        named = {"ProductCode__c": code, "ProductKind__c": kind, "Product2Id": product_id}
        return {name: value for name, value in named.items() if row[LINE_AT[name]] is None}

    def change(self, row: Row, values: Mapping[str, Any]) -> None:
        """Change a line; the parts of a bundle follow its quantity."""
        quote = self._draft(row)
        changed = QUOTE_LINE.touched(row, values, self._desk.now_us)
        self._store.put(QUOTE_LINE, QUOTE_LINE.changed(changed, {"TotalPrice": _total(changed)}))
        if changed[_QUANTITY] != row[_QUANTITY] and row[_QUANTITY]:
            for part in self._parts(row):
                quantity = part[_QUANTITY] * changed[_QUANTITY] // row[_QUANTITY]
                self._store.put(QUOTE_LINE, QUOTE_LINE.touched(part, {"Quantity": quantity}, self._desk.now_us))
        self._retotal(quote)

    def delete(self, row: Row) -> None:
        """Take a line away, with the parts that require it."""
        quote = self._draft(row)
        for line in (row, *self._parts(row)):
            self._store.put(QUOTE_LINE, QUOTE_LINE.touched(line, {"IsDeleted": True}, self._desk.now_us))
        self._retotal(quote)

    def _parts(self, row: Row) -> list[Row]:
        return self._store.find(QUOTE_LINE, LINE_AT["SBQQ__RequiredBy__c"], row[ID])

    def _draft(self, row: Row) -> Row:
        quote = self._store.get(QUOTE, row[LINE_AT["QuoteId"]])
        if quote is None or state_of(quote) != "draft":
            raise Refusal("rule", "only a draft's lines may change: make a new version", "QuoteId")
        return quote

    def _retotal(self, quote: Row) -> None:
        total = sum(line[LINE_AT["TotalPrice"]] for line in self._quotes.lines(quote))
        self._quotes.keep(QUOTE.touched(quote, {"TotalPrice": total}, self._desk.now_us), "draft")


def _total(row: Row) -> int:
    return int(row[LINE_AT["Quantity"]] * row[LINE_AT["UnitPrice"]])
