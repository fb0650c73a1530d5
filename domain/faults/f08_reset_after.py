"""F08: The system committed, then the connection was reset."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F08",
        key="reset_after",
        place=Place.AFTER,
        summary="the connection is reset after the system committed",
        wild="The classical double charge: the work is done, the caller sees an error.",
        source="Toxiproxy, reset_peer",
        right="as F07: unknown, look up, same key.",
        noticed_by=("S1", "S3", "S4", "S5", "S7", "M13"),
    ),
)
