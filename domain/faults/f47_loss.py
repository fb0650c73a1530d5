"""F47: A message and all its retries never arrive."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F47",
        key="loss",
        place=Place.WEBHOOK,
        summary="a message and its retries never arrive",
        wild=(
            "A subscription removed after eight failed attempts in four hours; three days of outage at the receiver."
        ),
        source="Shopify and Stripe documentation",
        right="finds it by sweeping, or by asking when its patience ends.",
        noticed_by=("S9", "L1", "L2"),
    ),
)
