"""F45: A message is held back so that later ones overtake it."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F45",
        key="reorder",
        place=Place.WEBHOOK,
        summary="a message is held back so that later ones overtake it",
        wild="No large sender guarantees order.",
        source="Stripe documentation, webhooks",
        right=("takes a message as a hint, reads the present state, and writes mirrors in the order of facts."),
        noticed_by=("O1", "O3", "O4"),
        parameters=(Parameter("wait", "how long it is held back", 1, 3600, 120),),
    ),
)
