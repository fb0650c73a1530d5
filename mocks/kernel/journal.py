"""The request journal: the last requests a system answered, to search and to verify what a client has sent."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from domain.http import Reply, Request
from mocks.kernel.codec import Undecodable, decode_form, decode_json, encode_json, nest

ENTRIES_MAX = 10_000
BYTES_MAX = 64_000_000  # of all bodies together


class Entry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One answered request: what was asked, what it was taken for, what came of it, and what the wire did then.

    `effect` is done, read, replayed, refused or faulted; `wire` is how the reply left (deliver, reset, silence, ...).
    """

    number: str
    at_us: int
    operation: str
    key: str
    txn: str
    effect: str
    wire: str
    request: Request
    reply: Reply


class Criteria(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What requests are looked for; an empty criterion fits any request.

    `path` is the raw path without its query, in which `*` stands for any text. `text` is looked for in the request's
    body, and `body` must be part of it: {'metadata': {'order': 'Q-1'}} fits a JSON body and a form alike.
    """

    method: str = ""
    path: str = ""
    operation: str = ""
    key: str = ""
    txn: str = ""
    effect: str = ""
    wire: str = ""
    status: int = 0
    status_from: int = 0
    status_to: int = 0
    since_us: int = 0
    until_us: int = 0
    text: str = ""
    headers: Mapping[str, str] = {}
    body: Any = None

    def mismatches(self, entry: Entry) -> list[str]:
        """Return the names of the criteria that a request does not meet."""
        return [
            name
            for name, fits in _TESTS.items()
            if (wanted := getattr(self, name)) not in _ANY and not fits(wanted, entry)
        ]


class Journal:
    """A ring of entries, bounded in number and in the bytes of their bodies; the oldest go first.

    `added` counts all entries there ever were, so that a verification can tell whether some are gone.
    """

    def __init__(self, entries_max: int = ENTRIES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self.entries_max, self.bytes_max = entries_max, bytes_max
        self.added = 0
        self._entries: deque[Entry] = deque(maxlen=entries_max)
        self._bytes = 0

    def add(self, entry: Entry) -> None:
        """Take in an entry."""
        entries = self._entries
        if len(entries) == self.entries_max:
            self._bytes -= _weight(entries[0])
        entries.append(entry)
        self.added += 1
        self._bytes += len(entry.request.body) + len(entry.reply.body)
        while self._bytes > self.bytes_max and len(entries) > 1:
            self._bytes -= _weight(entries.popleft())

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """Iterate from the newest entry to the oldest."""
        return reversed(self._entries)

    @property
    def forgotten(self) -> int:
        """How many entries are gone."""
        return self.added - len(self._entries)

    def get(self, number: str) -> Entry | None:
        """Return the entry of a request by its number, or None when it is gone or never was."""
        return next((entry for entry in self if entry.number == number), None)

    def find(self, criteria: Criteria = Criteria(), limit: int = 100) -> list[Entry]:  # noqa: B008
        """Return the entries that meet the criteria, the newest first."""
        found: list[Entry] = []
        for entry in self:
            if len(found) >= limit:
                break
            if not criteria.mismatches(entry):
                found.append(entry)
        return found

    def count(self, criteria: Criteria) -> int:
        """Return how many entries meet the criteria."""
        return sum(not criteria.mismatches(entry) for entry in self._entries)

    def nearest(self, criteria: Criteria, limit: int = 3) -> list[tuple[Entry, list[str]]]:
        """Return the entries that miss the fewest criteria with those they miss: why nothing was found."""
        missed = [(entry, criteria.mismatches(entry)) for entry in self]
        return sorted(missed, key=lambda pair: len(pair[1]))[:limit]

    def clear(self) -> None:
        """Forget all entries, and that there were any."""
        self._entries.clear()
        self.added = self._bytes = 0


def _weight(entry: Entry) -> int:
    return len(entry.request.body) + len(entry.reply.body)


def normalised(request: Request) -> Any:
    """Return the body of a request as plain values: JSON as it is, a form nested, anything else as text."""
    if not request.body:
        return None
    kind = request.headers.get("content-type", "")
    try:
        if "form-urlencoded" in kind:
            return nest(decode_form(request.body))
        return decode_json(request.body)
    except Undecodable:
        return request.body.decode("utf-8", "replace")


def _is_part(wanted: Any, found: Any) -> bool:
    """Tell whether plain values contain others: mappings their keys, lists their elements one by one."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            name in found and _is_part(value, found[name]) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        if isinstance(found, Mapping):  # a form's array: {'0': ..., '1': ...}
            found = list(found.values())
        return isinstance(found, list) and len(wanted) == len(found) and all(map(_is_part, wanted, found))
    return _plain(wanted) == _plain(found)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else encode_json(value).decode()


def _path(entry: Entry) -> str:
    return entry.request.target.partition("?")[0]


def _has_headers(wanted: Mapping[str, str], entry: Entry) -> bool:
    return all(entry.request.headers.get(name.lower()) == value for name, value in wanted.items())


_ANY: tuple[Any, ...] = ("", 0, None, {})
_TESTS: Mapping[str, Any] = {
    "method": lambda wanted, entry: entry.request.method == wanted.upper(),
    "path": lambda wanted, entry: fnmatchcase(_path(entry), re.sub(r"\[", "[[]", wanted)),
    "operation": lambda wanted, entry: entry.operation == wanted,
    "key": lambda wanted, entry: entry.key == wanted,
    "txn": lambda wanted, entry: entry.txn == wanted,
    "effect": lambda wanted, entry: entry.effect == wanted,
    "wire": lambda wanted, entry: entry.wire == wanted,
    "status": lambda wanted, entry: entry.reply.status == wanted,
    "status_from": lambda wanted, entry: entry.reply.status >= wanted,
    "status_to": lambda wanted, entry: entry.reply.status <= wanted,
    "since_us": lambda wanted, entry: entry.at_us >= wanted,
    "until_us": lambda wanted, entry: entry.at_us < wanted,
    "headers": _has_headers,
    "text": lambda wanted, entry: wanted.encode() in entry.request.body,
    "body": lambda wanted, entry: _is_part(wanted, normalised(entry.request)),
}
