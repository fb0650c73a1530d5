"""What a customer has that is not over: its open orders and invoices in the ERP, its subscriptions in billing."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from integration.effects import Call
from integration.outcomes import Answer
from integration.systems.billing.calls import BASE
from integration.systems.erp.calls import SUITEQL
from integration.systems.wire import JSON, json_body, page_at, read

PAGE = 1000
_DONE_ORDERS = frozenset({"C", "G", "H"})  # cancelled, fully billed, closed
_DONE_SUBSCRIPTIONS = frozenset({"cancelled"})


class Transaction(msgspec.Struct):
    """An order or an invoice of a customer in the ERP."""

    recordtype: str
    externalid: str = ""
    tranid: str = ""
    status: str = ""
    foreignamountunpaid: str = "0"

    @property
    def is_open(self) -> bool:
        """Tell whether there is still something to do or to pay."""
        if self.recordtype == "salesorder":
            return self.status.rpartition(":")[2] not in _DONE_ORDERS
        return self.recordtype == "invoice" and Decimal(self.foreignamountunpaid) > 0


class _Transactions(msgspec.Struct):
    items: list[Transaction]
    offset: int = 0
    hasMore: bool = False


class Subscription(msgspec.Struct):
    """A subscription of a customer in billing."""

    id: str
    status: str


class _Listed(msgspec.Struct):
    subscription: Subscription


class _Subscriptions(msgspec.Struct):
    rows: list[_Listed] = msgspec.field(name="list")
    next_offset: str = ""


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


def transaction_page(call: Call, answer: Answer) -> tuple[list[Transaction], Call | None]:
    """Return the orders and invoices of a page, and the call for the next one."""
    found = read(answer, _transactions)
    rows = found.items
    return rows, page_at(call, "offset", str(found.offset + len(rows))) if rows and found.hasMore else None


def subscription_page(call: Call, answer: Answer) -> tuple[list[Subscription], Call | None]:
    """Return the subscriptions of a page, and the call for the next one."""
    found = read(answer, _subscriptions)
    following = page_at(call, "offset", found.next_offset) if found.next_offset else None
    return [row.subscription for row in found.rows], following


def open_transactions(rows: Iterable[Transaction]) -> dict[str, list[str]]:
    """Return the references of what is open, by kind: orders and invoices."""
    found: dict[str, list[str]] = {"orders": [], "invoices": []}
    for row in rows:
        if row.is_open:
            found["orders" if row.recordtype == "salesorder" else "invoices"].append(row.externalid or row.tranid)
    return found


def open_subscriptions(rows: Iterable[Subscription]) -> list[str]:
    """Return the ids of the subscriptions that are not over."""
    return [row.id for row in rows if row.status not in _DONE_SUBSCRIPTIONS]
