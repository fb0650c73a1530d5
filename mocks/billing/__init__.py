"""A subscription billing platform in the Chargebee v2 dialect: terms, proration, invoices, credit notes, renewals.

`VENDOR` is one site. How money is computed: `terms` says what is due, `coverage` what is billed, and every
operation credits and charges the difference. Not affiliated with the vendor.
"""

from __future__ import annotations

import msgspec

from mocks.billing.api import DIALECT
from mocks.billing.charts import CHARTS
from mocks.billing.model import Billing
from mocks.billing.quirks import LIVE, Quirks
from mocks.kernel.dialect import Dialect
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.vendor import Vendor

__all__ = ["LIVE", "VENDOR", "Quirks"]


def _dialect(_site: Billing, quirks: Quirks) -> Dialect:
    limits = LimitPolicy(requests=quirks.requests_per_minute, window_seconds=60, retry_after_seconds=10)
    return msgspec.structs.replace(DIALECT, limits=limits)


VENDOR = Vendor(name="billing", charts=CHARTS, quirks=Quirks(), model=Billing, dialect=_dialect)
