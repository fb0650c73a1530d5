"""Facts about sales orders."""

from domain.events.fact import Fact, event_type
from domain.events.parts import Amount, ErrorRef, LineItem


class OrderReceived(Fact, frozen=True, kw_only=True):
    """The integration took over an accepted quote for one selling entity."""

    order_id: str
    quote_id: str
    quote_version: int
    order_type: str
    lines: tuple[LineItem, ...]
    total: Amount


class OrderAccepted(Fact, frozen=True, kw_only=True):
    """The ERP acknowledged the order; it has no order number yet."""

    order_id: str
    erp_request_id: str


class OrderBooked(Fact, frozen=True, kw_only=True):
    """The ERP approved the order and gave it a number."""

    order_id: str
    erp_order_no: str
    booked_at_us: int
    lines: tuple[LineItem, ...]
    total: Amount
    bill_to: str
    ship_to: str


class _OrderRefused(Fact, frozen=True, kw_only=True):
    order_id: str
    attempt: int
    error: ErrorRef
    details: str


class OrderRejected(_OrderRefused, frozen=True, kw_only=True):
    """The ERP refused the order for a business reason."""


class OrderFallout(_OrderRefused, frozen=True, kw_only=True):
    """The order waits for a clerk to correct it."""


class OrderCancelled(Fact, frozen=True, kw_only=True):
    """The order ended; `compensation` names the steps that were undone."""

    order_id: str
    reason: str
    compensation: tuple[str, ...]


EVENT_TYPES = (
    event_type(
        13,
        "order.received",
        OrderReceived,
        producers="orchestrator",
        consumers="crm analytics",
        subject="order_id",
        key="{quote_id}:{quote_version}:{legal_entity}",
    ),
    event_type(
        14,
        "order.accepted",
        OrderAccepted,
        producers="orchestrator",
        consumers="crm",
        subject="order_id",
        key="{order_id}:accepted",
    ),
    event_type(
        15,
        "order.booked",
        OrderBooked,
        producers="erp",
        consumers="billing fulfilment crm analytics",
        subject="order_id",
        key="{order_id}:booked",
    ),
    event_type(
        16,
        "order.rejected",
        OrderRejected,
        producers="orchestrator",
        consumers="crm case",
        subject="order_id",
        key="{order_id}:{attempt}",
    ),
    event_type(
        16,
        "order.fallout",
        OrderFallout,
        producers="orchestrator",
        consumers="crm case",
        subject="order_id",
        key="{order_id}:{attempt}",
    ),
    event_type(
        17,
        "order.cancelled",
        OrderCancelled,
        producers="erp",
        consumers="all",
        subject="order_id",
        key="{order_id}:cancelled",
    ),
)
