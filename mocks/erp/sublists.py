"""The sublists of records: lines, taxes, applications and journal lines as a reply shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.objects import Line
from mocks.erp.amounts import SCALES
from mocks.erp.applications import Applications
from mocks.erp.cash import CashRecord
from mocks.erp.cash_sales import CashSale
from mocks.erp.catalogue import ACCOUNTS
from mocks.erp.credit_memos import MemoRecord
from mocks.erp.fulfilments import FulfilmentRecord
from mocks.erp.journals import JournalRecord
from mocks.erp.model import Erp
from mocks.erp.order_records import OrderRecord, billed_of, fulfilled_of
from mocks.erp.papers import Paper
from mocks.erp.refunds import RefundRecord

Rows = list[dict[str, Any]]


def _lines(erp: Erp, lines: Sequence[Line], currency: str) -> Rows:
    scale, skus = SCALES[currency], erp.catalogue.skus
    rows: Rows = []
    for line in lines:
        item = skus.get(line.sku)
        rows.append(
            {
                "line": int(line.id) if line.id.isdecimal() else line.id,
                "item": {
                    "links": [], "id": item.id if item else "", "refName": line.sku,
                    "externalId": item.external_id if item else None,
                },
                "quantity": line.quantity,
                "rate": line.unit_minor / scale,
                "amount": line.amount_minor / scale,
                "custcol_kind": line.kind,
                "custcol_months": line.months,
                "custcol_list_rate": line.list_unit_minor / scale,
                "custcol_period_start": line.period_start,
                "custcol_period_end": line.period_end,
            }
        )  # fmt: skip
    return rows


def order_lines(erp: Erp, record: OrderRecord) -> Rows:
    """Return the lines of a sales order with what was fulfilled and billed of them."""
    rows = _lines(erp, record.doc.lines, record.doc.currency)
    billed = billed_of(record)
    for position, row in enumerate(rows):
        row["quantityFulfilled"] = fulfilled_of(record, position)
        row["quantityBilled"] = billed[position]
        row["isClosed"] = position in record.closed
        parts = [
            (unit, done) for unit, done in zip(record.units, record.done, strict=True) if unit.position == position
        ]
        if len(parts) > 1 or parts[0][0].sku != record.doc.lines[position].sku:
            row["components"] = {
                "items": [
                    {"item": {"refName": unit.sku}, "quantity": unit.quantity, "quantityFulfilled": done}
                    for unit, done in parts
                ]
            }
    return rows


def fulfilment_lines(erp: Erp, record: FulfilmentRecord) -> Rows:
    """Return what a fulfilment delivered, by order line and item."""
    order = erp.orders.records[record.order]
    rows: Rows = []
    for number, (index, quantity) in enumerate(record.quantities, 1):
        unit = order.units[index]
        line = order.doc.lines[unit.position].id
        order_line = int(line) if line.isdecimal() else line
        item = {"links": [], "id": erp.catalogue.skus[unit.sku].id, "refName": unit.sku}
        rows.append({"line": number, "orderLine": order_line, "item": item, "quantity": quantity, "itemReceive": True})
    return rows


def document_lines(erp: Erp, record: Any) -> Rows:
    """Return the lines of an invoice or credit memo."""
    return _lines(erp, record.doc.lines, record.doc.currency)


def paper_lines(erp: Erp, record: Paper) -> Rows:
    """Return the lines of an estimate, opportunity or return authorisation."""
    return _lines(erp, record.lines, record.currency)


def taxes(_erp: Erp, record: Any) -> Rows:
    """Return the taxes of an invoice or credit memo by jurisdiction."""
    doc, scale = record.doc, SCALES[record.doc.currency]
    return [
        {
            "line": number,
            "taxCode": {"links": [], "id": share.jurisdiction, "refName": share.jurisdiction},
            "taxBasis": share.base_minor / scale,
            "taxAmount": share.amount_minor / scale,
        }
        for number, share in enumerate(doc.taxes, 1)
    ]


def applications(erp: Erp, record: CashRecord) -> Rows:
    """Return the invoices a payment is applied to."""
    return _applied(erp, record.doc.applied, record.doc.currency)


def credited(erp: Erp, record: MemoRecord) -> Rows:
    """Return the invoices a credit memo is applied to."""
    return _applied(erp, record.applied, record.doc.currency)


def _applied(erp: Erp, applied: Applications, currency: str) -> Rows:
    rows: Rows = []
    scale = SCALES[currency]
    for number, (key, amount) in enumerate(applied, 1):
        paid = erp.invoices.records[key].doc
        shown: dict[str, Any] = {"links": [], "id": key, "refName": paid.number, "externalId": paid.ref or None}
        rows.append({"line": number, "doc": shown, "amount": amount / scale, "apply": True})
    return rows


def refunded(_erp: Erp, record: RefundRecord) -> Rows:
    """Return the document a refund gives back from."""
    doc = record.doc
    source = {"links": [], "id": doc.payment, "refName": ""}
    return [{"line": 1, "doc": source, "amount": doc.amount_minor / SCALES[doc.currency], "apply": True}]


def sold_lines(erp: Erp, record: CashSale) -> Rows:
    """Return the lines of a cash sale."""
    return document_lines(erp, erp.invoices.records[record.invoice])


def sold_taxes(erp: Erp, record: CashSale) -> Rows:
    """Return the taxes of a cash sale."""
    return taxes(erp, erp.invoices.records[record.invoice])


def journal_lines(_erp: Erp, record: JournalRecord) -> Rows:
    """Return the rows of a journal entry."""
    scale = SCALES[record.currency]
    return [
        {
            "line": number,
            "account": {"links": [], "id": account, "refName": ACCOUNTS[account]},
            "debit" if amount >= 0 else "credit": abs(amount) / scale,
        }
        for number, (account, amount) in enumerate(record.rows, 1)
    ]
