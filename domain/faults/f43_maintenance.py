"""F43: An announced window in which writes are refused."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place, Reach

FAULTS = (
    FaultKind(
        number="F43",
        key="maintenance",
        place=Place.BEFORE,
        summary="an announced window in which a system answers reads and refuses writes with 503",
        wild="CRM instances are read-only for minutes to hours, announced two weeks ahead.",
        source="Salesforce's documentation",
        right=(
            'reads 503 as "nothing was done" and retries; flows that run out of attempts park as '
            "`DEPENDENCY.UNAVAILABLE` and go on by themselves when it is over."
        ),
        noticed_by=("P7", "L1", "L2"),
        reach=Reach(calls="writes"),
    ),
)
