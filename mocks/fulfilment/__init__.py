"""Fulfilment: takes tasks on, works on them for a while and tells when they are done.

build(draws, record, plan)   a Service without tasks
Quirks                       its switches
api.sign                     the signature of a webhook
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.charts import FULFILMENT
from domain.draws import Draws
from mocks.fulfilment.api import DIALECT
from mocks.fulfilment.model import Fulfilment
from mocks.fulfilment.quirks import Quirks
from mocks.kernel.desk import Desk
from mocks.kernel.faults import FaultPlan
from mocks.kernel.service import Service
from mocks.kernel.tables import IN_MEMORY, Tables

__all__ = ["DIALECT", "Quirks", "build"]


def build(
    draws: Draws,
    record: Callable[[Any], None],
    plan: FaultPlan,
    quirks: Quirks = Quirks(),  # noqa: B008
    tables: Tables = IN_MEMORY,
) -> Service:
    """Return the system as a service; every change and arrival goes to `record`."""
    desk = Desk("fulfilment", draws, record, {"task": FULFILMENT}, tables=tables)
    return Service(DIALECT, Fulfilment(desk, quirks), desk, plan, record)
