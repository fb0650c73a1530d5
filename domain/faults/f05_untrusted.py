"""F05: The certificate of a system is expired, for another name, or from an issuer nobody knows."""

from __future__ import annotations

from domain.faults.kind import FaultKind, Place

FAULTS = (
    FaultKind(
        number="F05",
        key="untrusted",
        place=Place.NETWORK,
        summary="the certificate of a system is expired, for another name, or of an unknown issuer",
        wild=("A root that expired on a Saturday broke clients of payment and hosting platforms for hours to days."),
        source="the AddTrust expiry of 2020-05-30, status pages",
        right=(
            "sends nothing, never turns the verification off, and does not repeat what a machine cannot mend: the "
            "flow parks for a person (`AUTH.UNAUTHENTICATED`) and goes on when somebody has seen to it."
        ),
        noticed_by=("L4", "P6", "L2"),
        is_lasting=True,
        not_live=(
            "the doors show one certificate to everybody, and whoever must not trust it need not be given its "
            "authority."
        ),
    ),
)
