"""F32: Records appear or vanish between two pages."""

from __future__ import annotations

from domain.faults.kind import Elsewhere

FAULTS = (
    Elsewhere(
        number="F32",
        name="pagination drift",
        summary="records appear or vanish between two pages of a list",
        wild="Lists by offset lose a record for every one that is removed before them.",
        source="recalled",
        right="pages by cursor or by a high-water mark with an overlap, and knows what it has seen.",
        noticed_by=("S9", "M13"),
        why=(
            "whether a page is asked for at all depends on how much there is; a plan cannot make it so in a small run."
        ),
        shown="tests/integration/flows/test_drifting_pages.py",
    ),
)
