"""F56: A vendor changes its interface, and nobody was told."""

from __future__ import annotations

from domain.faults.kind import Elsewhere

FAULTS = (
    Elsewhere(
        number="F56",
        name="schema drift",
        summary=("fields are renamed, removed or null, values are added to enumerations, versions move"),
        wild=(
            "A release removed `invoice.payment_intent` and the period of a subscription; "
            "enumerations grow with any release."
        ),
        source="Stripe changelog, 2025-03-31.basil",
        right=(
            "reads over what is new, stops at what is missing before it has done half of it, and "
            "parks an unknown value for a person."
        ),
        noticed_by=("M1", "L4", "S3"),
        why=("It is a state of a vendor and not something that strikes a call: a scenario plans it by its own word."),
        shown=(
            "the word `drifts:` of a scenario (mocks/drift), the library's schema_drift_in_freeze, "
            "and a live world's drifts"
        ),
    ),
)
