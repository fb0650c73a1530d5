"""The tables of the SQLite journal. Only `entry` is truth; the others are what follows from it, kept at hand."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL,
    relayed INTEGER NOT NULL
);
INSERT OR IGNORE INTO meta VALUES (1, 0, 0);
CREATE TABLE IF NOT EXISTS entry (
    number INTEGER PRIMARY KEY,
    flow INTEGER NOT NULL,
    body BLOB,
    digest BLOB NOT NULL
);
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
CREATE TABLE IF NOT EXISTS inbox (
    number INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    message_id TEXT NOT NULL,
    body BLOB NOT NULL,
    wanted INTEGER NOT NULL,
    applied_by INTEGER NOT NULL,
    UNIQUE (source, message_id)
);
CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY,
    body BLOB NOT NULL,
    subject TEXT NOT NULL,
    sequence INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS exception_case (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS mapping (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
"""

FILE_ONLY = "CREATE INDEX IF NOT EXISTS entry_flow ON entry (flow);"
"""In memory the index costs more at each step than it saves at a restart, so only files have it."""
