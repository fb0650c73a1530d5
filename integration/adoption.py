"""Adoption: how an engine among others learns what is new for it, and takes up flows later than at its start.

Polling is the truth: it renews the lease, claims flows whose turn it is, and brings messages for flows at hand and
commands that people left elsewhere. A hint (a notification, a flow that was just started) only makes it earlier.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from domain.acts import Act

if TYPE_CHECKING:
    from integration.engine import Engine

POLL_US = 250_000
SOON_US = 5_000
CLAIM_MAX = 25
"""Flows that one poll claims at most, so that other workers get some."""
HOLD_MAX = 20_000
"""Flows that one worker holds at most, those that sleep for days included."""

_NEVER = 2**62
_to_msgpack = msgspec.msgpack.Encoder().encode
_act = msgspec.msgpack.Decoder(Act)
_TABLES = frozenset({"add_mapping", "remove_mapping"})
"""Acts that concern no flow: any worker does them, in the table that all share."""


class Adoption:
    """Polls for one engine. `perform` obeys a person's act; the process sets it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._due_us = _NEVER
        self.perform: Callable[[Act], None] = _refuse

    def plan(self, after_us: int = POLL_US) -> None:
        """Poll after so long, or earlier when that is planned already."""
        engine = self._engine
        at_us = engine.now_us + after_us
        if engine.lease.is_shared and at_us < self._due_us:
            self._due_us = at_us
            engine.call_at(at_us, self._poll_at, at_us)

    def soon(self) -> None:
        """Poll as soon as what is being done now is done."""
        self.plan(SOON_US)

    def _poll_at(self, at_us: int) -> None:
        if at_us == self._due_us:
            self.poll()

    def poll(self) -> None:
        """Ask what is new, and take it up."""
        engine = self._engine
        self._due_us = _NEVER
        found = engine.lease.poll(min(CLAIM_MAX, HOLD_MAX - len(engine.lives)))
        engine.take_up(found)
        for number, act in found.commands:
            engine.soon(self._obey, number, _act.decode(act))
        self.plan(SOON_US if found.has_more else POLL_US)

    def delegate(self, act: Act) -> list[int]:
        """Leave an act for the worker that it concerns, or for each; return no number when it is to be done here."""
        engine = self._engine
        if not engine.lease.is_shared or act.action in _TABLES:
            return []
        flow_id = str(act.arguments.get("case", "")).rpartition("#")[0]
        if flow_id in engine.lives:
            return []
        self.soon()
        return engine.lease.command(_to_msgpack(act), flow_id)

    def _obey(self, number: int, act: Act) -> None:
        problem = ""
        try:
            self.perform(act)
        except (LookupError, ValueError) as refusal:
            problem = str(refusal.args[0]) if refusal.args else type(refusal).__name__
        self._engine.lease.answer(number, problem)


def _refuse(act: Act) -> None:
    raise ValueError(f"this worker obeys nobody: {act.action}")
