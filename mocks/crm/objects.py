"""The sObjects of the mock organisation, as data. Custom objects are added by adding rows here."""

from __future__ import annotations

from mocks.crm.catalogue import STANDARD
from mocks.crm.fields import address, amount, day, flag, link, owned_by, pick, text, whole
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

STAGES = (
    "Prospecting", "Qualification", "Needs Analysis", "Value Proposition", "Id. Decision Makers",
    "Perception Analysis", "Proposal/Price Quote", "Proposal", "Negotiation/Review", "Closed Won", "Closed Lost",
)  # fmt: skip
"""The stages of an opportunity in an organisation that has not changed them, and a short one for a proposal."""

ACCOUNT = sobject(
    "Account",
    "Accounts",
    "001",
    (
        text("Name", required=True, nillable=False, owner="account"),
        text("AccountNumber", 40, external_id=True, index="key", owner="account"),
        text("Entity__c", 10, owner="account"),
        link("ParentId", "Account", "Parent", owner="account"),
        *address("Billing", has_codes=True, owner="account"),
        text("PaymentCustomer__c", 64, owner=""),
        text("TaxId__c", 40, index="key", owner="account"),
        text("Duns__c", 20, index="key", owner="account"),
        text("Customer__c", 40, owner=""),
        text("MatchKey__c", 20, createable=False, updateable=False, index="key", owner="account"),
        pick("CreditStatus__c", "clear", "warning", "soft_hold", "hard_hold", owner="customer_finance"),
        text("Type", 40, owner="account"),
        text("Industry", 40, owner="account"),
        text("Phone", 40, owner="account"),
        text("Website", index="key", owner="account"),
        text("Description", 4000, owner="account"),
        *address("Shipping", owner="account"),
        text("Fax", 40, owner="account"),
        text("Rating", 40, owner="account"),
        text("Site", 80, owner="account"),
        text("AccountSource", 40, owner="account"),
        amount("AnnualRevenue", owner="account"),
        whole("NumberOfEmployees", owner="account"),
        owned_by(owner="account"),
    ),
    {
        "Quotes": ("Quote", "AccountId"),
        "Opportunities": ("Opportunity", "AccountId"),
        "Contacts": ("Contact", "AccountId"),
        "Orders": ("Order", "AccountId"),
        "Contracts": ("Contract", "AccountId"),
        "Assets": ("Asset", "AccountId"),
    },
)

OPPORTUNITY = sobject(
    "Opportunity",
    "Opportunities",
    "006",
    (
        text("Name", 120, required=True, nillable=False),
        link("AccountId", "Account", "Account"),
        pick("StageName", *STAGES, required=True, nillable=False),
        day("CloseDate", required=True, nillable=False),
        amount("Amount"),
        Field(name="Probability", type="percent"),
        text("Type", 40),
        text("LeadSource", 40),
        text("NextStep"),
        text("Description", 4000),
        owned_by(),
    ),
    {"Quotes": ("Quote", "OpportunityId"), "OpportunityLineItems": ("OpportunityLineItem", "OpportunityId")},
)

PRODUCT = sobject(
    "Product2",
    "Products",
    "01t",
    (
        text("Name", required=True, nillable=False, owner="product"),
        text("ProductCode", external_id=True, index="key", owner="product"),
        pick("Kind__c", "recurring", "one_time", "usage", owner="product"),
        flag("IsActive", owner="product"),
        text("Description", 4000, owner="product"),
        text("Family", 40, owner="product"),
        text("StockKeepingUnit", 180, owner="product"),
    ),
    {"PricebookEntries": ("PricebookEntry", "Product2Id")},
)

QUOTE = sobject(
    "Quote",
    "Quotes",
    "0Q0",
    (
        text("QuoteNumber", 30, createable=False, updateable=False, index="key", owner="quote"),
        whole("Version__c", updateable=False, owner="quote"),
        text("Reference__c", 40, external_id=True, createable=False, updateable=False, index="key", owner="quote"),
        pick("Status", *QUOTE_STATUSES.values(), index="group", owner="quote"),
        pick("Kind__c", "new", "amend", "renew", owner="quote"),
        text("AmendmentKind__c", 40, owner="quote"),
        text("Entity__c", 10, owner="quote"),
        link("AccountId", "Account", "Account", required=True, owner="quote"),
        link("OpportunityId", "Opportunity", "Opportunity", owner="quote"),
        day("ExpirationDate", owner="quote"),
        day("TermStart__c", owner="quote"),
        whole("TermMonths__c", owner="quote"),
        Field(name="DiscountPercent__c", type="percent", scale=4, owner="quote"),
        text("Approvals__c", owner="quote"),
        amount("TotalPrice", createable=False, updateable=False, owner="quote"),
        pick("PaymentMethod__c", "card", "debit", "push", owner="quote"),
        text("Subscription__c", 40, owner="quote"),
        day("EffectiveDate__c", owner="quote"),
        whole("Sequence__c", owner="quote"),
        day("CoTermEnd__c", owner="quote"),
        day("ResumeDate__c", owner="quote"),
        pick("Refund__c", "none", "prorated", "full", owner="quote"),
        pick("PartnerModel__c", "resale", "two_tier", owner="quote"),
        text("Reseller__c", 40, owner="quote"),
        text("EndCustomer__c", 40, owner="quote"),
        flag("ShipComplete__c", owner="quote"),
        text("AcceptedBy__c", 80, owner="quote"),
        text("OrderStatus__c", 40, owner="order"),
        text("OrderNumber__c", 40, owner="order"),
        text("InvoiceStatus__c", 40, owner="invoice"),
        amount("InvoiceBalance__c", owner="ledger"),
        text("PaymentStatus__c", 40, owner="payment"),
        whole("MirrorSequence__c"),
        text("Name", owner="quote"),
        link("ContactId", "Contact", "Contact", owner="quote"),
        link("Pricebook2Id", "Pricebook2", "Pricebook2", owner="quote"),
        text("Description", 4000, owner="quote"),
    ),
    {"QuoteLineItems": ("QuoteLineItem", "QuoteId")},
)

QUOTE_LINE = sobject(
    "QuoteLineItem",
    "Quote Line Items",
    "0QL",
    (
        link("QuoteId", "Quote", "Quote", required=True, updateable=False, owner="quote"),
        text("LineNumber", 10, createable=False, updateable=False, owner="quote"),
        text("ProductCode__c", owner="quote"),
        pick("ProductKind__c", "recurring", "one_time", "usage", owner="quote"),
        whole("Quantity", required=True, nillable=False, owner="quote"),
        amount("ListPrice", owner="quote"),
        amount("UnitPrice", required=True, nillable=False, owner="quote"),
        amount("TotalPrice", createable=False, updateable=False, owner="quote"),
        whole("Months__c", owner="quote"),
        link("Product2Id", "Product2", "Product2", owner="quote"),
        link("PricebookEntryId", "PricebookEntry", "PricebookEntry", owner="quote"),
        link("SBQQ__RequiredBy__c", "QuoteLineItem", "SBQQ__RequiredBy__r", owner="quote"),
        text("Entity__c", 8, owner="quote"),
        text("DeliveredBy__c", 8, owner="quote"),
    ),
)

OBJECTS = (ACCOUNT, OPPORTUNITY, PRODUCT, QUOTE, QUOTE_LINE, *STANDARD)
SCHEMA = Schema(OBJECTS)
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
