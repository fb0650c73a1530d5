"""F29: A 200 that carries an error."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F29",
        key="error_in_ok",
        place=Place.BEFORE,
        summary="the status is 200 and the body an error: nothing was done",
        wild="SOAP and GraphQL answer so by design, and proxies that turn every status into 200 exist.",
        source="the vendors' documentation",
        right="reads the body before it believes the status: such an answer says nothing about the effect.",
        noticed_by=("S9", "M1", "L2"),
    ),
)
