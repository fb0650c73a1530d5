"""What is asked of the CRM (Salesforce REST)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from integration.effects import Call
from integration.systems.wire import (
    JSON,
    iso_instant,
    json_body,
    quoted,
)

BASE = "/services/data/v62.0"
_FIELDS = (
    "Id, QuoteNumber, Version__c, Status, Kind__c, AmendmentKind__c, Entity__c, CurrencyIsoCode, ExpirationDate, "
    "TermStart__c, TermMonths__c, DiscountPercent__c, Approvals__c, TotalPrice, PaymentMethod__c, Subscription__c, "
    "EffectiveDate__c, Sequence__c, CoTermEnd__c, ResumeDate__c, Refund__c, "
    "PartnerModel__c, Reseller__c, EndCustomer__c, ShipComplete__c, "
    "Account.Id, Account.AccountNumber, Account.Name, "
    "Account.BillingCountryCode, Account.BillingStateCode, Account.BillingPostalCode, Account.BillingStreet, "
    "Account.BillingCity, Account.PaymentCustomer__c, SystemModstamp"
)
_LINE_FIELDS = (
    "Id, LineNumber, ProductCode__c, ProductKind__c, Quantity, ListPrice, UnitPrice, TotalPrice, Months__c, "
    "SBQQ__RequiredBy__c, Entity__c, DeliveredBy__c, PricebookEntry.UnitPrice"
)
_QUOTE_QUERY = (
    f"SELECT {_FIELDS}, (SELECT {_LINE_FIELDS} FROM QuoteLineItems ORDER BY LineNumber) FROM Quote WHERE Id = '%s'"
)
_SWEEP_QUERY = (
    "SELECT Id, QuoteNumber, Version__c, Kind__c, SystemModstamp FROM Quote WHERE Status = 'Accepted' "
    "AND SystemModstamp >= %s ORDER BY SystemModstamp, Id"
)


def around(query: str) -> tuple[str, str]:
    """Return the target of a query as it stands before and after its one value."""
    before, after = query.split("%s")
    return f"{BASE}/query?q={quoted(before)}", quoted(after)


_QUOTE, _SWEEP = around(_QUOTE_QUERY), around(_SWEEP_QUERY)
BALANCE = "InvoiceBalance__c"
PLACE = "MirrorSequence__c"
"""The place of a mirror in the sequence: a rule of the organisation refuses one before that which stands there."""


def read_quote(quote_id: str, txn: str) -> Call:
    """Ask for one quote with its lines and its account."""
    return Call(system="crm", operation="query", target=quoted(quote_id).join(_QUOTE), txn=txn, timeout_seconds=30)


def accepted_since(at_us: int) -> Call:
    """Ask for quotes that were accepted since an instant and are not converted yet."""
    return Call(system="crm", operation="query", target=quoted(iso_instant(at_us)).join(_SWEEP), timeout_seconds=30)


def quotes_named(references: Sequence[str]) -> Call:
    """Ask for quote versions by their references, whatever has become of them."""
    listed = ", ".join([f"'{reference}'" for reference in references])
    query = f"SELECT Id, QuoteNumber, Version__c, Kind__c FROM Quote WHERE Reference__c IN ({listed}) ORDER BY Id"
    return Call(system="crm", operation="query", target=f"{BASE}/query?q={quoted(query)}", timeout_seconds=30)


def read_place(reference: str, txn: str) -> Call:
    """Ask for the place in the sequence of what a quote shows."""
    query = f"SELECT {PLACE} FROM Quote WHERE Reference__c = '{reference}'"
    target = f"{BASE}/query?q={quoted(query)}"
    return Call(system="crm", operation="query", target=target, txn=txn, timeout_seconds=30)


def mirrored(fields: dict[str, Any], balance: str, sequence: int) -> dict[str, Any]:
    """Return the fields of a quote that show facts: texts, the balance as a number, and the place in the sequence."""
    shown = {**fields, PLACE: sequence}
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
