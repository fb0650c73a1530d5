"""Removing from a journal what has passed: page by page, each a small transaction of its own.

It runs beside the workers, on a connection of its own, and nothing depends on how far it came: a process that dies in
between has removed a part, and the next run goes on. The digests of the audit trail stay, so that the chain verifies
as before; the content of what was removed can still be proved by whoever has a copy of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from integration.journal.protocol import OPEN, Entry
from integration.outcomes import Message

PAGE = 500
"""Rows that are looked at for one transaction."""
FLOWS_A_PAGE = 50
Rows = Sequence[tuple[Any, ...]]
_entries = msgspec.msgpack.Decoder(list[Entry])
_message = msgspec.msgpack.Decoder(Message)


class Shelf(Protocol):
    """A journal's tables, on a connection of their own that may be used from any thread, by one at a time."""

    entry_order: str
    """The column that orders the entries of one flow."""

    def ask(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query with `?` for its arguments; return all rows."""

    def remove(self, statement: str, rows: Rows) -> None:
        """Run a statement for each row, all in one transaction."""

    def relayed(self) -> int:
        """Return up to which number all events have reached our own flows; never the newest of all."""

    def answered(self, before_us: int, now_us: int) -> list[int]:
        """Return people's commands that were left before an instant and are answered, a page of them."""

    def close(self) -> None:
        """Close the connection."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What has passed: instants before which it did (0: never), what may, and how far all consumers of the log are."""

    now_us: int
    messages_before_us: int
    untaken_before_us: int
    commands_before_us: int
    events_before_us: int
    steps_before_us: int
    events_up_to: int
    sources: tuple[str, ...]
    passes_event: Callable[[str], bool]
    passes_flow: Callable[[str], bool]


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """How much was removed: ids of messages, messages not taken, commands, events, rows of the journals of flows."""

    messages: int = 0
    untaken: int = 0
    commands: int = 0
    events: int = 0
    steps: int = 0

    def __add__(self, other: Removed) -> Removed:
        return Removed(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})


_Page = tuple[str, Rows, Removed]


def removals(shelf: Shelf, plan: Plan, *, is_trial: bool = False) -> Iterator[Removed]:
    """Remove what has passed; each item that is asked for is at most one transaction. A trial removes nothing."""
    for pages in (_untaken, _messages, _commands, _events, _steps):
        for statement, rows, removed in pages(shelf, plan, is_trial):
            if rows and not is_trial:
                shelf.remove(statement, rows)
            yield removed


def _untaken(shelf: Shelf, plan: Plan, _is_trial: bool) -> Iterator[_Page]:
    """Yield messages before their ids, or one that waits might be stored a second time in between."""
    before_us, after = plan.untaken_before_us, 0
    query = "SELECT number, body FROM inbox WHERE number > ? ORDER BY number LIMIT ?"
    while before_us and (rows := shelf.ask(query, (after, PAGE))):
        old = [(number,) for number, body in rows if _message.decode(body).received_us < before_us]
        yield "DELETE FROM inbox WHERE number = ?", old, Removed(untaken=len(old))
        if not old:
            return
        after = rows[-1][0]


def _messages(shelf: Shelf, plan: Plan, _is_trial: bool) -> Iterator[_Page]:
    query = "SELECT message, seen_us FROM seen WHERE source = ? AND message > ? ORDER BY message LIMIT ?"
    for source in plan.sources if plan.messages_before_us else ():
        after = ""
        while rows := shelf.ask(query, (source, after, PAGE)):
            old = [(source, message) for message, seen_us in rows if seen_us < plan.messages_before_us]
            yield "DELETE FROM seen WHERE source = ? AND message = ?", old, Removed(messages=len(old))
            after = rows[-1][0]


def _commands(shelf: Shelf, plan: Plan, is_trial: bool) -> Iterator[_Page]:
    if not plan.commands_before_us:
        return
    while numbers := shelf.answered(plan.commands_before_us, plan.now_us):
        rows = [(number,) for number in numbers]
        yield "DELETE FROM command WHERE number = ?", rows, Removed(commands=len(rows))
        if is_trial:
            return


def _events(shelf: Shelf, plan: Plan, _is_trial: bool) -> Iterator[_Page]:
    before_us, after = plan.events_before_us, 0
    up_to = min(plan.events_up_to, shelf.relayed())
    query = "SELECT number, type, created_us FROM event WHERE number > ? AND number <= ? ORDER BY number LIMIT ?"
    while rows := shelf.ask(query, (after, up_to, PAGE)):
        old = [(number,) for number, kind, at_us in rows if at_us < before_us and plan.passes_event(kind)]
        yield "DELETE FROM event WHERE number = ?", old, Removed(events=len(old))
        if min(at_us for _, _, at_us in rows) >= before_us:
            return
        after = rows[-1][0]


def _steps(shelf: Shelf, plan: Plan, _is_trial: bool) -> Iterator[_Page]:
    before_us, after = plan.steps_before_us, 0
    query = "SELECT number, name, status, created_us FROM flow WHERE number > ? ORDER BY number LIMIT ?"
    while rows := shelf.ask(query, (after, FLOWS_A_PAGE)):
        after = rows[-1][0]
        over = [
            number
            for number, name, status, at_us in rows
            if at_us < before_us and status not in OPEN and plan.passes_flow(name)
        ]
        old = [(flow, place) for flow in over for place in _passed(shelf, flow, before_us)]
        yield f"DELETE FROM entry WHERE flow = ? AND {shelf.entry_order} = ?", old, Removed(steps=len(old))
        if min(at_us for *_, at_us in rows) >= before_us:
            return


def _passed(shelf: Shelf, flow: int, before_us: int) -> list[int]:
    """Return the places of the rows of a flow that may go: none while it is young, never the last, nor what people
    noted.
    """
    query = f"SELECT {shelf.entry_order}, body FROM entry WHERE flow = ? ORDER BY {shelf.entry_order}"
    rows = [(place, _entries.decode(body)) for place, body in shelf.ask(query, (flow,))]
    if not rows or max(entry.at_us for _, entries in rows for entry in entries) >= before_us:
        return []
    return [place for place, entries in rows[:-1] if all(entry.kind != "note" for entry in entries)]
