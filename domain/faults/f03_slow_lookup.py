"""F03: Looking the name up takes seconds, or gives an old address."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F03",
        key="slow_lookup",
        place=Place.NETWORK,
        summary="looking up the name takes `wait`, and then the request goes its way",
        wild="Resolvers under load answer after one to five seconds.",
        source="recalled",
        right=(
            "counts the look-up in the time it allows for connecting: too slow a one is a connect timeout, and "
            "nothing was sent."
        ),
        noticed_by=("L3", "P6"),
        parameters=(
            Parameter("wait", "how long the look-up takes; from three seconds on it is a connect timeout", 1, 5, 2),
        ),
        not_live="names are looked up by the caller, and the doors are reached by their addresses.",
    ),
    FaultKind(
        number="F03",
        key="stale_address",
        place=Place.NETWORK,
        summary="the name still leads to an address where nobody is any more",
        wild="After a move, caches keep the old address for its time to live, a minute to five.",
        source="recalled",
        right="looks the name up anew for each attempt, and has a timeout for connecting of its own.",
        noticed_by=("L1", "P6"),
        not_live="names are looked up by the caller, and the doors are reached by their addresses.",
    ),
)
