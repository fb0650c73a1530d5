"""The CRM with its quotes: speaks the Salesforce REST dialect.

    build(draws, record, plan)   a Service with an empty organisation
    Quirks                       how the organisation behaves where organisations differ
    messages.acknowledged        whether a receiver took an outbound message

The system of record of accounts, products, quotes and approvals. People work in it by acts; API users
read by SOQL and may write the mirror fields, the credit status and the last steps of a quote.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.charts import QUOTE
from domain.draws import Draws
from mocks.crm.api import DIALECT, bound
from mocks.crm.model import Crm
from mocks.crm.quirks import Quirks
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
    """Return an empty organisation as a service; every change and arrival goes to `record`."""
    desk = Desk("crm", draws, record, {"quote": QUOTE}, tables=tables)
    crm = Crm(desk, quirks)
    return Service(bound(crm), crm, desk, plan, record)
