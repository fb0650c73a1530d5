"""F10: The caller gives up; the request arrives later and is executed then."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F10",
        key="late_arrival",
        place=Place.NETWORK,
        summary="the caller gives up, the request arrives and runs later",
        wild="Queues in proxies, and message buses that deliver after an hour.",
        source="recalled",
        right="keeps its key, so that the late copy and the repetition are one intent to the peer.",
        noticed_by=("S1", "S4", "S10", "A6"),
        parameters=(Parameter("wait", "how long after the caller's timeout it arrives", 10, 600, 60),),
    ),
)
