"""Canonical objects: one definition each; another one of the same name, elsewhere, must take the same values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from contracts.compatibility.documents import Document, Node, Unusable
from contracts.compatibility.schemas import Comparison
from contracts.findings import Finding
from contracts.governance.registry import Object, Registry
from contracts.governance.rules import broken

_ROOMS = ("/components/schemas", "/$defs", "/definitions")
_SHOWN = 3


def overlaps(registry: Registry, documents: Mapping[str, Document]) -> Iterator[Finding]:
    """Yield each second definition of a canonical object that takes other values than the first.

    Documents in a dialect of their own are left out: a vendor's `Invoice` is not ours.
    """
    own = {row.id: documents[row.id] for row in registry.contracts if not row.dialect and row.id in documents}
    for canonical in registry.objects:
        if not canonical.owner.strip():
            message = f"{canonical.name} has no owner; name who answers for it."
            yield broken("govern.no-owner", canonical.name, message, canonical.place)
        first = _defined(canonical, registry, own)
        if first is None:
            message = f"{canonical.name}: {canonical.definition} leads nowhere; expected FILE#/POINTER of a contract."
            yield broken("govern.no-file", canonical.name, message, canonical.place)
            continue
        for document in own.values():
            for node in _named(document, canonical):
                if (node.document.name, node.pointer) != (first.document.name, first.pointer):
                    yield from _compared(canonical, first, node)


def _defined(canonical: Object, registry: Registry, own: Mapping[str, Document]) -> Node | None:
    file, _, pointer = canonical.definition.partition("#")
    contract = registry.contract_of(Path(canonical.place.file).parent / file)
    document = own.get(contract.id) if contract else None
    if document is None:
        return None
    try:
        return document.root.target(f"#{pointer}")
    except Unusable:
        return None


def _named(document: Document, canonical: Object) -> Iterator[Node]:
    names = {canonical.name, *canonical.also_called}
    for room in _ROOMS:
        try:
            listed = document.root.target(f"#{room}")
        except Unusable:
            continue
        yield from (node for name, node in listed.members() if name in names)
    if document.root.text("title") in names and "openapi" not in document.tree and "asyncapi" not in document.tree:
        yield document.root


def _compared(canonical: Object, first: Node, other: Node) -> Iterator[Finding]:
    changes = list(Comparison(canonical.name, "", "response").compare(first, other))
    if not changes:
        return
    said = tuple(change.sentence for change in changes[:_SHOWN])
    more = f" and {len(changes) - _SHOWN} more" if len(changes) > _SHOWN else ""
    message = (
        f"{canonical.name} is defined here otherwise than at {first.place}: {' '.join(said)}{more} "
        "Refer to the one definition, or make them alike."
    )
    yield broken("govern.object-overlap", canonical.name, message, other.place, other.pointer, *said)
