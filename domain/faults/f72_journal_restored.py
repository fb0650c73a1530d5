"""F72: The database is restored or failed over to the past."""

from __future__ import annotations

from domain.faults.kind import Elsewhere

FAULTS = (
    Elsewhere(
        number="F72",
        name="journal restored to the past",
        summary=(
            "seconds to minutes of commits are lost, and the systems of record know of things that the journal does not"
        ),
        wild="A failover to a replica that was behind; a backup of last night.",
        source="GitHub, October 2018 (danluu/post-mortems)",
        right=(
            "notices that its journal is older than it was, sweeps for what was forgotten, and "
            "looks up by external id before it repeats anything."
        ),
        noticed_by=("S1", "S4", "M13"),
        why=(
            "The journal of a rehearsal is also the witness of its audit trail: with it restored, "
            "the history tells of writes that the trail has lost, and A1 and S6 could not judge."
        ),
        shown=(
            "tests/trouble/test_restored.py (a backup put back under a running service), "
            "tests/integration/flows/test_forgotten.py"
        ),
    ),
)
