"""Documents: JSON or YAML with the line of everything, local references resolved, nothing fetched.

A `Node` is a value in a document together with its JSON Pointer (RFC 6901), so that whatever is found there can be
shown at its line. References lead within the document or to files beside it; an address on the network is refused, as
a pull request must not make its judge fetch things.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

from contracts.compatibility.positions import json_position, yaml_position
from contracts.findings import Place

BYTES_MAX = 30_000_000
DEPTH_MAX = 200
REFERENCES_MAX = 50
"""References that lead to references; more is a circle."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unusable(Exception):
    """A document cannot be used; the message names the file, the place, what was expected and what to do."""


class Document:
    """A parsed document. `files` are those that references have led to, by their path."""

    def __init__(self, name: str, text: str, folder: Path | None = None) -> None:
        self.name, self.text, self.folder = name, text, folder
        self.is_json = text.lstrip()[:1] in ("{", "[")
        self.tree = self._parsed()
        self._files: dict[Path, Document] = {}
        if not isinstance(self.tree, dict):
            raise Unusable(
                f"{name}: holds {_kind(self.tree)}; expected an object with `openapi`, `asyncapi` or a schema."
            )
        _require_shallow(self.tree, name)

    def _parsed(self) -> Any:
        try:
            if self.is_json:
                return json.loads(self.text, object_pairs_hook=_without_duplicates)
            return yaml.load(self.text, Loader=_Loader)  # a safe loader
        except _Duplicate as twice:
            raise Unusable(f"{self.name}: the name {twice} stands twice in one object; which one counts?") from None
        except json.JSONDecodeError as error:
            raise Unusable(f"{self.name}:{error.lineno}:{error.colno}: not JSON: {error.msg}.") from None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
            raise Unusable(f"{self.name}{where}: not YAML: {error.problem}.") from None
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise Unusable(f"{self.name}: cannot be read: {error}") from None

    @property
    def root(self) -> Node:
        """The whole document as a node."""
        return Node(self, "", self.tree)

    def place(self, pointer: str) -> Place:
        """Return where a pointer leads, with line and column."""
        line, column = self._position(pointer)
        return Place(self.name, line, column, pointer)

    def _position(self, pointer: str) -> tuple[int, int]:
        names = steps(pointer)
        return json_position(self.text, names) if self.is_json else yaml_position(self._composed, names)

    @cached_property
    def _composed(self) -> Any:
        return yaml.compose(self.text, Loader=_Loader)

    def beside(self, reference: str, origin: Node) -> Document:
        """Return the document of a file that a reference names, in the folder of this one or below it."""
        if self.folder is None or "://" in reference or reference.startswith(("/", "\\")):
            raise Unusable(
                f"{origin.place}: the reference {reference!r} leads elsewhere, and nothing is fetched. "
                "Put everything into one file first (a bundler does it), or copy that file beside this one."
            )
        path = (self.folder / reference).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise Unusable(f"{origin.place}: the reference {reference!r} leads out of {self.folder}.")
        if path not in self._files:
            self._files[path] = read(path)
        return self._files[path]


class Node:
    """A value in a document, with the pointer that leads to it."""

    __slots__ = ("document", "pointer", "value")

    def __init__(self, document: Document, pointer: str, value: Any) -> None:
        self.document, self.pointer, self.value = document, pointer, value

    @property
    def place(self) -> Place:
        """Where the value stands."""
        return self.document.place(self.pointer)

    def get(self, name: str) -> Node | None:
        """Return a member of an object, its references followed; None when it is not there."""
        if not isinstance(self.value, Mapping) or name not in self.value:
            return None
        return Node(self.document, f"{self.pointer}/{escaped(name)}", self.value[name]).resolved()

    def text(self, name: str) -> str:
        """Return a member that is a text; empty when it is none."""
        found = self.value.get(name) if isinstance(self.value, Mapping) else None
        return found if isinstance(found, str) else ""

    def members(self) -> Iterator[tuple[str, Node]]:
        """Yield the members of an object, or of a list by number, with their references followed."""
        pairs: Any = ()
        if isinstance(self.value, Mapping):
            pairs = self.value.items()
        elif isinstance(self.value, list):
            pairs = enumerate(self.value)
        for name, value in pairs:
            yield str(name), Node(self.document, f"{self.pointer}/{escaped(str(name))}", value).resolved()

    def resolved(self) -> Node:
        """Follow a reference to what it means; what stands beside `$ref` (OpenAPI 3.1) is added to it."""
        node = self
        beside: dict[str, Any] = {}
        for _ in range(REFERENCES_MAX):
            if not isinstance(node.value, Mapping) or not isinstance(node.value.get("$ref"), str):
                return Node(node.document, node.pointer, {**node.value, **beside}) if beside else node
            beside = {**{name: value for name, value in node.value.items() if name != "$ref"}, **beside}
            node = node.target(node.value["$ref"])
        raise Unusable(f"{self.place}: references lead round in a circle.")

    def target(self, reference: str) -> Node:
        """Return the node that a reference leads to; it is a URI, in which signs may be escaped (`%7B` for `{`)."""
        file, _, pointer = (unquote(part) for part in reference.partition("#"))
        document = self.document.beside(file, self) if file else self.document
        node = document.root
        for name in steps(pointer):
            value = node.value
            if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
                inner = value[int(name)]
            elif isinstance(value, Mapping) and name in value:
                inner = value[name]
            else:
                raise Unusable(f"{self.place}: the reference {reference!r} leads nowhere; there is no {name!r}.")
            node = Node(document, f"{node.pointer}/{escaped(name)}", inner)
        return node


def read(path: Path) -> Document:
    """Return the document of a file; raise Unusable."""
    try:
        size = path.stat().st_size
        if size > BYTES_MAX:
            raise Unusable(f"{path}: has {size:,} bytes; documents up to {BYTES_MAX:,} are read.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise Unusable(f"{path}: is not UTF-8 at byte {error.start}.") from None
    return Document(str(path), text, path.parent)


def steps(pointer: str) -> list[str]:
    """Return the names that a JSON Pointer is made of."""
    return [name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:]]


def escaped(name: str) -> str:
    """Return a name as it stands in a JSON Pointer."""
    return name.replace("~", "~0").replace("/", "~1")


class _Duplicate(Exception):
    pass


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Duplicate(next(name for name in names if names.count(name) > 1))
    return found


def _require_shallow(tree: Any, name: str) -> None:
    """Refuse what is too deep to walk, or has no end (YAML anchors can make circles)."""
    level, depth = [tree], 0
    seen: set[tuple[int, int]] = set()
    while level:
        depth += 1
        if depth > DEPTH_MAX:
            raise Unusable(f"{name}: is nested more than {DEPTH_MAX} levels deep.")
        inner: list[Any] = []
        for value in level:
            children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
            inner.extend(
                child for child in children if isinstance(child, dict | list) and (depth, id(child)) not in seen
            )
            seen.update((depth, id(child)) for child in children)
        level = inner


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text", type(None): "nothing"}.get(type(value), f"a {type(value).__name__}")
