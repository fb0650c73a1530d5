"""The cross-reference: every external id of a system stands for exactly one canonical id.

A row is `(kind, "system/external id") -> {"id": canonical id, ...}`; kinds are `customer`, `merge`, `members` and
`product`. Rows are written compare-and-set (`Assign`), so two flows can never make one external id mean two things. A
canonical customer id is the account number of the account that lives on; a merge makes the loser's row point to the
survivor's, and readers follow the rows to their end, so undoing a merge is restoring one row.
"""

from __future__ import annotations

from typing import Any

from integration.effects import Assign, Lookup

CUSTOMER, MERGE, MEMBERS, PRODUCT = "customer", "merge", "members", "product"
HOPS_MAX = 8  # merges of merges; more is a circle, which `merge` refuses to make
Row = dict[str, Any]


class Ambiguous(Exception):
    """An external id already stands for another canonical id: DATA_QUALITY.MAPPING_AMBIGUOUS."""

    code = "DATA_QUALITY.MAPPING_AMBIGUOUS"

    def __init__(self, external: str, standing: str, wanted: str) -> None:
        super().__init__(f"{external} stands for {standing} already; it cannot stand for {wanted} as well")
        self.external, self.standing, self.wanted = external, standing, wanted


def external(system: str, external_id: str) -> str:
    """Return the key of an external id.

    >>> external("crm", "A-000001")
    'crm/A-000001'
    """
    return f"{system}/{external_id}"


async def row_of(system: str, external_id: str) -> Row | None:
    """Return the row of a customer's external id as it stands; None when nobody has decided on it yet."""
    return await Lookup(CUSTOMER, external(system, external_id))


async def canonical_of(system: str, external_id: str) -> str | None:
    """Return the canonical id of a customer's external id, merges followed; None when it is not known."""
    row = await row_of(system, external_id)
    if row is None:
        return None
    canonical: str = row["id"]
    for _ in range(HOPS_MAX):
        row = await row_of("crm", canonical)
        if row is None or row["id"] == canonical:
            return canonical
        canonical = row["id"]
    raise Ambiguous(external(system, external_id), canonical, "a circle of merges")


async def link(system: str, external_id: str, canonical: str, **why: Any) -> str:
    """Let an external id stand for a customer; return the canonical id that stands, which is the first one given.

    Raise Ambiguous when it stands for a customer that is not, and has not been merged into, the wanted one.
    """
    row = {"id": canonical, **why}
    standing = await Assign(kind=CUSTOMER, key=external(system, external_id), value=row)
    assert standing is not None, "a row that was assigned stands"
    if standing["id"] == canonical:
        return canonical
    found = await canonical_of(system, external_id)
    wanted = await canonical_of("crm", canonical) or canonical
    if found != wanted:
        raise Ambiguous(external(system, external_id), str(found), canonical)
    return wanted


async def join(canonical: str, member: str) -> None:
    """Add an account to those that are found under a customer."""
    while True:
        row = await Lookup(MEMBERS, canonical)
        known: list[str] = row["ids"] if row else []
        if member in known or member == canonical:
            return
        wanted = {"ids": sorted([*known, member])}
        if await Assign(kind=MEMBERS, key=canonical, value=wanted, expected=row) == wanted:
            return


async def part(canonical: str, member: str) -> None:
    """Take an account from those that are found under a customer."""
    while True:
        row = await Lookup(MEMBERS, canonical)
        if row is None or member not in row["ids"]:
            return
        rest = [each for each in row["ids"] if each != member]
        wanted = {"ids": rest} if rest else None
        if await Assign(kind=MEMBERS, key=canonical, value=wanted, expected=row) == wanted:
            return


async def members_of(canonical: str) -> list[str]:
    """Return the accounts whose documents are found under a customer, itself first, those of merged ones included."""
    found, rest = [], [canonical]
    while rest:
        each = rest.pop(0)
        if each in found:
            continue
        found.append(each)
        row = await Lookup(MEMBERS, each)
        rest += row["ids"] if row else []
    return found
