"""Connecting to PostgreSQL, bringing its tables to this version, and saying what went wrong."""

from __future__ import annotations

from typing import cast

import psycopg

from integration.journal.migrations import refuse_newer, require
from integration.journal.postgres_schema import MIGRATIONS
from integration.journal.trouble import Unavailable, without_password

VERSION = len(MIGRATIONS)
Connection = psycopg.Connection[tuple[object, ...]]

_MIGRATION_LOCK = 114 << 48
_TABLE = """
CREATE TABLE IF NOT EXISTS migration (number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL)
"""
_ADVICE = {
    "25006": "the database is read-only (a standby, or default_transaction_read_only): connect to the primary",
    "53100": "its disk is full: free some space; nothing was written and nothing is lost",
    "53300": "it has no connection left: raise max_connections or run fewer workers",
    "28P01": "check the user and password",
    "28000": "check the user and pg_hba.conf",
    "3D000": "create the database first",
    "42501": "this user may not do that: it must own the tables, and be allowed to create them at an upgrade",
    "55P03": "somebody holds a lock for long",
    "57014": "it took longer than allowed",
}


_SIGNS = {"does not exist": "3D000", "authentication failed": "28P01", "pg_hba.conf": "28000", "too many": "53300"}
"""A refused connection comes without a code."""


def connect(address: str) -> Connection:
    """Connect, each statement a transaction of its own; raise Unavailable."""
    try:
        return psycopg.connect(
            address,
            autocommit=True,
            connect_timeout=5,
            application_name="q2c",
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=20_000,
            options="-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=30s",
        )
    except psycopg.Error as error:
        raise unavailable(address, error) from error


def unavailable(address: str, error: psycopg.Error) -> Unavailable:
    """Return what an error of the database means, without the password."""
    said = " ".join(str(error).split()) or type(error).__name__
    state = error.sqlstate or next((state for sign, state in _SIGNS.items() if sign in said), "")
    advice = _ADVICE.get(state, "" if state else "is it running and reachable?")
    return Unavailable(f"{without_password(address)}: {said}{'; ' + advice if advice else ''}")


def version_of(connection: Connection) -> int:
    """Return the version of a database's tables: 0 for an empty one."""
    rows = connection.execute("SELECT to_regclass('migration') IS NOT NULL").fetchall()
    if not rows[0][0]:
        return 0
    rows = connection.execute("SELECT coalesce(max(number), 0) FROM migration").fetchall()
    return int(cast("int", rows[0][0]))


def migrate(connection: Connection) -> list[str]:
    """Bring a database to the newest version, all in one transaction; return the names of the migrations that ran.

    Workers that start at once wait for each other. Raise WrongSchema when the database is newer than this package.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATION_LOCK,))
        connection.execute("SET LOCAL client_min_messages = warning")
        connection.execute("SET LOCAL statement_timeout = 0")
        version = version_of(connection)
        refuse_newer(version, VERSION)
        if version == VERSION:
            return []
        connection.execute(_TABLE)
        for number, (name, statements) in enumerate(MIGRATIONS[version:], start=version + 1):
            connection.execute(statements)
            connection.execute("INSERT INTO migration VALUES (%s, %s, now())", (number, name))
    return [name for name, _ in MIGRATIONS[version:]]


def require_version(connection: Connection) -> None:
    """Raise WrongSchema unless a database that is only to be read has the version of this package."""
    require(version_of(connection), VERSION)
