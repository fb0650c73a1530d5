"""The sObjects of the mock organisation, as data. Custom objects are added by adding rows here."""

from __future__ import annotations

from typing import Any

from mocks.crm.schema import Field, Schema, sobject

QUOTE_STATUSES = {
    "draft": "Draft",
    "submitted": "In Review",
    "approved": "Approved",
    "rejected": "Rejected",
    "presented": "Presented",
    "accepted": "Accepted",
    "declined": "Denied",
    "superseded": "Superseded",
    "expired": "Expired",
    "converted": "Converted",
    "accept_failed": "Accept Failed",
}
"""State of the quote chart -> value of the Status picklist."""


def _text(name: str, length: int = 255, **extra: Any) -> Field:
    return Field(name=name, type="string", length=length, **extra)


def _pick(name: str, *values: str, **extra: Any) -> Field:
    return Field(name=name, type="picklist", length=40, picklist=values, **extra)


def _amount(name: str, **extra: Any) -> Field:
    return Field(name=name, type="currency", scale=2, **extra)


def _whole(name: str, **extra: Any) -> Field:
    return Field(name=name, type="int", **extra)


def _day(name: str, **extra: Any) -> Field:
    return Field(name=name, type="date", **extra)


def _link(name: str, target: str, reads_as: str, **extra: Any) -> Field:
    return Field(name=name, type="reference", length=18, refers_to=target, reads_as=reads_as, index="key", **extra)


ACCOUNT = sobject(
    "Account",
    "Accounts",
    "001",
    (
        _text("Name", required=True, nillable=False, owner="account"),
        _text("AccountNumber", 40, external_id=True, index="key", owner="account"),
        _text("Entity__c", 10, owner="account"),
        _link("ParentId", "Account", "Parent", owner="account"),
        _text("BillingStreet", owner="account"),
        _text("BillingCity", 40, owner="account"),
        _text("BillingPostalCode", 20, owner="account"),
        _text("BillingCountryCode", 2, owner="account"),
        _text("BillingStateCode", 10, owner="account"),
        _text("PaymentCustomer__c", 64, owner=""),
        _pick("CreditStatus__c", "clear", "warning", "soft_hold", "hard_hold", owner="customer_finance"),
    ),
    {"Quotes": ("Quote", "AccountId"), "Opportunities": ("Opportunity", "AccountId")},
)

OPPORTUNITY = sobject(
    "Opportunity",
    "Opportunities",
    "006",
    (
        _text("Name", 120, required=True, nillable=False),
        _link("AccountId", "Account", "Account"),
        _pick("StageName", "Prospecting", "Proposal", "Closed Won", "Closed Lost", required=True, nillable=False),
        _day("CloseDate", required=True, nillable=False),
        _amount("Amount"),
    ),
    {"Quotes": ("Quote", "OpportunityId")},
)

PRODUCT = sobject(
    "Product2",
    "Products",
    "01t",
    (
        _text("Name", required=True, nillable=False, owner="product"),
        _text("ProductCode", external_id=True, index="key", owner="product"),
        _pick("Kind__c", "recurring", "one_time", "usage", owner="product"),
        Field(name="IsActive", type="boolean", nillable=False, owner="product"),
    ),
)

QUOTE = sobject(
    "Quote",
    "Quotes",
    "0Q0",
    (
        _text("QuoteNumber", 30, createable=False, updateable=False, index="key", owner="quote"),
        _whole("Version__c", updateable=False, owner="quote"),
        _text("Reference__c", 40, external_id=True, createable=False, updateable=False, index="key", owner="quote"),
        _pick("Status", *QUOTE_STATUSES.values(), index="group", owner="quote"),
        _pick("Kind__c", "new", "amend", "renew", owner="quote"),
        _text("AmendmentKind__c", 40, owner="quote"),
        _text("Entity__c", 10, owner="quote"),
        _link("AccountId", "Account", "Account", required=True, owner="quote"),
        _link("OpportunityId", "Opportunity", "Opportunity", owner="quote"),
        _day("ExpirationDate", owner="quote"),
        _day("TermStart__c", owner="quote"),
        _whole("TermMonths__c", owner="quote"),
        Field(name="DiscountPercent__c", type="percent", scale=4, owner="quote"),
        _text("Approvals__c", owner="quote"),
        _amount("TotalPrice", createable=False, updateable=False, owner="quote"),
        _pick("PaymentMethod__c", "card", "debit", "push", owner="quote"),
        _text("Subscription__c", 40, owner="quote"),
        _day("EffectiveDate__c", owner="quote"),
        _whole("Sequence__c", owner="quote"),
        _day("CoTermEnd__c", owner="quote"),
        _text("AcceptedBy__c", 80, owner="quote"),
        _text("OrderStatus__c", 40, owner="order"),
        _text("OrderNumber__c", 40, owner="order"),
        _text("InvoiceStatus__c", 40, owner="invoice"),
        _amount("InvoiceBalance__c", owner="ledger"),
        _text("PaymentStatus__c", 40, owner="payment"),
        _whole("MirrorSequence__c"),
    ),
    {"QuoteLineItems": ("QuoteLineItem", "QuoteId")},
)

QUOTE_LINE = sobject(
    "QuoteLineItem",
    "Quote Line Items",
    "0QL",
    (
        _link("QuoteId", "Quote", "Quote", required=True, updateable=False, owner="quote"),
        _text("LineNumber", 10, createable=False, updateable=False, owner="quote"),
        _text("ProductCode__c", required=True, owner="quote"),
        _pick("ProductKind__c", "recurring", "one_time", "usage", owner="quote"),
        _whole("Quantity", required=True, nillable=False, owner="quote"),
        _amount("ListPrice", owner="quote"),
        _amount("UnitPrice", required=True, nillable=False, owner="quote"),
        _amount("TotalPrice", createable=False, updateable=False, owner="quote"),
        _whole("Months__c", owner="quote"),
    ),
)

SCHEMA = Schema((ACCOUNT, OPPORTUNITY, PRODUCT, QUOTE, QUOTE_LINE))
MIRROR_FIELDS = frozenset(
    {
        "OrderStatus__c",
        "OrderNumber__c",
        "InvoiceStatus__c",
        "InvoiceBalance__c",
        "PaymentStatus__c",
        "MirrorSequence__c",
    }
)
"""The fields in which an integration shows sales the financial truth of a quote."""
