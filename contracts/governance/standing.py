"""Standing: rows that lack something, and what is told, heard or used though its row does not allow it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from contracts.compatibility.documents import Document
from contracts.findings import Finding, Place
from contracts.governance.registry import ANYBODY, Contract, Event, Registry
from contracts.governance.rules import broken
from contracts.governance.sightings import Sighting, Used


def lacking(registry: Registry, documents: Mapping[str, Document]) -> Iterator[Finding]:
    """Yield what the rows of a registry lack by themselves; `documents` are those of its contracts that were read."""
    for row in registry.kept:
        if not row.owner.strip():
            yield broken("govern.no-owner", row.name, f"{row.name} has no owner; name who answers for it.", row.place)
        if row.lifecycle == "deprecated" and row.sunset is None:
            message = f"{row.name} is deprecated without an end; give `sunset` a day."
            yield broken("govern.no-sunset", row.name, message, row.place)
    for contract in registry.contracts:
        yield from _versioned(contract, documents.get(contract.id))
        if not contract.file or not contract.path.is_file():
            said = f"its file {contract.file} is not there" if contract.file else "it has no file"
            yield broken("govern.no-file", contract.id, f"{contract.id}: {said}.", contract.place)
    for event in registry.events:
        yield from _major(event)
    yield from _twice(registry)


def _versioned(contract: Contract, document: Document | None) -> Iterator[Finding]:
    info = document.tree.get("info") if document is not None else None
    said = str(info.get("version", "")) if isinstance(info, Mapping) else ""
    if document is not None and said and said != contract.version:
        message = f"{contract.id} is registered as {contract.version or 'no version'}, its document says {said}."
        yield broken("govern.version-differs", contract.id, message, contract.place, said)


def _major(event: Event) -> Iterator[Finding]:
    """An event's type ends in its major version, as in `q2c.order.booked.v1`; types of others need not."""
    major = event.type.rpartition(".v")[2]
    if major.isdecimal() and ".v" in event.type and event.version.partition(".")[0] != major:
        message = f"{event.type} is registered as {event.version or 'no version'}; its type says {major}."
        yield broken("govern.version-differs", event.type, message, event.place)


def _twice(registry: Registry) -> Iterator[Finding]:
    keys: Counter[tuple[str, ...]] = Counter()
    named = [(("contract", row.id), row) for row in registry.contracts]
    told = [(("event", row.type, who), row) for row in registry.events for who in row.producers or ("",)]
    shared = [(("object", name), row) for row in registry.objects for name in (row.name, *row.also_called)]
    for key, row in (*named, *told, *shared):
        keys[key] += 1
        if keys[key] > 1:
            message = f"the {key[0]} {key[1]} has another row already; keep one."
            yield broken("govern.registered-twice", key[1], message, row.place)


def unregistered(files: Iterable[Path], registry: Registry) -> Iterator[Finding]:
    """Yield the documents and pacts that have no row."""
    for path in files:
        if registry.contract_of(path) is None:
            message = f"{path} is not registered; add a row [[contracts]] with its owner and version."
            yield broken("govern.unregistered-contract", path.name, message, Place(str(path), 1), str(path))


def of_events(sightings: Iterable[Sighting], registry: Registry, today: date) -> Iterator[Finding]:
    """Yield what is wrong with events that were told or heard: no row, or one that does not allow it."""
    seen: set[tuple[str, ...]] = set()
    for each in sightings:
        rows = registry.events_of(each.event, each.teller)
        where = f" in {each.seen_in}" if each.seen_in else ""
        if not rows:
            if ("", each.event) not in seen:
                seen.add(("", each.event))
                message = f"{each.who} {each.deed} {each.event}{where}, which no row [[events]] names; register it."
                yield broken("govern.unregistered-event", each.event, message, each.place or registry.place)
            continue
        for row in rows:
            if (each.deed, each.who, each.event) not in seen:
                yield from _allowed(row, each.who, each.place or row.place, today, f"{each.deed}{where}")
                if each.deed == "heard" and not _names(row, each.who):
                    yield _unnamed(row, each.who, each.place or row.place)
        seen.add((each.deed, each.who, each.event))


def of_uses(used: Iterable[Used], today: date) -> Iterator[Finding]:
    """Yield what is wrong with contracts that are used."""
    for each in used:
        yield from _allowed(each.contract, each.who, each.place, today, "used")
        if not _names(each.contract, each.who):
            yield _unnamed(each.contract, each.who, each.place)


def _allowed(row: Contract | Event, who: str, place: Place, today: date, deed: str) -> Iterator[Finding]:
    if row.lifecycle == "retired":
        message = f"{row.name} is retired and still {deed} by {who}; move {who} to its successor."
        yield broken("govern.retired-used", row.name, message, place, who)
    elif row.lifecycle == "deprecated" and row.sunset is not None and row.sunset < today:
        message = f"{row.name} ended on {row.sunset.isoformat()} and is still {deed} by {who}."
        yield broken("govern.past-sunset", row.name, message, place, who)
    elif row.lifecycle == "deprecated":
        end = f" and ends on {row.sunset.isoformat()}" if row.sunset else ""
        message = f"{row.name} is deprecated{end}; {who} has to leave it ({deed})."
        yield broken("govern.deprecated-used", row.name, message, place, who)
    elif row.lifecycle == "draft":
        message = f"{row.name} is a draft and already {deed} by {who}."
        yield broken("govern.draft-used", row.name, message, place, who)


def _names(row: Contract | Event, who: str) -> bool:
    return who in row.consumers or ANYBODY in row.consumers or who == ANYBODY


def _unnamed(row: Contract | Event, who: str, place: Place) -> Finding:
    message = f"{who} uses {row.name}, whose consumers are {', '.join(row.consumers) or 'nobody'}; add it there."
    return broken("govern.unregistered-consumer", row.name, message, place, who)
