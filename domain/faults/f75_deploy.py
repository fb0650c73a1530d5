"""F75: A new version is deployed in the middle of flows."""

from __future__ import annotations

from domain.faults.kind import AT_WRITE, Elsewhere, FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F75",
        key="deploy",
        place=Place.PROCESS,
        summary=("after durable write `count` the process ends in order, and another one is there after `wait`"),
        wild="Every deploy.",
        source="[E]",
        right=(
            "lets the calls on their way end, begins nothing new, gives its flows back, and its "
            "successor goes on with each where it was."
        ),
        noticed_by=("S1", "S6", "L2", "A7"),
        parameters=(
            Parameter("wait", "until the next process is there", 1, 300, 20),
            AT_WRITE,
        ),
    ),
    Elsewhere(
        number="F75",
        name="changed flows",
        summary="the new version asks for other effects than those an open flow has recorded",
        wild="Every deploy that changes a flow.",
        source="Temporal documentation, versioning",
        right="parks a flow that diverges from its journal, and guesses nothing.",
        noticed_by=("A7", "L4"),
        why="A rehearsal has one version of the code.",
        shown=("tests/integration/test_flow.py (Diverged) and the recorded journals of tests/integration/flows"),
    ),
)
