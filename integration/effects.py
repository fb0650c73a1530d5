"""Effects: the closed set of things a flow may ask for. They are plain frozen values that can be awaited.

    answer = await Call(system="erp", operation="read_customer", target="/services/rest/record/v1/customer/eid:A-1")
    message = await Receive("task.completed", "Q-000123-v1", timeout_seconds=86_400)

Awaiting hands the value to whoever drives the flow and returns its outcome with its own type, so mypy follows a flow
like any other coroutine. Each effect is in the journal before it is performed. A flow has no clock: the instant of an
answer or a message is in it (`at_us`, `received_us`); `Now()` reads the driver's clock as a journaled effect, for
the rare flow that needs it. Business dates come from the arguments or from such an instant.
Reading the cross-reference table that stewards maintain is the effect `Lookup`, adding what a flow found out `Assign`.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import msgspec

from integration.outcomes import (
    Answer,
    Failed,
    Launched,
    Mapped,
    Message,
    Published,
    Received,
    Resumed,
    Slept,
    Unknown,
)


class Call(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="effect", tag="call"):
    """One attempt of one operation of a system; its result is an Answer, or CallFailed or OutcomeUnknown is raised.

    `key` names the intent (`tenant/entity/operation`), the same in each attempt: an idempotency key when `key_header`
    names the header that carries it (the driver sends it), else an external id or document code that stands in
    `target` or `body`. Access tokens are never part of a call: the driver adds them, the journal never sees them.
    `key_lives_seconds` is how long the peer remembers the key (0 = for ever). `send_by_us` is until when a repetition
    may be sent, since its key may be forgotten after that (0 = no matter when).
    """

    system: str
    operation: str
    target: str
    method: str = "GET"
    headers: dict[str, str] = {}
    body: bytes = b""
    key: str = ""
    key_header: str = ""
    key_lives_seconds: int = 0
    write: bool = False
    txn: str = ""
    timeout_seconds: int = 30
    attempt: int = 1
    send_by_us: int = 0

    def __await__(self) -> Generator[Call, Answer, Answer]:
        return (yield self)


class Sleep(msgspec.Struct, frozen=True, gc=False, tag_field="effect", tag="sleep"):
    """A pause; it goes on across crashes and ends when it would have ended."""

    seconds: float

    def __await__(self) -> Generator[Sleep, Slept, None]:
        yield self


class Receive(msgspec.Struct, frozen=True, gc=False, tag_field="effect", tag="receive"):
    """Wait for one message of a topic and key; None when the time is up first. Early messages are kept for it."""

    topic: str
    key: str
    timeout_seconds: float

    def __await__(self) -> Generator[Receive, Message | None, Message | None]:
        return (yield self)


class Emit(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="effect", tag="emit"):
    """Put a canonical event into the outbox; it leaves after the journal holds it, at least once, in order."""

    type: str
    subject: str
    txn: str = ""
    body: dict[str, Any] = {}

    def __await__(self) -> Generator[Emit, Published, Published]:
        return (yield self)


class Start(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="effect", tag="start"):
    """Start a flow. Its id is the business key: a second start is the same flow, other arguments are a Conflict.

    Flows with the same `entity_key` run one at a time; those that wait go in the order of `order_key` (compared as
    text: write dates as 2026-12-10 and numbers with leading zeros), then of their start.
    """

    flow_id: str
    name: str
    arguments: dict[str, Any] = {}
    txn: str = ""
    entity_key: str = ""
    order_key: str = ""

    def __await__(self) -> Generator[Start, Launched, Launched]:
        return (yield self)


class Park(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="effect", tag="park"):
    """Stop and become an exception case of class `code`; go on when somebody re-drives the flow.

    An empty `owner` leaves the choice to the taxonomy. `context` is the snapshot a person needs to decide.
    """

    code: str
    owner: str = ""
    detail: str = ""
    context: dict[str, Any] = {}

    def __await__(self) -> Generator[Park, Resumed, Resumed]:
        return (yield self)


class Now(msgspec.Struct, frozen=True, gc=False, tag_field="effect", tag="now"):
    """Read the driver's clock: microseconds UTC, the same again in every replay."""

    def __await__(self) -> Generator[Now, int, int]:
        return (yield self)


class Lookup(msgspec.Struct, frozen=True, gc=False, tag_field="effect", tag="lookup"):
    """Read the integration's own cross-reference (which ERP item a sku is); None when a steward has yet to add it.

    The table changes while flows run, so reading it is an effect: a replay sees what the flow saw. `otherwise` is the
    key of the row that counts when there is none of the first.
    """

    kind: str
    key: str
    otherwise: str = ""

    def __await__(self) -> Generator[Lookup, Mapped, dict[str, Any] | None]:
        return (yield self).value


class Assign(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="effect", tag="assign"):
    """Write one row of the cross-reference if it still is as `expected` (None: there is none); None removes it.

    The result is what stands afterwards, which is `value` unless somebody else was first. The row and the step are made
    durable together.
    """

    kind: str
    key: str
    value: dict[str, Any] | None
    expected: dict[str, Any] | None = None

    def __await__(self) -> Generator[Assign, Mapped, dict[str, Any] | None]:
        return (yield self).value


class Missing(msgspec.Struct, frozen=True, gc=False, tag_field="effect", tag="missing"):
    """Ask which of these flows the journal does not know; the result is their ids, in the same order.

    A sweep finds hundreds of documents whose flows are long over. Asking of all in one step keeps a quiet sweep cheap.
    With `or_discarded` also those that people have discarded are asked for, of which nothing comes any more.
    """

    flow_ids: tuple[str, ...]
    or_discarded: bool = False

    def __await__(self) -> Generator[Missing, tuple[str, ...], tuple[str, ...]]:
        return (yield self)


class Deliver(msgspec.Struct, frozen=True, gc=False, tag_field="effect", tag="deliver"):
    """Put messages into the inbox as though a source told them now: it was asked for them, or has answered as much.

    Known ones and those without a route are passed over; the result is the ids of the others. They and the step are
    made durable together, and a copy that is told later is known then.
    """

    source: str
    messages: tuple[Message, ...]

    def __await__(self) -> Generator[Deliver, tuple[str, ...], tuple[str, ...]]:
        return (yield self)


Branch = Call | Sleep | Receive


class All(msgspec.Struct, frozen=True, gc=False, tag_field="effect", tag="all"):
    """Perform branches at the same time; the outcomes come back as values in their order, failures included."""

    branches: tuple[Branch, ...]

    def __await__(self) -> Generator[All, tuple[Joinable, ...], tuple[Joinable, ...]]:
        return (yield self)


Joinable = Answer | Failed | Unknown | Slept | Received
Effect = Call | Sleep | Receive | Emit | Start | Park | Now | Lookup | Assign | Missing | Deliver | All
