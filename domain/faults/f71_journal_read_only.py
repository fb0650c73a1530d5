"""F71: The disk of the journal is full, or it may be read only."""

from __future__ import annotations

from domain.faults.kind import AT_WRITE, FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F71",
        key="journal_read_only",
        place=Place.PROCESS,
        summary=("durable write `count` and all others are refused for `wait`: the database may be read only"),
        wild=(
            "A cache came back read-only after a restart: balances could be read and not written, "
            "so cards were charged again and again; 1.4 % of the customers."
        ),
        source="Twilio post-mortem, 2013-07-18",
        right=(
            "refuses to call anybody when it cannot record that it is going to; acknowledges "
            "nothing that it has not stored."
        ),
        noticed_by=("S4", "S7", "A1", "S9"),
        parameters=(
            Parameter("wait", "how long nothing can be written", 10, 3600, 600),
            AT_WRITE,
        ),
        not_live=("the journal of another program is its own; tests/trouble/test_databases.py fills the disk of ours."),
    ),
)
