"""The journal: what the integration must not forget. It is inbox, outbox and audit trail as well.

protocol    Write, Entry, Journal and Lease: what a journal does; Fenced, Crash
chain       the hash chain of the audit trail and its verification
sqlite      the journal in SQLite: a file that outlives the process, or a temporary one for a rehearsal
schema      its tables
"""
