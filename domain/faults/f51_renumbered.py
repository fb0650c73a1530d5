"""F51: The ids of a stream start anew: what was told already is told again, under another id."""

from __future__ import annotations

from domain.faults.kind import Elsewhere, FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F51",
        key="renumbered",
        place=Place.WEBHOOK,
        summary="a message is told once more, `wait` later, under another id",
        wild=(
            "Replay ids have gaps and are not unique after an organisation is migrated; after a "
            "restore from a backup an event bus tells its last days again under new numbers."
        ),
        source="Salesforce documentation, replay ids",
        right=(
            "knows an intent by its business key and not by a number of the wire: the flow that the "
            "second telling asks for exists already."
        ),
        noticed_by=("S6", "S1", "S4"),
        parameters=(Parameter("wait", "until it is told again", 1, 86400, 600),),
    ),
    Elsewhere(
        number="F51",
        name="replay id too old or reset",
        summary="the place in a stream that a subscriber kept is unknown to the sender",
        wild=("The event bus keeps events for 72 hours; a place before that, or of another organisation, is refused."),
        source="Salesforce documentation, replay ids",
        right=("subscribes from the earliest event there is and sweeps for what may have been lost."),
        noticed_by=("S9", "L1"),
        why=("A rehearsal is told by outbound messages; the CRM's stream has its clients over HTTP only."),
        shown="tests/integration/cdc",
    ),
)
