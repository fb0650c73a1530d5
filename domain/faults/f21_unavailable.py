"""F21: The system answers everything with 503."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F21",
        key="unavailable",
        place=Place.BEFORE,
        summary="everything is refused with 503, unannounced",
        wild="Restarts and overload protection; an answer 503 promises that nothing was done.",
        source="the vendors' documentation",
        right=(
            "repeats with jitter and lets the breaker ask for everybody; flows that run out of attempts park as "
            "`DEPENDENCY.UNAVAILABLE` and go on by themselves."
        ),
        noticed_by=("P6", "L1", "L2"),
        parameters=(Parameter("wait", "the Retry-After; none when not given", 1, 300, 30),),
    ),
)
