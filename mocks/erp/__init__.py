"""The ERP, speaking NetSuite SuiteTalk REST: customers and credit, orders, AR, the general ledger and its periods.

It owns the customers' terms and credit, sales orders, the receivables, the ledger and the periods. It
takes invoices, credit memos and cash as others determined them, posts each at once and never changes a posted one.

    VENDOR, SECOND                       an account, and a second one of the same vendor (an acquisition's)
    api                                  every call it answers, as rows
    record_types, transforms             the types of records, and what is made from what
    suiteql, queries, columns            queries: how they are written, run, and what they can ask for
    order_status                         how the ERP's order statuses map on the canonical chart
    subledger                            what all documents of accounts receivable share
    catalogue                            subsidiaries, items, accounts
    acts                                 what people do here
"""

from __future__ import annotations

import msgspec

from domain.charts import CREDIT, CREDIT_MEMO, INVOICE, ORDER, PERIOD
from mocks.erp.api import dialect
from mocks.erp.model import Erp
from mocks.erp.quirks import Quirks
from mocks.kernel.vendor import Vendor

FIRST_OF_SECOND = 5_000_000
"""Where the ids of a second account of the same vendor begin, so that no id means two documents."""

VENDOR = Vendor(
    name="erp",
    charts={"order": ORDER, "invoice": INVOICE, "credit_memo": CREDIT_MEMO, "period": PERIOD, "customer": CREDIT},
    quirks=Quirks(),
    model=Erp,
    dialect=lambda _erp, quirks: dialect(quirks),
)
SECOND = msgspec.structs.replace(VENDOR, name="erp2", family="erp", first=FIRST_OF_SECOND)
"""Its documents are the ERP's in a history."""
