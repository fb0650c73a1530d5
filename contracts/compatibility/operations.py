"""The operations of an OpenAPI document (3.0 or 3.1), their parameters, bodies and replies, references followed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from contracts.compatibility.documents import Document, Node, Unusable

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
"""Header parameters that OpenAPI says are ignored: they have other places."""
_VERSION = re.compile(r"3\.[01]\.\d+")


class Operation(msgspec.Struct, frozen=True):
    """One operation. `parameters` by where and name (headers in lower case); `security` None: as the document says."""

    method: str
    path: str
    node: Node
    parameters: dict[tuple[str, str], Node]

    @property
    def name(self) -> str:
        """Its name in findings: `POST /v1/orders`."""
        return f"{self.method} {self.path}" if self.path.startswith("/") else f"webhook {self.path}"

    @property
    def key(self) -> str:
        """What it is recognised by in another version: names of path parameters do not matter."""
        return f"{self.method} {template(self.path)}"

    @property
    def is_deprecated(self) -> bool:
        """Tell whether the document says so."""
        return bool(self.node.value.get("deprecated"))

    @property
    def sunset(self) -> str:
        """The day on which it ends, as `x-sunset` says; empty when it does not."""
        return str(self.node.value.get("x-sunset") or "")

    def replies(self) -> dict[str, Node]:
        """Return the replies by status (`200`, `4XX`, `default`)."""
        found = self.node.get("responses")
        return dict(found.members()) if found is not None else {}

    def body(self) -> Node | None:
        """Return the request body."""
        return self.node.get("requestBody")

    def security(self, document: Document) -> Any:
        """Return what it asks for: its own security, else the document's."""
        own = self.node.value.get("security")
        return document.tree.get("security", []) if own is None else own


def template(path: str) -> str:
    """Return a path without the names of its parameters."""
    return re.sub(r"\{[^/}]*\}", "{}", path)


def operations(document: Document) -> dict[str, Operation]:
    """Return the operations of a document by their key; raise Unusable when it is no OpenAPI 3 document."""
    version = str(document.tree.get("openapi", ""))
    if not _VERSION.fullmatch(version):
        said = f"`openapi` is {version!r}" if version else "it has no `openapi`"
        raise Unusable(f"{document.place('/openapi')}: {said}; OpenAPI 3.0 and 3.1 documents are read.")
    found = [operation for name in ("paths", "webhooks") for operation in _below(document, name)]
    return {operation.key: operation for operation in found}


def _below(document: Document, name: str) -> Iterator[Operation]:
    paths = document.root.get(name)
    for path, item in paths.members() if paths is not None else ():
        if not isinstance(item.value, dict):
            raise Unusable(f"{item.place}: a path holds operations; this is {type(item.value).__name__}.")
        shared = _parameters(item)
        for method in METHODS:
            node = item.get(method)
            if node is not None and isinstance(node.value, dict):
                yield Operation(method.upper(), path, node, {**shared, **_parameters(node)})


def _parameters(node: Node) -> dict[tuple[str, str], Node]:
    listed = node.get("parameters")
    found = {}
    for _, parameter in listed.members() if listed is not None else ():
        where, name = parameter.text("in"), parameter.text("name")
        name = name.lower() if where == "header" else name
        if (where, name) != ("", "") and not (where == "header" and name in IGNORED_HEADERS):
            found[where, name] = parameter
    return found


def media(node: Node | None) -> dict[str, Node]:
    """Return the schemas of a body by media type, without parameters such as `charset`; absent ones are `{}`."""
    content = node.get("content") if node is not None else None
    if content is None:
        return {}
    return {
        name.partition(";")[0].strip().lower(): inner.get("schema") or Node(inner.document, inner.pointer, {})
        for name, inner in content.members()
    }
