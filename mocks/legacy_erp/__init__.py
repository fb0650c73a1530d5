"""A legacy ERP: it takes orders only as files, works them off in batches, and is silent about what it did not take.

VENDOR                       an estate without orders, which are orders of the ERP in a history
Quirks                       its switches: when it takes files, how often a batch runs, what it is silent on

It is the estate that an integration has to live with (F-26): no request for an order, no webhook, no idempotency but
the name of a file that has not been worked off yet.
"""

from __future__ import annotations

from domain.charts import ORDER
from mocks.kernel.vendor import Vendor
from mocks.legacy_erp.api import DIALECT
from mocks.legacy_erp.model import LegacyErp
from mocks.legacy_erp.quirks import Quirks

__all__ = ["DIALECT", "VENDOR", "Quirks"]

VENDOR = Vendor(
    name="legacy_erp", family="erp", charts={"order": ORDER}, quirks=Quirks(), model=LegacyErp,
    dialect=lambda _erp, _quirks: DIALECT,
)  # fmt: skip
