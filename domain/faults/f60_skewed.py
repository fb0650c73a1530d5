"""F60: Clocks do not agree, or step back."""

from __future__ import annotations

from domain.faults.kind import AT_WRITE, FaultKind, Parameter, Place, Reach

FAULTS = (
    FaultKind(
        number="F60",
        key="skewed",
        place=Place.WEBHOOK,
        summary="the clock of the sender is off: a message claims to be signed `wait` from now",
        wild="Clocks of virtual machines drift by minutes.",
        source="[E]",
        right=(
            "believes a signature within the tolerance on either side and refuses others; the "
            "sender repeats until its clock is set right, and sweeps find what it gave up. It "
            "orders nothing by the clocks of others."
        ),
        noticed_by=("P8", "S6", "O1"),
        parameters=(
            Parameter("wait", "how far the clock is ahead", 1, 900, 120),
            Parameter("count", "0: ahead; 1: behind", 0, 1, 0),
        ),
        reach=Reach(systems=("payment", "fulfilment")),
    ),
    FaultKind(
        number="F60",
        key="clock_back",
        place=Place.PROCESS,
        summary=("after durable write `count` the integration's own clock is behind by `wait`, until the faults end"),
        wild="A leap second made durations negative and servers panic.",
        source="Cloudflare, 2016-12-31 (danluu/post-mortems)",
        right=("measures durations so that they are never negative, and orders nothing by the wall clock."),
        noticed_by=("O1", "S6", "P5", "L2"),
        parameters=(
            Parameter("wait", "how far it is set back", 1, 240, 60),
            AT_WRITE,
        ),
        not_live="the clock of another machine is its own.",
    ),
)
