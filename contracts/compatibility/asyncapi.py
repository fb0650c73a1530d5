"""Two AsyncAPI 3 documents compared, channel by channel: who reads a channel suffers from wider messages, who is asked
to send to it from narrower ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from contracts.compatibility.documents import Document, Node, Unusable
from contracts.compatibility.schemas import Change, Comparison, Side

_VERSION = re.compile(r"3\.\d+\.\d+")


class Channel(msgspec.Struct, frozen=True):
    """One channel. `side` says which way its messages go: `response` when the application sends them."""

    name: str
    address: str
    node: Node
    messages: dict[str, Node]
    side: Side


def channels(document: Document) -> dict[str, Channel]:
    """Return the channels of a document by name; raise Unusable when it is no AsyncAPI 3 document."""
    version = str(document.tree.get("asyncapi", ""))
    if not _VERSION.fullmatch(version):
        said = f"`asyncapi` is {version!r}" if version else "it has no `asyncapi`"
        raise Unusable(f"{document.place('/asyncapi')}: {said}; AsyncAPI 3 documents are read.")
    received = _received(document)
    found = document.root.get("channels")
    return {
        name: Channel(
            name=name,
            address=str(node.value.get("address") or name),
            node=node,
            messages=_messages(node),
            side="request" if node.pointer in received else "response",
        )
        for name, node in (found.members() if found is not None else ())
        if isinstance(node.value, dict)
    }


def _received(document: Document) -> set[str]:
    """Return the pointers of the channels from which the application only receives."""
    actions: dict[str, set[str]] = {}
    listed = document.root.get("operations")
    for _, operation in listed.members() if listed is not None else ():
        channel = operation.get("channel")
        if channel is not None:
            actions.setdefault(channel.pointer, set()).add(operation.text("action"))
    return {pointer for pointer, found in actions.items() if found == {"receive"}}


def _messages(node: Node) -> dict[str, Node]:
    found = node.get("messages")
    return dict(found.members()) if found is not None else {}


def compare(old: Document, new: Document) -> list[Change]:
    """Return the changes from one document to another, in the order of the old one's channels."""
    before, after = channels(old), channels(new)
    found: list[Change] = []
    for name, channel in before.items():
        if name in after:
            found.extend(_channel(channel, after[name]))
        else:
            found.append(_told("channel.removed", channel, channel.node))
    found.extend(_told("channel.added", after[name], after[name].node) for name in after if name not in before)
    return found


def _told(rule: str, channel: Channel, node: Node, part: str = "", old: str = "", new: str = "") -> Change:
    return Change(rule=rule, operation=f"channel {channel.name}", part=part, old=old, new=new, place=node.place)


def _channel(old: Channel, new: Channel) -> Iterator[Change]:
    if old.address != new.address:
        yield _told("channel.address-changed", old, new.node, "", old.address, new.address)
    for name, message in old.messages.items():
        other = new.messages.get(name)
        if other is None:
            yield _told("channel.message-removed", old, message, f"message {name}")
            continue
        for part in ("payload", "headers"):
            before, after = _schema(message, part), _schema(other, part)
            yield from Comparison(f"channel {old.name}", f"message {name} {part}", old.side).compare(before, after)
    for name, message in new.messages.items():
        if name not in old.messages:
            yield _told("channel.message-added", old, message, f"message {name}")


def _schema(message: Node, part: str) -> Node:
    """Return the schema of a payload or of headers; a multi-format schema holds it in `schema`."""
    found = message.get(part)
    if found is None:
        return Node(message.document, message.pointer, {})
    inner = found.get("schema") if isinstance(found.value, dict) and "schemaFormat" in found.value else None
    return inner or found
