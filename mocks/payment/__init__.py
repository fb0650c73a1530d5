"""The payment processor, speaking a Stripe-compatible v1 dialect. Not affiliated with any vendor.

VENDOR                               an account without customers: `create_customer` acts or the API make them
Quirks                               its switches
"""

from __future__ import annotations

from domain.charts import DISPUTE
from mocks.kernel.desk import Desk
from mocks.kernel.vendor import Vendor
from mocks.payment import placeholders
from mocks.payment.api import DIALECT, dialect
from mocks.payment.model import Processor
from mocks.payment.quirks import Quirks

__all__ = ["DIALECT", "VENDOR", "Quirks"]


def _model(desk: Desk, quirks: Quirks) -> Processor:
    """Return a payment processor.

    Payments have a chart per method, so the model itself requires their steps; disputes go by the book.
    """
    processor = Processor(desk, quirks)
    if quirks.placeholders:
        processor.stand_in = placeholders.made
    return processor


VENDOR = Vendor(
    name="payment", charts={"dispute": DISPUTE}, quirks=Quirks(), model=_model,
    dialect=lambda _processor, quirks: dialect(quirks),
)  # fmt: skip
