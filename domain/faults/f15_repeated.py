"""F15: A proxy sends the request a second time."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F15",
        key="repeated",
        place=Place.NETWORK,
        summary="a proxy sends the request once more, `wait` later; the caller hears the first answer only",
        wild="Proxies repeat what they think is idempotent, or what a connection took with it.",
        source="recalled",
        right=(
            "gives each intent an identity that the system itself knows: a key, an external id, a code, or a "
            "place in a sequence."
        ),
        noticed_by=("S1", "S3", "S4", "S5", "O1", "O4"),
        parameters=(Parameter("wait", "how long after the first copy; a second at least", 1, 30, 5),),
    ),
)
