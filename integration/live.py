"""A flow in memory: its row, its coroutine unless it waits passively, and what it waits for."""

from __future__ import annotations

from integration.effects import Effect
from integration.flow import Flow
from integration.journal.protocol import FlowRow
from integration.outcomes import Answer, Failed, Received, Slept, Unknown

Joinable = Answer | Failed | Unknown | Slept | Received


class Live:
    """A flow in memory. `turn` changes whenever what it waits for does, so that late timers and replies miss it.

    Until `rests_until_us` a breaker that closes does not wake it: the last one that closed has just done so.
    """

    __slots__ = ("branches", "effect", "flow", "rests_until_us", "row", "seq", "since_us", "status", "turn")

    def __init__(self, row: FlowRow) -> None:
        self.row = row
        self.flow: Flow | None = None  # None while passive: the journal can rebuild it
        self.effect: Effect | None = None
        self.seq = -1
        self.since_us = 0
        self.rests_until_us = 0
        self.turn = 0
        self.status = row.status
        self.branches: dict[int, Joinable] = {}  # the outcomes of an All's branches that have ended
