"""F46: A message arrives late."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F46",
        key="delay",
        place=Place.WEBHOOK,
        summary="a message arrives `wait` late",
        wild=("Public incidents: 24 minutes on average and 71 at most on one day, four and a half hours on another."),
        source="GitHub status, 2024-07-05 and 2023-08-15",
        right="also asks: sweeps start the same flows under the same ids.",
        noticed_by=("L3",),
        parameters=(Parameter("wait", "the delay", 60, 16200, 1440),),
    ),
)
