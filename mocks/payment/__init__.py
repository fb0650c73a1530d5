"""The payment processor, speaking a Stripe-compatible v1 dialect. Not affiliated with any vendor.

build(draws, record, plan, quirks)   a service without customers: `create_customer` acts or the API make them
Quirks                               its switches
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.charts import DISPUTE
from domain.draws import Draws
from mocks.kernel.desk import Desk
from mocks.kernel.faults import FaultPlan
from mocks.kernel.service import Service
from mocks.kernel.tables import IN_MEMORY, Tables
from mocks.payment import placeholders
from mocks.payment.api import DIALECT, dialect
from mocks.payment.model import Processor
from mocks.payment.quirks import Quirks

__all__ = ["DIALECT", "Quirks", "build"]

DEFAULTS = Quirks()


def build(
    draws: Draws,
    record: Callable[[Any], None],
    plan: FaultPlan,
    quirks: Quirks = DEFAULTS,
    tables: Tables = IN_MEMORY,
) -> Service:
    """Return a payment processor that writes its history to `record`.

    Payments have a chart per method, so the model itself requires their steps; disputes go by the book.
    """
    desk = Desk("payment", draws, record, {"dispute": DISPUTE}, tables=tables)
    model = Processor(desk, quirks)
    if quirks.placeholders:
        model.stand_in = placeholders.made
    return Service(dialect(quirks), model, desk, plan, record)
