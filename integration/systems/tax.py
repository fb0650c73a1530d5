"""The tax engine: estimates for quotes, committed documents for invoices and credit notes (AvaTax REST v2).

A document's code is its identity: creating a committed code again is an error, which the flow answers by adopting the
document that is there.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from domain.objects import Line, TaxShare
from integration.effects import Call
from integration.outcomes import Answer, Failed
from integration.system import System, begins_with_error, classifier
from integration.systems.crm import Address
from integration.systems.wire import JSON, json_body, major, minor, read

COMPANY = "DEFAULT"
_CREATE = "/api/v2/transactions/create?$include=SummaryOnly"
_CREATE_NET = "/api/v2/transactions/create?$include=Details"
GET_TAX_ERROR = "GetTaxError"
_SHIP_FROM = {"line1": "1 Market St", "city": "San Francisco", "region": "CA", "postalCode": "94105", "country": "US"}


class Taxable(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be taxed: a quote, an invoice or (with negative amounts) a credit note."""

    code: str
    customer: str
    currency: str
    address: Address
    day: date
    lines: Sequence[Line]
    txn: str
    original_day: date | None = None  # of the invoice a credit note takes back
    terms: Mapping[str, LineTerms] = {}  # by line, where a net document taxes it otherwise than the document


class LineTerms(msgspec.Struct, frozen=True):
    """How one line of a net document is taxed: at the rates of another day, or not at all (its day is None)."""

    day: date | None


def estimate(taxable: Taxable) -> Call:
    """Ask what the tax would be; nothing is stored."""
    return _create(taxable, "SalesOrder", commit=False, sign=1, operation="estimate_tax", timeout_seconds=10)


def commit(taxable: Taxable) -> Call:
    """Store and commit the tax of an invoice under the invoice's id; of a net one, line by line."""
    return _create(taxable, "SalesInvoice", commit=True, sign=1, operation="commit_tax", timeout_seconds=30)


def commit_return(taxable: Taxable) -> Call:
    """Store and commit the tax that a credit note takes back, at the rates of the original invoice's day."""
    return _create(taxable, "ReturnInvoice", commit=True, sign=-1, operation="commit_tax", timeout_seconds=30)


def read_document(code: str, txn: str, by_line: bool = False) -> Call:
    """Ask for the document with a code; with `by_line`, also for the tax of each line."""
    include = "Details" if by_line else "Summary"
    target = f"/api/v2/companies/{COMPANY}/transactions/{code}?$include={include}"
    return Call(system="tax", operation="read_tax", target=target, txn=txn, timeout_seconds=10)


def _create(taxable: Taxable, kind: str, commit: bool, sign: int, operation: str, timeout_seconds: int) -> Call:
    address = taxable.address
    body: dict[str, Any] = {
        "type": kind,
        "companyCode": COMPANY,
        "code": taxable.code,
        "date": taxable.day,
        "customerCode": taxable.customer,
        "currencyCode": taxable.currency,
        "commit": commit,
        "purchaseOrderNo": taxable.txn,
        "addresses": {
            "shipFrom": _SHIP_FROM,
            "shipTo": {
                "line1": address.line,
                "city": address.city,
                "region": address.region,
                "postalCode": address.postal_code,
                "country": address.country,
            },
        },
        "lines": [_line(number, line, taxable, sign) for number, line in enumerate(taxable.lines, 1)],
    }
    if taxable.original_day is not None:
        body["taxOverride"] = {"type": "TaxDate", "taxDate": taxable.original_day, "reason": "credit of an invoice"}
    target = _CREATE_NET if taxable.terms else _CREATE
    return Call(
        system="tax", operation=operation, method="POST", target=target, headers=JSON, body=json_body(body),
        key=taxable.code if commit else "", write=commit, txn=taxable.txn, timeout_seconds=timeout_seconds,
    )  # fmt: skip


def _line(number: int, line: Line, taxable: Taxable, sign: int) -> dict[str, Any]:
    said = {
        "number": str(number),
        "quantity": max(1, line.quantity),
        "amount": major(sign * line.amount_minor, taxable.currency),
        "itemCode": line.sku,
        "taxCode": "SW052000" if line.kind == "recurring" else "SP140000",
    }
    if taxable.terms:
        said["ref1"] = line.id
    terms = taxable.terms.get(line.id)
    return said if terms is None else {**said, "taxOverride": _override(terms)}


def _override(terms: LineTerms) -> dict[str, Any]:
    if terms.day is None:
        return {"type": "TaxAmount", "taxAmount": 0, "reason": "the invoice it credits bore no tax"}
    return {"type": "TaxDate", "taxDate": terms.day, "reason": "a line of a net document"}


class _Summary(msgspec.Struct):
    jurisCode: str
    taxable: Decimal
    tax: Decimal


class _Detail(msgspec.Struct):
    jurisCode: str
    taxableAmount: Decimal
    tax: Decimal


class _Line(msgspec.Struct):
    ref1: str = ""
    details: list[_Detail] | None = None


class _Document(msgspec.Struct):
    code: str | None
    status: str
    totalTax: Decimal
    currencyCode: str
    summary: list[_Summary] | None = None
    lines: list[_Line] | None = None


_document = msgspec.json.Decoder(_Document)


def shares(answer: Answer) -> tuple[TaxShare, ...]:
    """Return the tax by jurisdiction of an answer, positive for returns too; rows without tax are left out."""
    document = read(answer, _document)
    currency = document.currencyCode
    found = []
    for row in document.summary or ():
        tax_minor, base_minor = minor(abs(row.tax), currency), minor(abs(row.taxable), currency)
        if tax_minor:
            found.append(TaxShare(row.jurisCode, base_minor, tax_minor))
    return tuple(found)


def shares_by_line(answer: Answer) -> list[tuple[str, TaxShare]]:
    """Return the tax of each line of an answer by jurisdiction, signed as the document is: (id of the line, share)."""
    document = read(answer, _document)
    currency = document.currencyCode
    return [
        (line.ref1, TaxShare(each.jurisCode, minor(each.taxableAmount, currency), minor(each.tax, currency)))
        for line in document.lines or ()
        for each in line.details or ()
        if each.tax
    ]


def is_committed(answer: Answer) -> bool:
    """Tell whether the document of an answer is committed."""
    return read(answer, _document).status == "Committed"


class _Remark(msgspec.Struct):
    code: str = ""
    number: int = 0
    message: str = ""


class _Error(msgspec.Struct):
    code: str = ""
    message: str = ""
    details: list[_Remark] | None = None


class _Trouble(msgspec.Struct):
    error: _Error


_trouble = msgspec.json.Decoder(_Trouble)


def _sharpened(failed: Failed) -> Failed:
    try:
        error = _trouble.decode(failed.body).error
    except msgspec.MsgspecError:
        return failed
    return msgspec.structs.replace(failed, code=error.code, detail=error.message)


_basic = base64.b64encode(b"2000000001:q2c-license").decode()
SYSTEM = System(
    name="tax",
    classify=classifier(_sharpened, begins_with_error),
    headers={"authorization": f"Basic {_basic}"},
    ping=Call(system="tax", operation="ping", target="/api/v2/utilities/ping", timeout_seconds=5),
)
