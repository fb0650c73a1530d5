"""F19: A Retry-After that is a date, in the past, or beyond reason."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place, Reach

FAULTS = (
    FaultKind(
        number="F19",
        key="throttled_until",
        place=Place.BEFORE,
        summary="429 with a Retry-After that is a date",
        wild="The header has two forms, and clients that read one are common.",
        source="RFC 9110, 10.2.3",
        right="reads both forms, and takes the date for what it is by the sender's own clock.",
        noticed_by=("P5", "P6", "L3"),
        parameters=(Parameter("wait", "how far ahead the date is", 1, 300, 60),),
        reach=Reach(systems=("billing", "erp", "fulfilment", "payment", "tax")),
    ),
    FaultKind(
        number="F19",
        key="throttled_in_the_past",
        place=Place.BEFORE,
        summary="429 with a Retry-After that is a minute ago",
        wild="Clocks that differ, and answers that were held up.",
        source="RFC 9110, 10.2.3",
        right="takes it for no pause at all and backs off by its own rule.",
        noticed_by=("P5", "P6"),
        reach=Reach(systems=("billing", "erp", "fulfilment", "payment", "tax")),
    ),
    FaultKind(
        number="F19",
        key="throttled_for_ages",
        place=Place.BEFORE,
        summary="429 with a Retry-After of a month",
        wild="Seconds taken for milliseconds, or an instant written as a duration.",
        source="an estimate",
        right="waits no longer than it would have waited at most, an hour, and asks again.",
        noticed_by=("P5", "L2", "L3"),
        reach=Reach(systems=("billing", "erp", "fulfilment", "payment", "tax")),
    ),
)
