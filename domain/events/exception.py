"""Facts about exception cases."""

import msgspec

from domain.events.fact import Fact, event_type


class _CaseChanged(Fact, frozen=True, kw_only=True):
    case_id: str
    seq: int
    error_class: str = msgspec.field(name="class")
    code: str
    owner: str
    sla_due_us: int
    subject: str


class ExceptionOpened(_CaseChanged, frozen=True, kw_only=True):
    """A case waits for a person."""


class ExceptionAssigned(_CaseChanged, frozen=True, kw_only=True):
    """A case has an owner."""


class ExceptionResolved(_CaseChanged, frozen=True, kw_only=True):
    """A case is done."""


class ExceptionEscalated(_CaseChanged, frozen=True, kw_only=True):
    """A case used 80% of its time."""


_STATES = (
    ("opened", ExceptionOpened),
    ("assigned", ExceptionAssigned),
    ("resolved", ExceptionResolved),
    ("escalated", ExceptionEscalated),
)

EVENT_TYPES = tuple(
    event_type(
        45,
        f"exception.{state}",
        payload,
        producers="case",
        consumers="control_tower",
        subject="case_id",
        key=f"{{case_id}}:{state}:{{seq}}",
    )
    for state, payload in _STATES
)
