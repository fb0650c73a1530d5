"""F23: An error 500 although the work is committed."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F23",
        key="error_after",
        place=Place.AFTER,
        summary="500 after the commit",
        wild="A failure after the commit, such as in rendering the reply.",
        source="an estimate",
        right="as F22: unknown, look up, same key.",
        noticed_by=("S1", "S3", "S4"),
    ),
)
