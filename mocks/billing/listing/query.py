"""What can be listed and what a caller asks for: resources, their attributes, and queries as read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from mocks.billing.model import Billing

Getter = Callable[[Billing, Any], Any]
Test = Callable[[Any], bool]


class Attribute(msgspec.Struct, frozen=True):
    """What rows can be filtered by: its kind (which has its operators) and how to find it in a record.

    A word has the values there are, unless they are without number; an instant that never came is 0.
    """

    kind: str  # text | word | number | instant | flag | many
    of: Getter
    values: tuple[str, ...] = ()


class Query(msgspec.Struct, frozen=True):
    """A query as read: which rows, in which order, from where on, and how many.

    `equal` and `floor` name what an index may answer: values asked for with `is`, and instants with `after`.
    """

    limit: int = 10
    offset: tuple[Any, str] | None = None
    descending: bool = True
    sort: Getter | None = None
    tests: tuple[tuple[Getter, Test], ...] = ()
    with_deleted: bool = False
    equal: Mapping[str, str] = {}
    floor: Mapping[str, int] = {}


class Resource(msgspec.Struct, frozen=True):
    """A listable resource: its name, its rows (given the query, so that an index can answer), its attributes.

    `sorts` are the attributes one may sort by, the default first; rows come newest first unless asked otherwise.
    """

    name: str
    rows: Callable[[Billing, Query], Iterable[Any]]
    attributes: Mapping[str, Attribute]
    sorts: tuple[str, ...]
