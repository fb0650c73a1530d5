"""F63: Two accounts turn out to be one, and ids change."""

from __future__ import annotations

from domain.faults.kind import Elsewhere

FAULTS = (
    Elsewhere(
        number="F63",
        name="duplicate accounts and merges",
        summary=("a customer exists twice, or two are made one and documents carry the id of the one that is gone"),
        wild="Every CRM merges duplicates, and the id of the loser stays in other systems.",
        source="Salesforce documentation, merge",
        right=(
            "keeps a history of ids, leads what was issued to the survivor, and asks a steward where it is not sure."
        ),
        noticed_by=("S1", "M13"),
        why="It is what customers and stewards do, planned by its own words.",
        shown=(
            "the words `duplicate_customer` and `lookalike_customer` of a scenario, the library's "
            "master_data_merge, tests/integration/masterdata/test_merges.py"
        ),
    ),
)
