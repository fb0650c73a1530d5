"""The journal: what the integration must not forget. It is inbox, outbox and audit trail as well.

protocol    Write, Entry, Journal and Lease: what a journal does; Fenced, Raced, Unstorable, Crash
reading     Reader: the read side, on a connection of its own; Counts, and the tables that both stores have
opening     open_journal, open_reader and open_shelf, by the name of a database
trouble     Unavailable, WrongSchema: what is wrong with a database, and what to do
retention   Shelf, Plan, removals: what has passed is removed, page by page, and the chain verifies as before
chain       the hash chain of the audit trail and its verification
sqlite      the journal in SQLite: a file that outlives the process, or a temporary one for a rehearsal
schema, migrations, sqlite_reading    its tables, how older ones become these, and their read side
postgres    the journal in PostgreSQL, shared by many workers: a lease each, and a chain for each epoch
postgres_claims, postgres_schema, postgres_tables, postgres_reading    who does what; tables and read side
"""
