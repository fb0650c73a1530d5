"""The tables of the SQLite journal. Only `trail` and `entry` are truth; the others follow from them, kept at hand.

This is the newest version; `migrations` says how older databases get there.
"""

VERSION = 3
"""The version of the tables below, the number of the newest migration."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS migration (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL
);
INSERT OR IGNORE INTO meta VALUES (1, 0);

-- The audit trail: one row for what a transaction added to the journal of one flow (0 for none), linked by digests.
CREATE TABLE IF NOT EXISTS trail (
    number INTEGER PRIMARY KEY,
    flow INTEGER NOT NULL,
    digest BLOB NOT NULL
);
-- The content of each row, beside its flow's: it is read by flow, and deleted by flow when it need not be kept.
CREATE TABLE IF NOT EXISTS entry (
    flow INTEGER NOT NULL,
    number INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (flow, number)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS flow (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    txn TEXT NOT NULL,
    entity_key TEXT NOT NULL,
    order_key TEXT NOT NULL,
    arguments BLOB NOT NULL,
    status TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    result BLOB NOT NULL
);

-- Every message that came, by who sent it, and when; and those that a flow has yet to take.
CREATE TABLE IF NOT EXISTS seen (
    source TEXT NOT NULL,
    message TEXT NOT NULL,
    seen_us INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (source, message)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inbox (
    number INTEGER PRIMARY KEY,
    body BLOB NOT NULL
);

-- The event log; how many events each subject has had; and how far each consumer of the log has come.
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    txn TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS subject (
    subject TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursor (
    consumer TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS exception_case (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    code TEXT NOT NULL,
    owner TEXT NOT NULL,
    flow TEXT NOT NULL,
    txn TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS mapping (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
"""

INDEXES = """
CREATE INDEX IF NOT EXISTS flow_of_transaction ON flow (txn, number);
CREATE INDEX IF NOT EXISTS flow_by_status ON flow (status, name, number);
CREATE INDEX IF NOT EXISTS event_of_subject ON event (subject, number);
CREATE INDEX IF NOT EXISTS event_of_transaction ON event (txn, number);
CREATE INDEX IF NOT EXISTS event_by_type ON event (type, number);
CREATE INDEX IF NOT EXISTS case_by_status ON exception_case (status, id);
CREATE INDEX IF NOT EXISTS case_of_transaction ON exception_case (txn, id);
"""
"""For questions of people; a temporary journal answers none and does without."""
