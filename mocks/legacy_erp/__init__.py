"""A legacy ERP: it takes orders only as files, works them off in batches, and is silent about what it did not take.

build(draws, record, plan)   a Service without orders
Quirks                       its switches: when it takes files, how often a batch runs, what it is silent on

It is the estate that an integration has to live with (F-26): no request for an order, no webhook, no idempotency but
the name of a file that has not been worked off yet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.charts import ORDER
from domain.draws import Draws
from mocks.kernel.desk import Desk
from mocks.kernel.faults import FaultPlan
from mocks.kernel.service import Service
from mocks.kernel.tables import IN_MEMORY, Tables
from mocks.legacy_erp.api import DIALECT
from mocks.legacy_erp.model import LegacyErp
from mocks.legacy_erp.quirks import Quirks

__all__ = ["DIALECT", "Quirks", "build"]


def build(
    draws: Draws,
    record: Callable[[Any], None],
    plan: FaultPlan,
    quirks: Quirks = Quirks(),  # noqa: B008
    tables: Tables = IN_MEMORY,
) -> Service:
    """Return the system as a service; its orders go to the history as orders of the ERP, which it is."""
    desk = Desk("legacy_erp", draws, record, {"order": ORDER}, family="erp", tables=tables)
    return Service(DIALECT, LegacyErp(desk, quirks), desk, plan, record)
