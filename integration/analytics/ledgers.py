"""What the ERP says: its orders, invoices, credit memos and payments, read through SuiteQL by a flow of our own.

The flow goes through the same gate, token and retries as all others, so a reconciliation never takes the capacity that
orders need. It returns documents, not sums: a difference can then be named.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from integration.analytics.totals import BILLED, BOOKED, CASH, CREDIT, TAX, Document
from integration.effects import Call, Start
from integration.flow import FlowContext
from integration.flows.steps import do
from integration.systems.erp.calls import SUITEQL
from integration.systems.wire import JSON, UnexpectedReply, instant_of, iso_instant, json_body, minor, read

FLOW = "read_ledgers"
PAGE = 1000
PAGES_MAX = 10_000
_MEASURES = {"SalesOrd": BOOKED, "CustInvc": BILLED, "CustCred": CREDIT, "CustPymt": CASH}
_UNBOOKED = frozenset({"A", "C"})
"""Statuses of orders that the ERP has not committed to: pending approval, cancelled."""


class _Row(msgspec.Struct):
    """A transaction, or the sum of its lines; SuiteQL gives every value as text and leaves nulls out."""

    id: str
    type: str
    externalid: str = ""
    subsidiary: str = ""
    currency: str = ""
    trandate: str = ""
    total: str = "0"
    status: str = ""
    created: str = ""


class _Rows(msgspec.Struct):
    items: list[_Row]
    has_more: bool = msgspec.field(name="hasMore", default=False)


_rows = msgspec.json.Decoder(_Rows)
_TRANSACTIONS = (
    "SELECT id, type, externalid, subsidiary, currency, trandate, foreigntotal AS total, status,"
    " createddate AS created FROM transaction"
    " WHERE type IN ('SalesOrd', 'CustInvc', 'CustCred', 'CustPymt') AND createddate >= '{since}' AND id > {after}"
    " ORDER BY id FETCH FIRST {page} ROWS ONLY"
)
_LINES = (
    "SELECT t.id AS id, t.type AS type, SUM(l.foreignamount) AS total FROM transaction t, transactionline l"
    " WHERE l.transaction = t.id AND l.mainline = 'F' AND t.type IN ('CustInvc', 'CustCred')"
    " AND t.createddate >= '{since}' AND t.id > {after} GROUP BY t.id, t.type ORDER BY t.id"
    " FETCH FIRST {page} ROWS ONLY"
)


def start_of(since_us: int, number: int) -> Start:
    """Return the start of the n-th reading of what was created in the ERP since an instant."""
    return Start(flow_id=f"ledgers/{since_us}/{number}", name=FLOW, arguments={"since_us": since_us})


async def read_ledgers(context: FlowContext, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return all documents of the ERP since an instant. Arguments: since_us."""
    since = iso_instant(arguments["since_us"])
    transactions = await _all(context, _TRANSACTIONS, since)
    nets = {row.id: Decimal(row.total) for row in await _all(context, _LINES, since)}
    return [msgspec.to_builtins(each) for row in transactions for each in _documents(row, nets)]


def documents_of(result: bytes) -> list[Document]:
    """Return the documents in the result of the flow."""
    return [msgspec.convert(each, Document) for each in msgspec.msgpack.decode(result)]


async def _all(context: FlowContext, query: str, since: str) -> list[_Row]:
    found: list[_Row] = []
    for _ in range(PAGES_MAX):
        after = found[-1].id if found else "0"
        page = read(await do(context, _ask(query.format(since=since, after=after, page=PAGE))), _rows)
        found += page.items
        if len(page.items) < PAGE and not page.has_more:  # a vendor's page may hold fewer rows than we asked for
            return found
    raise ValueError(f"more than {PAGES_MAX * PAGE} documents: ask for a shorter time")


def _ask(query: str) -> Call:
    return Call(
        system="erp", operation="suiteql", method="POST", target=f"{SUITEQL}?limit={PAGE}",
        headers={**JSON, "prefer": "transient"}, body=json_body({"q": query}), timeout_seconds=60,
    )  # fmt: skip


def _documents(row: _Row, nets: Mapping[str, Decimal]) -> list[Document]:
    if row.type not in _MEASURES or not row.externalid or (row.type == "SalesOrd" and row.status in _UNBOOKED):
        return []  # what has no external id was not made by us
    total = abs(Decimal(row.total))
    made = [_document(row, _MEASURES[row.type], minor(total, row.currency))]
    if row.id in nets:
        tax_minor = minor(total - abs(nets[row.id]), row.currency)
        if tax_minor:
            made.append(_document(row, TAX, tax_minor if row.type == "CustInvc" else -tax_minor))
    return made


def _document(row: _Row, measure: str, amount_minor: int) -> Document:
    return Document(
        measure=measure, key=row.externalid.partition("~")[0], entity=row.subsidiary, currency=row.currency,
        period=row.trandate[:7], amount_minor=amount_minor, at_us=_created_us(row.created),
    )  # fmt: skip


def _created_us(text: str) -> int:
    """Return when a document was created; 0 when the account writes dates in a way of its own: then it is old."""
    try:
        return instant_of(text)
    except (UnexpectedReply, TypeError):
        return 0
