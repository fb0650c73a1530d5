"""F60: Clocks do not agree, or step back."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place, Reach

FAULTS = (
    FaultKind(
        number="F60",
        key="skewed",
        place=Place.WEBHOOK,
        summary="the clock of the sender is off: a message claims to be signed `wait` from now",
        wild=(
            "Clocks of virtual machines drift by minutes; a leap second made durations negative at a large provider."
        ),
        source="Cloudflare, 2016-12-31 (danluu/post-mortems)",
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
)
