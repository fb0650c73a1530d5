"""F21: An announced window in which a system answers reads and refuses writes with 503."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place, Reach

FAULTS = (
    FaultKind(
        number="F21",
        key="maintenance",
        place=Place.BEFORE,
        summary="an announced window in which writes are refused with 503",
        wild="CRM instances are read-only for minutes to hours, announced two weeks ahead.",
        source="",
        right=(
            'reads 503 as "nothing was done" and retries; flows that run out of attempts park as '
            "`DEPENDENCY.UNAVAILABLE`. It does not yet consult the calendar of announced windows."
        ),
        noticed_by=("L1", "L2", "P6"),
        reach=Reach(calls="writes"),
    ),
)
