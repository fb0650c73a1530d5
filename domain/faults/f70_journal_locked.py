"""F70: The database of the journal refuses a write for a moment: it is locked, or the transaction lost."""

from __future__ import annotations

from domain.faults.kind import AT_WRITE, FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F70",
        key="journal_locked",
        place=Place.PROCESS,
        summary=("durable write `count` and all others are refused for `wait`: the database is locked"),
        wild=(
            "A busy database waits 5 to 30 seconds and gives up; 40001 and 40P01 of PostgreSQL ask "
            "for the transaction again."
        ),
        source="SQLite and PostgreSQL documentation",
        right=("does nothing that it could not write down, and tries the transaction again, not the call."),
        noticed_by=("S9", "S7", "A1"),
        parameters=(
            Parameter("wait", "how long it is locked", 1, 60, 10),
            AT_WRITE,
        ),
        not_live=("the journal of another program is its own; tests/integration/journal and tests/trouble lock ours."),
    ),
)
