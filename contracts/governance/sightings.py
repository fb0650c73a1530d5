"""Sightings: where an event is told or heard, and where a contract is used, with the place that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from contracts.compatibility.documents import Document, Node
from contracts.compatibility.pacts import Pact
from contracts.compatibility.routing import Known
from contracts.findings import Place
from contracts.governance.registry import Contract, Registry
from domain.history import Delivered, Emitted, History

Deed = Literal["told", "heard"]
_TYPE_NAMES = ("type", "ce-type", "ce_type", "topic", "event")


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """An event was told or heard by somebody; `place` is None where only a run showed it (`seen_in`)."""

    event: str
    deed: Deed
    who: str
    teller: str = ""
    place: Place | None = None
    seen_in: str = ""


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody uses a contract, at a place."""

    contract: Contract
    who: str
    place: Place


def of_asyncapi(document: Document, contract: Contract | None) -> Iterator[Sighting]:
    """Yield the events of an AsyncAPI 3 document: the application sends or receives them."""
    who = contract.producers[0] if contract and contract.producers else document.name
    listed = document.root.get("operations")
    for _, operation in listed.members() if listed is not None else ():
        deed: Deed = "heard" if operation.text("action") == "receive" else "told"
        for name, message in _messages(operation):
            kind = message.text("name") or name
            yield Sighting(event=kind, deed=deed, who=who, teller=who if deed == "told" else "", place=message.place)


def _messages(operation: Node) -> Iterator[tuple[str, Node]]:
    """Yield the messages of an operation; when it names none, all of its channel's."""
    own = operation.get("messages")
    channel = operation.get("channel")
    listed = own if own is not None and own.value else channel.get("messages") if channel is not None else None
    for _, message in listed.members() if listed is not None else ():
        yield message.pointer.rpartition("/")[2], message


def of_message_pact(pact: Pact, registry: Registry) -> Iterator[Sighting]:
    """Yield the messages of a pact: its provider tells them, its consumer hears them."""
    teller, hearer = registry.party(pact.provider), registry.party(pact.consumer)
    for index, said in enumerate(pact.document.tree.get("interactions", []) or pact.document.tree.get("messages", [])):
        if not isinstance(said, Mapping) or "contents" not in said:
            continue
        kind, place = event_type(said), pact.document.place(f"/interactions/{index}")
        yield Sighting(event=kind, deed="told", who=teller, teller=teller, place=place)
        yield Sighting(event=kind, deed="heard", who=hearer, teller=teller, place=place)


def event_type(message: Mapping[str, Any]) -> str:
    """Return the type of a message of a pact: the CloudEvents type, else what its metadata or description say."""
    contents = message.get("contents")
    body = contents.get("content") if isinstance(contents, Mapping) else None
    if isinstance(body, Mapping) and body.get("specversion") and isinstance(body.get("type"), str):
        return str(body["type"])
    metadata = message.get("metadata")
    named = metadata if isinstance(metadata, Mapping) else {}
    found = next((named[name] for name in _TYPE_NAMES if isinstance(named.get(name), str)), "")
    return str(found) or str(message.get("description", ""))


def of_history(history: History, name: str, integration: str) -> Iterator[Sighting]:
    """Yield each event once that a run really told: the integration's own, and those of the systems it hears."""
    for kind in dict.fromkeys(each.type for each in history.of(Emitted)):
        yield Sighting(event=kind, deed="told", who=integration, teller="", seen_in=name)
    for system, topic in dict.fromkeys((each.system, each.topic) for each in history.of(Delivered)):
        yield Sighting(event=topic, deed="told", who=system, teller=system, seen_in=name)
        yield Sighting(event=topic, deed="heard", who=integration, teller=system, seen_in=name)


def uses(pact: Pact, registry: Registry, documents: Mapping[str, Document]) -> Iterator[Used]:
    """Yield the contracts that a pact uses, once each: documents of its provider that hold an operation it asks for."""
    provider, consumer = registry.party(pact.provider), registry.party(pact.consumer)
    for contract in registry.contracts:
        document = documents.get(contract.id)
        if contract.kind != "openapi" or provider not in contract.producers or document is None:
            continue
        known = Known(document)
        for interaction in pact.interactions:
            if not interaction.pending and known.operation_of(interaction.method, interaction.path):
                yield Used(contract=contract, who=consumer, place=interaction.node.place)
                break


def of_pact_files(pacts: Iterable[Pact], registry: Registry) -> Iterator[Used]:
    """Yield the pacts that are contracts of their own: their consumer uses them."""
    for pact in pacts:
        contract = registry.contract_of(Path(pact.document.name))
        if contract is not None:
            yield Used(contract=contract, who=registry.party(pact.consumer), place=pact.document.place("/consumer"))
