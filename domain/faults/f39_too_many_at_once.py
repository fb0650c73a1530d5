"""F39: Too many calls at once."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F39",
        key="too_many_at_once",
        place=Place.BEFORE,
        summary="the system says that too many calls are open at once",
        wild="Fifteen at once for an account, five for a user of scripts, twenty of the big ones.",
        source="NetSuite's and Zuora's documentation",
        right="has a bulkhead for each system, smaller than the licence, and waits.",
        noticed_by=("P5", "P6"),
    ),
)
