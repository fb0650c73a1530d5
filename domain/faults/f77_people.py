"""F77: People act at the same time, or twice."""

from __future__ import annotations

from domain.faults.kind import Elsewhere, FaultKind, Parameter, Place, Reach

FAULTS = (
    FaultKind(
        number="F77",
        key="double_click",
        place=Place.PEOPLE,
        summary="what a person does is done once more, `wait` later",
        wild=(
            "A button that does not answer at once is pressed again; two clerks take the same case; "
            "somebody presses retry while a retry is under way."
        ),
        source="[E]",
        right=("knows the intent: the same act is the same flow, and whoever comes second is told who was first."),
        noticed_by=("S1", "S4", "A10"),
        parameters=(Parameter("wait", "how much later", 1, 3, 1),),
        reach=Reach(
            operations=(
                "crm.submit_quote",
                "crm.approve_quote",
                "crm.accept_quote",
                "integration.refund",
                "integration.dispute_invoice",
                "integration.close_period",
                "integration.re_drive",
            )
        ),
        not_live=(
            "at a live system people press buttons themselves; tests/trouble/test_two_people.py does it over HTTP."
        ),
    ),
    Elsewhere(
        number="F77",
        name="edit under our hands",
        summary=("somebody edits a record in the ERP or the CRM between our reading and our writing"),
        wild="Any shared record.",
        source="[E]",
        right="writes only what it owns, and guards what it writes by the sequence of facts.",
        noticed_by=("O4", "S1"),
        why=(
            "It is another writer of the same fields, and ownership says that there is none: what a "
            "person may edit is told by their own system."
        ),
        shown=("contracts/governance (who writes what), `row_locked` (F28), tests/trouble/test_two_people.py"),
    ),
)
