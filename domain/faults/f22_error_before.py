"""F22: An error 500; nothing was committed."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F22",
        key="error_before",
        place=Place.BEFORE,
        summary="500 before the commit",
        wild="A share of all calls in a brownout.",
        source="an estimate",
        right="cannot know that nothing was committed: on a write the outcome is unknown.",
        noticed_by=("S9",),
    ),
)
