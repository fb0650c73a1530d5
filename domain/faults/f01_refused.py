"""F01: The connection is refused. This is what an `outages:` window does by default."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F01",
        key="refused",
        place=Place.NETWORK,
        summary="the connection is refused: an outage, a deploy, a restart",
        wild="Deploys, restarts, failovers; outages of hours at any large provider.",
        source="the vendors' status pages",
        right=(
            "knows that nothing was sent: the call failed. It waits with jitter, the breaker of that system opens, one "
            "probe at a time asks whether it lives. Out of attempts, the flow parks as `DEPENDENCY.UNAVAILABLE` and "
            "goes on by itself when the breaker closes."
        ),
        noticed_by=("S9", "P6", "L1", "L2"),
    ),
)
