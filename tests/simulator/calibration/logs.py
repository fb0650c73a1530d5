"""Records of a history as a log has them, seconds after one start."""

from __future__ import annotations

from domain.history import Attempted, Case, Changed
from domain.objects import Quote

START_US = 1_796_000_000_000_000
SECOND_US = 1_000_000


def attempted(
    system: str, at: int, took: int, key: str = "", outcome: str = "ok", reason: str = "", status: int = 200
) -> Attempted:
    """Return an attempt that was sent so many seconds after the start."""
    sent_us = START_US + at * SECOND_US
    return Attempted(
        at_us=sent_us + took * SECOND_US, sent_us=sent_us, number=f"r{at}", system=system, operation="write",
        write=True, key=key, fingerprint="", txn="", outcome=outcome, status=0 if reason else status, reason=reason,
    )  # fmt: skip


def case(name: str, status: str, at: int) -> Case:
    """Return a step of an exception case."""
    at_us = START_US + at * SECOND_US
    return Case(
        at_us=at_us, case=name, flow="f", txn="t", status=status, code="X.Y", owner="clerk", opened_us=at_us,
        due_us=at_us, actor="ann",
    )  # fmt: skip


def quote(txn: str, at: int) -> Changed:
    """Return the acceptance of a quote."""
    document = Quote(
        id=txn, txn=txn, number=txn, version=1, account="A", entity="US", currency="USD", kind="new", status="accepted",
        lines=(), total_minor=0,
    )  # fmt: skip
    return Changed(
        at_us=START_US + at * SECOND_US, system="crm", kind="quote", id=txn, txn=txn, before="approved",
        status="accepted", document=document,
    )  # fmt: skip
