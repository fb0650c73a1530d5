"""F37: The secret by which a sender is known was changed, and the receiver has not heard of it yet."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F37",
        key="secret_rotated",
        place=Place.WEBHOOK,
        summary="messages are signed with a secret that the receiver does not know yet",
        wild=(
            "A secret is rotated at the sender; the old one is good for another 24 hours at most, "
            "and the new one reaches the receiver's configuration a day late."
        ),
        source="Stripe documentation, rolling of secrets",
        right=(
            "knows both secrets while they overlap, refuses the others and raises an alarm about "
            "how many it refuses; what it refused comes again by the sender's schedule, or is found "
            "by its sweeps."
        ),
        noticed_by=("P8", "S9", "L1"),
    ),
)
