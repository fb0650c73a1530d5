"""The journal: what has been taken up, what is done of it, and which messages were heard. SQLite, one file."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS flows (reference TEXT PRIMARY KEY, quote TEXT NOT NULL, is_done INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS steps (reference TEXT, name TEXT, result TEXT, PRIMARY KEY (reference, name));
CREATE TABLE IF NOT EXISTS messages (id TEXT PRIMARY KEY);
"""


class Journal:
    """Writes are durable when a method returns. It is called from the event loop, since each is over at once."""

    def __init__(self, path: str) -> None:
        self._rows = sqlite3.connect(path, isolation_level=None)
        self._rows.execute("PRAGMA journal_mode = WAL")
        self._rows.execute("PRAGMA synchronous = NORMAL")
        self._rows.executescript(_TABLES)

    def take_up(self, reference: str, quote: str) -> bool:
        """Note that a quote version is taken up; False when it was before."""
        done = self._rows.execute("INSERT OR IGNORE INTO flows (reference, quote) VALUES (?, ?)", (reference, quote))
        return done.rowcount == 1

    def unfinished(self) -> list[tuple[str, str]]:
        """Return (reference, quote id) of all that is not done."""
        return self._rows.execute("SELECT reference, quote FROM flows WHERE NOT is_done ORDER BY rowid").fetchall()

    def finish(self, reference: str) -> None:
        """Note that a quote version has come to cash."""
        self._rows.execute("UPDATE flows SET is_done = 1 WHERE reference = ?", (reference,))

    def result(self, reference: str, step: str) -> tuple[bool, Any]:
        """Return whether a step is done, and what came of it."""
        query = "SELECT result FROM steps WHERE reference = ? AND name = ?"
        found = self._rows.execute(query, (reference, step)).fetchone()
        return (True, json.loads(found[0])) if found else (False, None)

    def keep(self, reference: str, step: str, result: Any) -> None:
        """Keep what came of a step."""
        self._rows.execute("INSERT OR REPLACE INTO steps VALUES (?, ?, ?)", (reference, step, json.dumps(result)))

    def is_news(self, message: str) -> bool:
        """Tell whether a message is heard for the first time, and remember it."""
        return self._rows.execute("INSERT OR IGNORE INTO messages VALUES (?)", (message,)).rowcount == 1
