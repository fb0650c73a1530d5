"""F31: Some records of a batch are written and others are not."""

from __future__ import annotations

from domain.faults.kind import Elsewhere

FAULTS = (
    Elsewhere(
        number="F31",
        name="partial batch success",
        summary="some records of one request are written, others refused",
        wild="Composite requests default to writing what can be written; up to 200 records in one.",
        source="Salesforce's documentation",
        right="reads the result of each record, and repeats only what failed, each under its own identity.",
        noticed_by=("M1", "S3"),
        why=(
            "the mock CRM does so by itself, as the vendor does: which records fail follows from their values, "
            "not from a plan. The reference integration sends no batches."
        ),
        shown="the drift `salesforce-validation-rule`, and tests/mocks/crm/test_record_sets.py and test_composites.py",
    ),
)
