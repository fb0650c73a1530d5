"""The CRM: reads accepted quotes and shows sales what became of them (Salesforce REST)."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from domain.http import Reply, Request
from domain.objects import Account, Delta, Line, Quote
from integration.effects import Call
from integration.intake import Source, Unreadable, Unverified
from integration.outcomes import Answer, Failed, Message
from integration.system import System, Token, TokenSource, classifier
from integration.systems.wire import (
    FORM,
    JSON,
    UnexpectedReply,
    form_body,
    instant_of,
    iso_instant,
    json_body,
    minor,
    quoted,
    read,
)

BASE = "/services/data/v62.0"
_FIELDS = (
    "Id, QuoteNumber, Version__c, Status, Kind__c, AmendmentKind__c, Entity__c, CurrencyIsoCode, ExpirationDate, "
    "TermStart__c, TermMonths__c, DiscountPercent__c, Approvals__c, TotalPrice, PaymentMethod__c, Subscription__c, "
    "EffectiveDate__c, Sequence__c, CoTermEnd__c, ResumeDate__c, Refund__c, "
    "PartnerModel__c, Reseller__c, EndCustomer__c, "
    "Account.Id, Account.AccountNumber, Account.Name, "
    "Account.BillingCountryCode, Account.BillingStateCode, Account.BillingPostalCode, Account.BillingStreet, "
    "Account.BillingCity, Account.PaymentCustomer__c, SystemModstamp"
)
_LINE_FIELDS = (
    "Id, LineNumber, ProductCode__c, ProductKind__c, Quantity, ListPrice, UnitPrice, TotalPrice, Months__c, "
    "SBQQ__RequiredBy__c, PricebookEntry.UnitPrice"
)
_QUOTE_QUERY = (
    f"SELECT {_FIELDS}, (SELECT {_LINE_FIELDS} FROM QuoteLineItems ORDER BY LineNumber) FROM Quote WHERE Id = '%s'"
)
_SWEEP_QUERY = (
    "SELECT Id, QuoteNumber, Version__c, Kind__c, SystemModstamp FROM Quote WHERE Status = 'Accepted' "
    "AND SystemModstamp >= %s ORDER BY SystemModstamp LIMIT 200"
)


def _around(query: str) -> tuple[str, str]:
    """Return the target of a query as it stands before and after its one value."""
    before, after = query.split("%s")
    return f"{BASE}/query?q={quoted(before)}", quoted(after)


_QUOTE, _SWEEP = _around(_QUOTE_QUERY), _around(_SWEEP_QUERY)
BALANCE = "InvoiceBalance__c"
SESSION_SECONDS = 7200  # from the last call on


class Address(msgspec.Struct, frozen=True):
    """Where a customer is taxed."""

    line: str
    city: str
    region: str
    postal_code: str
    country: str


class AcceptedQuote(msgspec.Struct, frozen=True):
    """A quote as the CRM tells it, with what else of the account the flows need; `changed_us` is its last change.

    `listed` is what the price book says of a line, by the line's id, for lines that were priced from one.
    """

    quote: Quote
    account: Account
    address: Address
    payment_customer: str
    changed_us: int = 0
    listed: dict[str, int] = {}


# --- calls ----------------------------------------------------------------------------------------------------------


def read_quote(quote_id: str, txn: str) -> Call:
    """Ask for one quote with its lines and its account."""
    return Call(system="crm", operation="query", target=quoted(quote_id).join(_QUOTE), txn=txn, timeout_seconds=30)


def accepted_since(at_us: int) -> Call:
    """Ask for quotes that were accepted since an instant and are not converted yet."""
    return Call(system="crm", operation="query", target=quoted(iso_instant(at_us)).join(_SWEEP), timeout_seconds=30)


def mirrored(fields: dict[str, Any], balance: str, sequence: int) -> dict[str, Any]:
    """Return the fields of a quote that show facts: texts, the balance as a number, and the place in the sequence."""
    shown = {**fields, "MirrorSequence__c": sequence}
    if balance:
        shown[BALANCE] = msgspec.Raw(balance)
    return shown


def update_quote(quote_id: str, reference: str, fields: dict[str, Any], sequence: int, txn: str) -> Call:
    """Set absolute values on a quote, by its id or, when that is not known, by its reference."""
    row = quote_id or f"Reference__c/{reference}?updateOnly=true"
    return _patch("Quote", row, fields, f"mirror/{reference}/{sequence}", txn)


def update_account(number: str, fields: dict[str, Any], stamp: str) -> Call:
    """Set absolute values on an account, by its number; accounts the CRM does not know are not created."""
    return _patch("Account", f"AccountNumber/{number}?updateOnly=true", fields, f"mirror/{number}/{stamp}", "")


def _patch(kind: str, record_id: str, fields: dict[str, Any], key: str, txn: str) -> Call:
    return Call(
        system="crm", operation="update", method="PATCH", target=f"{BASE}/sobjects/{kind}/{record_id}", headers=JSON,
        body=json_body(fields), key=key, write=True, txn=txn, timeout_seconds=30,
    )  # fmt: skip


# --- answers --------------------------------------------------------------------------------------------------------


class _AccountRow(msgspec.Struct):
    Id: str
    AccountNumber: str
    Name: str
    BillingCountryCode: str | None = None
    BillingStateCode: str | None = None
    BillingPostalCode: str | None = None
    BillingStreet: str | None = None
    BillingCity: str | None = None
    PaymentCustomer__c: str | None = None


class _Entry(msgspec.Struct):
    UnitPrice: Decimal


class _LineRow(msgspec.Struct):
    Id: str
    LineNumber: int | str
    ProductCode__c: str
    ProductKind__c: str
    Quantity: Decimal
    ListPrice: Decimal
    UnitPrice: Decimal
    TotalPrice: Decimal
    Months__c: Decimal | None = None
    PricebookEntry: _Entry | None = None
    SBQQ__RequiredBy__c: str | None = None


class _LineRows(msgspec.Struct):
    records: list[_LineRow]


class _QuoteRow(msgspec.Struct):
    Id: str
    QuoteNumber: str
    Version__c: Decimal
    Status: str
    Kind__c: str
    Entity__c: str
    CurrencyIsoCode: str
    TotalPrice: Decimal
    Account: _AccountRow
    SystemModstamp: str = ""
    QuoteLineItems: _LineRows | None = None
    AmendmentKind__c: str | None = None
    ExpirationDate: date | None = None
    TermStart__c: date | None = None
    TermMonths__c: Decimal | None = None
    DiscountPercent__c: Decimal | None = None
    Approvals__c: str | None = None
    PaymentMethod__c: str | None = None
    Subscription__c: str | None = None
    EffectiveDate__c: date | None = None
    Sequence__c: Decimal | None = None
    CoTermEnd__c: date | None = None
    ResumeDate__c: date | None = None
    Refund__c: str | None = None
    PartnerModel__c: str | None = None
    Reseller__c: str | None = None
    EndCustomer__c: str | None = None


class _QuoteRows(msgspec.Struct):
    records: list[_QuoteRow]


class _Status(msgspec.Struct):
    Status: str


class _Statuses(msgspec.Struct):
    records: list[_Status]


class AcceptedRow(msgspec.Struct, frozen=True):
    """A row of the sweep for accepted quotes."""

    Id: str
    QuoteNumber: str
    Version__c: Decimal
    Kind__c: str


class _AcceptedRows(msgspec.Struct):
    records: list[AcceptedRow]


_quotes = msgspec.json.Decoder(_QuoteRows)
_statuses = msgspec.json.Decoder(_Statuses)
_accepted = msgspec.json.Decoder(_AcceptedRows)


def accepted_quote(answer: Answer) -> AcceptedQuote:
    """Return the quote of an answer to `read_quote`; raise UnexpectedReply when there is not exactly one."""
    rows = read(answer, _quotes).records
    if len(rows) != 1:
        raise UnexpectedReply(f"expected one quote, got {len(rows)}")
    row, account = rows[0], rows[0].Account
    address = Address(
        account.BillingStreet or "",
        account.BillingCity or "",
        account.BillingStateCode or "",
        account.BillingPostalCode or "",
        account.BillingCountryCode or "",
    )
    changed_us = instant_of(row.SystemModstamp) if row.SystemModstamp else answer.at_us
    return AcceptedQuote(
        _quote(row), _account(row), address, account.PaymentCustomer__c or "", changed_us, _listed(row)
    )


def _listed(row: _QuoteRow) -> dict[str, int]:
    lines = row.QuoteLineItems.records if row.QuoteLineItems else ()
    return {
        line.Id: minor(line.PricebookEntry.UnitPrice, row.CurrencyIsoCode)
        for line in lines
        if line.PricebookEntry is not None
    }


def is_accepted(answer: Answer) -> bool:
    """Tell whether a customer has accepted the quote of an answer to `read_quote`, and nothing came of it yet."""
    rows = read(answer, _statuses).records
    return bool(rows) and rows[0].Status == "Accepted"


def _account(row: _QuoteRow) -> Account:
    account = row.Account
    return Account(
        id=account.AccountNumber, name=account.Name, entity=row.Entity__c, currency=row.CurrencyIsoCode,
        country=account.BillingCountryCode or "", region=account.BillingStateCode or "",
    )  # fmt: skip


def _quote(row: _QuoteRow) -> Quote:
    currency = row.CurrencyIsoCode
    lines = tuple(_line(line, currency) for line in (row.QuoteLineItems.records if row.QuoteLineItems else ()))
    is_amendment = row.Kind__c == "amend"
    return Quote(
        id=row.Id, txn=row.QuoteNumber, number=row.QuoteNumber, version=int(row.Version__c),
        account=row.Account.AccountNumber, entity=row.Entity__c, currency=currency, kind=row.Kind__c,
        amendment_kind=row.AmendmentKind__c or "", status=row.Status.lower(), lines=lines,
        total_minor=minor(row.TotalPrice, currency), discount_percent=str(row.DiscountPercent__c or 0),
        approvals=tuple(filter(None, (row.Approvals__c or "").split(";"))), valid_until=row.ExpirationDate,
        term_start=row.TermStart__c, term_months=int(row.TermMonths__c or 0), subscription=row.Subscription__c or "",
        effective_date=row.EffectiveDate__c, sequence=int(row.Sequence__c or 0),
        deltas=tuple([_delta(line) for line in lines if not line.parent]) if is_amendment else (),
        co_term_end=row.CoTermEnd__c, resume_date=row.ResumeDate__c, refund=row.Refund__c or "",
        partner_model=row.PartnerModel__c or "", reseller=row.Reseller__c or "", end_customer=row.EndCustomer__c or "",
        payment_method=row.PaymentMethod__c or "",
    )  # fmt: skip


def _line(row: _LineRow, currency: str) -> Line:
    return Line(
        id=row.Id, sku=row.ProductCode__c, kind=row.ProductKind__c, quantity=int(row.Quantity),
        unit_minor=minor(row.UnitPrice, currency), amount_minor=minor(row.TotalPrice, currency),
        list_unit_minor=minor(row.ListPrice, currency), months=int(row.Months__c or 0),
        parent=row.SBQQ__RequiredBy__c or "",
    )  # fmt: skip


def _delta(line: Line) -> Delta:
    return Delta(sku=line.sku, quantity=line.quantity, unit_minor=line.unit_minor, months=line.months)


def accepted_rows(answer: Answer) -> list[AcceptedRow]:
    """Return the rows of an answer to `accepted_since`."""
    return read(answer, _accepted).records


# --- manners --------------------------------------------------------------------------------------------------------


class _Trouble(msgspec.Struct):
    errorCode: str = ""
    message: str = ""


_troubles = msgspec.json.Decoder(list[_Trouble])
_TRANSIENT = {
    "REQUEST_LIMIT_EXCEEDED": "throttled",  # a throttle in disguise: 403 without Retry-After
    "UNABLE_TO_LOCK_ROW": "in_progress",
    "SERVER_UNAVAILABLE": "unavailable",
    "INVALID_SESSION_ID": "unauthenticated",
}


def _sharpened(failed: Failed) -> Failed:
    if failed.status in (429, 503):
        return failed
    try:
        first = _troubles.decode(failed.body)[0]
    except (msgspec.MsgspecError, IndexError):
        return failed
    kind = _TRANSIENT.get(first.errorCode, failed.kind)
    return msgspec.structs.replace(failed, kind=kind, code=first.errorCode, detail=first.message)


class _TokenBody(msgspec.Struct):
    access_token: str


_token = msgspec.json.Decoder(_TokenBody)


def _sign_in(_at_us: int) -> Call:
    body = form_body(
        [("grant_type", "client_credentials"), ("client_id", "q2c-integration"), ("client_secret", "q2c-secret")]
    )
    return Call(
        system="crm", operation="token", method="POST", target="/services/oauth2/token", headers=FORM, body=body
    )


def _session(answer: Answer) -> Token:
    return Token({"authorization": f"Bearer {read(answer, _token).access_token}"}, SESSION_SECONDS)


SYSTEM = System(
    name="crm",
    classify=classifier(_sharpened),
    token=TokenSource(_sign_in, _session),
    ping=Call(system="crm", operation="limits", target=f"{BASE}/limits", timeout_seconds=10),
)


ORGANISATION = "00D000000000001EAA"
_TAG = re.compile(rb"<(?:sf:)?(\w+)>([^<]*)</")


def _verify(request: Request, _now_us: int) -> None:
    # Outbound messages are not signed: the organisation's id and the network path are all there is. What a message
    # says is therefore a hint only; the flow reads the quote itself.
    if b"<OrganizationId>" + ORGANISATION.encode() + b"</OrganizationId>" not in request.body:
        raise Unverified("the message is not from our organisation", 401)


def _parse(request: Request) -> list[Message]:
    return [_notification(part) for part in request.body.split(b"<Notification>")[1:]]


def _notification(part: bytes) -> Message:
    fields = {name.decode(): value.decode() for name, value in _TAG.findall(part)}
    ids = _IDS.findall(part)
    if len(ids) < 2 or "QuoteNumber" not in fields:
        raise Unreadable("an outbound message names its notification, the quote and the quote's number")
    version = int(float(fields.get("Version__c", "1")))
    reference = f"{fields['QuoteNumber']}-v{version}"
    return Message(
        source="crm", id=ids[0].decode(), topic="quote.accepted", key=reference, txn=fields["QuoteNumber"],
        body={"quote_id": ids[1].decode(), "reference": reference},
    )  # fmt: skip


_IDS = re.compile(rb"<(?:sf:)?Id>([^<]*)</")
SOURCE = Source(
    "crm",
    "/webhooks/crm",
    _verify,
    _parse,
    Reply(
        200,
        {"content-type": "text/xml"},
        b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>'
        b"</notificationsResponse></soapenv:Body></soapenv:Envelope>",
    ),
)
