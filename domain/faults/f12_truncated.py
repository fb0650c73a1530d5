"""F12: A gateway's error page is cut off in the middle; the request never reached the system."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F12",
        key="truncated_before",
        place=Place.NETWORK,
        summary="a gateway's error page is cut off; the request never arrived",
        wild="Proxies that are restarted while they answer.",
        source="Toxiproxy, limit_data",
        right="as F07: unknown.",
        noticed_by=("S1", "S3", "S4", "S7"),
    ),
    FaultKind(
        number="F12",
        key="truncated_after",
        place=Place.AFTER,
        summary="the reply is cut off after the system committed",
        wild="Deploys that end connections while replies are under way.",
        source="Toxiproxy, limit_data",
        right="takes half a reply for none: unknown, look up, same key.",
        noticed_by=("S1", "S3", "S4", "S5", "S7"),
    ),
)
