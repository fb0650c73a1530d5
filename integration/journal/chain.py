"""The hash chain of the audit trail: each digest covers its row and the digest before it.

Editing, deleting, inserting or swapping rows breaks the chain where it happened; cutting its end does not, so the head
is compared with one that was kept elsewhere. A row that was blanked for retention keeps its digest: the chain goes
through it, and only its content can no longer be proved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from integration.journal.protocol import Head, Verification

GENESIS = bytes(32)
_sha256 = hashlib.sha256

Row = tuple[int, int, bytes | None, bytes, bool]
"""A row of the trail: number, flow, body (None when it was blanked), digest, whether it may have been blanked."""


def link(previous: bytes, flow: int, body: bytes) -> bytes:
    """Return the digest of a row of a flow that follows a digest."""
    return _sha256(b"%b%d:%b" % (previous, flow, body)).digest()


def verify(rows: Iterable[Row], heads: Head | Sequence[Head] | None, chain: int = 0) -> Verification:
    """Return whether rows form the chain that contains each head given for it."""
    told = () if heads is None else (heads,) if isinstance(heads, Head) else tuple(heads)
    kept = {head.entries: head.digest for head in told if head.chain == chain}
    previous, number, problem = GENESIS, 0, ""
    for number, row in enumerate(rows, start=1):
        problem = problem or _fault(number, row, previous)
        previous = row[3]
        expected = kept.pop(number, "")
        if expected and expected != previous.hex():
            problem = problem or f"the head kept elsewhere is entry {number}: its digest differs"
    if missing := [entries for entries in kept if entries > number]:
        problem = problem or f"the head kept elsewhere is entry {max(missing)}: the trail ends at entry {number}"
    head = Head(number, previous.hex(), chain)
    return Verification(not problem, head, problem, (head,))


def _fault(number: int, row: Row, previous: bytes) -> str:
    found, flow, body, digest, is_blankable = row
    if found != number:
        return f"entry {number} is missing; entry {found} stands in its place"
    if body is None:
        return "" if is_blankable else f"entry {number} was blanked, and its flow is not finished"
    return "" if link(previous, flow, body) == digest else f"entry {number} does not match its digest"
