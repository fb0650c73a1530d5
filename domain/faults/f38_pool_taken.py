"""F38: Others have used up the rate we share with them."""

from __future__ import annotations

from domain.faults.kind import Elsewhere, FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F38",
        key="pool_taken",
        place=Place.BEFORE,
        summary="the limit we share with other applications is used up, though we kept to our part",
        wild="Limits are per organisation or account, and another integration runs its migration.",
        source="Salesforce and NetSuite, on limits of an organisation",
        right="holds everything for that system, not only the flow that was told, and lets money go first.",
        noticed_by=("P5", "P6", "L9"),
        parameters=(Parameter("wait", "the Retry-After, where the vendor sends one; none when not given", 1, 300, 60),),
    ),
    Elsewhere(
        number="F38",
        name="a limit lowered",
        summary="the limits of a system are lowered for a while or for good",
        wild="Another edition, another licence, a neighbour.",
        source="the vendors' documentation",
        right="is told by 429 and 403 alone, and adapts.",
        noticed_by=("P5",),
        why="it is a change of the world, not a fault of a call.",
        shown="the section `limits:` of a scenario",
    ),
)
