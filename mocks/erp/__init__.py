"""The ERP, speaking NetSuite SuiteTalk REST: customers and credit, orders, AR, the general ledger and its periods.

It owns the customers' terms and credit, sales orders, the receivables, the ledger and the periods. It
takes invoices, credit memos and cash as others determined them, posts each at once and never changes a posted one.

    build(draws, record, plan, quirks)   a Service
    api                                  every call it answers, as rows
    record_types, transforms             the types of records, and what is made from what
    suiteql, queries, columns            queries: how they are written, run, and what they can ask for
    order_status                         how the ERP's order statuses map on the canonical chart
    subledger                            what all documents of accounts receivable share
    catalogue                            subsidiaries, items, accounts
    acts                                 what people do here
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from domain.charts import CREDIT, CREDIT_MEMO, INVOICE, ORDER, PERIOD
from domain.draws import Draws
from mocks.erp.api import dialect
from mocks.erp.model import Erp
from mocks.erp.quirks import Quirks
from mocks.kernel.desk import Desk
from mocks.kernel.faults import FaultPlan
from mocks.kernel.service import Service
from mocks.kernel.tables import IN_MEMORY, Tables

CHARTS = {"order": ORDER, "invoice": INVOICE, "credit_memo": CREDIT_MEMO, "period": PERIOD, "customer": CREDIT}


FIRST_OF_SECOND = 5_000_000
"""Where the ids of a second account of the same vendor begin, so that no id means two documents."""


def build(
    draws: Draws,
    record: Callable[[Any], None],
    plan: FaultPlan,
    quirks: Quirks = Quirks(),  # noqa: B008
    tables: Tables = IN_MEMORY,
) -> Service:
    """Return the ERP as a service."""
    desk = Desk("erp", draws, record, CHARTS, tables=tables)
    return Service(dialect(quirks), Erp(desk, quirks), desk, plan, record)


def build_second(
    draws: Draws,
    record: Callable[[Any], None],
    plan: FaultPlan,
    quirks: Quirks = Quirks(),  # noqa: B008
    tables: Tables = IN_MEMORY,
) -> Service:
    """Return a second account of the same vendor (an acquisition's), whose documents are the ERP's in a history."""
    desk = Desk("erp2", draws, record, CHARTS, family="erp", first=FIRST_OF_SECOND, tables=tables)
    other = msgspec.structs.replace(dialect(quirks), system="erp2")
    return Service(other, Erp(desk, quirks), desk, plan, record)
