"""F57: Text in another encoding than it says it is."""

from __future__ import annotations

from domain.faults.kind import Elsewhere, FaultKind, Place

FAULTS = (
    FaultKind(
        number="F57",
        key="garbled",
        place=Place.WEBHOOK,
        summary=("a copy of a message arrives with bytes that are no UTF-8, and a zero, amid its text"),
        wild=("Invalid UTF-8, Latin-1 from an old ERP, zero bytes that one database takes and the next does not."),
        source="[E]",
        right=("refuses what it cannot read, with a sentence for the sender's people; nothing else waits for it."),
        noticed_by=("S9", "A1", "L6"),
    ),
    FaultKind(
        number="F57",
        key="garbled_reply",
        place=Place.AFTER,
        summary="the reply holds bytes that are no UTF-8 amid its text",
        wild="A proxy or an old module that writes Latin-1 under a header that says UTF-8.",
        source="[E]",
        right=(
            "has no answer when it cannot read it: the outcome of a write is unknown, and it asks "
            "again under the same key."
        ),
        noticed_by=("S1", "S4", "S9", "L2"),
    ),
    Elsewhere(
        number="F57",
        name="odd but right text",
        summary=(
            "names and addresses in composed and decomposed letters, from right to left, with emoji, and long ones"
        ),
        wild="Customers.",
        source="[E]",
        right=("keeps text as it came, compares it normalised, and cuts it at letters where a system takes less."),
        noticed_by=("S9", "A1", "S1"),
        why=(
            "It is what a quote says, not something that strikes a call: the names of a scenario's "
            "customers are made in the language of their country."
        ),
        shown=(
            "tests/integration/masterdata, tests/integration/journal and the changed texts of "
            "contracts/responses (text_mutators.py)"
        ),
    ),
)
