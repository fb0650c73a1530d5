"""Adoption: how an engine among others learns what is new for it, and takes up flows later than at its start.

Polling is the truth: it renews the lease, claims flows whose turn it is, and brings messages for flows at hand and
commands that people left elsewhere. A hint (a notification, a flow that was just started) only makes it earlier.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from domain.acts import Act
from integration.casework import Refused
from integration.journal.protocol import Crash, Fenced, Raced
from integration.journal.trouble import Unavailable
from integration.people import WRONG_INPUT
from integration.transaction import Transaction

if TYPE_CHECKING:
    from integration.engine import Engine

POLL_US = 250_000
SOON_US = 5_000
CLAIM_MAX = 25
"""Flows that one poll claims at most, so that other workers get some."""
HOLD_MAX = 20_000
"""Flows that one worker holds at most, those that sleep for days included."""

_NEVER = 2**62
_NOT_OURS = (Crash, Fenced, Raced, Unavailable)
_MISTAKE = "we made a mistake at it, which is logged; look again before you repeat it"
_to_msgpack = msgspec.msgpack.Encoder().encode
_act = msgspec.msgpack.Decoder(Act)
_TABLES = frozenset({"add_mapping", "remove_mapping"})
"""Acts that concern no flow: any worker does them, in the table that all share."""


class Adoption:
    """Polls for one engine. `perform` obeys a person's act; the process sets it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._due_us = _NEVER
        self._obeying = 0
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
        engine.recovery.take_up(found)
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

    def answer_in(self, tx: Transaction) -> None:
        """Say in a transaction that it is what the person wanted whose command is being obeyed; without one, nothing.

        A crash before it leaves the command to be obeyed, one after it leaves it answered.
        """
        if self._obeying:
            tx.write.answered = self._obeying
            tx.after.append((self._answered, self._obeying))

    def _answered(self, number: int) -> None:
        if self._obeying == number:
            self._obeying = 0

    def _obey(self, number: int, act: Act) -> None:
        """Perform an act; what is many transactions (a bulk) can be repeated, and is answered after all of them."""
        lease, self._obeying = self._engine.lease, number
        try:
            self.perform(act)
            if self._obeying:
                self._engine.soon(lease.answer, number, "")
        except WRONG_INPUT as refusal:
            lease.answer(number, str(refusal.args[0]) if isinstance(refusal, KeyError) else str(refusal))
        except _NOT_OURS:
            raise  # it is obeyed by the next poll, of whoever has the flow then
        except Exception:
            if self._obeying:  # or it would end every incarnation to come
                lease.answer(number, _MISTAKE)
            raise
        finally:
            self._obeying = 0


def _refuse(act: Act) -> None:
    raise Refused(f"this worker obeys nobody: {act.action}")
