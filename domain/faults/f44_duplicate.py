"""F44: A message is delivered more than once."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F44",
        key="duplicate",
        place=Place.WEBHOOK,
        summary="a message is delivered again (copies: `count`)",
        wild='Every vendor that sends webhooks promises "at least once".',
        source="Stripe documentation, webhooks",
        right=("stores a message under (sender, message id) before it answers; the second copy is known."),
        noticed_by=("S6", "S1"),
        parameters=(Parameter("count", "additional copies", 1, 20, 1),),
    ),
)
