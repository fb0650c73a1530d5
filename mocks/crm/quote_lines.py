"""Line items of a draft quote: added, changed and taken away, with the totals that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mocks.crm.documents import LINE_AT
from mocks.crm.objects import QUOTE, QUOTE_LINE
from mocks.crm.quotes import Quotes, state_of
from mocks.crm.schema import CURRENCY, Row
from mocks.crm.store import Store
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal


class QuoteLines:
    """The rules of line items for API users of an organisation that lets them price quotes."""

    def __init__(self, desk: Desk, store: Store, quotes: Quotes) -> None:
        self._desk = desk
        self._store = store
        self._quotes = quotes

    def create(self, row: Row) -> None:
        """Add a line at the end of its quote."""
        quote = self._draft(row)
        last = max((int(line[LINE_AT["LineNumber"]]) for line in self._quotes.lines(quote)), default=0)
        named = {"LineNumber": f"{last + 1:08d}", "CurrencyIsoCode": quote[CURRENCY], "TotalPrice": _total(row)}
        self._store.put(QUOTE_LINE, QUOTE_LINE.changed(row, named))
        self._retotal(quote)

    def change(self, row: Row, values: Mapping[str, Any]) -> None:
        """Change a line."""
        quote = self._draft(row)
        changed = QUOTE_LINE.touched(row, values, self._desk.now_us)
        self._store.put(QUOTE_LINE, QUOTE_LINE.changed(changed, {"TotalPrice": _total(changed)}))
        self._retotal(quote)

    def delete(self, row: Row) -> None:
        """Take a line away."""
        quote = self._draft(row)
        self._store.put(QUOTE_LINE, QUOTE_LINE.touched(row, {"IsDeleted": True}, self._desk.now_us))
        self._retotal(quote)

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
