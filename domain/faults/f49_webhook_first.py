"""F49: The message arrives before the answer of the call that caused it."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F49",
        key="webhook_first",
        place=Place.WEBHOOK,
        summary="the message arrives before the answer of the call that caused it",
        wild="A payment succeeds and is announced fifty milliseconds before the POST returns.",
        source="Stripe documentation, webhooks",
        right="keeps early messages for the flow that will ask for them.",
        noticed_by=("S6", "S8", "O3"),
    ),
)
