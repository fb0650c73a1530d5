"""F35: The grant is refused: somebody else has used the refresh token."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place, Reach

FAULTS = (
    FaultKind(
        number="F35",
        key="grant_refused",
        place=Place.BEFORE,
        summary="signing in is refused with `invalid_grant`",
        wild="Rotating refresh tokens are good for one use; the second revokes the family.",
        source="RFC 6819 and the vendors' documentation",
        right=(
            "lets one refresh at a time happen for a credential. What is refused for good is a case for a person "
            "(`AUTH.UNAUTHENTICATED`), not a loop."
        ),
        noticed_by=("L4", "P6", "L2"),
        reach=Reach(operations=("crm.issue_token", "erp.token")),
        is_lasting=True,
    ),
)
