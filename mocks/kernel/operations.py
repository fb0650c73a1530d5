"""Operations: a vendor dialect as a table, and the router that finds the row for a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    """A routed request as an operation's handler sees it."""

    __slots__ = ("_query", "body", "key", "now_us", "number", "operation", "params", "request", "txn")

    def __init__(
        self, request: Request, operation: Operation, params: dict[str, str], now_us: int, number: str
    ) -> None:
        self.request = request
        self.operation = operation
        self.params = params
        self.now_us = now_us
        self.number = number
        self.key = ""
        self.txn = ""
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
    raises Refusal. `body` is the msgspec type the decoded body must fit (None: the handler takes it as decoded).
    """

    name: str
    method: str
    path: str
    handler: Callable[[Any, Call], Reply]
    body: Any = None
    write: bool = False
    summary: str = ""


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] = NO_HEADERS) -> Reply:
    """Return a reply with a compact JSON body."""
    return Reply(status, {"content-type": "application/json", **headers}, encode_json(value))


class _Node:
    __slots__ = ("children", "methods", "parameter", "wildcard")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.wildcard: _Node | None = None
        self.parameter = ""
        self.methods: dict[str, tuple[Operation, tuple[str, ...]]] = {}


class Router:
    """Finds the operation of a raw path. Literal segments win over parameters; a trailing slash does not matter."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._root = _Node()
        for operation in operations:
            self._add(operation)

    def _add(self, operation: Operation) -> None:
        node, names = self._root, []
        for segment in operation.path.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.wildcard = node.wildcard or _Node()
                node = node.wildcard
            else:
                node = node.children.setdefault(segment, _Node())
        assert operation.method not in node.methods, f"two operations for {operation.method} {operation.path}"
        node.methods[operation.method] = (operation, tuple(names))

    def find(self, method: str, target: str) -> tuple[Operation | None, dict[str, str], tuple[str, ...]]:
        """Return (operation, path parameters, allowed methods); no operation and no methods: no such path."""
        path = target.partition("?")[0].strip("/")
        values: list[str] = []
        node = self._walk(self._root, path.split("/"), 0, values)
        if node is None:
            return None, {}, ()
        found = node.methods.get(method)
        if found is None:
            return None, {}, tuple(node.methods)
        operation, names = found
        return operation, dict(zip(names, values, strict=True)), tuple(node.methods)

    def _walk(self, node: _Node, segments: list[str], index: int, values: list[str]) -> _Node | None:
        if index == len(segments):
            return node if node.methods else None
        segment = segments[index]
        child = node.children.get(segment)
        if child is not None:
            found = self._walk(child, segments, index + 1, values)
            if found is not None:
                return found
        if node.wildcard is None:
            return None
        values.append(unquote(segment) if "%" in segment else segment)
        found = self._walk(node.wildcard, segments, index + 1, values)
        if found is None:
            values.pop()
        return found
