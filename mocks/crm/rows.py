"""New rows: the id and the stamps every record gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mocks.crm import ids
from mocks.crm.objects import QUOTE_LINE
from mocks.crm.schema import CURRENCY, Row, SObject
from mocks.crm.values import DEFAULT_CURRENCY
from mocks.kernel.desk import Desk


def new_row(desk: Desk, of: SObject, values: Mapping[str, Any]) -> Row:
    """Return a new row of an object with the next id, the stamps of now and these values."""
    now_us = desk.now_us
    return of.row(
        {
            "Id": ids.record_id(of.prefix, desk.next(of.prefix)),
            "IsDeleted": False,
            "CreatedDate": now_us,
            "LastModifiedDate": now_us,
            "SystemModstamp": now_us,
            "CurrencyIsoCode": DEFAULT_CURRENCY,
            **values,
        }
    )


def line_row(desk: Desk, currency: str, cells: tuple[Any, ...]) -> Row:
    """Return a new line item of these cells in the order of LINE_CELLS: lines are made by the hundred thousand."""
    now_us = desk.now_us
    key = ids.record_id(QUOTE_LINE.prefix, desk.next(QUOTE_LINE.prefix))
    return (key, False, now_us, now_us, now_us, currency, *cells)


LINE_CELLS = (
    "QuoteId", "LineNumber", "ProductCode__c", "ProductKind__c", "Quantity", "ListPrice", "UnitPrice", "TotalPrice",
    "Months__c", "Product2Id", "PricebookEntryId", "SBQQ__RequiredBy__c", "Entity__c", "DeliveredBy__c",
)  # fmt: skip
assert tuple(field.name for field in QUOTE_LINE.fields[CURRENCY + 1 :]) == LINE_CELLS, "the table of line items changed"
