"""Canonical events out: pages with a cursor, and a stream of server-sent events that goes on where it broke off.

Both read the event log, so nobody misses anything: an event has a number, the cursor and `Last-Event-ID` are that
number. An observer of the node only says that it is worth looking; what other processes told is found all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from domain import history
from domain.events.registry import BY_NAME, REGISTRY
from domain.history import Record
from integration.api.doors import House, add, caller_of, house_of
from integration.api.paging import Cursor, Limit, number_after, token_of
from integration.api.problems import FieldError, Refused
from integration.api.shapes.experience import EventPage
from integration.journal.protocol import OutboxRow
from integration.relay.cloud_event import cloud_event, encoded

LOOK_SECONDS = 1.0
"""How long a stream waits for a hint before it looks by itself."""
HEARTBEAT_SECONDS = 15.0
STREAM_EVENTS_AT_ONCE = 100
SCANS_MAX = 20

Subject = Annotated[str, Query(max_length=100, description="Only of this subject (an order, an invoice, an account).")]
Transaction = Annotated[str, Query(max_length=64, description="Only of this transaction.")]
Kinds = Annotated[
    list[str],
    Query(
        alias="type",
        max_length=20,
        description="Only of these types: `q2c.order.booked.v1` or `order.booked`. Repeat it for several.",
    ),
]


class Wanted(msgspec.Struct, frozen=True):
    """Which events somebody wants; empty means all."""

    subject: str
    txn: str
    types: frozenset[str]


def wanted(subject: str, transaction: str, kinds: list[str]) -> Wanted:
    """Return what a caller wants; refuse a type that there is not."""
    types = set()
    for kind in kinds:
        row = REGISTRY.get(kind) or BY_NAME.get(kind)
        if row is None:
            errors = [FieldError("type", "query", "expected a type of the registry, such as order.booked")]
            raise Refused("invalid-request", f"there is no event type {kind!r}", errors=errors)
        types.add(row.type)
    return Wanted(subject, transaction, frozenset(types))


class Look:
    """One look into the log: the events that are wanted, and the number up to which everything has been seen."""

    def __init__(self, house: House, want: Wanted) -> None:
        self._reader, self._want = house.node.reader, want
        self._one = next(iter(want.types)) if len(want.types) == 1 else ""

    def after(self, number: int, limit: int) -> tuple[list[OutboxRow], int, bool]:
        """Return events after a number, the number to go on after, and whether there may be more.

        The log is asked for one type at most; of several the others are left out here, in a bounded number of looks.
        """
        found: list[OutboxRow] = []
        want = self._want
        for _ in range(SCANS_MAX):
            rows = self._reader.events(
                after=number, subject=want.subject, txn=want.txn, type=self._one, limit=limit + 1
            )
            for row in rows:
                if len(found) == limit:
                    return found, number, True
                number = row.number
                if not want.types or row.type in want.types:
                    found.append(row)
            if len(rows) <= limit:
                return found, number, False
        return found, number, True


async def list_events(
    request: Request,
    after: Cursor = "",
    limit: Limit = 50,
    type: Kinds = [],  # noqa: A002, B006 - a query parameter of this name; FastAPI copies the default
    subject: Subject = "",
    transaction: Transaction = "",
) -> Response:
    """Read canonical events, a page at a time; go on with `next`, also when it was the last page so far."""
    look = Look(house_of(request), wanted(subject, transaction, type))
    start = number_after(after)
    rows, number, more = look.after(start, limit)
    page = EventPage(events=tuple(cloud_event(row) for row in rows), next=token_of(str(number)), more=more)
    return Response(msgspec.json.encode(page.model_dump()), media_type="application/json")


async def stream_events(
    request: Request,
    after: Cursor = "",
    last_event_id: Annotated[str, Header(description="The id of the last event that you saw.")] = "",
    type: Kinds = [],  # noqa: A002, B006 - a query parameter of this name; FastAPI copies the default
    subject: Subject = "",
    transaction: Transaction = "",
) -> Response:
    """Receive canonical events as they are told (server-sent events).

    The id of each is its cursor: a client that comes again with `Last-Event-ID` misses nothing and gets nothing twice.
    Without it, and without `after`, the stream begins with the first event of the log.
    """
    house, caller = house_of(request), caller_of(request)
    look = Look(house, wanted(subject, transaction, type))
    number = number_after(last_event_id or after)
    if not house.budget.open_stream(caller.name):
        raise Refused("too-many-requests", "you have as many streams as you may", headers={"retry-after": "5"})
    return Stream(_stream(request, look, number), lambda: house.budget.close_stream(caller.name))


class Stream(StreamingResponse):
    """A stream of events that gives its place in the budget back however it ends, even before its first line."""

    def __init__(self, lines: AsyncIterator[bytes], give_back: Callable[[], None]) -> None:
        super().__init__(lines, media_type="text/event-stream", headers={"x-accel-buffering": "no"})
        self._give_back = give_back

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._give_back()


async def _stream(request: Request, look: Look, number: int) -> AsyncIterator[bytes]:
    """Yield what is told, and a sign of life now and then, until the caller or the service goes away."""
    house, hint = house_of(request), asyncio.Event()

    def observe(record: Record) -> None:
        if isinstance(record, history.Emitted):
            hint.set()

    house.node.observers.append(observe)
    try:
        yield b"retry: 2000\n\n"
        quiet_seconds = 0.0
        while not (house.node.readiness() or await request.is_disconnected()):
            hint.clear()
            rows, number, more = look.after(number, STREAM_EVENTS_AT_ONCE)
            for row in rows:
                yield event_lines(row)
            quiet_seconds = 0.0 if rows else quiet_seconds + LOOK_SECONDS
            if quiet_seconds >= HEARTBEAT_SECONDS:
                quiet_seconds = 0.0
                yield b": still here\n\n"
            if not more:
                await _hinted(hint)
    finally:
        house.node.observers.remove(observe)


async def _hinted(hint: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await hint.wait()
    except TimeoutError:
        return


def event_lines(row: OutboxRow) -> bytes:
    """Return an event as the lines of a server-sent event; JSON has no line breaks of its own."""
    identity = token_of(str(row.number)).encode()
    return b"id: " + identity + b"\nevent: " + row.type.encode() + b"\ndata: " + encoded(row) + b"\n\n"


def router() -> APIRouter:
    """Return the routes of the event log."""
    routes = APIRouter(tags=["experience"])
    add(routes, "GET", "/events", list_events, scope="events:read", response_model=EventPage)
    add(
        routes, "GET", "/events/stream", stream_events, scope="events:read", response_class=StreamingResponse,
        response_description="A stream of events; `data` is a CloudEvent.", response_model=None,
    )  # fmt: skip
    return routes
