"""F30: 202 and a job that never ends."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place, Reach

FAULTS = (
    FaultKind(
        number="F30",
        key="job_never_ends",
        place=Place.BEFORE,
        summary="202 with the address of a job that never ends",
        wild="Asynchronous processing that a gateway or a setting chose for the caller.",
        source="NetSuite, `Prefer: respond-async`",
        right=(
            "takes an acceptance for no success: it has a deadline for the job, looks the record up, and repeats "
            "under the same identity."
        ),
        noticed_by=("L2", "L4", "S9"),
        reach=Reach(systems=("erp",), calls="writes"),
    ),
)
