"""The standard sObjects around a quote: contacts, prices, orders, contracts and assets, and events of the platform.

They have no rules of their own: what the schema allows may be written. Custom objects of an organisation are given to
`Quirks.custom_objects` in the same form.
"""

from __future__ import annotations

from mocks.crm.fields import address, amount, day, flag, link, long_text, owned_by, pick, text, whole
from mocks.crm.schema import sobject

USER = sobject(
    "User",
    "Users",
    "005",
    (
        text("Username", 80, required=True, nillable=False),
        text("Name", 121, createable=False, updateable=False),
        text("Email", 80, required=True, nillable=False),
        flag("IsActive"),
    ),
)

_GIVEN = {"createable": False, "updateable": False}
ORGANISATION = sobject(
    "Organization",
    "Organizations",
    "00D",
    (
        text("Name", 80, **_GIVEN),
        flag("IsSandbox", **_GIVEN),
        text("InstanceName", 5, **_GIVEN),
        text("OrganizationType", 40, **_GIVEN),
        text("LanguageLocaleKey", 40, **_GIVEN),
        text("DefaultLocaleSidKey", 40, **_GIVEN),
        text("TimeZoneSidKey", 40, **_GIVEN),
    ),
)

CONTACT = sobject(
    "Contact",
    "Contacts",
    "003",
    (
        link("AccountId", "Account", "Account"),
        text("FirstName", 40),
        text("LastName", 80, required=True, nillable=False),
        text("Name", 121, createable=False, updateable=False, joins=("FirstName", "LastName")),
        text("Email", 80),
        text("Phone", 40),
        text("Title", 128),
        text("MobilePhone", 40),
        text("Department", 80),
        *address("Mailing"),
        owned_by(),
        text("ExternalId__c", 64, external_id=True, index="key"),
        text("LegacyId__c", 64, external_id=True, repeats=True, index="key"),
    ),
)

PRICE_BOOK = sobject(
    "Pricebook2",
    "Price Books",
    "01s",
    (text("Name", required=True, nillable=False), flag("IsActive"), flag("IsStandard", updateable=False)),
    {"PricebookEntries": ("PricebookEntry", "Pricebook2Id")},
)

PRICE_BOOK_ENTRY = sobject(
    "PricebookEntry",
    "Price Book Entries",
    "01u",
    (
        link("Pricebook2Id", "Pricebook2", "Pricebook2", required=True, nillable=False, updateable=False),
        link("Product2Id", "Product2", "Product2", required=True, nillable=False, updateable=False),
        amount("UnitPrice", required=True, nillable=False),
        flag("IsActive"),
        whole("Months__c"),
        text("PriceKey__c", 80, index="key"),
    ),
)

OPPORTUNITY_LINE = sobject(
    "OpportunityLineItem",
    "Opportunity Products",
    "00k",
    (
        link("OpportunityId", "Opportunity", "Opportunity", required=True, nillable=False, updateable=False),
        link("PricebookEntryId", "PricebookEntry", "PricebookEntry", updateable=False),
        link("Product2Id", "Product2", "Product2", updateable=False),
        whole("Quantity", required=True, nillable=False),
        amount("UnitPrice"),
    ),
)

ORDER = sobject(
    "Order",
    "Orders",
    "801",
    (
        link("AccountId", "Account", "Account", required=True, nillable=False),
        link("QuoteId", "Quote", "Quote"),
        link("ContractId", "Contract", "Contract"),
        link("Pricebook2Id", "Pricebook2", "Pricebook2"),
        pick("Status", "Draft", "Activated", required=True, nillable=False),
        day("EffectiveDate", required=True, nillable=False),
        day("EndDate"),
        text("Type", 40),
        text("PoNumber", 80),
        *address("Billing"),
        *address("Shipping"),
        owned_by(),
        text("OrderNumber", 30, createable=False, updateable=False, numbered="{:08d}"),
        text("OrderReferenceNumber", 80, external_id=True, index="key"),
        amount("TotalAmount"),
        long_text("Description"),
    ),
    {"OrderItems": ("OrderItem", "OrderId")},
)

ORDER_ITEM = sobject(
    "OrderItem",
    "Order Products",
    "802",
    (
        link("OrderId", "Order", "Order", required=True, nillable=False, updateable=False),
        link("Product2Id", "Product2", "Product2", updateable=False),
        link("PricebookEntryId", "PricebookEntry", "PricebookEntry", updateable=False),
        link("QuoteLineItemId", "QuoteLineItem", "QuoteLineItem"),
        whole("Quantity", required=True, nillable=False),
        amount("UnitPrice"),
        amount("ListPrice"),
        amount("TotalPrice"),
        day("ServiceDate"),
        day("EndDate"),
        text("Description"),
    ),
)

CONTRACT = sobject(
    "Contract",
    "Contracts",
    "800",
    (
        link("AccountId", "Account", "Account", required=True, nillable=False),
        pick("Status", "Draft", "InApproval", "Activated"),
        day("StartDate"),
        whole("ContractTerm"),
        long_text("Description"),
        owned_by(),
        text("ContractNumber", 30, createable=False, updateable=False, numbered="{:08d}"),
        text("ExternalId__c", 64, external_id=True, index="key"),
    ),
    {"Orders": ("Order", "ContractId")},
)

ASSET = sobject(
    "Asset",
    "Assets",
    "02i",
    (
        text("Name", required=True, nillable=False),
        link("AccountId", "Account", "Account"),
        link("ContactId", "Contact", "Contact"),
        link("Product2Id", "Product2", "Product2"),
        pick("Status", "Shipped", "Installed", "Registered", "Obsolete", "Purchased"),
        text("SerialNumber", 80, external_id=True, index="key"),
        whole("Quantity"),
        amount("Price"),
        day("PurchaseDate"),
        day("InstallDate"),
        day("UsageEndDate"),
        text("Description", 4000),
    ),
)

PRODUCT_OPTION = sobject(
    "SBQQ__ProductOption__c",
    "Product Options",
    "a0x",
    (
        link("SBQQ__ConfiguredSKU__c", "Product2", "SBQQ__ConfiguredSKU__r", required=True, updateable=False),
        link("SBQQ__OptionalSKU__c", "Product2", "SBQQ__OptionalSKU__r", required=True),
        whole("SBQQ__Number__c"),
        whole("SBQQ__Quantity__c"),
    ),
)
"""One part of a bundle: so many of the optional product come with one of the configured product."""

ORDER_EVENT = sobject(
    "Order_Booked__e",
    "Orders Booked",
    "e00",
    (text("Order_Number__c", 40), text("Reference__c", 40, required=True), amount("Amount__c"), text("Status__c", 40)),
)
"""A platform event: it is published when it is created, and never stored."""

STANDARD = (
    USER,
    ORGANISATION,
    CONTACT,
    PRICE_BOOK,
    PRICE_BOOK_ENTRY,
    OPPORTUNITY_LINE,
    ORDER,
    ORDER_ITEM,
    CONTRACT,
    ASSET,
    PRODUCT_OPTION,
    ORDER_EVENT,
)
