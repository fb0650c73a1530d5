"""F50: A message gets through at its second try only, and still shows the document as it was at the first."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Parameter, Place

FAULTS = (
    FaultKind(
        number="F50",
        key="stale_snapshot",
        place=Place.WEBHOOK,
        summary=("a message comes at a later try, `wait` later, with its payload as it was at the first"),
        wild=("A retry resends the original payload; a header tells when it was triggered, and few look at it."),
        source="Shopify documentation, X-Shopify-Triggered-At",
        right=("takes a message as a hint and reads the present state: what it says of the document may be hours old."),
        noticed_by=("O4", "O1"),
        parameters=(Parameter("wait", "until the later try", 60, 14400, 900),),
    ),
)
