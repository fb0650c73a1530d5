"""The hash chain of the audit trail: each digest covers its row and the digest before it.

Editing, deleting, inserting or swapping rows breaks the chain where it happened; cutting its end does not, so the head
is compared with one that was kept elsewhere. A row that was blanked for retention keeps its digest: the chain goes
through it, and only its content can no longer be proved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from integration.journal.protocol import Head, Verification

GENESIS = bytes(32)


def link(previous: bytes, body: bytes) -> bytes:
    """Return the digest of a row that follows a digest."""
    return hashlib.sha256(previous + body).digest()


def verify(
    rows: Iterable[tuple[int, bytes | None, bytes]], blankable: frozenset[int], head: Head | None
) -> Verification:
    """Return whether (number, body or None, digest) rows form the chain that ends in the head, if one is given.

    `blankable` holds the numbers of the rows that retention may have blanked.
    """
    previous, number, at_head = GENESIS, 0, "" if head and head.entries else GENESIS.hex()
    problem = ""
    for number, (found, body, digest) in enumerate(rows, start=1):
        problem = problem or _fault(number, found, body, digest, previous, blankable)
        previous = digest
        if head and number == head.entries:
            at_head = digest.hex()
    if not problem and head and at_head != head.digest:
        short = f"the trail ends at entry {number}" if number < head.entries else "its digest differs"
        problem = f"the head kept elsewhere is entry {head.entries}: {short}"
    return Verification(not problem, Head(number, previous.hex()), problem)


def _fault(
    number: int, found: int, body: bytes | None, digest: bytes, previous: bytes, blankable: frozenset[int]
) -> str:
    if found != number:
        return f"entry {number} is missing; entry {found} stands in its place"
    if body is None:
        return "" if number in blankable else f"entry {number} was blanked, and its flow is not finished"
    return "" if link(previous, body) == digest else f"entry {number} does not match its digest"
