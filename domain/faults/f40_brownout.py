"""F40: The system is slow, and a share of its calls fail before the commit. A `brownouts:` window does this."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F40",
        key="brownout",
        place=Place.NETWORK,
        summary="latency times `factor`, and a share of errors before the commit",
        wild=("The commonest trouble of all: ten times the latency, a tenth of errors, half an hour or two hours."),
        source="an estimate",
        right=(
            "lets the breaker decide, keeps to its slots, and pays for retries from a budget so that they cannot feed "
            "the overload."
        ),
        noticed_by=("P6", "L1"),
        parameters=(Parameter("factor", "latency is multiplied by this", 2, 20, 10),),
    ),
)
