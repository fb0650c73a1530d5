"""F20: A throttle that does not look like one."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place, Reach

FAULTS = (
    FaultKind(
        number="F20",
        key="throttled_in_disguise",
        place=Place.BEFORE,
        summary="a throttle that its status does not show: 400 at the ERP's scripts, 403 at the CRM",
        wild=(
            "A script's limit is a 400 with `SSS_REQUEST_LIMIT_EXCEEDED`, an organisation's a 403 with "
            "`REQUEST_LIMIT_EXCEEDED`."
        ),
        source="the vendors' documentation",
        right="classifies by the vendor's code first and by the status second: it waits and repeats.",
        noticed_by=("P6", "S9", "L2"),
        reach=Reach(systems=("crm", "erp")),
    ),
)
