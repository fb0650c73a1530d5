"""F61: A message that no reader can digest, signed right, comes and comes again."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F61",
        key="poison",
        place=Place.WEBHOOK,
        summary=("a message of the right sender comes ahead of the genuine one, in a shape that no reader expects"),
        wild=("One event that nobody could parse crashed all workers, one after another, each time it came back."),
        source="incident.io post-mortem (danluu/post-mortems)",
        right=("refuses it with a sentence, or parks it as one case however often it comes; all others go on."),
        noticed_by=("L6", "L5", "S9"),
        parameters=(Parameter("count", "how many more times it comes", 0, 10, 2),),
    ),
)
