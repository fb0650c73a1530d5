"""The tax engine, speaking an AvaTax-compatible REST v2 dialect. Not affiliated with any vendor.

build(draws, record, plan, quirks)   a service with no nexus: nothing is taxed until `register_nexus` acts
Quirks                               its switches
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.draws import Draws
from mocks.kernel.desk import Desk
from mocks.kernel.faults import FaultPlan
from mocks.kernel.service import Service
from mocks.kernel.tables import IN_MEMORY, Tables
from mocks.tax.api import DIALECT, dialect
from mocks.tax.model import TaxEngine
from mocks.tax.quirks import Quirks

__all__ = ["DIALECT", "Quirks", "build"]

DEFAULTS = Quirks()


def build(
    draws: Draws,
    record: Callable[[Any], None],
    plan: FaultPlan,
    quirks: Quirks = DEFAULTS,
    tables: Tables = IN_MEMORY,
) -> Service:
    """Return a tax engine that writes its history to `record`."""
    desk = Desk("tax", draws, record, tables=tables)
    return Service(dialect(quirks), TaxEngine(desk, quirks), desk, plan, record)
