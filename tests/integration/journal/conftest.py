"""The stores that all keep the same promises: a temporary SQLite, a file, and a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.journal.postgres import PostgresJournal
from integration.journal.protocol import Lease
from integration.journal.reading import Reader
from integration.journal.sqlite import SqliteJournal
from tests.postgres import postgres, postgres_server

__all__ = ["postgres", "postgres_server"]

AnyJournal = SqliteJournal | PostgresJournal


class Store:
    """One database of a kind: `open` opens it again, as the same worker; `change` tampers with it."""

    def __init__(self, kind: str, make: Callable[..., AnyJournal]) -> None:
        self.kind, self._make = kind, make
        self.opened: list[AnyJournal] = []
        self._readers: list[Reader] = []

    def open(self, **options: Any) -> AnyJournal:
        """Open the database; a temporary one is a new one each time."""
        journal = self._make(**options)
        self.opened.append(journal)
        return journal

    def change(self, journal: AnyJournal, statement: str) -> None:
        """Change the tables behind the journal's back."""
        if isinstance(journal, SqliteJournal):
            journal.flush()
        journal.connection.execute(statement)

    def reader(self, journal: AnyJournal) -> Reader:
        """Return the read side of a journal."""
        reader = journal.reader()
        self._readers.append(reader)
        return reader

    def close(self) -> None:
        """Close everything that was opened."""
        for each in (*self._readers, *self.opened):
            each.close()

    @property
    def outlives(self) -> bool:
        """Tell whether opening it again finds what was written."""
        return self.kind != "temporary"


@pytest.fixture(params=["temporary", "file", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each store in turn."""
    kind = request.param
    if kind == "postgres":
        address = request.getfixturevalue("postgres")
        made = Store(kind, lambda **options: PostgresJournal(address, "worker", **options))
    else:
        path = str(tmp_path / "journal") if kind == "file" else ""
        made = Store(kind, lambda **options: SqliteJournal(path, **options))
    yield made
    made.close()


@pytest.fixture
def workers(postgres: str) -> Iterator[Callable[..., tuple[PostgresJournal, Lease]]]:
    """Make workers of one PostgreSQL journal: `workers("a")` returns journal and lease."""
    made: list[PostgresJournal] = []

    def hire(name: str, **options: Any) -> tuple[PostgresJournal, Lease]:
        journal = PostgresJournal(postgres, name, **options)
        made.append(journal)
        return journal, journal.claim()

    yield hire
    for journal in made:
        journal.close()
