"""F64: The ERP has closed the period in which something is to be posted."""

from __future__ import annotations

from domain.faults.kind import Elsewhere

FAULTS = (
    Elsewhere(
        number="F64",
        name="period closed",
        summary="a posting is refused because its accounting period is closed",
        wild="The end of every month.",
        source="[E]",
        right=("posts in the next open period by rule and says so, or asks finance; it never reopens by itself."),
        noticed_by=("P3", "L4"),
        why=("Periods close by the calendar of the ledger, as people decide: a scenario plans it by its own words."),
        shown=(
            "the words `policies.close_receivables`, `close_ledger` and `close_months`, the "
            "library's period_close_race, tests/integration/flows/test_closing.py"
        ),
    ),
)
