"""F48: The sender has one queue for each endpoint: behind a message that does not get through, all others wait."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F48",
        key="blocked_queue",
        place=Place.WEBHOOK,
        summary=("a message does not get through for `wait`, and all later ones of its sender wait behind it"),
        wild=(
            "Adyen keeps one queue for each endpoint, works it off from the earliest message on, "
            "and repeats after 2, 5, 10, 15, 30 minutes, then hours."
        ),
        source="Adyen documentation, webhooks",
        right=(
            "asks as well: sweeps start the same flows under the same ids, and the messages that "
            "come at once later are known. It never answers one bad event with an error again and "
            "again, for that is how it blocks its own queue."
        ),
        noticed_by=("L6", "L3", "L1"),
        parameters=(Parameter("wait", "until the message gets through", 120, 14400, 1800),),
    ),
)
