"""F34: The access token expires in mid-flow."""

from __future__ import annotations

from domain.faults.kind import Elsewhere, FaultKind, Place, Reach

FAULTS = (
    FaultKind(
        number="F34",
        key="token_expired",
        place=Place.BEFORE,
        summary="the access token is no longer good: 401 in the vendor's manner",
        wild="Tokens live for an hour, and sessions end when an administrator says so.",
        source="the vendors' documentation",
        right="fetches one new token for everybody and repeats the call, once, with the same key.",
        noticed_by=("S9", "L2"),
        reach=Reach(systems=("crm", "erp"), never=("crm.issue_token", "erp.token")),
    ),
    Elsewhere(
        number="F34",
        name="sessions end at once",
        summary="all sessions of a system end at one instant",
        wild="A change of a security policy ends every session.",
        source="Salesforce's documentation",
        right="signs in anew, once for everybody.",
        noticed_by=("S9", "L2"),
        why="it is a change of the world, not a fault of a call.",
        shown="the acts `expire_sessions` of the CRM and of the ERP, in scenarios and through the admin",
    ),
)
