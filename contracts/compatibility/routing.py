"""Routing: which operation of a document a request is for, below whichever base path its servers have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from contracts.compatibility.documents import Document
from contracts.compatibility.operations import Operation, operations


class Known:
    """The operations of a document, to be found by requests."""

    def __init__(self, document: Document) -> None:
        self._operations = tuple(operations(document).values())
        self._bases = ("", *dict.fromkeys(_bases(document)))

    def operation_of(self, method: str, path: str) -> Operation | None:
        """Return the operation that a request is for: of those whose path fits the one with the fewest parameters."""
        for base in self._bases:
            fitting = [each for each in self._fitting(path, base) if each.method == method]
            if fitting:
                return min(fitting, key=lambda operation: operation.path.count("{"))
        return None

    def methods_of(self, path: str) -> list[str]:
        """Return the methods that are documented for a path."""
        return sorted({each.method for base in self._bases for each in self._fitting(path, base)})

    def _fitting(self, path: str, base: str) -> Iterator[Operation]:
        if f"{path}/".startswith(f"{base}/"):
            wanted = path.removeprefix(base).rstrip("/").split("/")
            yield from (each for each in self._operations if _fits(each.path.rstrip("/").split("/"), wanted))


def _bases(document: Document) -> Iterator[str]:
    """Yield the paths of a document's servers, the variables in them as they are unless somebody says otherwise."""
    servers = document.tree.get("servers")
    for server in servers if isinstance(servers, list) else ():
        url = str(server.get("url", "")) if isinstance(server, Mapping) else ""
        variables = server.get("variables") if isinstance(server, Mapping) else None
        for name, said in variables.items() if isinstance(variables, Mapping) else ():
            url = url.replace(f"{{{name}}}", str(said.get("default", "")) if isinstance(said, Mapping) else "")
        yield urlsplit(url).path.rstrip("/")


def _fits(parts: list[str], wanted: list[str]) -> bool:
    return len(parts) == len(wanted) and all(
        part == name or ("{" in part and name != "" and _within(part, name))
        for part, name in zip(parts, wanted, strict=True)
    )


def _within(part: str, name: str) -> bool:
    before, _, rest = part.partition("{")
    after = rest.partition("}")[2]
    return name.startswith(before) and name.endswith(after.partition("{")[0]) if after else name.startswith(before)
