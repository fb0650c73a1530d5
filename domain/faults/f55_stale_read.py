"""F55: A read shows what was true a while ago: it was answered by a replica that lags."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place, Reach

LAG_MAX_SECONDS = 900
"""A request that is sent because a copy does not show its work may arrive twelve minutes later: two for the timeout,
ten for F10. Billing remembers a key for thirty. Whom a copy shows what was there longer ago than what is left of these
can avoid no doubling.
"""
FAULTS = (
    FaultKind(
        number="F55",
        key="stale_read",
        place=Place.AFTER,
        summary="a read is answered with the state of up to `wait` ago, where that is another",
        wild=(
            "Replicas lag by 1 to 30 seconds; a partition of 43 seconds took a day to repair, and "
            "idempotency records read from a replica paid twice."
        ),
        source="GitHub, October 2018; Airbnb on avoiding double payments",
        right=(
            "takes the key of an intent from the intent and not from what it reads, and does "
            "nothing twice because it was not to be seen yet."
        ),
        noticed_by=("S1", "S4", "O4"),
        parameters=(Parameter("wait", "how far the replica lags", 1, LAG_MAX_SECONDS, 300),),
        reach=Reach(calls="reads", never=("tax.estimate_transaction",)),  # it is calculated, and read from no copy
        is_conditional=True,
    ),
)
