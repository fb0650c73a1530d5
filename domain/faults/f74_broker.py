"""F74: The broker is down, or forgets that it was told."""

from __future__ import annotations

from domain.faults.kind import Elsewhere

FAULTS = (
    Elsewhere(
        number="F74",
        name="broker down, acknowledgement lost, redelivery",
        summary="events cannot be published, or are published again",
        wild="A duplicate window of two minutes, and a restart of three.",
        source="NATS JetStream documentation, recalled",
        right=("keeps its events in the outbox until each is acknowledged; consumers know an event by its id."),
        noticed_by=("S6", "L6"),
        why=("A rehearsal has no broker: events stay in the journal's log, and its own flows read them there."),
        shown="tests/integration/relay (a real server that is stopped and started)",
    ),
)
