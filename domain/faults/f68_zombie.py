"""F68: A process stands still for longer than anybody waits, and goes on as if nothing had been."""

from __future__ import annotations

from domain.faults.kind import AT_WRITE, FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F68",
        key="pause",
        place=Place.PROCESS,
        summary=("after durable write `count` the process stands still for `wait`, and then goes on"),
        wild=(
            "Garbage collection of minutes, a laptop that sleeps, a virtual machine that is moved: "
            "no timer fires, no answer is read, no message is taken, and everything comes at once "
            "afterwards."
        ),
        source="[E]",
        right=("takes each answer for what it is, however late; a message that it did not take comes again."),
        noticed_by=("S6", "S7", "P5", "L2"),
        parameters=(
            Parameter("wait", "how long it stands still", 10, 3600, 300),
            AT_WRITE,
        ),
    ),
    FaultKind(
        number="F68",
        key="zombie",
        place=Place.PROCESS,
        summary=(
            "after durable write `count` the process stands still for `wait`; half-way another one "
            "takes its place, then it wakes"
        ),
        wild=(
            "A pause of twice the lease: two processes believe that a flow is theirs, and one of "
            "them still sends the call it had begun."
        ),
        source="Kleppmann, How to do distributed locking (2016)",
        right=(
            "is fenced: every write carries the epoch of its lease, and one of an older epoch "
            "writes nothing. The call that the zombie still sends has the key of its intent."
        ),
        noticed_by=("S6", "S1", "S4", "A1", "A2"),
        parameters=(
            # It wakes half of this after the other: billing remembers the key of its intent for 30 minutes, no longer.
            Parameter("wait", "how long it stands still", 20, 1800, 600),
            AT_WRITE,
        ),
        not_live=(
            "whoever starts another program's processes decides how many there are; tests/kills.py does so with ours."
        ),
    ),
)
