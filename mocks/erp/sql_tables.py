"""What a table of SuiteQL is, and how dates and instants are written in its columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from domain.calendar import SECOND_US, utc_text
from mocks.erp.model import Erp
from mocks.erp.sql_functions import Value

Getter = Callable[[Erp, Any], Value]
Getters = dict[str, Getter]
Find = Callable[[Erp, str], Sequence[Any]]
"""Returns the rows with this value in a column, without looking at all of them."""
Some = Callable[[Erp], Sequence[Any]]
"""Returns the rows with a number above zero in a column, without looking at all of them."""


class Table(msgspec.Struct, frozen=True):
    """One table: its rows (from an instant of last change on, when it keeps them in that order) and its columns.

    `displays` shows the name behind an id or code (BUILTIN.DF), `finds` has the columns with an index,
    `positives` those with an index of what is above zero. Dates and instants are ISO text, which sorts alike.
    """

    name: str
    rows: Callable[[Erp, int], Iterable[Any]]
    columns: Mapping[str, Getter]
    displays: Mapping[str, Getter] = {}
    finds: Mapping[str, Find] = {}
    positives: Mapping[str, Some] = {}


def instant_text(at_us: int) -> str:
    """Return an instant as ISO text with milliseconds, so that texts sort as instants do."""
    seconds, rest_us = divmod(at_us, SECOND_US)
    return f"{utc_text(seconds)}.{rest_us // 1000:03d}Z"


def day_text(at_us: int) -> str:
    """Return the date of an instant in UTC as ISO text."""
    return utc_text(at_us // SECOND_US)[:10]


def by_shelf(part: str) -> dict[str, Find]:
    """Return the indexes of the records of one part of the ERP: internal and external id."""

    def by_id(erp: Erp, key: str) -> list[Any]:
        record = getattr(erp, part).records.get(key)
        return [] if record is None else [record]

    def by_external_id(erp: Erp, name: str) -> list[Any]:
        record = getattr(erp, part).shelf.of_external(name)
        return [] if record is None else [record]

    return {"id": by_id, "externalid": by_external_id}
