"""Who does what: leases of workers, flows in their hands, and what is new for one of them. Functions of a connection.

Each is one transaction or a few in a row; a crash between them leaves something for the next poll, of anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgspec
import psycopg

from integration.exceptions import CLOSED, ExceptionCase
from integration.journal.postgres_tables import Connection
from integration.journal.protocol import Entry, Fenced, FlowRow, InboxRow, Loaded, OpenFlow, OutboxRow
from integration.journal.reading import EVENT_COLUMNS, FLOW_COLUMNS, event_of
from integration.outcomes import Message

MESSAGES_AT_ONCE = 500
HINTS = "q2c_hint"
"""The channel of NOTIFY on which workers hint at something new. Polling finds it without."""
Rows = list[tuple[Any, ...]]

_entries = msgspec.msgpack.Decoder(list[Entry])
_message = msgspec.msgpack.Decoder(Message)
_case = msgspec.msgpack.Decoder(ExceptionCase)

_RENEW = """
UPDATE worker SET lease_until = clock_timestamp() + %s * interval '1 second' WHERE epoch = %s AND NOT ended
"""
_LATE = "SELECT 1 FROM worker WHERE NOT ended AND lease_until < clock_timestamp() LIMIT 1"
_RUN_OUT = """
SELECT epoch FROM worker WHERE NOT ended AND lease_until < clock_timestamp() ORDER BY epoch FOR UPDATE SKIP LOCKED
"""
# A flow that has run already goes on; a new one must be the next of its entity. Two workers that see different flows of
# one entity come to blows at the unique index, and one of them gets nothing this time.
_CLAIM = f"""
WITH chosen AS (
    SELECT number, status FROM flow f
    WHERE owner = 0 AND status IN ('ready', 'running', 'parked') AND (
        status <> 'ready' OR entity_key = '' OR (
            NOT EXISTS (SELECT 1 FROM flow r WHERE r.entity_key = f.entity_key AND r.entity_key <> ''
                        AND r.status IN ('running', 'parked'))
            AND NOT EXISTS (SELECT 1 FROM flow e WHERE e.entity_key = f.entity_key AND e.entity_key <> ''
                            AND e.status = 'ready' AND (e.order_key, e.number) < (f.order_key, f.number))))
    ORDER BY number LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE flow SET owner = %s, status = CASE chosen.status WHEN 'ready' THEN 'running' ELSE chosen.status END
FROM chosen WHERE flow.number = chosen.number
RETURNING chosen.status, {", ".join(f"flow.{name}" for name in FLOW_COLUMNS.split(", "))}
"""
_MESSAGES = """
SELECT DISTINCT i.number, i.body FROM inbox i JOIN waiting w ON w.topic = i.topic AND w.key = i.key
JOIN flow f ON f.number = w.flow WHERE f.owner = %s ORDER BY i.number LIMIT %s
"""
_CASES = "SELECT body FROM exception_case WHERE flow = ANY (%s) AND NOT status = ANY (%s)"
# A command for a flow that is over, or was never there, is for anybody: it has to be refused with a sentence.
_COMMANDS = """
SELECT c.number, c.act FROM command c LEFT JOIN flow f ON f.id = c.flow
WHERE c.status = 'waiting' AND (c.owner = %s OR (c.owner = 0 AND (
    f.owner = %s OR f.number IS NULL OR f.status NOT IN ('ready', 'running', 'parked')))) ORDER BY c.number
"""
# Its flows go to others, who were not asked: nobody can say any more what of it they would have had to do.
_DROP = "UPDATE command SET status = 'dropped', problem = %s WHERE owner = ANY (%s) AND status = 'waiting'"
DROPPED = "the process that had some of these flows ended before it did its part; look again, and repeat what is left"
_OVER = tuple(CLOSED - {"resolved"})


def register(connection: Connection, name: str, lease_seconds: float) -> int:
    """Become a worker; end the lease of the incarnation before, if it has the same name. Return the new epoch."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 115))", (name,))
        before = _rows(connection, "SELECT epoch FROM worker WHERE name = %s AND NOT ended FOR UPDATE", (name,))
        _end(connection, [epoch for (epoch,) in before])
        insert = (
            "INSERT INTO worker (name, lease_until) VALUES (%s, clock_timestamp() + %s * interval '1 second') "
            "RETURNING epoch"
        )
        return int(_rows(connection, insert, (name, lease_seconds))[0][0])


def end(connection: Connection, epochs: Sequence[int]) -> None:
    """End leases and let go of what they hold."""
    with connection.transaction():
        _end(connection, epochs)


def _end(connection: Connection, epochs: Sequence[int]) -> None:
    if epochs:
        ended = (list(epochs),)
        connection.execute("UPDATE worker SET ended = true WHERE epoch = ANY (%s)", ended)
        connection.execute("UPDATE flow SET owner = 0 WHERE owner = ANY (%s)", ended)
        connection.execute("UPDATE unsent SET owner = 0 WHERE owner = ANY (%s)", ended)
        connection.execute(_DROP, (DROPPED, *ended))


def confirm(connection: Connection, epoch: int) -> None:
    """Raise Fenced when a lease was ended."""
    if not _rows(connection, "SELECT 1 FROM worker WHERE epoch = %s AND NOT ended", (epoch,)):
        raise _replaced(epoch)


def _replaced(epoch: int) -> Fenced:
    return Fenced(f"the lease of epoch {epoch} had run out, and another worker has its flows now")


def poll(connection: Connection, epoch: int, flows_max: int, lease_seconds: float, hint: bool) -> Loaded:
    """Renew a lease, end those that have run out, and return what is new for the worker; hint others if asked to.

    What a flow that is claimed here waits for comes with the next poll.
    """
    with connection.pipeline():
        renewed = connection.execute(_RENEW, (lease_seconds, epoch))
        late = connection.execute(_LATE)
        messages = connection.execute(_MESSAGES, (epoch, MESSAGES_AT_ONCE))
        commands = connection.execute(_COMMANDS, (epoch, epoch))
        left = connection.execute("SELECT 1 FROM unsent WHERE owner = 0 LIMIT 1")
        if hint:
            connection.execute(f"NOTIFY {HINTS}")
    if renewed.rowcount == 0:
        raise _replaced(epoch)
    is_late = bool(late.fetchall())
    if is_late:
        with connection.transaction():
            _end(connection, [found for (found,) in _rows(connection, _RUN_OUT, ())])
    claimed = _claim(connection, epoch, flows_max) if flows_max > 0 else []
    rows = [FlowRow(*row[1:]) for row in claimed]
    begun = [row.number for row, (status, *_) in zip(rows, claimed, strict=True) if status != "ready"]
    last = {number: _last_step(connection, number) for number in begun}
    return Loaded(
        flows=[OpenFlow(row, last.get(row.number)) for row in rows],
        messages=[InboxRow(number, _message.decode(body), True) for number, body in cast("Rows", messages.fetchall())],
        events=_orphans(connection, epoch) if is_late or left.fetchall() else [],
        cases=_cases(connection, [row.id for row in rows if row.number in last]),
        commands=cast("list[tuple[int, bytes]]", commands.fetchall()),
        has_more=bool(begun) or 0 < flows_max == len(rows),
    )


def _claim(connection: Connection, epoch: int, flows_max: int) -> Rows:
    try:
        found = _rows(connection, _CLAIM, (flows_max, epoch))
    except (psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected):
        return []  # another worker was at the same entity; the next poll sees what it took
    return sorted(found, key=lambda row: cast("int", row[1]))


def _orphans(connection: Connection, epoch: int) -> list[OutboxRow]:
    """Return the events that ended workers have not brought to our own flows; they are ours now."""
    take = (
        "UPDATE unsent SET owner = %s WHERE number IN "
        "(SELECT number FROM unsent WHERE owner = 0 ORDER BY number FOR UPDATE SKIP LOCKED) RETURNING number"
    )
    numbers = [number for (number,) in _rows(connection, take, (epoch,))]
    query = f"SELECT {EVENT_COLUMNS} FROM event WHERE number = ANY (%s) ORDER BY number"
    return [event_of(row) for row in _rows(connection, query, (numbers,))]


def _cases(connection: Connection, flow_ids: list[str]) -> list[ExceptionCase]:
    if not flow_ids:
        return []
    return [_case.decode(body) for (body,) in _rows(connection, _CASES, (flow_ids, list(_OVER)))]


def _last_step(connection: Connection, flow: int) -> Entry | None:
    for (body,) in _rows(connection, "SELECT body FROM entry WHERE flow = %s ORDER BY place DESC", (flow,)):
        for entry in reversed(_entries.decode(body)):
            if entry.kind == "step":
                return entry
    return None


def reopen(connection: Connection, epoch: int, flow: int) -> OpenFlow | None:
    """Return a flow in a worker's hands as the journal has it."""
    rows = _rows(connection, f"SELECT {FLOW_COLUMNS} FROM flow WHERE number = %s AND owner = %s", (flow, epoch))
    return OpenFlow(FlowRow(*rows[0]), _last_step(connection, flow)) if rows else None


def give_back(connection: Connection, epoch: int, flows: list[int]) -> None:
    """Let go of flows."""
    connection.execute("UPDATE flow SET owner = 0 WHERE owner = %s AND number = ANY (%s)", (epoch, flows))


def command(connection: Connection, act: bytes, flow_id: str) -> list[int]:
    """Leave a command for the worker that holds a flow, now or later; without a flow for each worker alive."""
    if flow_id:
        query = "INSERT INTO command (flow, owner, act) VALUES (%s, 0, %s) RETURNING number"
        return [number for (number,) in _rows(connection, query, (flow_id, act))]
    query = "INSERT INTO command (flow, owner, act) SELECT '', epoch, %s FROM worker WHERE NOT ended RETURNING number"
    return [number for (number,) in _rows(connection, query, (act,))]


def _rows(connection: Connection, query: str, values: tuple[Any, ...]) -> Rows:
    return cast("Rows", connection.execute(cast("Any", query), values).fetchall())
