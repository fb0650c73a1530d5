"""F42: Overload that the retries keep up."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F42",
        key="retry_storm",
        place=Place.BEFORE,
        summary=("calls fail while more than `count` a minute arrive, so that retries keep up what began as a spike"),
        wild="Square's outage of 2017, in which retries overloaded a store; 22 more at eleven organisations.",
        source="Huang and others, Metastable Failures in the Wild, OSDI 2022",
        right=(
            "retries in one layer only, pays for retries from a budget, spreads them, and stops asking when half "
            "of the calls fail."
        ),
        noticed_by=("L7", "P6"),
        # A small scenario sends a system about ten calls in its busiest minutes: above that the storm never breaks.
        parameters=(Parameter("count", "calls in a minute that the system still bears", 1, 20, 20, required=True),),
        is_conditional=True,
    ),
)
