"""Vendors as values: what a system of record is called, what it keeps, and how an account of it is opened.

Vendor                       one row: everything in which one vendor's mock differs from another's
build(vendor, draws, ...)    an empty account of it as a Service
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from domain.charts.chart import Chart
from domain.draws import Draws
from mocks.kernel.book import NO_CHARTS
from mocks.kernel.desk import Desk
from mocks.kernel.dialect import Dialect
from mocks.kernel.faults import FaultPlan
from mocks.kernel.service import Service
from mocks.kernel.tables import IN_MEMORY, Tables


class Vendor(msgspec.Struct, frozen=True, kw_only=True):
    """A system of record. `quirks` are its usual ones; `charts` (by kind) are the lives that its book enforces.

    `model` makes what it does from a desk and quirks, `dialect` how it speaks from that model and the quirks. A second
    account of one vendor has another name; `family` and `first` are those of its desk.
    """

    name: str
    quirks: Any
    model: Callable[[Desk, Any], Any]
    dialect: Callable[[Any, Any], Dialect]
    charts: Mapping[str, Chart] = NO_CHARTS
    family: str = ""
    first: int = 0


def build(
    vendor: Vendor,
    draws: Draws,
    record: Callable[[Any], None],
    plan: FaultPlan,
    quirks: Any = None,
    tables: Tables = IN_MEMORY,
) -> Service:
    """Return an empty account of a vendor as a service; every change and arrival goes to `record`.

    It has the vendor's own quirks unless others are given.
    """
    chosen = vendor.quirks if quirks is None else quirks
    desk = Desk(vendor.name, draws, record, vendor.charts, family=vendor.family, first=vendor.first, tables=tables)
    model = vendor.model(desk, chosen)
    dialect = msgspec.structs.replace(vendor.dialect(model, chosen), system=vendor.name)
    return Service(dialect, model, desk, plan, record)
