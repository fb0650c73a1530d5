"""F25: 409: the first request with this key is still running."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place, Reach

FAULTS = (
    FaultKind(
        number="F25",
        key="key_in_progress",
        place=Place.BEFORE,
        summary="409: the first request with this key is still running",
        wild="Two attempts of one intent overlap because the first was slow.",
        source="the IETF's draft on the Idempotency-Key header",
        right="waits and repeats under the same key.",
        noticed_by=("S7",),
        reach=Reach(calls="keyed"),
    ),
)
