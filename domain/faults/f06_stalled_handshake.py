"""F06: The TLS handshake stalls."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F06",
        key="stalled_handshake",
        place=Place.NETWORK,
        summary="the TLS handshake takes `wait`, and then the request goes its way",
        wild="Load balancers short of processors accept connections and leave them for ten to sixty seconds.",
        source="recalled",
        right="counts the handshake in the time it allows for connecting: nothing was sent.",
        noticed_by=("L3", "P6"),
        parameters=(
            Parameter("wait", "how long the handshake takes; from three seconds on it is a connect timeout", 1, 60, 10),
        ),
        not_live="the doors are behind no handshake of their own: plain HTTP has none.",
    ),
)
