"""A drift as a value: one row of a vendor's table, and the edge that lays rows around the operations of a dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from domain.http import Reply
from mocks.kernel.codec import encode_json
from mocks.kernel.dialect import Dialect
from mocks.kernel.operations import Call, Operation

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
Plain = dict[str, Any]


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """One change that a client has to survive.

    `name` starts with the vendor's. `since` is the release or the date of the change, "any day" for what an
    administrator may do. `breaks` says what becomes of a client that was not told; `source` is where the fact is from.
    `operations` are patterns of the operations it concerns. What it does with them, all optional:

    ask(model, call)       refuses a request (raises Refusal) or changes its headers
    send(call, body)       changes the plain JSON body before the service reads it; tells whether it did
    tell(call, body)       changes the plain JSON body of a good reply in place
    rule(model, kind, values, is_new)    refuses or changes the values of one record that is about to be written (CRM)
    version                the version of the API that older clients are moved to (payment)
    """

    name: str
    system: str
    summary: str
    breaks: str
    since: str
    source: str
    operations: tuple[str, ...] = ("*",)
    ask: Callable[[Any, Call], None] | None = None
    send: Callable[[Call, Plain], bool] | None = None
    tell: Callable[[Call, Any], None] | None = None
    rule: Callable[[Any, str, Plain, bool], None] | None = None
    version: str = ""

    def concerns(self, operation: str) -> bool:
        """Tell whether the edge of an operation has something to do for this drift."""
        is_edge = self.ask is not None or self.send is not None or self.tell is not None
        return is_edge and any(fnmatchcase(operation, pattern) for pattern in self.operations)


def drifted(dialect: Dialect, rows: Sequence[Drift]) -> Dialect:
    """Return a dialect in which the operations that these rows concern behave as they say."""
    wrapped: dict[str, Operation] = {}

    def classify(call: Call) -> Operation:
        operation = dialect.classify(call) if dialect.classify is not None else call.operation
        if operation.name not in wrapped:
            wrapped[operation.name] = edged(operation, rows, dialect)
        return wrapped[operation.name]

    return msgspec.structs.replace(dialect, classify=classify)


def edged(operation: Operation, rows: Sequence[Drift], dialect: Dialect) -> Operation:
    """Return an operation with the rows that concern it around its handler; itself when none does."""
    concerned = [row for row in rows if row.concerns(operation.name)]
    if not concerned:
        return operation

    def handle(model: Any, call: Call) -> Reply:
        for row in concerned:
            if row.ask is not None:
                row.ask(model, call)
            if row.send is not None:
                _resend(row, call, dialect)
        reply = operation.handler(model, call)
        for row in concerned:
            if row.tell is not None:
                reply = _retold(row.tell, call, reply)
        return reply

    return msgspec.structs.replace(operation, handler=handle)


def _resend(row: Drift, call: Call, dialect: Dialect) -> None:
    """Let a row change the body that came, and read it again."""
    body = plain_of(call)
    assert row.send is not None
    if isinstance(body, dict) and row.send(call, body):
        call.request = msgspec.structs.replace(call.request, body=encode_json(body))
        call.body = None
        call.body = dialect.decode(call)


def _retold(tell: Callable[[Call, Any], None], call: Call, reply: Reply) -> Reply:
    if reply.status >= 300 or not reply.body or "json" not in reply.headers.get("content-type", ""):
        return reply
    body = _decode(reply.body)
    tell(call, body)
    return Reply(reply.status, reply.headers, encode_json(body))


def plain_of(call: Call) -> Any:
    """Return the JSON body of a request as plain values, None when it has none."""
    try:
        return _decode(call.request.body) if call.request.body else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def nodes(value: Any) -> Iterator[Plain]:
    """Iterate over all mappings inside plain values, the outer ones first."""
    if isinstance(value, dict):
        yield value
        for each in list(value.values()):
            yield from nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from nodes(each)
