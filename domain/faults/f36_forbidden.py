"""F36: A permission is removed."""

from __future__ import annotations

from domain.faults.kind import Elsewhere, FaultKind, Place, Reach

FAULTS = (
    FaultKind(
        number="F36",
        key="forbidden",
        place=Place.BEFORE,
        summary="a permission is gone: 403 in the vendor's manner",
        wild="A policy change of 2023-09-20 locked integrations out for hours.",
        source="Salesforce's report of 2023-09-20",
        right="does not repeat it: the flow parks as `AUTH.FORBIDDEN` for whoever can grant it.",
        noticed_by=("L4", "P6", "L2"),
        reach=Reach(systems=("billing", "crm", "erp", "fulfilment", "payment")),
        is_lasting=True,
    ),
    Elsewhere(
        number="F36",
        name="fields silently missing",
        summary="a field that may no longer be read is simply not there",
        wild="Field-level security hides fields without a word.",
        source="Salesforce's documentation",
        right="asks for the fields it needs by name, and stops at an answer without them.",
        noticed_by=("M10", "L4"),
        why="it is a change of the vendor's interface.",
        shown="the drift `salesforce-field-permission`",
    ),
)
