"""Shapes of the exception queue, the cross-reference and the state of the service."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from integration.api.shapes.base import Body, Name, Text, View

Person = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]{1,80}$")]
Note = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$")]
Decision = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")]


class DiscardView(View):
    """Somebody asked to give the flow up; a second person has to approve."""

    requested_by: str
    requested_at: str
    reason: str


class CaseView(View):
    """An exception case: why a flow stands still, who acts and until when, and what a person must know to decide."""

    id: str = Field(description="The name of the case in addresses.")
    case: str
    flow: str
    transaction: str
    code: str
    owner: str
    assignee: str
    status: str
    open: bool
    opened_at: str
    due_at: str
    overdue: bool
    detail: str
    context: dict[str, Any]
    decisions: tuple[str, ...] = Field(description="What may be decided when the flow is driven again.")
    escalations: int
    discard: DiscardView | None
    last_actor: str
    note: str
    history: tuple[str, ...]
    version: int


class CasePage(View):
    """A page of cases."""

    cases: tuple[CaseView, ...]
    next: str
    more: bool


class Taking(Body):
    """The case is mine. `from_person` names the person it is taken over from."""

    from_person: Person | None = None


class HandingOver(Body):
    """The case is for somebody else, or for the queue again."""

    to: Person | None = None
    note: Note = ""


class Remark(Body):
    """A remark; it stays in the audit trail."""

    note: Text


class MaybeRemark(Body):
    """A remark, if there is one to make."""

    note: Note = ""


class Retrying(Body):
    """Let the flow try again what stopped it."""

    note: Note = ""


class MappingCorrection(Body):
    """A row of the cross-reference that is written before the flow goes on."""

    kind: Name
    key: Person
    value: dict[str, Any]


class Correction(Body):
    """What was corrected: it reaches the flow with the answer to its question."""

    mapping: MappingCorrection | None = None
    values: dict[str, Any] = Field(default_factory=dict)


class Resolving(Body):
    """What was decided about the question that stopped the flow: one of the case's `decisions`, with a reason."""

    decision: Decision
    note: Text
    correction: Correction | None = None


class BulkReDrive(Body):
    """Which open cases are to be driven again: those that fit every field that is set. At least one is."""

    code: str | None = Field(default=None, pattern=r"^[A-Z_]+(\.[A-Za-z0-9_.-]+)*$", max_length=100)
    owner: Person | None = None
    system: Name | None = None
    transaction: Name | None = None
    assignee: Person | None = None
    older_than_seconds: int = Field(default=0, ge=0, le=10**9)
    decision: Decision = "retry"
    note: Note = ""
    per_minute: int = Field(default=60, ge=1, le=6000, description="The pace, so that a peer is not hammered.")


class BulkView(View):
    """How many cases were chosen; they go on one after another at the pace that was asked for."""

    chosen: int


class MappingView(View):
    """A row of the cross-reference."""

    kind: str
    key: str
    value: dict[str, Any]


class MappingPage(View):
    """Rows of the cross-reference."""

    mappings: tuple[MappingView, ...]
    next: str
    more: bool


class MappingBody(Body):
    """What a key stands for."""

    value: dict[str, Any]
    note: Note = ""


class SystemView(View):
    """How a system of record is doing, as seen from here."""

    system: str
    state: str = Field(description="closed (all is well), open (nothing is sent), half_open (a probe is out)")
    since: str | None
    in_flight: int
    waiting: int
    trouble: str


class ServiceView(View):
    """How the service is doing."""

    ready: bool
    reasons: tuple[str, ...]
    systems: tuple[SystemView, ...]
    flows: dict[str, int] = Field(description="Flows by status.")
    open_cases: dict[str, int] = Field(description="Open exception cases by owner.")
    unsent_events: int
    waiting_messages: int
    as_of: str


class TokenView(View):
    """A signed access token (RFC 6749)."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: int
    scope: str
