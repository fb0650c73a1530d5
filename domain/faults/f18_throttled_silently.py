"""F18: The same without saying when to come back."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F18",
        key="throttled_silently",
        place=Place.BEFORE,
        summary="429 without Retry-After",
        wild="Payment APIs limit to a hundred requests a second and say no more than that; a CRM answers 403.",
        source="docs.stripe.com/rate-limits",
        right="backs off exponentially with full jitter.",
        noticed_by=("P5", "P6"),
    ),
)
