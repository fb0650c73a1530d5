"""F16: The request is larger than the system or its gateway takes."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place, Reach

FAULTS = (
    FaultKind(
        number="F16",
        key="too_large",
        place=Place.BEFORE,
        summary=("a gateway refuses the request with 413: it is larger than what it has been allowed since yesterday"),
        wild=("Limits of bytes and of records differ from edition to edition, and gateways are configured by hand."),
        source="an estimate",
        right=(
            "does not repeat it as it is. What can be split is split with the identities of its lines kept; else "
            "a person decides."
        ),
        noticed_by=("M1", "P6", "L2"),
        reach=Reach(calls="writes"),
        is_lasting=True,
    ),
)
