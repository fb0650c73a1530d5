"""Where a journal in PostgreSQL lives: its timeline, its tables, its cluster. A journal in a new home was restored."""

from __future__ import annotations

import psycopg

from integration.journal.home import RESTORED, Restoration
from integration.journal.postgres_tables import Connection

_HOME = """
SELECT 'home/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/' || 'flow'::regclass::oid || '/' || oid
FROM pg_database WHERE datname = current_database()
"""
_CLUSTER = "SELECT system_identifier FROM pg_control_system()"


def look_at_server(connection: Connection, now_us: int) -> Restoration:
    """Compare the home of a journal in PostgreSQL with those it has had; remember it when it was restored.

    Workers that start at once may all find the same; the instants are next to each other.
    """
    home = _home(connection)
    rows = connection.execute("SELECT consumer FROM cursor WHERE starts_with(consumer, 'home/')").fetchall()
    known = {str(consumer) for (consumer,) in rows}
    reason = ""
    if known and home not in known:
        reason = f"the database is not where it was: it lived at {max(known)} and is at {home} now"
    with connection.transaction():
        if reason:
            _advance(connection, RESTORED, now_us)
        if home not in known:
            _advance(connection, home, now_us)
    found = connection.execute("SELECT number FROM cursor WHERE consumer = %s", (RESTORED,)).fetchall()
    return Restoration(int(str(found[0][0])) if found else 0, reason)


def _home(connection: Connection) -> str:
    home = str(connection.execute(_HOME).fetchall()[0][0])
    try:
        cluster = connection.execute(_CLUSTER).fetchall()[0][0]
    except psycopg.errors.InsufficientPrivilege:  # the timeline and the tables say enough, but for a copied cluster
        return home
    return f"{home}/{cluster}"


def _advance(connection: Connection, consumer: str, number: int) -> None:
    connection.execute(
        "INSERT INTO cursor VALUES (%s, %s) ON CONFLICT (consumer) DO UPDATE "
        "SET number = greatest(cursor.number, excluded.number)",
        (consumer, number),
    )
