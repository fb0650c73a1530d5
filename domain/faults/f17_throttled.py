"""F17: The request is refused as one too many, and the answer says when to come back."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F17",
        key="throttled",
        place=Place.BEFORE,
        summary="429 with Retry-After",
        wild="Concurrency and rate limits of billing platforms, with pauses of seconds to minutes.",
        source="Zuora's and Chargebee's documentation",
        right=(
            "holds *all* calls to that system until the time is over (an hour at most), not only the flow that was "
            "told."
        ),
        noticed_by=("P5", "P6"),
        parameters=(
            Parameter("wait", "the Retry-After; a vendor that never sends the header is not made to", 1, 300, 120),
        ),
    ),
)
