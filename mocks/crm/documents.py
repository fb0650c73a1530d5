"""Canonical documents of CRM records: what goes into the history when one changes."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from msgspec.structs import replace

from domain.objects import Account, Delta, Line, Mirror, Quote
from mocks.crm.objects import ACCOUNT, QUOTE, QUOTE_LINE
from mocks.crm.schema import CURRENCY, ID, Row

QUOTE_AT = {field.name: at for at, field in enumerate(QUOTE.fields)}
LINE_AT = {field.name: at for at, field in enumerate(QUOTE_LINE.fields)}
ACCOUNT_AT = {field.name: at for at, field in enumerate(ACCOUNT.fields)}
_NUMBER, _VERSION, _APPROVALS = QUOTE_AT["QuoteNumber"], QUOTE_AT["Version__c"], QUOTE_AT["Approvals__c"]


def reference(row: Row) -> str:
    """Return the reference of a quote version, such as Q-000123-v2; it is the id of its document and its mirror."""
    return f"{row[_NUMBER]}-v{row[_VERSION]}"


def approvals(row: Row) -> tuple[str, ...]:
    """Return who approved a quote, in order."""
    text = row[_APPROVALS]
    return tuple(text.split(";")) if text else ()


def account_key(row: Row) -> str:
    """Return the id of an account's document: its account number, or its record id when it has none."""
    return str(row[ACCOUNT_AT["AccountNumber"]] or row[ID])


def account_document(row: Row) -> Account:
    """Return an account as sales knows it."""
    return Account(
        id=account_key(row),
        name=row[ACCOUNT_AT["Name"]],
        entity=row[ACCOUNT_AT["Entity__c"]] or "",
        currency=row[CURRENCY] or "",
        country=row[ACCOUNT_AT["BillingCountryCode"]] or "",
        region=row[ACCOUNT_AT["BillingStateCode"]] or "",
        credit_status=row[ACCOUNT_AT["CreditStatus__c"]] or "clear",
    )


def quote_line(row: Row) -> Line:
    """Return a line item; its id is its line number without zeros in front."""
    return Line(
        id=row[LINE_AT["LineNumber"]].lstrip("0"),
        sku=row[LINE_AT["ProductCode__c"]],
        kind=row[LINE_AT["ProductKind__c"]] or "recurring",
        quantity=row[LINE_AT["Quantity"]],
        unit_minor=row[LINE_AT["UnitPrice"]],
        amount_minor=row[LINE_AT["TotalPrice"]],
        list_unit_minor=row[LINE_AT["ListPrice"]] or 0,
        months=row[LINE_AT["Months__c"]] or 0,
        entity=row[LINE_AT["Entity__c"]] or "",
        delivered_by=row[LINE_AT["DeliveredBy__c"]] or "",
    )


def quote_document(row: Row, line_rows: Sequence[Row], account: Row | None, state: str) -> Quote:
    """Return a quote version in a state; an amendment's lines are its deltas."""
    at = QUOTE_AT
    lines = _quote_lines(line_rows)
    amends = row[at["Kind__c"]] == "amend"
    return Quote(
        id=reference(row),
        txn=row[at["QuoteNumber"]],
        number=row[at["QuoteNumber"]],
        version=row[at["Version__c"]],
        account=account_key(account) if account is not None else "",
        entity=row[at["Entity__c"]] or "",
        currency=row[CURRENCY] or "",
        kind=row[at["Kind__c"]],
        amendment_kind=row[at["AmendmentKind__c"]] or "",
        status=state,
        lines=lines,
        total_minor=sum(map(_amount, lines)),
        discount_percent=str(row[at["DiscountPercent__c"]] or "0"),
        approvals=approvals(row),
        valid_until=row[at["ExpirationDate"]],
        term_start=row[at["TermStart__c"]],
        term_months=row[at["TermMonths__c"]] or 0,
        subscription=row[at["Subscription__c"]] or "",
        effective_date=row[at["EffectiveDate__c"]],
        sequence=row[at["Sequence__c"]] or 0,
        deltas=tuple([_delta(line) for line in lines if not line.parent]) if amends else (),
        co_term_end=row[at["CoTermEnd__c"]],
        resume_date=row[at["ResumeDate__c"]],
        refund=row[at["Refund__c"]] or "",
        partner_model=row[at["PartnerModel__c"]] or "",
        reseller=row[at["Reseller__c"]] or "",
        end_customer=row[at["EndCustomer__c"]] or "",
        payment_method=row[at["PaymentMethod__c"]] or "",
        ship_complete=bool(row[at["ShipComplete__c"]]),
    )


def _quote_lines(rows: Sequence[Row]) -> tuple[Line, ...]:
    """Return the lines of a quote; a part of a bundle names the bundle's line."""
    lines = tuple(map(quote_line, rows))
    at = LINE_AT["SBQQ__RequiredBy__c"]
    if not any(row[at] for row in rows):
        return lines
    numbers = {row[ID]: line.id for row, line in zip(rows, lines, strict=True)}
    parents = [numbers.get(row[at] or "", "") for row in rows]
    return tuple([replace(line, parent=parent) for line, parent in zip(lines, parents, strict=True)])


_amount = attrgetter("amount_minor")


def _delta(line: Line) -> Delta:
    return Delta(sku=line.sku, quantity=line.quantity, unit_minor=line.unit_minor, months=line.months)


def mirror_document(row: Row) -> Mirror:
    """Return what a quote shows sales of the financial truth."""
    at = QUOTE_AT
    return Mirror(
        id=reference(row),
        txn=row[at["QuoteNumber"]],
        order_status=row[at["OrderStatus__c"]] or "",
        order_number=row[at["OrderNumber__c"]] or "",
        invoice_status=row[at["InvoiceStatus__c"]] or "",
        invoice_balance_minor=row[at["InvoiceBalance__c"]] or 0,
        payment_status=row[at["PaymentStatus__c"]] or "",
        sequence=row[at["MirrorSequence__c"]] or 0,
    )
