"""Usage: what a consumer really uses of a provider, read from its pact, and which changes touch it.

A change that breaks somebody who uses all of an operation need not break anybody: this says who must be told, and who
not. What is demanded anew (a required property, a header, credentials) touches everybody who calls the operation and
does not send it already; what is no longer promised touches only who reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from contracts.compatibility.documents import Document
from contracts.compatibility.operations import Operation
from contracts.compatibility.pacts import Interaction, Pact, ways
from contracts.compatibility.routing import Known
from contracts.compatibility.schemas import Change

_DEMANDS = ("added-required", "became-required", "security-added", "security-scope-added", "operation.removed",
            "callback-removed", "style-changed", "media-type.removed")  # fmt: skip


class Usage(msgspec.Struct):
    """What one consumer uses of one operation. Ways lead to values in bodies; parts are named as in a Change."""

    sent: set[str] = set()
    values: dict[str, list[Any]] = {}
    parameters: dict[str, str] = {}
    media_sent: set[str] = set()
    read: dict[int, set[str]] = {}
    media_read: set[str] = set()
    headers_read: set[str] = set()
    lives_with_unknown: set[str] = set()
    has_body: bool = False


def usage(pact: Pact, provider: Document) -> dict[str, Usage]:
    """Return what a pact uses of each operation of its provider, by the operation's name; unknown ones are left out."""
    known = Known(provider)
    found: dict[str, Usage] = {}
    for interaction in pact.interactions:
        operation = known.operation_of(interaction.method, interaction.path)
        if operation is not None and not interaction.pending:
            used = found.setdefault(operation.name, Usage())
            _add(used, interaction, operation)
    return found


def _add(used: Usage, interaction: Interaction, operation: Operation) -> None:
    for way, value in ways(interaction.body):
        used.sent.add(way)
        if not isinstance(value, Mapping | list):
            used.values.setdefault(way, []).append(value)
    used.has_body = used.has_body or interaction.body is not None
    used.parameters.update({f"query {name}": value for name, value in interaction.query.items()})
    used.parameters.update({f"header {name}": value for name, value in interaction.headers.items()})
    used.parameters.update({f"path {index}": "" for index in range(operation.path.count("{"))})
    if interaction.body_type:
        used.media_sent.add(interaction.body_type)
    read = used.read.setdefault(interaction.status, set())
    read.update(way for way, _ in ways(interaction.reply_body))
    if interaction.reply_type:
        used.media_read.add(interaction.reply_type)
    used.headers_read.update(interaction.reply_headers)
    used.lives_with_unknown.update(interaction.handles_unknown)


def touched(change: Change, used: Usage) -> bool:
    """Tell whether a change touches who uses an operation this way."""
    if change.severity == "note":
        return False
    if change.part.startswith("response"):
        return _touches_reader(change, used)
    if change.part.startswith(("query", "header", "path", "cookie")):
        return _touches_sender_of_parameter(change, used)
    if change.part == "request body":
        return _touches_sender_of_body(change, used)
    return True


def _is_demand(change: Change) -> bool:
    return change.rule.endswith(_DEMANDS)


def _touches_sender_of_parameter(change: Change, used: Usage) -> bool:
    if _is_demand(change) and change.rule.startswith("parameter."):
        return change.part not in used.parameters
    if change.rule == "request.enum.value-removed":
        return used.parameters.get(change.part) in {str(value) for value in change.values}
    return change.part in used.parameters


def _touches_sender_of_body(change: Change, used: Usage) -> bool:
    way = change.path
    if change.rule == "request.media-type.removed":
        return change.old in used.media_sent
    if change.rule == "request.body.became-required":
        return not used.has_body
    if not used.has_body:
        return False
    if change.rule.endswith(("added-required", "became-required")) or change.rule == "request.dependentRequired.added":
        parent = way.rpartition("/")[0]
        return not _is_among(way, used.sent) and (parent in ("", "/") or _is_among(parent, used.sent))
    if change.rule == "request.enum.value-removed":
        sent = (value for other, values in used.values.items() if _is_same(way, other) for value in values)
        return any(value in change.values for value in sent)
    if change.rule.startswith("request.default"):
        return not _is_among(way, used.sent)
    return way in ("", "/") or _is_among(way, used.sent)


def _touches_reader(change: Change, used: Usage) -> bool:
    words = change.part.split(" ")
    status = words[1] if len(words) > 1 else ""
    if change.rule == "response.status-added":
        return bool(used.read)
    if not any(_covers(status, read) for read in used.read):
        return False
    if "header" in words:
        return words[-1] in used.headers_read
    if change.rule == "response.media-type.removed":
        return change.old in used.media_read
    way = change.path
    if change.rule == "response.enum.value-added" and _is_among(way, used.lives_with_unknown):
        return False
    read = {path for number, paths in used.read.items() if _covers(status, number) for path in paths}
    return way in ("", "/") or _is_among(way, read)


def _is_among(way: str, used: Iterable[str]) -> bool:
    return any(_is_same(way, other) for other in used)


def _is_same(way: str, other: str) -> bool:
    """Tell whether two ways may lead to the same: `*` is any item of a list, and any member of a map (`/labels/*`)."""
    if way == other or "*" not in way + other:
        return way == other
    names, others = way.split("/"), other.split("/")
    return len(names) == len(others) and all(
        one == two or "*" in (one, two) for one, two in zip(names, others, strict=True)
    )


def _covers(status: str, number: int) -> bool:
    return status in (str(number), "default") or (status[:1] == str(number)[:1] and status[1:].upper() == "XX")


class Impact(msgspec.Struct, frozen=True, kw_only=True):
    """A change and the consumers that it touches, by name."""

    change: Change
    consumers: tuple[str, ...]


def impacts(changes: Iterable[Change], usages: Mapping[str, Mapping[str, Usage]]) -> Iterator[Impact]:
    """Yield every change with those of the known consumers that it touches."""
    for change in changes:
        names = tuple(
            sorted(
                consumer
                for consumer, by_operation in usages.items()
                if change.operation in by_operation and touched(change, by_operation[change.operation])
            )
        )
        yield Impact(change=change, consumers=names)
