"""F04: The attempt to connect is swallowed until the connect timeout. An outage with `kind: black_hole` does this."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F04",
        key="black_hole",
        place=Place.NETWORK,
        summary="the connection attempt is swallowed until the connect timeout",
        wild="Firewalls that drop instead of refuse; lost routes.",
        source="recalled",
        right="treats a connect timeout like a refusal, since nothing was sent. It only costs time.",
        noticed_by=("P6", "L1"),
    ),
)
