"""Accounting periods: calendar months per entity and module, and where a posting may go."""

from __future__ import annotations

from datetime import date

import msgspec

from domain.calendar import add_months
from domain.charts import PERIOD
from domain.objects import Period
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal

MODULES = ("ar", "gl")
STEPS = ("open", "soft_closed", "closed", "locked")
_POSTABLE = {"ar": frozenset({"open"}), "gl": frozenset({"open", "soft_closed"})}
SUBLEDGER = ("ar", "gl")
LEDGER_ONLY = ("gl",)


class Slot(msgspec.Struct, frozen=True, gc=False):
    """Where a document is posted: the date, the period, and the date asked for when it had to move."""

    day: date
    period: str
    original: date | None = None


def name_of(day: date) -> str:
    """Return the name of the period that holds a day, such as 2026-12."""
    return day.isoformat()[:7]


def first_day(name: str) -> date:
    """Return the first day of a period by name; raise ValueError for anything but YYYY-MM."""
    return date.fromisoformat(f"{name}-01")


class Periods:
    """The periods of all entities. `closed` says what happens to a date in a closed one: refuse or next_open.

    With `opens` a period that nobody has set up is opened by the first posting into it.
    """

    def __init__(self, desk: Desk, closed: str, *, opens: bool = False) -> None:
        self._desk = desk
        self._closed = closed
        self._opens = opens
        self._status: dict[tuple[str, str, str], str] = {}
        self._takes: set[tuple[str, str, tuple[str, ...]]] = set()  # (entity, period, modules) that take postings

    def open_range(self, entity: str, first: str, last: str) -> None:
        """Open the months from first to last, both included, in every module."""
        start, end = first_day(first), first_day(last)
        while start <= end:
            for module in MODULES:
                if (entity, module, name_of(start)) not in self._status:
                    self._set(entity, module, name_of(start), "open")
            start = add_months(start, 1)

    def move(self, entity: str, module: str, name: str, status: str) -> None:
        """Take a period to a status step by step along its chart; raise ValueError when there is no such period."""
        before = self._status.get((entity, module, name))
        if before is None or status not in STEPS:
            raise ValueError(f"{entity} has no period {name} in {module}, or {status!r} is not one of {STEPS}")
        if status == "open" or before == status:
            if before != status:
                self._set(entity, module, name, "open")
            return
        PERIOD.require(before, STEPS[min(STEPS.index(before) + 1, 3)])
        for step in STEPS[STEPS.index(before) + 1 : STEPS.index(status) + 1]:
            self._set(entity, module, name, step)

    def _set(self, entity: str, module: str, name: str, status: str) -> None:
        start = first_day(name)
        key = f"{entity}/{module}/{name}"
        document = Period(
            id=key, entity=entity, module=module, start=start, end=add_months(start, 1), status=status
        )  # fmt: skip
        self._desk.book.put("period", key, document, document, status)
        self._status[entity, module, name] = status
        for modules in (SUBLEDGER, LEDGER_ONLY):
            if all(self._status.get((entity, part, name)) in _POSTABLE[part] for part in modules):
                self._takes.add((entity, name, modules))
            else:
                self._takes.discard((entity, name, modules))

    def takes(self, entity: str, name: str, modules: tuple[str, ...]) -> bool:
        """Tell whether all of these modules of a period take postings."""
        return (entity, name, modules) in self._takes

    def slot(self, entity: str, day: date, modules: tuple[str, ...] = SUBLEDGER) -> Slot:
        """Return where a posting of a day goes, or refuse when its period is closed or does not exist."""
        name = name_of(day)
        if self._opens:
            self.open_range(entity, name, name)
        if (entity, name, modules) in self._takes:
            return Slot(day, name)
        found = self._next_open(entity, day, modules) if self._closed == "next_open" else None
        if found is not None:
            return found
        detail = f"The transaction date {day} is not within an open accounting period of {entity}."
        raise Refusal("user_error", detail, "tranDate")

    def _next_open(self, entity: str, day: date, modules: tuple[str, ...]) -> Slot | None:
        after = name_of(day)
        for name in sorted({name for owner, _, name in self._status if owner == entity and name > after}):
            if self.takes(entity, name, modules):
                return Slot(first_day(name), name, day)
        return None

    def opening_slot(self, entity: str, day: date) -> Slot:
        """Return where an open item of the past is booked: its own period, else the first open one after it."""
        if self.takes(entity, name_of(day), SUBLEDGER):
            return Slot(day, name_of(day))
        return self._next_open(entity, day, SUBLEDGER) or Slot(day, name_of(day))
