"""F65: The tax at the commit is another than at the estimate."""

from __future__ import annotations

from domain.faults.kind import Elsewhere

FAULTS = (
    Elsewhere(
        number="F65",
        name="tax changed between estimate and commit",
        summary="a rate or an address changes after the tax was reckoned for the first time",
        wild="Rates change at midnight, thousands of them a year.",
        source="Avalara developer guide",
        right=("bills the tax of the document it commits, adjusts the document it has, and hides no difference."),
        noticed_by=("M2", "M3"),
        why=("It is a change in the tax engine and not something that strikes a call: the act `set_rates` makes it."),
        shown=("tests/simulator/test_tax_changed.py, and the changed amounts of contracts/responses"),
    ),
)
