"""What is asked of the ERP (NetSuite SuiteTalk REST).

Every write is `PUT .../eid:{external id}`: an upsert, so that its repetition is harmless. NetSuite's idempotency header
works for asynchronous requests only, and then answers a duplicate with an error.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from domain.objects import Account, Line, Quote, TaxShare
from integration.effects import Call
from integration.systems.wire import JSON, iso_instant, json_body, major

BASE = "/services/rest/record/v1"
SUITEQL = "/services/rest/query/v1/suiteql"
Place = tuple[str, str]
"""A place in a list of what changed: the instant of the change as the ERP writes it, and the internal id."""
CLEARING, BANK, FEES = "1050", "1000", "6100"
INTERCOMPANY, IC_REVENUE, IC_COST = "2900", "4900", "5900"
COMMAND_TIMEOUT_SECONDS = 60


def _put(kind: str, external_id: str, body: dict[str, Any], txn: str, operation: str) -> Call:
    return Call(
        system="erp", operation=operation, method="PUT", target=f"{BASE}/{kind}/eid:{external_id}", headers=JSON,
        body=json_body(body), key=external_id, write=True, txn=txn, timeout_seconds=COMMAND_TIMEOUT_SECONDS,
    )  # fmt: skip


def _get(kind: str, external_id: str, txn: str, fields: str = "") -> Call:
    target = f"{BASE}/{kind}/eid:{external_id}" + (f"?fields={fields}" if fields else "")
    return Call(system="erp", operation=f"read_{kind}", target=target, txn=txn, timeout_seconds=30)


def put_customer(account: Account, terms_days: int, txn: str) -> Call:
    """Create the customer of an account, or bring it up to date."""
    body = {
        "companyName": account.name,
        "subsidiary": {"id": account.entity},
        "currency": {"refName": account.currency},
        "terms": {"id": f"NET{terms_days}"},
    }
    return _put("customer", account.id, body, txn, "upsert_customer")


def read_customer(account: str, txn: str) -> Call:
    """Ask for the credit standing of a customer."""
    return _get("customer", account, txn, "id,companyName,subsidiary,terms,custentity_credit_status")


def read_credit(account: str, txn: str) -> Call:
    """Ask for the credit standing of a customer, and for when the customer changed."""
    return _get("customer", account, txn, "id,subsidiary,custentity_credit_status,lastModifiedDate")


def put_order(quote: Quote, reference: str, business_date: date) -> Call:
    """Create the sales order of a quote version; its external id is the reference, so there can be but one."""
    body: dict[str, Any] = {
        "entity": {"externalId": quote.account},
        "subsidiary": {"id": quote.entity},
        "currency": {"refName": quote.currency},
        "tranDate": business_date,
        "otherRefNum": quote.number,
        "memo": reference,
        "orderStatus": {"id": "B"},
        "custbody_txn": quote.txn,
        "custbody_kind": quote.kind,
        "item": {"items": [_order_line(index, line, quote.currency) for index, line in enumerate(quote.lines, 1)]},
    }
    if quote.partner_model:
        body |= {"custbody_partner_model": quote.partner_model, "custbody_reseller": quote.reseller}
        body["custbody_end_customer"] = quote.end_customer
    return _put("salesOrder", reference, body, quote.txn, "upsert_order")


def _line(number: int, line: Line, currency: str) -> dict[str, Any]:
    """Return what a line says in every document: which item, how many, for how much."""
    return {
        "line": number,
        "item": {"externalId": line.sku},
        "quantity": line.quantity,
        "rate": major(line.unit_minor, currency),
        "amount": major(line.amount_minor, currency),
        "custcol_kind": line.kind,
    }


def _order_line(number: int, line: Line, currency: str) -> dict[str, Any]:
    return {
        **_line(number, line, currency),
        "custcol_months": line.months,
        "custcol_list_rate": major(line.list_unit_minor, currency),
    }


def read_order(reference: str, txn: str) -> Call:
    """Ask for the order of a quote version."""
    return _get("salesOrder", reference, txn)


def close_order(reference: str, txn: str) -> Call:
    """Cancel an order: nothing of it will be fulfilled or billed."""
    call = _put("salesOrder", reference, {"orderStatus": {"id": "C"}}, txn, "update_order")
    return msgspec.structs.replace(call, method="PATCH", key=f"{reference}/cancel")


def fulfil_order(reference: str, attempt: int, txn: str) -> Call:
    """Record the fulfilment of an order under its reference; what follows a refusal is a request of its own."""
    external_id = reference if attempt == 1 else f"{reference}.{attempt}"
    return Call(
        system="erp", operation="transform_order", method="POST", headers=JSON, write=True, txn=txn,
        target=f"{BASE}/salesOrder/eid:{reference}/!transform/itemFulfillment",
        body=json_body({"externalId": external_id}), key=external_id, timeout_seconds=COMMAND_TIMEOUT_SECONDS,
    )  # fmt: skip


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """What the ERP must know of a billing document to post it."""

    id: str
    customer: str
    entity: str
    currency: str
    txn: str
    business_date: date
    lines: tuple[Line, ...]
    taxes: tuple[TaxShare, ...]
    due_date: date | None = None
    invoice: str = ""  # the billing invoice a credit memo refers to


def put_invoice(posting: Posting) -> Call:
    """Post the invoice of the billing platform: AR, tax and deferred revenue at once."""
    body = {**_document(posting), "dueDate": posting.due_date, "otherRefNum": posting.txn}
    return _put("invoice", posting.id, body, posting.txn, "upsert_invoice")


def put_credit_memo(posting: Posting) -> Call:
    """Post the credit note of the billing platform."""
    body = {**_document(posting), "createdFrom": {"externalId": posting.invoice}}
    return _put("creditMemo", posting.id, body, posting.txn, "upsert_credit_memo")


def _document(posting: Posting) -> dict[str, Any]:
    currency = posting.currency
    return {
        "entity": {"externalId": posting.customer},
        "subsidiary": {"id": posting.entity},
        "currency": {"refName": currency},
        "tranDate": posting.business_date,
        "custbody_txn": posting.txn,
        "item": {"items": [_posting_line(index, line, currency) for index, line in enumerate(posting.lines, 1)]},
        "taxDetails": {"items": [_tax_line(index, share, currency) for index, share in enumerate(posting.taxes, 1)]},
    }


def _posting_line(number: int, line: Line, currency: str) -> dict[str, Any]:
    said = {
        **_line(number, line, currency),
        "custcol_period_start": line.period_start,
        "custcol_period_end": line.period_end,
    }
    return {**said, "custcol_reverses": line.reverses} if line.reverses else said


def _tax_line(number: int, share: TaxShare, currency: str) -> dict[str, Any]:
    return {
        "line": number,
        "taxCode": share.jurisdiction,
        "taxBasis": major(share.base_minor, currency),
        "taxAmount": major(share.amount_minor, currency),
    }


def put_cash(
    payment: str,
    invoice: str,
    posting: Posting,
    paid_minor: int,
    taken_minor: int,
    method: str,
    business_date: date,
) -> Call:
    """Apply as much of a payment as its invoice takes; cards and debits go through the processor's clearing account."""
    taken = major(taken_minor, posting.currency)
    body = {
        "customer": {"externalId": posting.customer},
        "subsidiary": {"id": posting.entity},
        "currency": {"refName": posting.currency},
        "payment": major(paid_minor, posting.currency),
        "tranDate": business_date,
        "custbody_method": method,
        "custbody_txn": posting.txn,
        "apply": {"items": [{"doc": {"externalId": invoice}, "amount": taken}] if taken_minor else []},
    }
    return _put("customerPayment", payment, body, posting.txn, "upsert_payment")


def put_settlement(
    payout: str, entity: str, currency: str, gross_minor: int, fee_minor: int, business_date: date
) -> Call:
    """Record a payout: the bank gets the net, fees are an expense, clearing goes down by the gross."""
    rows = [(BANK, gross_minor - fee_minor), (FEES, fee_minor), (CLEARING, -gross_minor)]
    lines = [_journal_line(account, amount, currency, payout) for account, amount in rows if amount]
    body = {
        "subsidiary": {"id": entity},
        "currency": {"refName": currency},
        "tranDate": business_date,
        "memo": payout,
        "line": {"items": lines},
    }
    return _put("journalEntry", payout, body, "", "upsert_journal")


def put_intercompany(
    document: str, entity: str, currency: str, amount_minor: int, is_seller: bool, day: date, txn: str
) -> Call:
    """Record one side of what one legal entity sells and another delivers: cost and debt, or claim and revenue.

    A negative amount takes it back. Both sides move the same account, so that a consolidation eliminates it.
    """
    rows = [(IC_COST, amount_minor), (INTERCOMPANY, -amount_minor)]
    if not is_seller:
        rows = [(INTERCOMPANY, amount_minor), (IC_REVENUE, -amount_minor)]
    body = {
        "subsidiary": {"id": entity},
        "currency": {"refName": currency},
        "tranDate": day,
        "memo": document,
        "custbody_txn": txn,
        "line": {"items": [_journal_line(account, amount, currency, document) for account, amount in rows]},
    }
    return _put("journalEntry", f"IC-{document}-{entity}", body, txn, "upsert_journal")


def _journal_line(account: str, amount_minor: int, currency: str, memo: str) -> dict[str, Any]:
    side = "debit" if amount_minor > 0 else "credit"
    return {"account": {"id": account}, side: major(abs(amount_minor), currency), "memo": memo}


CHANGES_PAGE = 1000


def credit_changes(since_us: int, after: Place = ("", "0")) -> Call:
    """Ask which customers changed since an instant, a page of a thousand behind a place."""
    columns = "id, externalid, custentity_credit_status, datecreated, lastmodifieddate"
    return _changes(columns, "customer", after if after[0] else (iso_instant(since_us), "0"))


def changed_orders(since_us: int, after: Place = ("", "0")) -> Call:
    """Ask which sales orders changed since an instant, a page of a thousand behind a place."""
    columns = "id, externalid, status, custbody_txn, lastmodifieddate"
    return _changes(columns, "salesorder", after if after[0] else (iso_instant(since_us), "0"))


def _changes(columns: str, table: str, after: Place) -> Call:
    """Ask for what has changed behind a place, in the order of change.

    A row may change while its list is read. It moves to the end then and is met again; behind an offset the rows in
    between would move up, and one of them would be missed.
    """
    changed, number = after
    query = (
        f"SELECT {columns} FROM {table} WHERE lastmodifieddate >= '{changed}' "
        f"AND (lastmodifieddate > '{changed}' OR id > {number}) ORDER BY lastmodifieddate, id"
    )
    return Call(
        system="erp", operation="suiteql", method="POST", target=f"{SUITEQL}?limit={CHANGES_PAGE}",
        headers={**JSON, "prefer": "transient"}, body=json_body({"q": query}), timeout_seconds=30,
    )  # fmt: skip
