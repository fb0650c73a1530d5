"""Writes: which field was written in which system, by whom, and whether its owner agrees.

A field of a group may be written in a system of its owner by an owner, by who may propose, by who the row of the field
names, and by a carrier when somebody may propose at all. In a system that holds a copy it may be written by an owner or
by a carrier. Everywhere else nobody may write it. What a system, or a person working in it, changes is its own write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from contracts.compatibility.pacts import Interaction, Pact
from contracts.findings import Finding, Place
from contracts.governance.registry import Copy, Fields, Registry
from contracts.governance.rules import broken
from domain.history import Attempted, Changed, History
from domain.ownership import LIVES_IN, Ownership

_WRITES = frozenset({"POST", "PUT", "PATCH"})


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """A field that somebody wrote in a system; `row` says to which group it belongs, None when nobody did.

    One that came with a new document in its owner's system is a request to make it, not a write into somebody's field.
    """

    system: str
    field: str
    who: str
    row: Fields | None
    subject: str
    place: Place | None = None
    is_new: bool = False


def of_pact(pact: Pact, registry: Registry) -> Iterator[Write]:
    """Yield the fields that a pact's requests write, in a system of which the registry knows any fields."""
    system, who = registry.party(pact.provider), registry.party(pact.consumer)
    rows = [row for row in registry.fields if row.system == system and row.request]
    for interaction in pact.interactions if rows else ():
        fitting = [row for row in rows if fnmatchcase(f"{interaction.method} {interaction.path}", row.request)]
        if interaction.method not in _WRITES or not fitting:
            continue
        for field in _sent(interaction):
            yield Write(
                system=system, field=field, who=who, row=_row_of(fitting, field), subject=interaction.description,
                place=interaction.node.place,
            )  # fmt: skip


def _sent(interaction: Interaction) -> list[str]:
    """Return the names of the fields of a request, `lines.*.sku` for those inside of others."""
    if isinstance(interaction.body, str) and "form" in interaction.body_type:
        return list(dict.fromkeys(name for name, _ in parse_qsl(interaction.body, keep_blank_values=True)))
    return list(dict.fromkeys(_leaves(interaction.body)))


def _leaves(value: Any, way: str = "") -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{way}.{name}" if way else str(name))
    elif isinstance(value, list) and value:
        for inner in value:
            yield from _leaves(inner, f"{way}.*")
    elif way:
        yield way


def _row_of(rows: list[Fields], field: str) -> Fields | None:
    """Return the row of a field: of those that fit the one with the longest name, so that `*` comes last."""
    fitting = [(name, row) for row in rows for name in row.names if fnmatchcase(field, name)]
    return max(fitting, key=lambda pair: len(pair[0]), default=("", None))[1]


def of_history(history: History, name: str, registry: Registry, integration: str) -> Iterator[Write]:
    """Yield the fields that changed in a run, each once for its system, asker and kind of change."""
    operations = {each.number: each.operation for each in history.of(Attempted)}
    rows: dict[tuple[str, str], list[Fields]] = {}
    for row in registry.fields:
        if row.object:
            rows.setdefault((row.system, row.object), []).append(row)
    last: dict[tuple[str, str, str], Any] = {}
    seen: set[tuple[str, ...]] = set()
    for each in history.of(Changed):
        key = (each.system, each.kind, each.id)
        before, last[key] = last.get(key), each.document
        asked = each.cause in operations
        who = integration if asked else each.system
        how = operations[each.cause] if asked else each.cause
        for field in _changed(before, each.document):
            told = (each.system, each.kind, field, how, str(before is None))
            if told in seen or (each.system, each.kind) not in rows:
                continue
            seen.add(told)
            yield Write(
                system=each.system, field=field, who=who, row=_row_of(rows[each.system, each.kind], field),
                subject=f"{each.kind} by {how} in {name}", is_new=before is None,
            )  # fmt: skip


def _changed(before: Any, after: Any) -> list[str]:
    if before is None:
        return list(after.__struct_fields__)
    return [name for name in after.__struct_fields__ if getattr(before, name) != getattr(after, name)]


def judged(write: Write, registry: Registry) -> Finding | None:
    """Return the finding of a write that its owner does not agree with."""
    place = write.place or (write.row.place if write.row else registry.place)
    subject = f"{write.system}: {write.subject}"
    if write.row is None:
        message = (
            f"{write.who} writes {write.field} in {write.system}, which belongs to no group; add it to [[fields]]."
        )
        return broken("govern.unassigned-field", subject, message, place, write.field)
    group = registry.ownership.get(write.row.group)
    if group is None:
        known = ", ".join(registry.ownership)
        message = (
            f"{write.field} in {write.system} belongs to {write.row.group!r}, which is no group; known are {known}."
        )
        return broken("govern.unassigned-field", subject, message, write.row.place, write.field)
    if _may(write, group, registry):
        return None
    owners = " or ".join(group.owners)
    message = (
        f"{write.who} writes {write.field} in {write.system}; it belongs to {group.group}, of {owners}"
        f"{_asked(group)}. Ask the owner instead, or settle the ownership in the registry."
    )
    return broken("govern.not-the-owner", subject, message, place, write.field)


def _asked(group: Ownership) -> str:
    return f" (may propose: {', '.join(group.may_propose)})" if group.may_propose else ""


def _may(write: Write, group: Ownership, registry: Registry) -> bool:
    who, system = write.who, write.system
    if who in (write.row.askers if write.row else ()):
        return True
    if _is_home(system, group.owners):
        proposes = "*" in group.may_propose or who in group.may_propose or _is_home(who, group.may_propose)
        carries = registry.is_carrier(who) and (write.is_new or bool(group.may_propose))
        return _is_home(who, group.owners) or proposes or carries
    if system in group.read_copies or _is_home(system, group.read_copies):
        return _is_home(who, group.owners) or registry.is_carrier(who) or (write.is_new and who == system)
    return False


def _is_home(system: str, owners: tuple[str, ...]) -> bool:
    return system in owners or any(LIVES_IN.get(owner) == system for owner in owners)


def copies(history: History, name: str, registry: Registry) -> Iterator[Finding]:
    """Yield each copy that says what its original never said until then; at most one finding for a row."""
    for row in registry.copies:
        odd = _odd(history, row)
        if odd is not None:
            key, value = odd
            message = (
                f"{row.copy} of {key} became {value!r} in {name}, which {row.original} had not said; copies follow "
                "their original."
            )
            yield broken("govern.copy-differs", row.copy, message, row.place, row.copy)


def _odd(history: History, row: Copy) -> tuple[str, Any] | None:
    """Return the first value of a copy (and its key) that its original had not said; usual values need no saying."""
    copy, original = row.copy.split("."), row.original.split(".")
    said: set[tuple[str, Any]] = set()
    told: dict[str, Any] = {}
    for each in history.of(Changed):
        if [each.system, each.kind] == original[:2]:
            said.add((str(getattr(each.document, row.original_by)), getattr(each.document, original[2])))
        elif [each.system, each.kind] == copy[:2]:
            key, value = str(getattr(each.document, row.by)), getattr(each.document, copy[2])
            usual = told.get(key, _usual(each.document, copy[2]))
            told[key] = value
            if value != usual and (key, value) not in said:
                return key, value
    return None


def _usual(document: Any, field: str) -> Any:
    defaults = document.__struct_defaults__
    return dict(zip(document.__struct_fields__[-len(defaults) :], defaults, strict=True)).get(field)
