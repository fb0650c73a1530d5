"""F07: The connection is reset before the request arrives."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F07",
        key="reset_before",
        place=Place.NETWORK,
        summary="the connection is reset before the request arrives",
        wild="Load balancers that close idle connections just as they are reused.",
        source="Toxiproxy, reset_peer",
        right=(
            "cannot tell this from F08, so the outcome is unknown: it looks the intent up where it can, and repeats it "
            "under the same key."
        ),
        noticed_by=("S1", "S3", "S4", "S7"),
    ),
)
