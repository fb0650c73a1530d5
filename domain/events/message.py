"""Facts about integration messages."""

from domain.events.fact import Fact, event_type


class _MessageChanged(Fact, frozen=True, kw_only=True):
    message_id: str
    reason: str
    attempts: int


class MessageDeadLettered(_MessageChanged, frozen=True, kw_only=True):
    """A message was set aside after its last attempt."""


class MessageReplayed(_MessageChanged, frozen=True, kw_only=True):
    """A dead letter was sent again."""


class MessageDiscarded(_MessageChanged, frozen=True, kw_only=True):
    """A dead letter was given up; an approver stands behind it."""

    approver: str


_STATES = (
    ("dead_lettered", MessageDeadLettered),
    ("replayed", MessageReplayed),
    ("discarded", MessageDiscarded),
)

EVENT_TYPES = tuple(
    event_type(
        46,
        f"message.{state}",
        payload,
        producers="middleware",
        consumers="control_tower",
        subject="message_id",
        key=f"{{message_id}}:{state}",
    )
    for state, payload in _STATES
)
