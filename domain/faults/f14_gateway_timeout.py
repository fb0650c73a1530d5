"""F14: A gateway gives up after the system committed."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F14",
        key="gateway_timeout",
        place=Place.AFTER,
        summary="a gateway answers 504 with a page of its own after the system committed",
        wild=(
            "Gateways give a backend thirty to sixty seconds; an aggregator of interfaces calls the outcome uncertain."
        ),
        source="Apideck's guide to errors",
        right=("takes a 502 or 504 for what it is: unknown. It looks the intent up, or repeats it under the same key."),
        noticed_by=("S1", "S3", "S4", "S5", "S7"),
    ),
)
