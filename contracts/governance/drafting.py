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
    rows = [_of_document(path, document, folder, list(agreed.values())) for path, document in read.items()]
    told = [each for row, document in zip(rows, read.values(), strict=True) for each in _told(document, row)]
    rows += [_of_pact(path, pact, folder) for path, pact in agreed.items()]
    nobody = Registry(folder, ())
    told += [each for pact in agreed.values() for each in of_message_pact(pact, nobody)]
    return written({"contracts": rows, "events": events_of(told)})


def _of_document(path: Path, document: Document, folder: Path, pacts: Sequence[Pact]) -> Contract:
    kind: Kind = (
        "openapi" if "openapi" in document.tree else "asyncapi" if "asyncapi" in document.tree else "json-schema"
    )
    info = document.tree.get("info")
    said = info if isinstance(info, Mapping) else {}
    provider = _provider(path.stem, str(said.get("title", "")), [pact.provider for pact in pacts])
    users = tuple(sorted({pact.consumer for pact in pacts if pact.provider == provider}))
    file = beside(path, folder)
    return Contract(
        id=_id(file), kind=kind, file=file, version=str(said.get("version", "")), producers=(provider,),
        consumers=users,
    )  # fmt: skip


def _provider(stem: str, title: str, providers: Sequence[str]) -> str:
    """Return whose a document is: the provider of a pact that it is named after, the only one there is, or its name."""
    named = [each for each in providers if each in (stem, title) or each.startswith(title or stem)]
    known = named or (list(providers) if len(set(providers)) == 1 else [])
    return known[0] if known else stem


def _of_pact(path: Path, pact: Pact, folder: Path) -> Contract:
    file = beside(path, folder)
    return Contract(id=_id(file), kind="pact", file=file, producers=(pact.provider,), consumers=(pact.consumer,))


def _id(file: str) -> str:
    return file.rpartition(".")[0].lstrip("./")


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
