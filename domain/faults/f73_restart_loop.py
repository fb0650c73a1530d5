"""F73: The process dies again at each start."""

from __future__ import annotations

from domain.faults.kind import AT_WRITE, FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F73",
        key="restart_loop",
        place=Place.PROCESS,
        summary=(
            "the process dies at durable write `count` and, each time it is back, at the next one: "
            "`factor` times in all"
        ),
        wild=("A poison message or a leak: the process lives for seconds, and an orchestrator starts it for hours."),
        source="incident.io post-mortem (danluu/post-mortems)",
        right=(
            "makes no step twice, however often it begins; one flow that kills its process is set "
            "aside after some deaths."
        ),
        noticed_by=("L6", "L8", "S6", "A1"),
        parameters=(
            Parameter("wait", "until the process is back, each time", 1, 120, 10),
            AT_WRITE,
            Parameter("factor", "how many times it dies", 2, 20, 5),
        ),
    ),
)
