"""What can be wrong with a database, said so that somebody knows what to do.

Nothing is acknowledged that is not stored: whoever meets one of these stops taking in, and tries again later.
"""

from __future__ import annotations

import re


class Unavailable(Exception):
    """A database cannot be opened, reached or written; the text says what to do."""


class WrongSchema(Unavailable):
    """A database has other tables than this version of the package knows."""


def of_sqlite(path: str, error: Exception) -> Unavailable:
    """Return what an error of SQLite means for the journal in a file."""
    said = str(error)
    for sign, advice in _SQLITE:
        if sign in said:
            return Unavailable(f"{path}: {said}; {advice}")
    return Unavailable(f"{path}: {said}")


_SQLITE = (
    ("readonly", "the file or its folder may not be written by this user, or its disk is mounted read-only"),
    ("disk is full", "free some space or move the file; nothing was written and nothing is lost"),
    ("disk I/O error", "look at the disk; nothing was written"),
    ("unable to open", "its folder must exist and be writable"),
    ("locked", "another process holds it; one journal in SQLite belongs to one process"),
    ("not a database", "it is a file of something else; choose another path"),
    ("malformed", "the file is damaged; restore a backup"),
)


def without_password(address: str) -> str:
    """Return the address of a database as it may be shown."""
    return re.sub(r"(//[^:/@]*):[^@/]*@", r"\1:***@", re.sub(r"(password=)[^&\s]*", r"\1***", address))
