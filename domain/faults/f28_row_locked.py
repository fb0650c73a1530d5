"""F28: Somebody else holds the record."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place, Reach

FAULTS = (
    FaultKind(
        number="F28",
        key="row_locked",
        place=Place.BEFORE,
        summary="somebody else holds or has just changed the record: nothing was written",
        wild="`UNABLE_TO_LOCK_ROW` after ten seconds, `lock_timeout`, a precondition that fails.",
        source="the vendors' documentation",
        right=(
            "reads again where the change depends on what was read, and repeats; values that are absolute and in "
            "order need no second look."
        ),
        noticed_by=("O4", "L2"),
        reach=Reach(systems=("crm", "erp", "fulfilment", "payment"), calls="writes"),
    ),
)
