"""The ERP: customers, orders, fulfilments, invoices, credit memos, cash, journals (NetSuite SuiteTalk REST)."""

from __future__ import annotations

from integration.systems.erp.calls import (
    Posting,
    close_order,
    credit_changes,
    fulfil_order,
    put_cash,
    put_credit_memo,
    put_customer,
    put_invoice,
    put_order,
    put_settlement,
    read_customer,
    read_order,
)
from integration.systems.erp.manners import (
    SCRIPT_SECRET,
    SECOND,
    SOURCE,
    SYSTEM,
)
from integration.systems.erp.shapes import (
    HELD,
    NEW_CUSTOMER,
    STOPS_DELIVERY,
    USER_ERROR,
    CreditChange,
    CustomerStanding,
    OrderStanding,
    changed_credit,
    customer_standing,
    order_standing,
)

__all__ = [
    "CreditChange",
    "CustomerStanding",
    "HELD",
    "NEW_CUSTOMER",
    "OrderStanding",
    "Posting",
    "SCRIPT_SECRET",
    "SECOND",
    "SOURCE",
    "STOPS_DELIVERY",
    "SYSTEM",
    "USER_ERROR",
    "changed_credit",
    "close_order",
    "credit_changes",
    "customer_standing",
    "fulfil_order",
    "order_standing",
    "put_cash",
    "put_credit_memo",
    "put_customer",
    "put_invoice",
    "put_order",
    "put_settlement",
    "read_customer",
    "read_order",
]
