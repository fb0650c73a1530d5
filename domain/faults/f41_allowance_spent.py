"""F41: The calls of the day are used up."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place, Reach

FAULTS = (
    FaultKind(
        number="F41",
        key="allowance_spent",
        place=Place.BEFORE,
        summary="the calls of 24 hours are used up: every call is refused until the window has moved on",
        wild="A hundred thousand calls in 24 rolling hours, and a backfill.",
        source="Salesforce's documentation",
        right=(
            "stops asking for what can wait, keeps cash going where it does not need the system, and comes back "
            "by itself."
        ),
        noticed_by=("P5", "L2", "L3"),
        reach=Reach(systems=("crm",)),
    ),
)
