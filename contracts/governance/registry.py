"""The registry: who answers for every contract, event, object and field, in TOML that a person reads and reviews.

    schema_version = 1

    [[parties]]
    name = "orchestrator"
    also_called = ["q2c-integration"]          # its names in pacts
    carrier = true                             # it carries values of others; it owns none of them

    [[contracts]]
    id = "billing api"
    kind = "openapi"                           # openapi, asyncapi, json-schema or pact
    file = "openapi/billing.json"              # relative to this file
    owner = "billing team"
    version = "1.4.0"
    lifecycle = "active"                       # draft, active, deprecated (with sunset = 2027-03-31) or retired
    compatibility = "backward"                 # backward, full or none
    producers = ["billing"]
    consumers = ["orchestrator"]

    [[events]]
    type = "q2c.order.booked.v1"
    ...                                        # as a contract, without id, kind and file

    [[objects]]
    name = "Amount"
    also_called = ["Money"]
    owner = "finance"
    definition = "asyncapi/events.json#/components/schemas/Amount"

    [[groups]]                                 # whose fields are whose; without any, the table of `domain.ownership`
    group = "customer_finance"
    owners = ["erp"]
    may_propose = ["crm"]
    read_copies = ["crm", "billing"]

    [[fields]]                                 # where the fields of a group are: in requests, or in a history
    system = "crm"
    request = "PATCH /services/data/*/sobjects/Account/*"
    names = ["CreditStatus__c"]
    group = "customer_finance"

A folder is read as one registry: all of its *.toml files together.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from contracts.findings import Place
from domain.ownership import OWNERSHIP, Ownership

SCHEMA_VERSION = 1
ANYBODY = "*"
Lifecycle = Literal["draft", "active", "deprecated", "retired"]
Compatibility = Literal["backward", "full", "none"]
Kind = Literal["openapi", "asyncapi", "json-schema", "pact"]
_HEADER = re.compile(r"\s*\[\[\s*([\w-]+)\s*\]\]")


class Unusable(Exception):
    """A registry cannot be used; the message names the file, the row and what was expected."""


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    place: Place = Place("")


class Party(_Row, frozen=True, kw_only=True):
    """Somebody who takes part. A carrier moves values between their owner and copies of them, and owns none."""

    name: str
    also_called: tuple[str, ...] = ()
    carrier: bool = False


class _Kept(_Row, frozen=True, kw_only=True):
    owner: str = ""
    version: str = ""
    lifecycle: Lifecycle = "active"
    sunset: date | None = None
    compatibility: Compatibility = "backward"
    producers: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()


class Contract(_Kept, frozen=True, kw_only=True):
    """A document or a pact. One in a `dialect` of its own (a vendor's API) defines no canonical objects."""

    id: str
    kind: Kind
    file: str = ""
    dialect: str = ""

    @property
    def name(self) -> str:
        """Its name in findings."""
        return self.id

    @property
    def path(self) -> Path:
        """Where its file is."""
        return Path(os.path.normpath(Path(self.place.file).parent / self.file))


class Event(_Kept, frozen=True, kw_only=True):
    """An event, by the type that its messages carry."""

    type: str

    @property
    def name(self) -> str:
        """Its name in findings."""
        return self.type


class Object(_Row, frozen=True, kw_only=True):
    """A canonical object: the one place where it is defined (`file#/pointer`), and other names it goes by."""

    name: str
    owner: str
    definition: str
    also_called: tuple[str, ...] = ()


class Group(_Row, frozen=True, kw_only=True):
    """Fields that belong together, as `domain.ownership.Ownership`."""

    group: str
    owners: tuple[str, ...]
    about: str = ""
    may_propose: tuple[str, ...] = ()
    read_copies: tuple[str, ...] = ()


class Fields(_Row, frozen=True, kw_only=True):
    """Where fields of a group are, in one system: by `request` ("PATCH /v1/orders/*") or by `object` of a history.

    `names` may hold `*`. `askers` may write them besides those whom the group names; `reason` says why.
    """

    system: str
    group: str
    names: tuple[str, ...]
    request: str = ""
    object: str = ""
    askers: tuple[str, ...] = ()
    reason: str = ""


class Copy(_Row, frozen=True, kw_only=True):
    """A copy and its original in a history, each "system.object.field"; the documents belong together by two keys."""

    copy: str
    by: str
    original: str
    original_by: str


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema_version: int
    parties: tuple[Party, ...] = ()
    contracts: tuple[Contract, ...] = ()
    events: tuple[Event, ...] = ()
    objects: tuple[Object, ...] = ()
    groups: tuple[Group, ...] = ()
    fields: tuple[Fields, ...] = ()
    copies: tuple[Copy, ...] = ()


TABLES = tuple(name for name in _File.__struct_fields__ if name != "schema_version")
T = TypeVar("T")


class Registry:
    """All rows together, and the questions one may ask of them."""

    def __init__(self, path: Path, files: Sequence[_File]) -> None:
        self.path = path
        self.parties = _all(file.parties for file in files)
        self.contracts = _all(file.contracts for file in files)
        self.events = _all(file.events for file in files)
        self.objects = _all(file.objects for file in files)
        self.groups = {row.group: row for row in _all(file.groups for file in files)}
        self.fields = _all(file.fields for file in files)
        self.copies = _all(file.copies for file in files)

    @property
    def kept(self) -> tuple[Contract | Event, ...]:
        """All that has an owner, a version and a life."""
        return (*self.contracts, *self.events)

    @property
    def place(self) -> Place:
        """Where a person adds what is missing."""
        return Place(str(self.path), 1)

    @cached_property
    def ownership(self) -> Mapping[str, Ownership]:
        """Whose fields are whose, by group: the registry's own table, or the one of quote-to-cash."""
        if not self.groups:
            return OWNERSHIP
        return {
            name: Ownership(group=name, about=row.about, owners=row.owners, may_propose=row.may_propose,
                            read_copies=row.read_copies)
            for name, row in self.groups.items()
        }  # fmt: skip

    @cached_property
    def _names(self) -> Mapping[str, Party]:
        return {name: party for party in self.parties for name in (party.name, *party.also_called)}

    def party(self, name: str) -> str:
        """Return who is behind a name in a pact or a history; the name itself when nobody said."""
        known = self._names.get(name)
        return known.name if known else name

    def is_carrier(self, party: str) -> bool:
        """Tell whether a party carries values of others."""
        known = self._names.get(party)
        return bool(known and known.carrier)

    def events_of(self, kind: str, teller: str = "") -> tuple[Event, ...]:
        """Return the rows of an event type; of a teller's own, when several tell an event of that name."""
        rows = tuple(row for row in self.events if row.type == kind)
        own = tuple(row for row in rows if teller in row.producers)
        return own or rows

    def contract_of(self, path: Path) -> Contract | None:
        """Return the row of a file."""
        wanted = path.resolve()
        return next((row for row in self.contracts if row.file and row.path.resolve() == wanted), None)


def read(path: Path) -> Registry:
    """Return the registry of a file, or of all *.toml files of a folder; raise Unusable."""
    paths = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not paths:
        raise Unusable(f"{path}: holds no *.toml; `q2c contracts registry --draft` writes a first one.")
    return Registry(path, [_file(each) for each in paths])


def _file(path: Path) -> _File:
    try:
        text = path.read_text(encoding="utf-8")
        tree = tomllib.loads(text)
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"{path}: not TOML: {error}.") from None
    try:
        found = msgspec.convert(_placed(tree, text, path), _File)
    except msgspec.ValidationError as error:
        known = ", ".join(TABLES)
        raise Unusable(f"{path}: {error}{_line_of(str(error), text)}. Tables are {known}.") from None
    if found.schema_version != SCHEMA_VERSION:
        raise Unusable(f"{path}: schema_version is {found.schema_version}; this release reads {SCHEMA_VERSION}.")
    return found


def _placed(tree: dict[str, Any], text: str, path: Path) -> dict[str, Any]:
    """Give every row the line of its header."""
    lines = _lines(text)
    placed: dict[str, Any] = {}
    for table, rows in tree.items():
        if table not in TABLES or not isinstance(rows, list):
            placed[table] = rows
            continue
        numbers = lines.get(table, [])
        placed[table] = [
            {**row, "place": {"file": str(path), "line": numbers[at] if at < len(numbers) else 0, "column": 1}}
            if isinstance(row, dict) else row
            for at, row in enumerate(rows)
        ]  # fmt: skip
    return placed


def _lines(text: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            found.setdefault(header[1], []).append(number)
    return found


def _line_of(said: str, text: str) -> str:
    """Return the line of the row that a validation error names (`$.events[3].sunset`)."""
    named = re.search(r"\$\.(\w+)\[(\d+)\]", said)
    numbers = _lines(text).get(named[1], []) if named else []
    return f" (line {numbers[int(named[2])]})" if named and int(named[2]) < len(numbers) else ""


def _all(parts: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(row for part in parts for row in part)
