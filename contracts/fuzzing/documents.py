"""Documents before they are fuzzed: read within bounds, every reference followed far enough to know that it leads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contracts.compatibility.documents import Document, Node, escaped, read
from contracts.compatibility.documents import Unusable as Unreadable
from contracts.fuzzing.settings import Settings, Unusable

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
OPERATIONS_MAX = 2000


def read_document(path: Path, shown: str = "", allow_remote: bool = False) -> Document:
    """Return a document that can be fuzzed; raise Unusable with the file and the place of what is wrong with it.

    `shown` is how the file is named in messages. References that lead over the network are an error unless allowed.
    """
    try:
        document = read(path)
        document.name = shown or document.name
        _examine(document, allow_remote)
    except Unreadable as refusal:
        raise Unusable(str(refusal).replace(str(path), shown or str(path))) from None
    return document


def _examine(document: Document, allow_remote: bool) -> None:
    paths = document.tree.get("paths")
    if "openapi" not in document.tree and "swagger" not in document.tree:
        raise Unusable(f"{document.name}:1: is no OpenAPI document: it has neither `openapi` nor `swagger`.")
    if not isinstance(paths, dict) or not paths:
        raise Unusable(f"{document.name}:1: an OpenAPI document with paths was expected; nothing would be tried.")
    for path, item in paths.items():
        if not isinstance(item, dict):
            place = document.place(f"/paths/{escaped(path)}")
            raise Unusable(f"{place}: the path {path} should be an object with methods.")
    if len(operations(document)) > OPERATIONS_MAX:
        raise Unusable(f"{document.name}: has more than {OPERATIONS_MAX} operations; split it, or say `include`.")
    for pointer, reference in _references(document.tree):
        node = Node(document, pointer, {"$ref": reference})
        if "://" not in reference:
            node.resolved()
        elif not allow_remote:
            raise Unusable(
                f"{document.place(pointer)}: the reference {reference!r} leads over the network, and nothing is "
                "fetched unless `allow_remote = true`. Put everything into one file (a bundler does it)."
            )


def operations(document: Document) -> list[tuple[str, str]]:
    """Return method and path of every operation."""
    paths = document.tree["paths"]
    return [(method, path) for path, item in paths.items() for method in METHODS if isinstance(item.get(method), dict)]


def _references(tree: Any) -> Iterator[tuple[str, str]]:
    """Yield pointer and text of every reference; `$ref` as the name of a property is none."""
    waiting: list[tuple[str, Any]] = [("", tree)]
    while waiting:
        pointer, value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield pointer, value["$ref"]
            waiting.extend((f"{pointer}/{escaped(str(name))}", inner) for name, inner in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{pointer}/{number}", inner) for number, inner in enumerate(value))


def require_operations(document: Document, settings: Settings) -> list[str]:
    """Return the names of the operations that are to be fuzzed; raise Unusable when none is left."""
    names = [f"{method.upper()} {path}" for method, path in operations(document)]
    for part in (*settings.include, *settings.exclude):
        if not any(part in name for name in names):
            raise Unusable(f"{document.name}: no operation has {part!r} in its name (METHOD /path).")
    found = [name for name in names if is_chosen(name, settings)]
    if not found:
        raise Unusable(f"{document.name}: include and exclude leave no operation; nothing would be tried.")
    return found


def is_chosen(name: str, settings: Settings) -> bool:
    """Tell whether an operation is to be fuzzed."""
    included = not settings.include or any(part in name for part in settings.include)
    return included and not any(part in name for part in settings.exclude)


def keyed(document: Document, header: str) -> frozenset[str]:
    """Return the names of the operations that declare a header."""
    found = set()
    for method, path in operations(document):
        above = document.tree["paths"][path]
        pointer = f"/paths/{escaped(path)}"
        for node in (Node(document, pointer, above), Node(document, f"{pointer}/{method}", above[method])):
            declared = node.get("parameters")
            named = [each.text("name").lower() for _, each in declared.members()] if declared else []
            if header and header.lower() in named:
                found.add(f"{method.upper()} {path}")
    return frozenset(found)
