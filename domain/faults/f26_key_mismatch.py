"""F26: The key was used with another body."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place, Reach

FAULTS = (
    FaultKind(
        number="F26",
        key="key_mismatch",
        place=Place.BEFORE,
        summary="the system says that the key was used with another body",
        wild="A release that writes a body differently, between two attempts of one intent.",
        source="docs.stripe.com/api/idempotent_requests; the IETF's draft has 422",
        right="takes it for an alarm about itself: it does not invent another key, it parks for a person.",
        noticed_by=("S7", "L4"),
        reach=Reach(calls="keyed"),
        is_lasting=True,
    ),
)
