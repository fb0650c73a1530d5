"""Rows that tests of journals write."""

from __future__ import annotations

from typing import Any

from integration.effects import Sleep
from integration.exceptions import ExceptionCase
from integration.journal.protocol import Entry, FlowRow, InboxRow, Lease, OutboxRow, Write
from integration.outcomes import Begun, Message, Slept

BEGUN = Begun("f", "f", {})


def entry(seq: int, kind: str = "step", branch: int = -1) -> Entry:
    return Entry(seq, branch, 1000 + seq, 1, kind, Slept() if seq else BEGUN, Sleep(1.0))


def step(flow: int, seq: int, **more: Any) -> Write:
    return Write(flow=flow, entries=[entry(seq)], **more)


def flow_row(number: int, entity_key: str = "", order_key: str = "", status: str = "ready") -> FlowRow:
    return FlowRow(
        number=0, id=f"order/{number}", name="f", txn=f"Q-{number}", entity_key=entity_key, order_key=order_key,
        arguments=b"\x80", status=status, created_us=0,
    )  # fmt: skip


def event(number: int, subject: str) -> OutboxRow:
    return OutboxRow(id=f"e{number}", type="t", subject=subject, txn=f"Q-{number}", body={"n": [1, 2]}, created_us=0)


def case(number: int, status: str, owner: str = "o") -> ExceptionCase:
    return ExceptionCase(
        id=f"order/{number}#1", flow=f"order/{number}", txn=f"Q-{number}", code="X", owner=owner, status=status,
        opened_us=0, due_us=1,
    )  # fmt: skip


def message(number: int, key: str = "k", wanted: bool = True) -> InboxRow:
    return InboxRow(0, Message(source="billing", id=f"ev_{number}", topic="t", key=key, body={"a": [1]}), wanted)


def taken_up(lease: Lease) -> None:
    """Let a worker have what it may claim, so that it may write for it."""
    lease.poll(1000)
