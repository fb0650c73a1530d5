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
STRAY = "entry {} has content that its row in the chain does not name"
_sha256 = hashlib.sha256

Row = tuple[int, int, bytes | None, bytes, bool]
"""A row of the trail: number, flow, body (None when it was blanked), digest, whether it may have been blanked."""


def link(previous: bytes, flow: int, body: bytes) -> bytes:
    """Return the digest of a row of a flow that follows a digest."""
    return _sha256(b"%b%d:%b" % (previous, flow, body)).digest()


def verify(rows: Iterable[Row], heads: Head | Sequence[Head] | None, chain: int = 0) -> Verification:
    """Return whether rows form the chain that contains each head given for it; `chain` is its number, 0 the only one.

    The problem names the first row that is wrong.
    """
    told = () if heads is None else (heads,) if isinstance(heads, Head) else tuple(heads)
    kept = {head.entries: head.digest for head in told if head.chain == chain and head.entries}
    previous, number, problem = GENESIS, 0, ""
    for number, row in enumerate(rows, start=1):
        problem = problem or _fault(number, row, previous)
        previous = row[3]
        expected = kept.pop(number, "")
        if not problem and expected and expected != previous.hex():
            problem = f"the head kept elsewhere is entry {number}: its digest differs"
    if kept and not problem:
        problem = f"the head kept elsewhere is entry {max(kept)}: the trail ends at entry {number}"
    head = Head(number, previous.hex(), chain)
    return Verification(not problem, head, f"chain {chain}: {problem}" if problem and chain else problem, (head,))


def joined(heads: Sequence[Head]) -> Head:
    """Return one head that stands for several chains: the sum of their entries, and a digest of their digests."""
    if not heads:
        return Head(0, GENESIS.hex())
    if len(heads) == 1 and not heads[0].chain:
        return heads[0]
    digests = b"".join(b"%d:%d:%b" % (head.chain, head.entries, bytes.fromhex(head.digest)) for head in sorted(heads))
    return Head(sum(head.entries for head in heads), _sha256(digests).hexdigest())


def _fault(number: int, row: Row, previous: bytes) -> str:
    found, flow, body, digest, is_blankable = row
    if found != number:
        return f"entry {number} is missing; entry {found} stands in its place"
    if body is None:
        return "" if is_blankable else f"entry {number} was blanked, and its flow is not finished"
    return "" if link(previous, flow, body) == digest else f"entry {number} does not match its digest"
