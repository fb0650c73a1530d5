"""F62: A payload that is far too large or nested without end."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F62",
        key="oversized",
        place=Place.WEBHOOK,
        summary=("a copy of a message arrives with megabytes too much in it, or nested ten thousand deep"),
        wild="Documents attached to events; parsers that recurse until the process ends.",
        source="[E]",
        right="looks at the length before it parses, answers 413 or 400, and goes on.",
        noticed_by=("L6",),
        parameters=(Parameter("count", "megabytes too much; 0: nested too deep", 0, 10, 0),),
    ),
)
