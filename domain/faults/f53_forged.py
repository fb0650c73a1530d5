"""F53: A stale or falsified copy of a genuine message arrives, ahead of the genuine one."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F53",
        key="forged",
        place=Place.WEBHOOK,
        summary="a wrongly signed or stale copy of a message arrives",
        wild=("Replays, and addresses that have become known; usual tolerance of a signature's age is 300 seconds."),
        source="Stripe libraries, tolerance of signatures",
        right=("verifies the raw bytes and the time before it believes anything, and answers 401 or 400."),
        noticed_by=("P8",),
        parameters=(Parameter("count", "0: signed an hour ago; 1: tampered with", 0, 1, 0),),
    ),
)
