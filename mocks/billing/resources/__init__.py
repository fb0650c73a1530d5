"""How the vendor shows each resource: typed objects, amounts in minor units, instants in Unix seconds.

A field that is None is not shown, as at the vendor. `object` names the resource in every object of a reply.
Sources: the vendor's public API (catalogue 2.0) as its own client knows it.
"""

from __future__ import annotations

from mocks.billing.resources.catalogue import Coupon, Item, ItemFamily, ItemPrice, Tier
from mocks.billing.resources.charges import UnbilledCharge, Usage
from mocks.billing.resources.credit_notes import CreditNote
from mocks.billing.resources.customers import BillingAddress, Card, Customer, PaymentSource, PromotionalCredit
from mocks.billing.resources.estimates import CreditNoteEstimate, Estimate, InvoiceEstimate, SubscriptionEstimate
from mocks.billing.resources.invoices import Invoice
from mocks.billing.resources.lines import Discount, LineDiscount, LineItem
from mocks.billing.resources.links import Allocation, LinkedInvoice, LinkedNote, LinkedPayment, LinkedRefund
from mocks.billing.resources.objects import Part, Shown
from mocks.billing.resources.orders import Order, OrderLine
from mocks.billing.resources.quotes import Quote, QuotedSubscription
from mocks.billing.resources.site import Configuration, Download, Event, Site, TimeMachine, WebhookEndpoint
from mocks.billing.resources.subscriptions import (
    AppliedCoupon,
    ContractTerm,
    ItemTier,
    Ramp,
    Subscription,
    SubscriptionItem,
)
from mocks.billing.resources.transactions import Transaction

__all__ = [
    "Allocation",
    "AppliedCoupon",
    "BillingAddress",
    "Card",
    "Configuration",
    "ContractTerm",
    "Coupon",
    "CreditNote",
    "CreditNoteEstimate",
    "Customer",
    "Discount",
    "Download",
    "Estimate",
    "Event",
    "Invoice",
    "InvoiceEstimate",
    "Item",
    "ItemFamily",
    "ItemPrice",
    "ItemTier",
    "LineDiscount",
    "LineItem",
    "LinkedInvoice",
    "LinkedNote",
    "LinkedPayment",
    "LinkedRefund",
    "Order",
    "OrderLine",
    "Part",
    "PaymentSource",
    "PromotionalCredit",
    "Quote",
    "QuotedSubscription",
    "Ramp",
    "Shown",
    "Site",
    "Subscription",
    "SubscriptionEstimate",
    "SubscriptionItem",
    "Tier",
    "TimeMachine",
    "Transaction",
    "UnbilledCharge",
    "Usage",
    "WebhookEndpoint",
]
