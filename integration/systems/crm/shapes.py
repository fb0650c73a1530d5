"""What the CRM answers: accepted quotes with their accounts, in canonical form."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from domain.objects import Account, Delta, Line, Quote
from integration.effects import Call
from integration.outcomes import Answer
from integration.systems.wire import (
    UnexpectedReply,
    instant_of,
    minor,
    read,
)


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
    Entity__c: str | None = None
    DeliveredBy__c: str | None = None


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
    ShipComplete__c: bool = False


class _QuoteRows(msgspec.Struct):
    records: list[_QuoteRow]


class _Status(msgspec.Struct):
    Status: str
    Entity__c: str | None = None


class _Statuses(msgspec.Struct):
    records: list[_Status]


class AcceptedRow(msgspec.Struct, frozen=True):
    """A row of a sweep for quote versions."""

    Id: str
    QuoteNumber: str
    Version__c: Decimal
    Kind__c: str

    @property
    def reference(self) -> str:
        """The reference of the quote version."""
        return f"{self.QuoteNumber}-v{int(self.Version__c)}"


class _AcceptedRows(msgspec.Struct):
    records: list[AcceptedRow]
    nextRecordsUrl: str | None = None


class _PlaceRow(msgspec.Struct):
    MirrorSequence__c: Decimal | None = None


class _PlaceRows(msgspec.Struct):
    records: list[_PlaceRow]


_quotes = msgspec.json.Decoder(_QuoteRows)
_statuses = msgspec.json.Decoder(_Statuses)
_accepted = msgspec.json.Decoder(_AcceptedRows)
_places = msgspec.json.Decoder(_PlaceRows)


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


def entity_named(answer: Answer) -> str:
    """Return the legal entity that the quote of an answer to `read_quote` names, empty when it names none."""
    rows = read(answer, _statuses).records
    return rows[0].Entity__c or "" if rows else ""


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
        payment_method=row.PaymentMethod__c or "", ship_complete=row.ShipComplete__c,
    )  # fmt: skip


def _line(row: _LineRow, currency: str) -> Line:
    return Line(
        id=row.Id, sku=row.ProductCode__c, kind=row.ProductKind__c, quantity=int(row.Quantity),
        unit_minor=minor(row.UnitPrice, currency), amount_minor=minor(row.TotalPrice, currency),
        list_unit_minor=minor(row.ListPrice, currency), months=int(row.Months__c or 0),
        parent=row.SBQQ__RequiredBy__c or "", entity=row.Entity__c or "", delivered_by=row.DeliveredBy__c or "",
    )  # fmt: skip


def _delta(line: Line) -> Delta:
    return Delta(sku=line.sku, quantity=line.quantity, unit_minor=line.unit_minor, months=line.months)


def place_shown(answer: Answer) -> int:
    """Return the place of an answer to `read_place`; 0 when nothing was ever shown."""
    return max([int(row.MirrorSequence__c or 0) for row in read(answer, _places).records], default=0)


def accepted_rows(answer: Answer) -> list[AcceptedRow]:
    """Return the rows of an answer to `accepted_since` or `quotes_named`."""
    return read(answer, _accepted).records


def accepted_page(call: Call, answer: Answer) -> tuple[list[AcceptedRow], Call | None]:
    """Return the rows of such an answer, and the call for the next page."""
    found = read(answer, _accepted)
    following = found.nextRecordsUrl
    return found.records, None if not following else msgspec.structs.replace(call, target=following)
