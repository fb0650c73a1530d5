"""F54: Our endpoint answers later than the sender waits, so that a message it took is sent again and again."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F54",
        key="slow_intake",
        place=Place.WEBHOOK,
        summary=(
            "a message is taken, but its sender has given up waiting for the answer and repeats it by its schedule"
        ),
        wild=(
            "Senders wait half a second, five or ten seconds; after eight such tries one of them "
            "removes the subscription."
        ),
        source="Yousign, Shopify and Adyen documentation",
        right=("stores, answers, and works afterwards; and it knows what it has stored when that comes again."),
        noticed_by=("S6", "L3"),
    ),
)
