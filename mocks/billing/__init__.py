"""A subscription billing platform in the Chargebee v2 dialect: terms, proration, invoices, credit notes, renewals.

`build` makes one site. How money is computed: `terms` says what is due, `coverage` what is billed, and every
operation credits and charges the difference. Not affiliated with the vendor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from domain.draws import Draws
from mocks.billing.api import DIALECT
from mocks.billing.charts import CHARTS
from mocks.billing.model import Billing
from mocks.billing.quirks import LIVE, Quirks
from mocks.kernel.desk import Desk
from mocks.kernel.faults import FaultPlan
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.service import Service
from mocks.kernel.tables import IN_MEMORY, Tables

_STANDARD = Quirks()

__all__ = ["LIVE", "Quirks", "build"]


def build(
    draws: Draws,
    record: Callable[[Any], None],
    plan: FaultPlan,
    quirks: Quirks = _STANDARD,
    tables: Tables = IN_MEMORY,
) -> Service:
    """Return a site at work."""
    desk = Desk("billing", draws, record, CHARTS, tables=tables)
    limits = LimitPolicy(requests=quirks.requests_per_minute, window_seconds=60, retry_after_seconds=10)
    dialect = msgspec.structs.replace(DIALECT, limits=limits)
    return Service(dialect, Billing(desk, quirks), desk, plan, record)
