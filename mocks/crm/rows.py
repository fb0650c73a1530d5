"""New rows: the id and the stamps every record gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mocks.crm import ids
from mocks.crm.schema import Row, SObject
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
