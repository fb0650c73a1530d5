"""A first registry, from what is there: documents, pacts, and the events that they name. Owners are left to people."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from contracts.compatibility.documents import Document
from contracts.compatibility.documents import read as read_document
from contracts.compatibility.pacts import Pact, read_pact
from contracts.governance.registry import ANYBODY, SCHEMA_VERSION, Contract, Event, Kind, Registry
from contracts.governance.sightings import Sighting, of_asyncapi, of_message_pact

_NOTHING: tuple[Any, ...] = ("", (), None, False)
_ALWAYS = frozenset({"owner"})


def drafted(folder: Path, documents: Sequence[Path], pacts: Sequence[Path]) -> str:
    """Return a registry that is to lie in a folder: a row for each file and event, the owners to be filled in."""
    read = {path: read_document(path) for path in documents}
    agreed = {path: read_pact(path) for path in pacts}
    users = {pact.provider: _consumers(agreed.values(), pact.provider) for pact in agreed.values()}
    contracts = [_of_document(path, read[path], folder, users) for path in documents]
    contracts += [_of_pact(path, pact, folder) for path, pact in agreed.items()]
    told = [each for path, row in zip(documents, contracts, strict=False) for each in _told(read[path], row)]
    empty = Registry(folder, ())
    told += [each for pact in agreed.values() for each in of_message_pact(pact, empty)]
    return written({"contracts": contracts, "events": events_of(told)})


def _consumers(pacts: Iterable[Pact], provider: str) -> tuple[str, ...]:
    return tuple(sorted({pact.consumer for pact in pacts if pact.provider == provider}))


def _of_document(path: Path, document: Document, folder: Path, users: Mapping[str, tuple[str, ...]]) -> Contract:
    kind: Kind = (
        "openapi" if "openapi" in document.tree else "asyncapi" if "asyncapi" in document.tree else "json-schema"
    )
    info = document.tree.get("info")
    version = str(info.get("version", "")) if isinstance(info, Mapping) else ""
    name = path.stem
    provider = next((each for each in users if each == name), name)
    return Contract(
        id=f"{name} {kind}", kind=kind, file=beside(path, folder), version=version, producers=(provider,),
        consumers=users.get(provider, ()),
    )  # fmt: skip


def _of_pact(path: Path, pact: Pact, folder: Path) -> Contract:
    return Contract(
        id=f"{pact.consumer} with {pact.provider}", kind="pact", file=beside(path, folder),
        producers=(pact.provider,), consumers=(pact.consumer,),
    )  # fmt: skip


def beside(path: Path, folder: Path) -> str:
    """Return a path as a registry in a folder names it."""
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _told(document: Document, row: Contract) -> Iterator[Sighting]:
    if row.kind == "asyncapi":
        yield from of_asyncapi(document, row)


def events_of(sightings: Iterable[Sighting]) -> list[Event]:
    """Return a row for each event that was told or heard, by who told it and who heard it."""
    by_type: dict[str, dict[str, list[str]]] = {}
    for each in sightings:
        found = by_type.setdefault(each.event, {"told": [], "heard": []})
        found[each.deed].append(each.who)
    return [
        Event(
            type=name, version=_version(name), producers=tuple(dict.fromkeys(who["told"])),
            consumers=tuple(dict.fromkeys(who["heard"])) or (ANYBODY,),
        )
        for name, who in sorted(by_type.items())
    ]  # fmt: skip


def _version(kind: str) -> str:
    major = kind.rpartition(".v")[2]
    return f"{major}.0" if major.isdecimal() and ".v" in kind else ""


def written(tables: Mapping[str, Iterable[msgspec.Struct]], head: str = "") -> str:
    """Return tables of rows as a registry file; what has its usual value is left out."""
    parts = [head.rstrip() + "\n\n" if head else "", f"schema_version = {SCHEMA_VERSION}\n"]
    for table, rows in tables.items():
        for row in rows:
            parts.append(f"\n[[{table}]]\n" + "".join(_line(name, value) for name, value in _said(row)))
    return "".join(parts)


def _said(row: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    usual = dict(zip(row.__struct_fields__[-len(row.__struct_defaults__) :], row.__struct_defaults__, strict=True))
    for name in _order(type(row)):
        value = getattr(row, name)
        is_usual = value in _NOTHING or (name in usual and usual[name] == value)
        if name in _ALWAYS or name in ("lifecycle", "compatibility") or not is_usual:
            yield name, value


def _order(kind: type[msgspec.Struct]) -> list[str]:
    """Return a row's names, its own before those that rows share, as a person reads them."""
    own = [name for name in kind.__struct_fields__ if name in kind.__annotations__]
    return [*own, *(name for name in kind.__struct_fields__ if name not in own and name != "place")]


def _line(name: str, value: Any) -> str:
    return f"{name} = {_toml(value)}\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return json.dumps(str(value), ensure_ascii=False)
