"""F11: A gateway's error page comes in a few bytes at a time; the request never reached the system."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F11",
        key="drip_before",
        place=Place.NETWORK,
        summary="a gateway's error page comes a few bytes at a time, over `wait`",
        wild="A load balancer whose backend is gone and whose own link is saturated.",
        source="Toxiproxy, slicer and bandwidth",
        right="waits for the whole reply up to its timeout: a 502 is unknown, and so is a timeout.",
        noticed_by=("S1", "S3", "S4", "L3"),
        parameters=(
            Parameter("wait", "how long the whole body takes; without it, longer than any patience", 1, 120, 60),
        ),
    ),
    FaultKind(
        number="F11",
        key="drip_after",
        place=Place.AFTER,
        summary="the reply comes a few bytes at a time, over `wait`",
        wild="Overloaded links; a timeout per read that a slow drip never trips.",
        source="Toxiproxy, slicer and bandwidth",
        right="has one deadline for the whole call, so a drip that outlasts it is F09.",
        noticed_by=("S1", "S3", "S4", "S7", "L3"),
        parameters=(
            Parameter("wait", "how long the whole body takes; without it, longer than any patience", 1, 120, 60),
        ),
    ),
)
