"""Facts about credit checks and holds."""

from domain.events.fact import Fact, event_type
from domain.events.parts import Amount


class CreditCheckCompleted(Fact, frozen=True, kw_only=True):
    """The ERP decided on the credit of one order; `decision` is approve, hold or reject."""

    account: str
    order_id: str
    attempt: int
    decision: str
    exposure: Amount
    limit: Amount
    reasons: tuple[str, ...]


class CreditHoldApplied(Fact, frozen=True, kw_only=True):
    """An account or an order was put on hold; `level` is soft or hard, `scope` account or order."""

    hold_id: str
    account: str
    scope: str
    order_id: str | None = None
    reason: str
    level: str
    applied_at_us: int


class CreditHoldReleased(Fact, frozen=True, kw_only=True):
    """A hold was lifted by a person or a rule."""

    hold_id: str
    account: str
    by: str
    released_at_us: int


EVENT_TYPES = (
    event_type(
        10,
        "credit_check.completed",
        CreditCheckCompleted,
        producers="erp",
        consumers="orchestrator",
        subject="order_id",
        partition_key="account",
        key="{order_id}:{attempt}",
    ),
    event_type(
        11,
        "credit_hold.applied",
        CreditHoldApplied,
        producers="erp",
        consumers="orchestrator crm fulfilment",
        subject="hold_id",
        partition_key="account",
        key="{hold_id}",
    ),
    event_type(
        12,
        "credit_hold.released",
        CreditHoldReleased,
        producers="erp",
        consumers="orchestrator crm fulfilment",
        subject="hold_id",
        partition_key="account",
        key="{hold_id}:released",
    ),
)
