"""Outcomes: what performing an effect led to, as values that the journal keeps and a replay hands out again.

A call is three-valued. `Answer` is ok, `Failed` is known not to have happened (or to have been refused for good),
`Unknown` may or may not have happened: a timeout after sending is unknown, never failed. Inside a flow the last two
surface as the exceptions `CallFailed` and `OutcomeUnknown`.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import msgspec

FORGOTTEN = "forgotten"
TRANSIENT = {
    "refused": True,  # no connection: nothing was sent
    "connect_timeout": True,  # the connection attempt was swallowed: nothing was sent
    "throttled": True,  # 429 or a vendor's disguise of it
    "unavailable": True,  # 503: the service says that it did nothing
    "server_error": True,  # 5xx on a read
    "in_progress": True,  # 409: the first request with this key still runs
    FORGOTTEN: True,  # it waited for its turn until its key might be forgotten: nothing was sent
    "unauthenticated": False,
    "untrusted": False,  # its certificate is not good: nothing was sent, and a person must see to it
    "rejected": False,
}
"""The kinds of failure, and whether repeating the same request later may help."""


class Answer(msgspec.Struct, frozen=True, gc=False, tag="answer"):
    """A reply that says the call did what it asked for (2xx), and when the caller learned it."""

    status: int
    body: bytes = b""
    at_us: int = 0


class Failed(msgspec.Struct, frozen=True, gc=False, tag="failed"):
    """A call that took no effect. `code` is the vendor's error code; `retry_after_seconds` is -1 when not given."""

    kind: str
    status: int = 0
    code: str = ""
    detail: str = ""
    retry_after_seconds: int = -1
    body: bytes = b""
    at_us: int = 0


class Unknown(msgspec.Struct, frozen=True, gc=False, tag="unknown"):
    """A call whose effect nobody can tell. `replayed` says the peer's key store will answer so for ever (Stripe)."""

    reason: str
    status: int = 0
    replayed: bool = False
    retry_after_seconds: int = -1
    at_us: int = 0


class Message(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A message from a system, verified and parsed by its adapter; (source, id) makes it unique."""

    source: str
    id: str
    topic: str
    key: str
    body: dict[str, Any] = {}
    txn: str = ""
    sent_us: int = 0
    received_us: int = 0


class Begun(msgspec.Struct, frozen=True, gc=False, tag="begun"):
    """The flow started: the audit trail's first word on it."""

    flow_id: str
    name: str
    arguments: dict[str, Any]


class Slept(msgspec.Struct, frozen=True, gc=False, tag="slept"):
    """The pause is over."""


class Received(msgspec.Struct, frozen=True, gc=False, tag="received"):
    """A message came, or None because the time was up."""

    message: Message | None = None


class Published(msgspec.Struct, frozen=True, gc=False, tag="published"):
    """The event is in the outbox under this id."""

    event_id: str


class Launched(msgspec.Struct, frozen=True, gc=False, tag="launched"):
    """The flow exists: `created` tells the first start from a repetition; `conflict` says why it was refused."""

    flow_id: str
    created: bool
    conflict: str = ""


class Resumed(msgspec.Struct, frozen=True, gc=False, tag="resumed"):
    """Somebody (or the driver) re-drove a parked flow; `action` is what they decided, `retry` by default.

    `correction` is what they put right, in the words of the flow that asked.
    """

    actor: str
    action: str = "retry"
    note: str = ""
    at_us: int = 0
    correction: dict[str, Any] = {}


class Instant(msgspec.Struct, frozen=True, gc=False, tag="instant"):
    """The driver's clock, read once and remembered."""

    at_us: int


class Mapped(msgspec.Struct, frozen=True, gc=False, tag="mapped"):
    """What the cross-reference said when it was asked; None when it had no entry."""

    value: dict[str, Any] | None = None


class Absent(msgspec.Struct, frozen=True, gc=False, tag="absent"):
    """Which of some flows the journal did not know when it was asked, in the order of asking."""

    flow_ids: tuple[str, ...] = ()


class Delivered(msgspec.Struct, frozen=True, gc=False, tag="delivered"):
    """The ids of those messages that were not known until they were delivered."""

    messages: tuple[str, ...] = ()


class Joined(msgspec.Struct, frozen=True, gc=False, tag="joined"):
    """The outcomes of parallel branches, in the order of the branches."""

    outcomes: tuple[Answer | Failed | Unknown | Slept | Received, ...]


Outcome = (
    Begun
    | Answer
    | Failed
    | Unknown
    | Slept
    | Received
    | Published
    | Launched
    | Resumed
    | Instant
    | Mapped
    | Absent
    | Delivered
    | Joined
)


class CallFailed(Exception):
    """A call took no effect: it never arrived, was refused for now (`is_transient`) or for good."""

    def __init__(self, failed: Failed) -> None:
        said = " ".join(part for part in (str(failed.status or ""), failed.code, failed.detail) if part)
        super().__init__(f"{failed.kind}{': ' + said if said else ''}")
        self.failed = failed
        self.kind = failed.kind
        self.status = failed.status
        self.code = failed.code
        self.retry_after_seconds = failed.retry_after_seconds
        self.at_us = failed.at_us

    @property
    def is_transient(self) -> bool:
        """Tell whether the same request may succeed later."""
        return TRANSIENT.get(self.kind, False)


class OutcomeUnknown(Exception):
    """A call may or may not have taken effect: look it up, or repeat it under the same key."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(f"unknown outcome: {unknown.reason}")
        self.unknown = unknown
        self.reason = unknown.reason
        self.retry_after_seconds = unknown.retry_after_seconds
        self.at_us = unknown.at_us


class GivenUp(Exception):
    """A person decided that a flow shall not go on; what it did so far is to be compensated.

    `code` is the taxonomy's of the case on which they did.
    """

    def __init__(self, detail: str, code: str = "CONFLICT.STATE") -> None:
        super().__init__(detail)
        self.code = code


class Conflict(Exception):
    """A flow or message with this id exists and says something else: CONFLICT.DUPLICATE_REQUEST."""

    code = "CONFLICT.DUPLICATE_REQUEST"


def _seen_launch(launched: Launched) -> Launched | Conflict:
    return Conflict(launched.conflict) if launched.conflict else launched


_SEEN: dict[type, Callable[[Any], Any]] = {
    Begun: lambda begun: None,
    Failed: CallFailed,
    Unknown: OutcomeUnknown,
    Received: attrgetter("message"),
    Launched: _seen_launch,
    Instant: attrgetter("at_us"),
    Absent: attrgetter("flow_ids"),
    Delivered: attrgetter("messages"),
    Joined: attrgetter("outcomes"),
}


def reveal(outcome: Outcome) -> Any:
    """Return what a flow sees of an outcome: a value, or the exception that is to be raised inside it."""
    see = _SEEN.get(type(outcome))
    return outcome if see is None else see(outcome)
