"""F24: A 500 that the vendor's key store keeps: the same key gets the same 500 until it is forgotten."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place, Reach

FAULTS = (
    FaultKind(
        number="F24",
        key="sticky_error",
        place=Place.BEFORE,
        summary="500 that the idempotency store keeps and replays for its key",
        wild="Documented behaviour of a large payment API: the first result is stored, whatever it is.",
        source="docs.stripe.com/api/idempotent_requests",
        right=(
            "recognises the replay mark in the answer, looks the intent up, and asks again under a derived key once it "
            "knows that nothing was done. Where it cannot look, a person decides."
        ),
        noticed_by=("S4", "L2"),
        reach=Reach(calls="keyed"),
    ),
)
