"""How records look in a reply: NetSuite's names, references with id and name, amounts in major units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.objects import Line, TaxShare
from mocks.erp.amounts import major
from mocks.erp.cash import CashRecord
from mocks.erp.catalogue import ACCOUNTS, Item, Subsidiary
from mocks.erp.columns import balance_of, instant_text
from mocks.erp.credit_memos import MemoRecord
from mocks.erp.customers import CustomerRecord
from mocks.erp.fulfilments import FulfilmentRecord
from mocks.erp.invoices import InvoiceRecord
from mocks.erp.journals import JournalRecord
from mocks.erp.model import Erp
from mocks.erp.order_status import VENDOR_STATUS
from mocks.erp.orders import OrderRecord, fulfilled_of
from mocks.erp.refunds import RefundRecord

View = dict[str, Any]


def _ref(key: str, name: str) -> View:
    return {"links": [], "id": key, "refName": name}


def _currency(code: str) -> View:
    return _ref(code, code)


def _header(erp: Erp, record: Any) -> View:
    doc = record.doc
    customer = erp.customers.records[record.customer]
    return {
        "id": doc.id,
        "externalId": doc.ref or None,
        "tranDate": doc.business_date,
        "subsidiary": _ref(doc.entity, erp.catalogue.subsidiaries[doc.entity].name),
        "currency": _currency(doc.currency),
        "customer" if isinstance(record, CashRecord) else "entity": {
            **_ref(customer.id, customer.name),
            "externalId": customer.external_id or None,
        },
        "custbody_txn": doc.txn or None,
        "memo": record.memo or None,
        "createdDate": instant_text(record.created_us),
        "lastModifiedDate": instant_text(record.modified_us),
    }


def _line(line: Line, currency: str, erp: Erp) -> View:
    item = erp.catalogue.skus.get(line.sku)
    return {
        "line": int(line.id) if line.id.isdigit() else line.id,
        "item": {**_ref(item.id if item else "", line.sku), "externalId": item.external_id if item else None},
        "quantity": line.quantity,
        "rate": major(line.unit_minor, currency),
        "amount": major(line.amount_minor, currency),
        "custcol_kind": line.kind,
        "custcol_months": line.months,
        "custcol_list_rate": major(line.list_unit_minor, currency),
        "custcol_period_start": line.period_start,
        "custcol_period_end": line.period_end,
    }


def _tax(share: TaxShare, currency: str) -> View:
    return {
        "taxCode": _ref(share.jurisdiction, share.jurisdiction),
        "taxBasis": major(share.base_minor, currency),
        "taxAmount": major(share.amount_minor, currency),
    }


CUSTOMER: Mapping[str, Callable[[Erp, CustomerRecord], Any]] = {
    "id": lambda erp, record: record.id,
    "externalId": lambda erp, record: record.external_id or None,
    "entityId": lambda erp, record: record.account,
    "companyName": lambda erp, record: record.name,
    "email": lambda erp, record: record.email or None,
    "subsidiary": lambda erp, record: _ref(record.entity, erp.catalogue.subsidiaries[record.entity].name),
    "currency": lambda erp, record: _currency(record.currency),
    "terms": lambda erp, record: _ref(f"NET{record.terms_days}", f"Net {record.terms_days}"),
    "creditLimit": lambda erp, record: major(record.limit_minor, record.currency) if record.limit_minor else None,
    "creditHoldOverride": lambda erp, record: _ref(record.override, record.override.title()),
    "custentity_credit_status": lambda erp, record: record.status,
    "balance": lambda erp, record: balance_of(erp, record),
    "unbilledOrders": lambda erp, record: major(erp.credit.totals(record).unbilled_minor, record.currency),
    "dateCreated": lambda erp, record: instant_text(record.created_us),
    "lastModifiedDate": lambda erp, record: instant_text(record.modified_us),
}
"""The fields of a customer one by one: callers read a few of them before every order."""


def customer(erp: Erp, record: CustomerRecord) -> View:
    """Show a customer with its credit standing."""
    return {name: part(erp, record) for name, part in CUSTOMER.items()}


def order(erp: Erp, record: OrderRecord) -> View:
    """Show a sales order."""
    doc = record.doc
    letter, status, name = VENDOR_STATUS[doc.status]
    return {
        **_header(erp, record),
        "tranId": doc.number,
        "status": {"id": status, "refName": name},
        "orderStatus": {"id": letter, "refName": name},
        "total": major(doc.total_minor, doc.currency),
        "otherRefNum": record.other_ref or None,
        "custbody_kind": doc.kind,
        "custbody_credit_hold": doc.status.startswith("credit_hold"),
        "item": {
            "items": [
                {
                    **_line(line, doc.currency, erp),
                    "quantityFulfilled": fulfilled_of(record, position),
                    "isClosed": position in record.closed,
                }
                for position, line in enumerate(doc.lines)
            ]
        },
    }


def fulfilment(erp: Erp, record: FulfilmentRecord) -> View:
    """Show an item fulfilment."""
    order = erp.orders.records[record.order]
    source = order.doc
    lines = []
    for index, quantity in record.quantities:
        unit = order.units[index]
        lines.append({"orderLine": int(source.lines[unit.position].id), "itemName": unit.sku, "quantity": quantity})
    return {
        "id": record.doc.id,
        "externalId": record.doc.ref or None,
        "tranId": record.number,
        "createdFrom": _ref(source.id, f"Sales Order #{source.number}"),
        "shipStatus": {"id": "C", "refName": "Shipped"},
        "createdDate": instant_text(record.created_us),
        "lastModifiedDate": instant_text(record.modified_us),
        "item": {"items": lines},
    }


def invoice(erp: Erp, record: InvoiceRecord) -> View:
    """Show an invoice."""
    doc = record.doc
    is_open = doc.balance_minor > 0
    return {
        **_header(erp, record),
        "tranId": doc.number,
        "status": {"id": "open" if is_open else "paidInFull", "refName": "Open" if is_open else "Paid In Full"},
        "dueDate": doc.due_date,
        "subtotal": major(doc.net_minor, doc.currency),
        "taxTotal": major(doc.tax_minor, doc.currency),
        "total": major(doc.total_minor, doc.currency),
        "amountRemaining": major(doc.balance_minor, doc.currency),
        "amountPaid": major(doc.total_minor - doc.balance_minor, doc.currency),
        "exchangeRate": record.rate.text,
        "createdFrom": _ref(record.order, "Sales Order") if record.order else None,
        "otherRefNum": record.other_ref or None,
        "item": {"items": [_line(line, doc.currency, erp) for line in doc.lines]},
        "taxDetails": {"items": [_tax(share, doc.currency) for share in doc.taxes]},
    }


def credit_memo(erp: Erp, record: MemoRecord) -> View:
    """Show a credit memo; its amounts are positive."""
    doc = record.doc
    is_open = doc.balance_minor > 0
    return {
        **_header(erp, record),
        "tranId": record.number,
        "status": {"id": "open" if is_open else "fullyApplied", "refName": "Open" if is_open else "Fully Applied"},
        "subtotal": major(doc.net_minor, doc.currency),
        "taxTotal": major(doc.tax_minor, doc.currency),
        "total": major(doc.total_minor, doc.currency),
        "amountRemaining": major(doc.balance_minor, doc.currency),
        "applied": major(doc.total_minor - doc.balance_minor, doc.currency),
        "createdFrom": _ref(doc.invoice, "Invoice") if doc.invoice else None,
        "item": {"items": [_line(line, doc.currency, erp) for line in doc.lines]},
        "taxDetails": {"items": [_tax(share, doc.currency) for share in doc.taxes]},
    }


def payment(erp: Erp, record: CashRecord) -> View:
    """Show a customer payment with its applications."""
    doc = record.doc
    applied = [
        {"doc": _ref(key, erp.invoices.records[key].doc.number), "amount": major(amount, doc.currency), "apply": True}
        for key, amount in doc.applied
    ]
    return {
        **_header(erp, record),
        "tranId": record.number,
        "payment": major(doc.amount_minor, doc.currency),
        "applied": major(doc.amount_minor - record.rest_minor - record.refunded_minor, doc.currency),
        "unapplied": major(record.rest_minor, doc.currency),
        "account": _ref(record.account, ACCOUNTS[record.account]),
        "custbody_method": record.method or None,
        "apply": {"items": applied},
    }


def refund(erp: Erp, record: RefundRecord) -> View:
    """Show a customer refund."""
    doc = record.doc
    owner = erp.customers.records[record.customer]
    return {
        "id": doc.id,
        "externalId": record.external_id or None,
        "tranId": record.number,
        "customer": _ref(owner.id, owner.name),
        "subsidiary": _ref(record.entity, erp.catalogue.subsidiaries[record.entity].name),
        "currency": _currency(doc.currency),
        "tranDate": record.asked_date,
        "total": major(doc.amount_minor, doc.currency),
        "apply": {"items": [{"doc": _ref(doc.payment, ""), "amount": major(doc.amount_minor, doc.currency)}]},
    }


def journal(erp: Erp, record: JournalRecord) -> View:
    """Show a journal entry."""
    lines = [
        {
            "line": number,
            "account": _ref(account, ACCOUNTS[account]),
            "debit" if amount >= 0 else "credit": major(abs(amount), record.currency),
        }
        for number, (account, amount) in enumerate(record.rows, 1)
    ]
    return {
        "id": record.id,
        "externalId": record.external_id or None,
        "tranId": record.number,
        "tranDate": record.day,
        "subsidiary": _ref(record.entity, erp.catalogue.subsidiaries[record.entity].name),
        "currency": _currency(record.currency),
        "memo": record.memo or None,
        "approved": True,
        "line": {"items": lines},
    }


def item(_erp: Erp, record: Item) -> View:
    """Show a sale item."""
    return {
        "id": record.id,
        "externalId": record.external_id,
        "itemId": record.sku,
        "custitem_kind": record.kind,
        "revenueRecognitionRule": {"id": record.revenue_rule, "refName": record.revenue_rule},
    }


def subsidiary(_erp: Erp, record: Subsidiary) -> View:
    """Show a subsidiary."""
    return {
        "id": record.number,
        "externalId": record.id,
        "name": record.name,
        "currency": _currency(record.currency),
        "country": record.country or None,
    }


VIEWS: Mapping[str, Callable[[Erp, Any], View]] = {
    "customer": customer,
    "salesOrder": order,
    "itemFulfillment": fulfilment,
    "invoice": invoice,
    "creditMemo": credit_memo,
    "customerPayment": payment,
    "customerRefund": refund,
    "journalEntry": journal,
    "serviceSaleItem": item,
    "subsidiary": subsidiary,
}
"""Record type -> how it is shown."""
