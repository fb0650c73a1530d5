"""Operations: a vendor dialect as a table, and the router that finds the row for a request."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import msgspec

from domain.http import NO_HEADERS, Reply, Request
from mocks.kernel.codec import decode_query, encode_json


class Refusal(Exception):
    """The model refuses a request. `code` names a row of the system's `errors.py`; nothing has been changed.

    `detail` is prose for a person, `field` the path of the offending field, `extra` what the dialect's shape needs.
    """

    def __init__(self, code: str, detail: str = "", field: str = "", **extra: Any) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.detail, self.field, self.extra = code, detail, field, extra


class Call:
    """A routed request as an operation's handler sees it.

    `key` is what tells a repeated intent (idempotency header, external id, document code), `idempotency_key` the header
    alone where the vendor looks at it, `fingerprint` the digest of what the request asks for: method, target and body.
    It is admitted at `arrived_us` and performed at `now_us`. `stake` is what the fault plan holds in store for it,
    `luck` the word from which faults and latency draw.
    """

    __slots__ = (
        "_query", "arrived_us", "body", "fingerprint", "idempotency_key", "key", "luck", "now_us", "number",
        "operation", "params", "request", "stake", "txn",
    )  # fmt: skip

    def __init__(
        self, request: Request, operation: Operation, params: dict[str, str], now_us: int, number: str
    ) -> None:
        self.request = request
        self.operation = operation
        self.params = params
        self.arrived_us = self.now_us = now_us
        self.number = number
        self.fingerprint = fingerprint(request)
        self.key = self.idempotency_key = self.txn = ""
        self.luck = 0
        self.stake: Any = None
        self.body: Any = None
        self._query: dict[str, str] | None = None

    @property
    def query(self) -> dict[str, str]:
        """The decoded query of the target."""
        if self._query is None:
            self._query = decode_query(self.request.target)
        return self._query


class Operation(msgspec.Struct, frozen=True):
    """One row of a dialect: where it is called, what its body must fit, and who handles it.

    `name` is the stable name in faults, histories and support matrices. `handler(model, call)` returns a Reply or
    raises Refusal. `body` is the msgspec type the decoded body must fit (None: the handler takes it as decoded),
    `query` that of the parameters behind the path, and `reply` that of the answer, where they are typed.
    """

    name: str
    method: str
    path: str
    handler: Callable[[Any, Call], Reply]
    body: Any = None
    write: bool = False
    summary: str = ""
    query: Any = None
    reply: Any = None


JSON: Mapping[str, str] = MappingProxyType({"content-type": "application/json"})


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] = NO_HEADERS) -> Reply:
    """Return a reply with a compact JSON body."""
    return Reply(status, {**JSON, **headers} if headers else JSON, encode_json(value))


def fingerprint(request: Request) -> str:
    """Return the digest of what a request asks for: method, target and body."""
    text = f"{request.method} {request.target}\n".encode() + request.body
    return blake2b(text, digest_size=8).hexdigest()


Methods = dict[str, tuple[Operation, tuple[tuple[str, int], ...]]]
"""Method -> operation, and the name and position of each parameter of its path."""


class _Shape:
    """The paths of one length with literals at the same positions; `rows` finds one by these literals."""

    def __init__(self, is_literal: tuple[bool, ...]) -> None:
        self.parameters = [position for position, literal in enumerate(is_literal) if not literal]
        literals = [position for position, literal in enumerate(is_literal) if literal]
        assert literals, "a path has a literal segment"
        self.key: Callable[[Sequence[str]], Hashable] = itemgetter(*literals)
        self.rows: dict[Hashable, Methods] = {}


class Router:
    """Finds the operation of a raw path. Literal segments win over parameters; a trailing slash does not matter."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        found: dict[int, dict[tuple[bool, ...], _Shape]] = {}
        for operation in operations:
            segments = operation.path.strip("/").split("/")
            is_literal = tuple([segment[:1] != "{" for segment in segments])
            shapes = found.setdefault(len(segments), {})
            if is_literal not in shapes:  # a world is built in milliseconds, thousands of times in a verification
                shapes[is_literal] = _Shape(is_literal)
            _add(shapes[is_literal], operation, segments)
        self._shapes = {  # by length, the earliest literals first
            length: [shapes[is_literal] for is_literal in sorted(shapes, reverse=True)]
            for length, shapes in found.items()
        }
        self._literal = {  # paths without parameters, as most callers write them
            "/" + operation.path.strip("/"): self._methods(operation)
            for operation in operations
            if "{" not in operation.path
        }

    def _methods(self, operation: Operation) -> Methods:
        segments = operation.path.strip("/").split("/")
        shapes = self._shapes[len(segments)]
        return next(rows for shape in shapes if (rows := shape.rows.get(shape.key(segments))) is not None)

    def find(self, method: str, target: str) -> tuple[Operation | None, dict[str, str], Iterable[str]]:
        """Return (operation, path parameters, allowed methods); no operation and no methods: no such path."""
        path = target.partition("?")[0]
        known = self._literal.get(path)
        if known is not None and (found := known.get(method)) is not None:
            return found[0], {}, known
        segments = path.strip("/").split("/")
        for shape in self._shapes.get(len(segments), ()):
            methods = shape.rows.get(shape.key(segments))
            if methods is None:
                continue
            found = methods.get(method)
            if found is None:
                return None, {}, methods
            operation, names = found
            params = {name: segments[position] for name, position in names}
            if "%" in path:
                params = {name: unquote(text) for name, text in params.items()}
            return operation, params, methods
        return None, {}, ()


@lru_cache(maxsize=64)
def router_of(operations: tuple[Operation, ...]) -> Router:
    """Return the router of some operations: made once, for whoever has the same."""
    return Router(operations)


def _add(shape: _Shape, operation: Operation, segments: Sequence[str]) -> None:
    methods = shape.rows.setdefault(shape.key(segments), {})
    assert operation.method not in methods, f"two operations for {operation.method} {operation.path}"
    parameters = [(segments[position][1:-1], position) for position in shape.parameters]
    methods[operation.method] = operation, tuple(parameters)
