"""F27: The key is forgotten before the retry comes."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place, Reach

FAULTS = (
    FaultKind(
        number="F27",
        key="key_forgotten",
        place=Place.AFTER,
        summary=("the reply is lost, and nothing under its key gets through until the system has forgotten the key"),
        wild="Keys are kept for a day by one vendor, for half an hour or five minutes by others.",
        source="docs.stripe.com/api/idempotent_requests; FluidPay's documentation",
        right=("knows how long each key lives, and never repeats an unknown outcome beyond it without looking it up."),
        noticed_by=("S3", "S4"),
        reach=Reach(calls="keyed"),
        is_conditional=True,
    ),
)
