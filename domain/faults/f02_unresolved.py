"""F02: The name of a system cannot be resolved."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F02",
        key="unresolved",
        place=Place.NETWORK,
        summary="the name of a system cannot be resolved: no such name, or an empty answer",
        wild="An empty record for a whole region's database, for nearly three hours.",
        source="aws.amazon.com/message/101925",
        right=(
            "takes it for a refused connection: nothing was sent. It keeps the connections it has, asks again for "
            "each attempt, and does not remember that the name was missing."
        ),
        noticed_by=("S9", "P6", "L1", "L2"),
        not_live="names are looked up by the caller, and the doors are reached by their addresses.",
    ),
)
