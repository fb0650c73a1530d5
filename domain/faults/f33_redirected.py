"""F33: A POST is redirected."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F33",
        key="redirected",
        place=Place.BEFORE,
        summary="308 to another host: nothing was done here",
        wild="Organisations are moved to other instances, and domains renamed.",
        source="recalled",
        right=(
            "never follows with its credentials to a host that nobody has allowed: the flow parks "
            "(`CONTRACT.SEMANTIC`) until the address is corrected."
        ),
        noticed_by=("S1", "P4", "P6", "L2"),
        is_lasting=True,
    ),
)
