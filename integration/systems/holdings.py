"""What a customer has that is not over: its open orders and invoices in the ERP, its subscriptions in billing."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from integration.effects import Call
from integration.outcomes import Answer
from integration.systems.billing.calls import BASE
from integration.systems.erp.calls import SUITEQL
from integration.systems.wire import JSON, json_body, read

PAGE = 1000
_DONE_ORDERS = frozenset({"C", "G", "H"})  # cancelled, fully billed, closed
_DONE_SUBSCRIPTIONS = frozenset({"cancelled"})


class _Transaction(msgspec.Struct):
    recordtype: str
    externalid: str = ""
    tranid: str = ""
    status: str = ""
    foreignamountunpaid: str = "0"

    @property
    def is_open(self) -> bool:
        if self.recordtype == "salesorder":
            return self.status.rpartition(":")[2] not in _DONE_ORDERS
        return self.recordtype == "invoice" and Decimal(self.foreignamountunpaid) > 0


class _Transactions(msgspec.Struct):
    items: list[_Transaction]


class _Subscription(msgspec.Struct):
    id: str
    status: str


class _Listed(msgspec.Struct):
    subscription: _Subscription


class _Subscriptions(msgspec.Struct):
    rows: list[_Listed] = msgspec.field(name="list")


_transactions = msgspec.json.Decoder(_Transactions)
_subscriptions = msgspec.json.Decoder(_Subscriptions)


def transactions_of(customer: str, txn: str) -> Call:
    """Ask the ERP for the orders and invoices of a customer, by its internal id."""
    query = (
        "SELECT recordtype, externalid, tranid, status, foreignamountunpaid FROM transaction "
        f"WHERE entity = {customer} AND recordtype IN ('salesorder', 'invoice') ORDER BY id"
    )
    return Call(
        system="erp", operation="suiteql", method="POST", target=f"{SUITEQL}?limit={PAGE}",
        headers={**JSON, "prefer": "transient"}, body=json_body({"q": query}), txn=txn, timeout_seconds=30,
    )  # fmt: skip


def subscriptions_of(customer: str, txn: str) -> Call:
    """Ask billing for the subscriptions of a customer."""
    target = f"{BASE}/subscriptions?customer_id[is]={customer}&limit=100"
    return Call(system="billing", operation="list_subscriptions", target=target, txn=txn, timeout_seconds=30)


def open_transactions(answer: Answer) -> dict[str, list[str]]:
    """Return the references of what is open, by kind: orders and invoices."""
    found: dict[str, list[str]] = {"orders": [], "invoices": []}
    for row in read(answer, _transactions).items:
        if row.is_open:
            found["orders" if row.recordtype == "salesorder" else "invoices"].append(row.externalid or row.tranid)
    return found


def open_subscriptions(answer: Answer) -> list[str]:
    """Return the ids of the subscriptions that are not over."""
    rows = read(answer, _subscriptions).rows
    return [row.subscription.id for row in rows if row.subscription.status not in _DONE_SUBSCRIPTIONS]
