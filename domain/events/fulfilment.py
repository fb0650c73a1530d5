"""Facts about fulfilment tasks."""

from domain.events.fact import Fact, event_type


class _TaskChanged(Fact, frozen=True, kw_only=True):
    order_id: str
    line_id: str
    task_id: str
    qty_done: int
    started_at_us: int | None = None
    finished_at_us: int | None = None


class FulfillmentStarted(_TaskChanged, frozen=True, kw_only=True):
    """Work on a task began."""


class FulfillmentPartiallyCompleted(_TaskChanged, frozen=True, kw_only=True):
    """A part of the quantity is delivered."""


class FulfillmentCompleted(_TaskChanged, frozen=True, kw_only=True):
    """The whole quantity is delivered."""


class FulfillmentFailed(_TaskChanged, frozen=True, kw_only=True):
    """A task failed; it may be retried."""


_STATES = (
    ("started", FulfillmentStarted),
    ("partially_completed", FulfillmentPartiallyCompleted),
    ("completed", FulfillmentCompleted),
    ("failed", FulfillmentFailed),
)

EVENT_TYPES = tuple(
    event_type(
        18,
        f"fulfillment.{state}",
        payload,
        producers="fulfilment",
        consumers="billing erp crm",
        subject="task_id",
        partition_key="order_id",
        key=f"{{task_id}}:{state}:{{qty_done}}",
    )
    for state, payload in _STATES
)
