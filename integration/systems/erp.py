"""The ERP: customers, orders, fulfilments, invoices, credit memos, cash, journals (NetSuite SuiteTalk REST).

Every write is `PUT .../eid:{external id}`: an upsert, so that its repetition is harmless. NetSuite's idempotency header
works for asynchronous requests only, and then answers a duplicate with an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from domain.http import Request
from domain.objects import Account, Line, Quote, TaxShare
from integration.effects import Call
from integration.intake import Source, Unreadable
from integration.outcomes import Answer, Failed, Message
from integration.system import System, Token, TokenSource, classifier
from integration.systems.payment import verify_signature
from integration.systems.wire import FORM, JSON, form_body, iso_instant, json_body, major, read

BASE = "/services/rest/record/v1"
SUITEQL = "/services/rest/query/v1/suiteql"
CLEARING, BANK, FEES = "1050", "1000", "6100"
COMMAND_TIMEOUT_SECONDS = 60
USER_ERROR = "USER_ERROR"
HELD = frozenset({"soft_hold", "hard_hold"})
STOPS_DELIVERY = frozenset({"hard_hold"})
"""The credit standings in which new orders wait, and in which booked ones are not delivered."""


def _put(kind: str, external_id: str, body: dict[str, Any], txn: str, operation: str) -> Call:
    return Call(
        system="erp", operation=operation, method="PUT", target=f"{BASE}/{kind}/eid:{external_id}", headers=JSON,
        body=json_body(body), key=external_id, write=True, txn=txn, timeout_seconds=COMMAND_TIMEOUT_SECONDS,
    )  # fmt: skip


def _get(kind: str, external_id: str, txn: str, fields: str = "") -> Call:
    target = f"{BASE}/{kind}/eid:{external_id}" + (f"?fields={fields}" if fields else "")
    return Call(system="erp", operation=f"read_{kind}", target=target, txn=txn, timeout_seconds=30)


# --- calls ----------------------------------------------------------------------------------------------------------


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


def put_order(quote: Quote, reference: str, business_date: date) -> Call:
    """Create the sales order of a quote version; its external id is the reference, so there can be but one."""
    body = {
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
    return _put("salesOrder", reference, body, quote.txn, "upsert_order")


def _order_line(number: int, line: Line, currency: str) -> dict[str, Any]:
    return {
        "line": number,
        "item": {"externalId": line.sku},
        "quantity": line.quantity,
        "rate": major(line.unit_minor, currency),
        "amount": major(line.amount_minor, currency),
        "custcol_kind": line.kind,
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
    return {
        "line": number,
        "item": {"externalId": line.sku},
        "quantity": line.quantity,
        "rate": major(line.unit_minor, currency),
        "amount": major(line.amount_minor, currency),
        "custcol_kind": line.kind,
        "custcol_period_start": line.period_start,
        "custcol_period_end": line.period_end,
    }


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


def _journal_line(account: str, amount_minor: int, currency: str, memo: str) -> dict[str, Any]:
    side = "debit" if amount_minor > 0 else "credit"
    return {"account": {"id": account}, side: major(abs(amount_minor), currency), "memo": memo}


def credit_changes(since_us: int) -> Call:
    """Ask which customers changed since an instant."""
    query = (
        "SELECT id, externalid, custentity_credit_status, datecreated, lastmodifieddate FROM customer "
        f"WHERE lastmodifieddate >= '{iso_instant(since_us)}' ORDER BY lastmodifieddate"
    )
    return Call(
        system="erp", operation="suiteql", method="POST", target=f"{SUITEQL}?limit=1000",
        headers={**JSON, "prefer": "transient"}, body=json_body({"q": query}), timeout_seconds=30,
    )  # fmt: skip


# --- answers --------------------------------------------------------------------------------------------------------


class _Id(msgspec.Struct, frozen=True):
    id: str = ""


class CustomerStanding(msgspec.Struct, frozen=True):
    """A customer as the ERP knows it, and its credit standing."""

    id: str
    custentity_credit_status: str = "clear"
    companyName: str = ""
    subsidiary: _Id = _Id()
    terms: _Id = _Id()

    @property
    def is_held(self) -> bool:
        """Tell whether new orders must wait."""
        return self.custentity_credit_status in HELD

    def is_as(self, account: Account, terms_days: int) -> bool:
        """Tell whether the ERP knows the account as it is now."""
        known = (self.companyName, self.subsidiary.id, self.terms.id)
        return known == (account.name, account.entity, f"NET{terms_days}")


NEW_CUSTOMER = CustomerStanding("")


class OrderStanding(msgspec.Struct, frozen=True):
    """An order as the ERP shows it."""

    id: str
    tranId: str
    status: _Id
    total: Decimal

    @property
    def is_booked(self) -> bool:
        """Tell whether the ERP has approved the order."""
        return self.status.id not in ("pendingApproval", "cancelled")

    @property
    def is_fulfilled(self) -> bool:
        """Tell whether all of the order is recorded as fulfilled."""
        return self.status.id in ("pendingBilling", "fullyBilled", "closed")


class CreditChange(msgspec.Struct, frozen=True):
    """A row of the credit sweep; SuiteQL gives every value as text."""

    externalid: str
    custentity_credit_status: str
    lastmodifieddate: str
    datecreated: str = ""

    @property
    def is_news(self) -> bool:
        """Tell whether there is something to show: a customer that is new and clear is what sales expects."""
        return self.custentity_credit_status != "clear" or self.lastmodifieddate != self.datecreated

    @property
    def stamp(self) -> str:
        """The instant of the change, to the second as in messages."""
        return f"{self.lastmodifieddate[:19]}Z"


class _CreditChanges(msgspec.Struct):
    items: list[CreditChange]


_customer = msgspec.json.Decoder(CustomerStanding)
_order = msgspec.json.Decoder(OrderStanding)
_changes = msgspec.json.Decoder(_CreditChanges)


def customer_standing(answer: Answer) -> CustomerStanding:
    """Return the credit standing in an answer to `read_customer`."""
    return read(answer, _customer)


def order_standing(answer: Answer) -> OrderStanding:
    """Return the order in an answer to `read_order`."""
    return read(answer, _order)


def changed_credit(answer: Answer) -> Sequence[CreditChange]:
    """Return the rows of an answer to `credit_changes`."""
    return read(answer, _changes).items


# --- manners --------------------------------------------------------------------------------------------------------


class _Detail(msgspec.Struct):
    detail: str = ""
    code: str = msgspec.field(name="o:errorCode", default="")
    path: str = msgspec.field(name="o:errorPath", default="")


class _Trouble(msgspec.Struct):
    details: list[_Detail] = msgspec.field(name="o:errorDetails", default_factory=list)


_trouble = msgspec.json.Decoder(_Trouble)


def _sharpened(failed: Failed) -> Failed:
    try:
        details = _trouble.decode(failed.body).details
    except msgspec.MsgspecError:
        return failed
    if not details:
        return failed
    first = details[0]
    # RESTlets answer 400 where REST answers 429.
    kind = "throttled" if first.code == "SSS_REQUEST_LIMIT_EXCEEDED" else failed.kind
    text = f"{first.detail} ({first.path})" if first.path else first.detail
    return msgspec.structs.replace(failed, kind=kind, code=first.code, detail=text)


class _TokenBody(msgspec.Struct):
    access_token: str
    expires_in: str = "3600"


_token = msgspec.json.Decoder(_TokenBody)


def _sign_in(_at_us: int) -> Call:
    # The assertion stands for a JWT signed with the integration's certificate (PS256); the live driver signs it.
    body = form_body(
        [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", "e30.e30.c2lnbmF0dXJl"),
        ]
    )
    target = "/services/rest/auth/oauth2/v1/token"
    return Call(system="erp", operation="token", method="POST", target=target, headers=FORM, body=body)


def _granted(answer: Answer) -> Token:
    body = read(answer, _token)
    return Token({"authorization": f"Bearer {body.access_token}"}, int(body.expires_in))


SCRIPT_SECRET = b"erp-script-secret"


class _ScriptMessage(msgspec.Struct):
    id: str
    type: str
    account: str
    status: str
    changed_us: int


_script_message = msgspec.json.Decoder(_ScriptMessage)


def _verify(request: Request, now_us: int) -> None:
    verify_signature(request.headers.get("x-script-signature", ""), request.body, SCRIPT_SECRET, now_us)


def _parse(request: Request) -> list[Message]:
    try:
        told = _script_message.decode(request.body)
    except msgspec.MsgspecError as error:
        raise Unreadable(str(error)) from error
    body = {"account": told.account, "status": told.status, "changed": iso_instant(told.changed_us)}
    return [Message(source="erp", id=told.id, topic=told.type, key=told.account, body=body, sent_us=told.changed_us)]


SOURCE = Source("erp", "/webhooks/erp", _verify, _parse)
SYSTEM = System(
    name="erp",
    classify=classifier(_sharpened),
    token=TokenSource(_sign_in, _granted),
    ping=Call(system="erp", operation="limits", target="/services/rest/system/v1/governanceLimits", timeout_seconds=10),
)
