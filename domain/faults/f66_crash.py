"""F66: The process of the integration dies at one durable write of its journal, and comes back."""

from __future__ import annotations

from domain.faults.kind import AT_WRITE, FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F66",
        key="crash",
        place=Place.PROCESS,
        summary="the process dies before durable write `count`; it is back after `wait`",
        wild="Out of memory, a deploy in the middle of a flow, a lost machine.",
        source="[E]",
        right=(
            "replays its journal. A call that may have left is repeated when its key makes that "
            "harmless, else looked up."
        ),
        noticed_by=("S1", "S2", "S3", "S4", "S5", "S6", "A1", "A6", "L2"),
        parameters=(
            Parameter("wait", "until the process is back; 30 seconds when not given", 1, 900, 30),
            AT_WRITE,
        ),
    ),
    FaultKind(
        number="F66",
        key="crash_after",
        place=Place.PROCESS,
        summary=("the process dies after durable write `count`, before it does what it wrote; it is back after `wait`"),
        wild=(
            "The same, a moment later: what was to be done is written down, and nobody has done it, or nobody knows."
        ),
        source="[E]",
        right="performs what its journal says was begun: the same calls, under the same keys.",
        noticed_by=("S1", "S2", "S3", "S4", "S5", "S6", "A1", "A6", "L2"),
        parameters=(
            Parameter("wait", "until the process is back; 30 seconds when not given", 1, 900, 30),
            AT_WRITE,
        ),
    ),
)
