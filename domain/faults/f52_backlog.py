"""F52: A sender is silent for a while and then tells everything at once."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F52",
        key="backlog",
        place=Place.WEBHOOK,
        summary="no message of the window arrives before its end; then all come at once",
        wild=("After an outage the messages of hours come within minutes: a thundering herd on whoever takes them."),
        source="GitHub status, 2023-08-15",
        right=(
            "stores each before it answers and works them off at the pace of its slots, in fair "
            "turns; what its sweeps have found meanwhile is known."
        ),
        noticed_by=("L7", "L9", "L1"),
    ),
)
