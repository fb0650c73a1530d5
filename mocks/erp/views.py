"""How records look in a reply: NetSuite's names, references with id and name, amounts in major units.

A view shows the fields of a record itself; its sublists are in `sublists`. An amount in minor units divided by its
currency's scale is the nearest double, whose shortest text is the exact decimal again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from domain.currency import EXPONENTS
from mocks.erp.amounts import SCALES
from mocks.erp.cash import CashRecord
from mocks.erp.cash_sales import CashSale
from mocks.erp.catalogue import ACCOUNTS, Item, Subsidiary
from mocks.erp.columns import period_id
from mocks.erp.contacts import Contact
from mocks.erp.credit_memos import MemoRecord
from mocks.erp.customers import CustomerRecord
from mocks.erp.fulfilments import FulfilmentRecord
from mocks.erp.invoices import InvoiceRecord
from mocks.erp.journals import JournalRecord
from mocks.erp.model import Erp
from mocks.erp.order_records import OrderRecord
from mocks.erp.order_status import VENDOR_STATUS
from mocks.erp.papers import STATUS_NAMES, Paper
from mocks.erp.refunds import RefundRecord
from mocks.erp.sql_tables import instant_text

View = dict[str, Any]


def ref(key: str, name: str) -> View:
    """Return a reference to a record."""
    return {"links": [], "id": key, "refName": name}


def _header(erp: Erp, record: Any, owner: str = "entity") -> View:
    doc = record.doc
    customer = erp.customers.records[record.customer]
    return {
        "id": doc.id,
        "externalId": doc.ref or None,
        "tranDate": doc.business_date,
        "subsidiary": {"links": [], "id": doc.entity, "refName": erp.catalogue.subsidiaries[doc.entity].name},
        "currency": {"links": [], "id": doc.currency, "refName": doc.currency},
        owner: {
            "links": [], "id": customer.id, "refName": customer.name, "externalId": customer.external_id or None,
        },
        "custbody_txn": doc.txn or None,
        "memo": record.memo or None,
        "createdDate": instant_text(record.created_us),
        "lastModifiedDate": instant_text(record.modified_us),
    }  # fmt: skip


CUSTOMER: Mapping[str, Callable[[Erp, CustomerRecord], Any]] = {
    "id": lambda erp, record: record.id,
    "externalId": lambda erp, record: record.external_id or None,
    "entityId": lambda erp, record: record.account,
    "companyName": lambda erp, record: record.name,
    "isPerson": lambda erp, record: False,
    "email": lambda erp, record: record.email or None,
    "subsidiary": lambda erp, record: ref(record.entity, erp.catalogue.subsidiaries[record.entity].name),
    "currency": lambda erp, record: ref(record.currency, record.currency),
    "terms": lambda erp, record: ref(f"NET{record.terms_days}", f"Net {record.terms_days}"),
    "creditLimit": lambda erp, record: record.limit_minor / SCALES[record.currency] if record.limit_minor else None,
    "creditHoldOverride": lambda erp, record: {"id": record.override, "refName": record.override.title()},
    "custentity_credit_status": lambda erp, record: record.status,
    "balance": lambda erp, record: erp.credit.owed_minor(record) / SCALES[record.currency],
    "unbilledOrders": lambda erp, record: erp.credit.totals(record).unbilled_minor / SCALES[record.currency],
    "dateCreated": lambda erp, record: instant_text(record.created_us),
    "lastModifiedDate": lambda erp, record: instant_text(record.modified_us),
}
"""The fields of a customer one by one: callers read a few of them before every order."""


def customer(erp: Erp, record: CustomerRecord) -> View:
    """Show a customer with its credit standing."""
    return {name: part(erp, record) for name, part in CUSTOMER.items()}


def contact(erp: Erp, record: Contact) -> View:
    """Show a contact."""
    company = erp.customers.records.get(record.company)
    return {
        "id": record.id,
        "externalId": record.external_id or None,
        "entityId": f"{record.first_name} {record.last_name}".strip(),
        "firstName": record.first_name or None,
        "lastName": record.last_name or None,
        "email": record.email or None,
        "phone": record.phone or None,
        "title": record.title or None,
        "company": ref(company.id, company.name) if company is not None else None,
        "dateCreated": instant_text(record.created_us),
        "lastModifiedDate": instant_text(record.modified_us),
    }


def order(erp: Erp, record: OrderRecord) -> View:
    """Show a sales order."""
    doc = record.doc
    letter, status, name = VENDOR_STATUS[doc.status]
    shown = _header(erp, record)
    shown["tranId"] = doc.number
    shown["status"] = {"id": status, "refName": name}
    shown["orderStatus"] = {"id": letter, "refName": name}
    shown["total"] = doc.total_minor / SCALES[doc.currency]
    shown["otherRefNum"] = record.other_ref or None
    shown["custbody_kind"] = doc.kind
    shown["custbody_credit_hold"] = doc.status.startswith("credit_hold")
    return shown


def fulfilment(erp: Erp, record: FulfilmentRecord) -> View:
    """Show an item fulfilment."""
    source = erp.orders.records[record.order].doc
    return {
        "id": record.doc.id,
        "externalId": record.doc.ref or None,
        "tranId": record.number,
        "createdFrom": ref(source.id, f"Sales Order #{source.number}"),
        "shipStatus": {"id": "C", "refName": "Shipped"},
        "createdDate": instant_text(record.created_us),
        "lastModifiedDate": instant_text(record.modified_us),
    }


def invoice(erp: Erp, record: InvoiceRecord) -> View:
    """Show an invoice."""
    doc = record.doc
    is_open, scale = doc.balance_minor > 0, SCALES[doc.currency]
    return {
        **_header(erp, record),
        "tranId": doc.number,
        "status": {"id": "open" if is_open else "paidInFull", "refName": "Open" if is_open else "Paid In Full"},
        "dueDate": doc.due_date,
        "subtotal": doc.net_minor / scale,
        "taxTotal": doc.tax_minor / scale,
        "total": doc.total_minor / scale,
        "amountRemaining": doc.balance_minor / scale,
        "amountPaid": (doc.total_minor - doc.balance_minor) / scale,
        "exchangeRate": record.rate.text,
        "createdFrom": ref(record.order, "Sales Order") if record.order else None,
        "otherRefNum": record.other_ref or None,
        "custbody_dispute": record.dispute or None,
    }


def credit_memo(erp: Erp, record: MemoRecord) -> View:
    """Show a credit memo; its amounts are positive."""
    doc = record.doc
    is_open, scale = doc.balance_minor > 0, SCALES[doc.currency]
    return {
        **_header(erp, record),
        "tranId": record.number,
        "status": {"id": "open" if is_open else "fullyApplied", "refName": "Open" if is_open else "Fully Applied"},
        "subtotal": doc.net_minor / scale,
        "taxTotal": doc.tax_minor / scale,
        "total": doc.total_minor / scale,
        "amountRemaining": doc.balance_minor / scale,
        "applied": (doc.total_minor - doc.balance_minor) / scale,
        "createdFrom": ref(doc.invoice, "Invoice") if doc.invoice else None,
    }


def payment(erp: Erp, record: CashRecord) -> View:
    """Show a customer payment."""
    doc, scale = record.doc, SCALES[record.doc.currency]
    return {
        **_header(erp, record, "customer"),
        "tranId": record.number,
        "payment": doc.amount_minor / scale,
        "total": doc.amount_minor / scale,
        "applied": (doc.amount_minor - record.rest_minor - record.refunded_minor) / scale,
        "unapplied": record.rest_minor / scale,
        "account": ref(record.account, ACCOUNTS[record.account]),
        "custbody_method": record.method or None,
        "salesOrder": ref(record.order, erp.orders.records[record.order].doc.number) if record.order else None,
    }


def refund(erp: Erp, record: RefundRecord) -> View:
    """Show a customer refund."""
    doc = record.doc
    owner = erp.customers.records[record.customer]
    return {
        "id": doc.id,
        "externalId": record.external_id or None,
        "tranId": record.number,
        "customer": ref(owner.id, owner.name),
        "subsidiary": ref(record.entity, erp.catalogue.subsidiaries[record.entity].name),
        "currency": ref(doc.currency, doc.currency),
        "tranDate": record.asked_date,
        "total": doc.amount_minor / SCALES[doc.currency],
    }


def cash_sale(erp: Erp, record: CashSale) -> View:
    """Show a cash sale: an invoice that was paid at once."""
    sold = erp.invoices.records[record.invoice]
    shown = invoice(erp, sold)
    for name in ("dueDate", "amountRemaining", "amountPaid"):
        del shown[name]
    paid = erp.payments.records.get(record.payment)
    return {
        **shown,
        "id": record.id,
        "externalId": record.external_id or None,
        "tranId": record.number,
        "status": {"id": "deposited", "refName": "Deposited"},
        "account": ref(paid.account, ACCOUNTS[paid.account]) if paid is not None else None,
    }


def paper(erp: Erp, record: Paper) -> View:
    """Show an estimate, opportunity or return authorisation."""
    owner = erp.customers.records[record.customer]
    return {
        "id": record.id,
        "externalId": record.external_id or None,
        "tranId": record.number,
        "entity": {**ref(owner.id, owner.name), "externalId": owner.external_id or None},
        "subsidiary": ref(record.entity, erp.catalogue.subsidiaries[record.entity].name),
        "currency": ref(record.currency, record.currency),
        "tranDate": record.day,
        "status": {"id": record.status, "refName": STATUS_NAMES[record.kind][record.status]},
        "total": record.total_minor / SCALES[record.currency],
        "createdFrom": ref(record.source, "Sales Order") if record.source else None,
        "memo": record.memo or None,
        "custbody_txn": record.txn or None,
        "title": record.title or None,
        "createdDate": instant_text(record.created_us),
        "lastModifiedDate": instant_text(record.modified_us),
    }


def journal(erp: Erp, record: JournalRecord) -> View:
    """Show a journal entry."""
    return {
        "id": record.id,
        "externalId": record.external_id or None,
        "tranId": record.number,
        "tranDate": record.day,
        "subsidiary": ref(record.entity, erp.catalogue.subsidiaries[record.entity].name),
        "currency": ref(record.currency, record.currency),
        "memo": record.memo or None,
        "approved": True,
    }


def item(_erp: Erp, record: Item) -> View:
    """Show a sale item."""
    return {
        "id": record.id,
        "externalId": record.external_id,
        "itemId": record.sku,
        "displayName": record.sku,
        "isInactive": False,
        "custitem_kind": record.kind,
        "revenueRecognitionRule": {"id": record.revenue_rule, "refName": record.revenue_rule},
    }


def subsidiary(_erp: Erp, record: Subsidiary) -> View:
    """Show a subsidiary."""
    return {
        "id": record.number,
        "externalId": record.id,
        "name": record.name,
        "currency": ref(record.currency, record.currency),
        "country": record.country or None,
    }


def currency(_erp: Erp, record: str) -> View:
    """Show a currency: its internal id is its ISO code here."""
    return {"id": record, "name": record, "symbol": record, "currencyPrecision": EXPONENTS[record], "isInactive": False}


def period(erp: Erp, record: Any) -> View:
    """Show an accounting period of one subsidiary and module."""
    return {
        "id": period_id(record),
        "periodName": f"{record.start:%Y-%m}",
        "startDate": record.start,
        "endDate": record.end - timedelta(days=1),
        "subsidiary": ref(record.entity, erp.catalogue.subsidiaries[record.entity].name),
        "module": record.module,
        "closed": record.status in ("closed", "locked"),
        "status": {"id": record.status, "refName": record.status},
    }
