"""The CRM with its quotes: speaks the Salesforce REST dialect.

    VENDOR                       an empty organisation
    Quirks                       how the organisation behaves where organisations differ
    messages.acknowledged        whether a receiver took an outbound message

The system of record of accounts, products, quotes and approvals. People work in it by acts; API users
read by SOQL and may write the mirror fields, the credit status and the last steps of a quote.
"""

from __future__ import annotations

from domain.charts import QUOTE
from mocks.crm.api import DIALECT, bound
from mocks.crm.model import Crm
from mocks.crm.quirks import Quirks
from mocks.kernel.vendor import Vendor

__all__ = ["DIALECT", "VENDOR", "Quirks"]

VENDOR = Vendor(
    name="crm", charts={"quote": QUOTE}, quirks=Quirks(), model=Crm, dialect=lambda crm, _quirks: bound(crm)
)
