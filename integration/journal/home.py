"""Where a journal lives: how it is noticed that a database was restored from a backup.

A restored database is whole and knows nothing of what it has lost, so the sign must be outside of it. Beside a SQLite
file stands a mark: the epoch and the end of the audit trail as they were lately. PostgreSQL has a history of its own: a
restore to an instant begins a new timeline, a dump that is read in makes new tables, and another cluster has another
identifier; the journal remembers the homes it has had. A sign may be false (a file that was moved without its mark):
then the sweeps look for what was forgotten, and find nothing.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import msgspec

from integration.journal.sqlite_writing import SET_CURSOR

MARKED, RESTORED = "journal/marked", "journal/restored"
"""Cursors: that a file had a mark beside it; and when the journal was last found to be restored."""


class Restoration(msgspec.Struct, frozen=True):
    """When a journal was last found to be restored (microseconds, 0: never), and why, when it is just found out."""

    at_us: int = 0
    reason: str = ""


class Mark(msgspec.Struct, frozen=True):
    """How far a journal in a file had come: its epoch, the rows of its audit trail and the digest of the last one."""

    epoch: int
    entries: int
    digest: str


_mark = msgspec.json.Decoder(Mark)


def mark_beside(path: str) -> Path:
    """Return the file that marks how far a database had come."""
    return Path(f"{path}.mark")


def write_mark(path: str, mark: Mark) -> None:
    """Replace the mark of a database, all or nothing. Raise OSError."""
    file = mark_beside(path)
    fresh = file.with_name(f"{file.name}.new")
    with fresh.open("wb") as writer:
        writer.write(msgspec.json.encode(mark))
        writer.flush()
        os.fsync(writer.fileno())
    fresh.replace(file)


def look_at_file(connection: sqlite3.Connection, path: str, epoch: int, now_us: int) -> Restoration:
    """Compare a database whose new epoch was just claimed with its mark; remember it when it was restored."""
    reason = _sign(connection, path, epoch)
    if reason:
        connection.execute(SET_CURSOR, (RESTORED, now_us))
    return Restoration(_sqlite_cursor(connection, RESTORED), reason)


def _sign(connection: sqlite3.Connection, path: str, epoch: int) -> str:
    """Return why a database must be older than it was; empty when it is not."""
    if not path:
        return ""
    name = mark_beside(path).name
    try:
        mark = _mark.decode(mark_beside(path).read_bytes())
    except FileNotFoundError:
        missing = f"{name}, which belongs beside the database, is missing: it was moved without it, or restored"
        return missing if _sqlite_cursor(connection, MARKED) else ""
    except (OSError, msgspec.MsgspecError) as trouble:
        return f"{name}, which belongs beside the database, cannot be read: {trouble}"
    if mark.epoch >= epoch:
        return f"the journal has begun its epoch {epoch} a second time: it was in epoch {mark.epoch} before"
    row = connection.execute("SELECT digest FROM trail WHERE number = ?", (mark.entries,)).fetchone()
    if mark.entries and (row is None or row[0].hex() != mark.digest):
        return f"the audit trail had {mark.entries} rows before, and the last of them is not there any more"
    return ""


def _sqlite_cursor(connection: sqlite3.Connection, consumer: str) -> int:
    row = connection.execute("SELECT number FROM cursor WHERE consumer = ?", (consumer,)).fetchone()
    return int(row[0]) if row else 0
