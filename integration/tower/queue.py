"""The queue: open cases as a person wants to see them: filtered, those first that are due first, page by page."""

from __future__ import annotations

import msgspec

from domain.calendar import HOUR_US
from integration.casework import Choice, chosen, is_same, system_of
from integration.exceptions import ExceptionCase
from integration.journal.reading import Reader

PAGE_ROWS = 50
_READ_ROWS = 500
OPEN_MAX = 20_000
"""More open cases than this are not listed one by one: work in bulk first."""

AGES = ((4, "up to 4 h"), (24, "4 to 24 h"), (72, "1 to 3 d"), (168, "3 to 7 d"))
OLDER = "over 7 d"


class Filter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person asks for. `mine` is "mine", "nobody" or empty; `late` "late", "escalated" or empty."""

    code: str = ""
    owner: str = ""
    system: str = ""
    txn: str = ""
    mine: str = ""
    late: str = ""
    hours: int = 0
    letters: str = ""
    page: int = 1

    def choice(self) -> Choice:
        """Return the part of it that a bulk understands."""
        return Choice(
            code=self.code, owner=self.owner, system=self.system, txn=self.txn, older_than_seconds=self.hours * 3600
        )


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the cases that fit, and how many fit."""

    cases: tuple[ExceptionCase, ...]
    total: int
    page: int
    pages: int


def open_cases(reader: Reader) -> list[ExceptionCase]:
    """Return every open case, read in pages."""
    found: list[ExceptionCase] = []
    after = ""
    while len(found) < OPEN_MAX:
        rows = reader.cases(open_only=True, after=after, limit=_READ_ROWS)
        found.extend(rows)
        if len(rows) < _READ_ROWS:
            break
        after = rows[-1].id
    return found


def fitting(cases: list[ExceptionCase], wanted: Filter, person: str, now_us: int) -> list[ExceptionCase]:
    """Return the cases that fit, those first that are due first."""
    found = chosen(cases, wanted.choice(), now_us)
    if wanted.mine == "mine":
        found = [case for case in found if is_same(case.assignee, person)]
    elif wanted.mine == "nobody":
        found = [case for case in found if not case.assignee]
    if wanted.late == "late":
        found = [case for case in found if case.due_us < now_us and not case.waiting_since_us]
    elif wanted.late == "escalated":
        found = [case for case in found if case.escalations]
    elif wanted.late == "discard":
        found = [case for case in found if case.discard is not None]
    return [case for case in found if case.is_dead_letter] if wanted.letters else found


def listing(cases: list[ExceptionCase], page: int) -> Listing:
    """Return one page; a page that does not exist is the nearest one that does."""
    pages = max(1, -(-len(cases) // PAGE_ROWS))
    page = min(max(page, 1), pages)
    rows = cases[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    return Listing(cases=tuple(rows), total=len(cases), page=page, pages=pages)


def by_age(cases: list[ExceptionCase], now_us: int) -> list[tuple[str, int]]:
    """Return how many cases there are of each age (K-08)."""
    counts = dict.fromkeys([*(name for _, name in AGES), OLDER], 0)
    for case in cases:
        age_us = now_us - case.opened_us
        counts[next((name for hours, name in AGES if age_us <= hours * HOUR_US), OLDER)] += 1
    return list(counts.items())


def by_class(cases: list[ExceptionCase]) -> list[tuple[str, str, int, int]]:
    """Return (code, owner, open, without an assignee) of each kind of case, most frequent first."""
    groups: dict[tuple[str, str], list[ExceptionCase]] = {}
    for case in cases:
        groups.setdefault((".".join(case.code.split(".")[:2]), case.owner), []).append(case)
    rows = [(code, owner, len(of), sum(not case.assignee for case in of)) for (code, owner), of in groups.items()]
    return sorted(rows, key=lambda row: (-row[2], row[0], row[1]))


def systems(cases: list[ExceptionCase]) -> list[str]:
    """Return the systems at which flows stopped, in order of their names."""
    return sorted({system_of(case) for case in cases} - {""})
