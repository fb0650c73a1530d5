"""F09: The system committed, the reply never comes, the caller times out."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F09",
        key="lost_reply",
        place=Place.AFTER,
        summary="the reply is lost: the caller times out, the work is done",
        wild=("Every timeout is chosen so that some healthy calls miss it; one in a thousand is a common choice."),
        source="the Amazon Builders' Library, on timeouts",
        right=(
            "never calls a timeout a failure. It looks the intent up, or repeats it under the same key while the peer "
            "remembers that key."
        ),
        noticed_by=("S1", "S2", "S3", "S4", "S5", "S7"),
    ),
)
