"""Lists: filters such as `status[is]=pending`, sorting, and pages behind an opaque offset.

A resource is a table of attributes. What is not in it is no filter, and the vendor's error says so. Documents are
filtered and sorted by the instant of their making, whatever contract date they show. A query is read once and kept:
callers ask the same again and again.
"""

from __future__ import annotations

from mocks.billing.listing.operators import OPERATORS
from mocks.billing.listing.pages import BESIDE, lists, payments
from mocks.billing.listing.query import Resource
from mocks.billing.listing.resources import (
    COUPONS,
    CREDIT_NOTES,
    CUSTOMERS,
    EVENTS,
    INVOICES,
    ITEM_FAMILIES,
    ITEM_PRICES,
    ITEMS,
    NEVER,
    ORDERS,
    PAYMENT_SOURCES,
    PROMOTIONAL_CREDITS,
    QUOTES,
    RAMPS,
    RESOURCES,
    SUBSCRIPTIONS,
    TRANSACTIONS,
    UNBILLED_CHARGES,
    USAGES,
    WEBHOOK_ENDPOINTS,
)

__all__ = [
    "BESIDE",
    "COUPONS",
    "CREDIT_NOTES",
    "CUSTOMERS",
    "EVENTS",
    "INVOICES",
    "ITEMS",
    "ITEM_FAMILIES",
    "ITEM_PRICES",
    "NEVER",
    "OPERATORS",
    "ORDERS",
    "PAYMENT_SOURCES",
    "PROMOTIONAL_CREDITS",
    "QUOTES",
    "RAMPS",
    "RESOURCES",
    "Resource",
    "SUBSCRIPTIONS",
    "TRANSACTIONS",
    "UNBILLED_CHARGES",
    "USAGES",
    "WEBHOOK_ENDPOINTS",
    "lists",
    "payments",
]
