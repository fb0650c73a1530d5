"""The tables of the analytics consumer, in SQLite, and what each event writes into them.

Every event is taken once, by its id. Whatever the order of arrival, the tables end the same: a column has one kind of
event that writes it, the first instant is a minimum, what is lost bit by bit a sum, and a state is that of the highest
sequence. So the consumer needs no order, and a rebuild from scratch gives the same tables (`digest`).
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from integration.analytics.told import Told

VERSION = 1
TABLES: Mapping[str, str] = {
    "seen": "id TEXT PRIMARY KEY",
    "subject": "subject TEXT PRIMARY KEY, taken INTEGER NOT NULL, highest INTEGER NOT NULL",
    "span": "name TEXT PRIMARY KEY, first_us INTEGER NOT NULL, last_us INTEGER NOT NULL",
    "orders": "reference TEXT PRIMARY KEY, txn TEXT, entity TEXT, currency TEXT, kind TEXT, total_minor INTEGER,"
    " accepted_us INTEGER, accepted_day TEXT, received_us INTEGER, booked_us INTEGER, booked_day TEXT,"
    " gone_us INTEGER, gone TEXT",
    "invoices": "id TEXT PRIMARY KEY, txn TEXT, reference TEXT, entity TEXT, currency TEXT, net_minor INTEGER,"
    " generated_us INTEGER, posted_us INTEGER, posted_day TEXT, total_minor INTEGER, tax_minor INTEGER,"
    " is_first INTEGER, written_off_minor INTEGER, written_off_day TEXT",
    "payments": "id TEXT PRIMARY KEY, txn TEXT, entity TEXT, currency TEXT, received_us INTEGER, received_day TEXT,"
    " amount_minor INTEGER, invoice TEXT, returned_us INTEGER",
    "applications": "id TEXT PRIMARY KEY, payment TEXT, invoice TEXT, amount_minor INTEGER, applied_us INTEGER",
    "credits": "id TEXT PRIMARY KEY, invoice TEXT, entity TEXT, currency TEXT, amount_minor INTEGER,"
    " tax_minor INTEGER, day TEXT, issued_us INTEGER",
    "refunds": "id TEXT PRIMARY KEY, payment TEXT, entity TEXT, currency TEXT, amount_minor INTEGER, day TEXT",
    "disputes": "id TEXT PRIMARY KEY, kind TEXT, document TEXT, opened_us INTEGER, ended_us INTEGER, outcome TEXT",
    "payouts": "id TEXT PRIMARY KEY, entity TEXT, currency TEXT, gross_minor INTEGER, fee_minor INTEGER, day TEXT",
    "shown": "reference TEXT, shown_us INTEGER, PRIMARY KEY (reference, shown_us)",
    "cases": "id TEXT PRIMARY KEY, txn TEXT, flow TEXT, code TEXT, owner TEXT, opened_us INTEGER, due_us INTEGER,"
    " ended_us INTEGER, status TEXT, sequence INTEGER, touches INTEGER NOT NULL DEFAULT 0",
    "letters": "flow TEXT, at_us INTEGER, state TEXT, PRIMARY KEY (flow, at_us, state)",
    "spoiled": "id TEXT PRIMARY KEY, type TEXT, problem TEXT",
}
"""The tables by name; `spoiled` holds events whose body lacks what its type must say."""
_MACHINES = frozenset({"", "integration"})
_COUNT_SUBJECT = (
    "INSERT INTO subject VALUES (?, 1, ?) ON CONFLICT DO UPDATE"
    " SET taken = taken + 1, highest = max(highest, excluded.highest)"
)
_WIDEN_SPAN = (
    "INSERT INTO span VALUES ('all', ?, ?) ON CONFLICT DO UPDATE"
    " SET first_us = min(first_us, excluded.first_us), last_us = max(last_us, excluded.last_us)"
)
_REPLACED = "excluded.{0}"
_LEAST = "min(coalesce({0}, excluded.{0}), excluded.{0})"
_SUMMED = "coalesce({0}, 0) + excluded.{0}"

Row = dict[str, Any]


class Store:
    """The tables in a file, or in memory without one."""

    def __init__(self, file: Path | None = None) -> None:
        self.connection = sqlite3.connect(file or ":memory:", isolation_level=None)
        self.connection.execute("PRAGMA journal_mode=WAL")
        (version,) = self.connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            raise ValueError(f"{file} holds tables of version {version}, not {VERSION}: rebuild it into another file")
        self._create()

    def _create(self) -> None:
        for name, columns in TABLES.items():
            self.connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns}) WITHOUT ROWID")
        self.connection.execute(
            "CREATE TABLE IF NOT EXISTS cursor (consumer TEXT PRIMARY KEY, number INTEGER NOT NULL)"
        )
        self.connection.execute(f"PRAGMA user_version={VERSION}")

    # --- writing

    def take(self, events: Iterable[Told], consumer: str = "", number: int = 0) -> int:
        """Take events in, and a consumer's cursor with them, in one transaction; return how many were new."""
        with self._transaction():
            new = sum([self._take(event) for event in events])
            if consumer:
                self.connection.execute(
                    "INSERT INTO cursor VALUES (?, ?) ON CONFLICT DO UPDATE SET number = excluded.number"
                    " WHERE number < excluded.number", (consumer, number)
                )  # fmt: skip
        return new

    def empty(self) -> None:
        """Forget everything, for a rebuild."""
        with self._transaction():
            for name in (*TABLES, "cursor"):
                self.connection.execute(f"DELETE FROM {name}")

    def _take(self, event: Told) -> bool:
        cursor = self.connection.execute("INSERT OR IGNORE INTO seen VALUES (?)", (event.id,))
        if cursor.rowcount == 0:
            return False
        self.connection.execute(_COUNT_SUBJECT, (event.subject, event.sequence))
        self.connection.execute(_WIDEN_SPAN, (event.at_us, event.at_us))
        write = WRITES.get(event.type)
        if write is None:
            return True
        try:
            write(self, event)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            text = f"{type(problem).__name__}: {problem}"
            self.connection.execute("INSERT OR REPLACE INTO spoiled VALUES (?, ?, ?)", (event.id, event.type, text))
        return True

    def put(self, table: str, key: str, values: Row, least: tuple[str, ...] = (), summed: tuple[str, ...] = ()) -> None:
        """Set columns of a row, of `least` ones the smaller value, of `summed` ones all together; None sets nothing."""
        known = {name: value for name, value in values.items() if value is not None}
        name = TABLES[table].partition(" ")[0]
        columns = ", ".join((name, *known))
        marks = ", ".join("?" * (len(known) + 1))
        rules = {**dict.fromkeys(known, _REPLACED), **dict.fromkeys(least, _LEAST), **dict.fromkeys(summed, _SUMMED)}
        sets = ", ".join(f"{column} = {rules[column].format(column)}" for column in known)
        conflict = f"DO UPDATE SET {sets}" if known else "DO NOTHING"
        self.connection.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT {conflict}", (key, *known.values())
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    # --- reading

    def cursor(self, consumer: str) -> int:
        """Return how far a consumer is; 0 for the beginning."""
        row = self.connection.execute("SELECT number FROM cursor WHERE consumer = ?", (consumer,)).fetchone()
        return int(row[0]) if row else 0

    def rows(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.connection.execute(query, arguments).fetchall()

    def gaps(self) -> list[tuple[str, int]]:
        """Return the subjects of which events are missing so far, and how many: (subject, missing)."""
        return [(subject, missing) for subject, missing in self.rows(
            "SELECT subject, highest - taken FROM subject WHERE highest > taken ORDER BY subject"
        )]  # fmt: skip

    def span(self) -> tuple[int, int]:
        """Return the instants of the first and the last event; zeroes when there is none."""
        rows = self.rows("SELECT first_us, last_us FROM span")
        return (rows[0][0], rows[0][1]) if rows else (0, 0)

    def digest(self) -> str:
        """Return a digest of all tables: equal for equal events, whatever their order."""
        whole = hashlib.blake2b(digest_size=16)
        for name in TABLES:
            for row in self.rows(
                f"SELECT * FROM {name} ORDER BY 1, 2" if "," in TABLES[name] else f"SELECT * FROM {name} ORDER BY 1"
            ):
                whole.update(repr((name, row)).encode())
        return whole.hexdigest()

    def close(self) -> None:
        """Close the file."""
        self.connection.close()


# --- what each event writes -----------------------------------------------------------------------------------------


def _accepted(store: Store, event: Told) -> None:
    body = event.body
    store.put("orders", body["reference"], {
        "txn": event.txn, "entity": body["legal_entity"], "currency": body["total"]["currency"], "kind": body["kind"],
        "total_minor": body["total"]["amount_minor"], "accepted_us": body["accepted_at_us"],
        "accepted_day": body["business_date"],
    }, least=("accepted_us", "accepted_day"))  # fmt: skip


def _received(store: Store, event: Told) -> None:
    store.put("orders", event.subject, {"received_us": event.at_us}, least=("received_us",))


def _booked(store: Store, event: Told) -> None:
    body = event.body
    store.put(
        "orders", event.subject, {"booked_us": body["booked_at_us"], "booked_day": body["business_date"]},
        least=("booked_us", "booked_day"),
    )  # fmt: skip


def _gone(store: Store, event: Told) -> None:
    what = event.type.split(".")[2]
    store.put("orders", event.subject, {"gone_us": event.at_us, "gone": what}, least=("gone_us", "gone"))


def _generated(store: Store, event: Told) -> None:
    body = event.body
    store.put("invoices", event.subject, {
        "txn": event.txn, "reference": body["reference"], "entity": body["legal_entity"],
        "currency": body["currency"], "net_minor": body["total"]["amount_minor"],
        "generated_us": body["generated_at_us"],
    })  # fmt: skip


def _posted(store: Store, event: Told) -> None:
    body = event.body
    store.put("invoices", event.subject, {
        "posted_us": body["posted_at_us"], "posted_day": body["business_date"],
        "total_minor": body["total"]["amount_minor"], "tax_minor": body["tax"]["amount_minor"],
        "is_first": int(body.get("is_first", False)),
    })  # fmt: skip


def _written_off(store: Store, event: Told) -> None:
    """An invoice may be given up, owed again because money went back, and given up again."""
    body = event.body
    amount = body.get("amount") or {}
    store.put("invoices", event.subject, {
        "written_off_minor": amount.get("amount_minor", 0), "written_off_day": body["business_date"],
    }, least=("written_off_day",), summed=("written_off_minor",))  # fmt: skip


def _paid(store: Store, event: Told) -> None:
    body = event.body
    store.put("payments", event.subject, {
        "txn": event.txn, "entity": body["legal_entity"], "currency": body["amount"]["currency"],
        "received_us": body["received_at_us"], "received_day": body["business_date"],
        "amount_minor": body["amount"]["amount_minor"], "invoice": next(iter(body.get("remittance") or ()), ""),
    })  # fmt: skip


def _returned(store: Store, event: Told) -> None:
    store.put("payments", event.subject, {"returned_us": event.at_us}, least=("returned_us",))


def _applied(store: Store, event: Told) -> None:
    body = event.body
    for each in body["applications"]:
        store.put("applications", f"{body['application_id']}/{each['invoice_id']}", {
            "payment": body["payment_id"], "invoice": each["invoice_id"],
            "amount_minor": each["amount"]["amount_minor"], "applied_us": event.at_us,
        })  # fmt: skip


def _credited(store: Store, event: Told) -> None:
    body = event.body
    store.put("credits", event.subject, {
        "invoice": body["invoice_id"], "entity": body["legal_entity"], "currency": body["amount"]["currency"],
        "amount_minor": body["amount"]["amount_minor"], "tax_minor": (body.get("tax") or {}).get("amount_minor", 0),
        "day": body["business_date"], "issued_us": event.at_us,
    })  # fmt: skip


def _refunded(store: Store, event: Told) -> None:
    body = event.body
    store.put("refunds", event.subject, {
        "payment": body["payment_id"], "entity": body["legal_entity"], "currency": body["amount"]["currency"],
        "amount_minor": body["amount"]["amount_minor"], "day": body["business_date"],
    })  # fmt: skip


def _disputed(store: Store, event: Told) -> None:
    body, kind = event.body, event.type.split(".")[1]
    document = body.get("invoice_id") or body.get("payment_id") or ""
    store.put(
        "disputes", event.subject, {"kind": kind, "document": document, "opened_us": event.at_us}, least=("opened_us",)
    )


def _dispute_ended(store: Store, event: Told) -> None:
    outcome = str(event.body.get("outcome") or event.type.split(".")[2])
    store.put("disputes", event.subject, {"ended_us": event.at_us, "outcome": outcome}, least=("ended_us",))


def _settled(store: Store, event: Told) -> None:
    body = event.body
    store.put("payouts", event.subject, {
        "entity": body["legal_entity"], "currency": body["gross"]["currency"],
        "gross_minor": body["gross"]["amount_minor"], "fee_minor": body["fees"]["amount_minor"],
        "day": body["business_date"],
    })  # fmt: skip


def _mirrored(store: Store, event: Told) -> None:
    store.connection.execute("INSERT OR IGNORE INTO shown VALUES (?, ?)", (event.subject, event.at_us))


def _case(store: Store, event: Told) -> None:
    body, state = event.body, event.type.split(".")[2]
    opened_us = body.get("opened_us") or (event.at_us if state == "opened" else None)
    store.put("cases", event.subject, {
        "txn": event.txn, "flow": body["subject"], "code": body["code"], "owner": body["owner"],
        "opened_us": opened_us, "due_us": body["sla_due_us"],
    }, least=("opened_us", "due_us", "code", "owner"))  # fmt: skip
    if str(body.get("actor", "")) not in _MACHINES:
        store.connection.execute("UPDATE cases SET touches = touches + 1 WHERE id = ?", (event.subject,))
    ended_us = event.at_us if state == "resolved" else None
    store.connection.execute(
        "UPDATE cases SET status = ?, ended_us = ?, sequence = ? WHERE id = ? AND coalesce(sequence, 0) < ?",
        (str(body.get("status") or state), ended_us, event.sequence, event.subject, event.sequence),
    )


def _letter(store: Store, event: Told) -> None:
    state = event.type.split(".")[2]
    store.connection.execute("INSERT OR IGNORE INTO letters VALUES (?, ?, ?)", (event.subject, event.at_us, state))


_BY_NAME: Mapping[str, Callable[[Store, Told], None]] = {
    "quote.accepted": _accepted,
    "order.received": _received,
    "order.booked": _booked,
    "order.rejected": _gone,
    "order.cancelled": _gone,
    "invoice.generated": _generated,
    "invoice.posted": _posted,
    "invoice.written_off": _written_off,
    "payment.received": _paid,
    "payment.returned": _returned,
    "payment.applied": _applied,
    "payment.refunded": _refunded,
    "credit_memo.issued": _credited,
    "dispute.opened": _disputed,
    "dispute.resolved": _dispute_ended,
    "payment_dispute.opened": _disputed,
    "payment_dispute.won": _dispute_ended,
    "payment_dispute.lost": _dispute_ended,
    "payout.settled": _settled,
    "quote.mirrored": _mirrored,
    "exception.opened": _case,
    "exception.assigned": _case,
    "exception.escalated": _case,
    "exception.resolved": _case,
    "message.dead_lettered": _letter,
    "message.replayed": _letter,
    "message.discarded": _letter,
}
WRITES = {f"q2c.{name}.v1": write for name, write in _BY_NAME.items()}
