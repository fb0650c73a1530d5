"""F13: The connection is closed without a reply; the request never reached the system."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F13",
        key="closed_before",
        place=Place.NETWORK,
        summary="the connection is closed without a reply; the request never arrived",
        wild="A kept-alive connection that the peer closes just as it is used again.",
        source="Avalara's developer guide, on retries",
        right="as F07: unknown.",
        noticed_by=("S1", "S3", "S4", "S7"),
    ),
    FaultKind(
        number="F13",
        key="closed_after",
        place=Place.AFTER,
        summary="the connection is closed without a reply after the system committed",
        wild="Worker processes that are recycled after their work and before their answer.",
        source="Avalara's developer guide, on retries",
        right="as F08: unknown, look up, same key.",
        noticed_by=("S1", "S3", "S4", "S5", "S7", "M13"),
    ),
)
