"""The ERP's own life of an order on the canonical chart, and the vendor's status id that shows it.

submitted             A  pending approval: somebody must approve it (created with orderStatus A)
credit_hold           A  pending approval because of credit
booked                B  pending fulfilment (passes through submitted in the same instant)
credit_hold_inflight  B  booked, but the customer is on hard hold: cannot be fulfilled
in_fulfilment         B  passed through when the first fulfilment arrives
partially_fulfilled   D
fulfilled             F  pending billing
billed                G
closed                H
cancelled             C  by way of cancelling and compensating
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from domain.charts import ORDER
from domain.charts.chart import IllegalTransition
from mocks.erp.bodies import OrderBody
from mocks.kernel.operations import Refusal

VENDOR_STATUS: Mapping[str, tuple[str, str, str]] = {
    "submitted": ("A", "pendingApproval", "Pending Approval"),
    "credit_hold": ("A", "pendingApproval", "Pending Approval"),
    "booked": ("B", "pendingFulfillment", "Pending Fulfillment"),
    "credit_hold_inflight": ("B", "pendingFulfillment", "Pending Fulfillment"),
    "in_fulfilment": ("B", "pendingFulfillment", "Pending Fulfillment"),
    "cancelled": ("C", "cancelled", "Cancelled"),
    "partially_fulfilled": ("D", "partiallyFulfilled", "Partially Fulfilled"),
    "fulfilled": ("F", "pendingBilling", "Pending Billing"),
    "billed": ("G", "fullyBilled", "Billed"),
    "closed": ("H", "closed", "Closed"),
}
"""Canonical status -> (orderStatus id, status id, name)."""

EDITABLE = frozenset({"submitted", "credit_hold", "booked"})
WAITING = frozenset({"submitted", "credit_hold"})
OPEN = EDITABLE | {"credit_hold_inflight"}
OVER = frozenset({"cancelled", "closed"})
CLOSABLE = frozenset({"fulfilled", "billed"})
FULFILLABLE = frozenset({"booked", "in_fulfilment", "partially_fulfilled"})
_CANCELLABLE = FULFILLABLE | WAITING | {"credit_hold_inflight"}
_APPROVED = frozenset({"B", "Pending Fulfillment", "pendingFulfillment"})
_PENDING = frozenset({"A", "Pending Approval", "pendingApproval"})


def approval(body: OrderBody) -> bool:
    """Tell whether the caller wants the order approved (B, the default) or pending (A)."""
    if body.orderStatus is None:
        return True
    wanted = str(body.orderStatus.id or body.orderStatus.refName or "B")
    if wanted not in _APPROVED and wanted not in _PENDING:
        raise Refusal("user_error", f"An order cannot be saved with the status {wanted}.", "orderStatus")
    return wanted in _APPROVED


@lru_cache(maxsize=256)
def way(source: str, target: str) -> tuple[str, ...]:
    """Return the states from source (not included) to target on the order chart; raise IllegalTransition if none."""
    if source not in _CANCELLABLE:
        raise IllegalTransition(ORDER.name, source, target, ORDER.targets(source))
    paths: dict[str, tuple[str, ...]] = {source: ()}
    queue = [source]
    for state in queue:
        for follower in ORDER.targets(state):
            if follower not in paths:
                paths[follower] = (*paths[state], follower)
                queue.append(follower)
    return paths[target]
