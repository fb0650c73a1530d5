"""Lists in pages: a provider that hands out records page by page, and the ways in which that goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

import msgspec

from contracts.responses.documents import Tree, write
from domain.http import Reply, Request

_JSON: Mapping[str, str] = MappingProxyType({"content-type": "application/json"})
Course = Literal[
    "plain", "empty_last", "repeated", "inserted", "deleted", "expired_cursor", "throttled_page", "no_total"
]
OWED: Mapping[Course, str] = {
    "plain": "preserving",
    "empty_last": "preserving",
    "repeated": "preserving",
    "inserted": "superset",
    "deleted": "subset",
    "expired_cursor": "refusable",
    "throttled_page": "refusable",
    "no_total": "preserving",
}
"""How the reading of a list may go, and what a consumer owes: see `docs/how-to/test-consumers.md`."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A page: its records, where it begins, the cursor of the next one (empty: none), all of them (None: not told)."""

    records: Sequence[Tree]
    start: int
    following: str
    total: int | None

    @property
    def has_more(self) -> bool:
        """Tell whether another page follows."""
        return bool(self.following)


class Pager(msgspec.Struct, frozen=True, kw_only=True):
    """How a vendor pages: the query's name of the cursor, the page as a tree, and the cursor behind a record.

    `cursor` is told the record before it and its number from 1. `courses` are those that can happen at this vendor.
    """

    parameter: str
    page: Callable[[View], Tree]
    cursor: Callable[[Tree, int], str]
    courses: tuple[Course, ...] = ("plain", "empty_last", "repeated", "expired_cursor", "throttled_page")
    headers: Mapping[str, str] = _JSON


class Listing:
    """One reading of a list. `size` 0 hands out all at once; the course strikes at the second page or at the end."""

    def __init__(
        self, pager: Pager, records: Sequence[Tree], size: int = 0, course: Course = "plain", fresh: Tree = None
    ) -> None:
        self._pager, self._size, self._course = pager, size or max(1, len(records)), course
        self._records = list(records)
        self._fresh = fresh
        self._cursors = {"": 0}
        self._has_struck = False

    def __call__(self, request: Request) -> Reply:
        """Answer with the page that a request asks for."""
        query = dict(parse_qsl(urlsplit(request.target).query, keep_blank_values=True))
        cursor = query.get(self._pager.parameter, "")
        if cursor == "0":
            cursor = ""
        if cursor and not self._has_struck and self._course in ("expired_cursor", "throttled_page"):
            self._has_struck = True
            return self._refused()
        if cursor not in self._cursors:
            return Reply(400, self._pager.headers, b'{"error": "no such cursor"}')
        return self._page(self._cursors[cursor], cursor)

    def _refused(self) -> Reply:
        if self._course == "expired_cursor":
            return Reply(410, self._pager.headers, b'{"error": {"message": "the cursor has expired"}}')
        empty = View(records=(), start=0, following="", total=0)
        headers = {**self._pager.headers, "retry-after": "1"}
        return Reply(429, headers, write(self._pager.page(empty)))

    def _page(self, start: int, cursor: str) -> Reply:
        if self._course == "inserted" and cursor and not self._has_struck and self._fresh is not None:
            self._has_struck = True
            self._records.append(self._fresh)
        if self._course == "deleted" and cursor and not self._has_struck and len(self._records) > start + 1:
            self._has_struck = True
            self._records.pop()
        end = start + self._size
        records = self._records[start:end]
        is_last = end >= len(self._records)
        following = ""
        if records and (not is_last or (self._course == "empty_last" and not self._has_struck)):
            following = self._pager.cursor(records[-1], start + len(records))
            self._cursors[following] = start + len(records) - (1 if self._repeats(len(records), start) else 0)
            self._has_struck = self._has_struck or (is_last and self._course == "empty_last")
        total = None if self._course == "no_total" else len(self._records)
        view = View(records=records, start=start, following=following, total=total)
        return Reply(200, self._pager.headers, write(self._pager.page(view)))

    def _repeats(self, records: int, start: int) -> bool:
        """Tell whether the next page begins with the last record of this one, as when one was put in before it."""
        return self._course == "repeated" and records > 1 and start == 0
