"""Fulfilment: takes tasks on, works on them for a while and tells when they are done.

VENDOR                       a system without tasks
Quirks                       its switches
api.sign                     the signature of a webhook
"""

from __future__ import annotations

from domain.charts import FULFILMENT
from mocks.fulfilment.api import DIALECT
from mocks.fulfilment.model import Fulfilment
from mocks.fulfilment.quirks import Quirks
from mocks.kernel.vendor import Vendor

__all__ = ["DIALECT", "VENDOR", "Quirks"]

VENDOR = Vendor(
    name="fulfilment", charts={"task": FULFILMENT}, quirks=Quirks(), model=Fulfilment,
    dialect=lambda _fulfilment, _quirks: DIALECT,
)  # fmt: skip
