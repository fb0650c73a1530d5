"""What a node remembers beside its flows, as cursors in the journal: the last sweeps, the places in streams."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from domain.calendar import SECOND_US
from domain.http import Request
from integration.effects import Start
from integration.flows.sweeps import SWEEPS

if TYPE_CHECKING:
    from integration.service.node import Node

_LOG = logging.getLogger("q2c.integration")
SWEEP_BACK_SECONDS = 72 * 3600
"""How far a sweep looks back when a stream has lost our place: as long as the CRM keeps its events."""


class SweepMemory:
    """When each sweep was started last, whichever process did it."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def latest(self, name: str) -> int:
        """Return the instant, 0 for never."""
        return self._node.reader.cursor(f"sweep/{name}")

    def remember(self, name: str, started_us: int) -> None:
        """Keep the instant."""
        self._node.advance(f"sweep/{name}", started_us)


class Forgotten:
    """What is done when the journal turns out to be restored from a backup: people are told, and every sweep looks
    back to the last one that the journal remembers.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._flows: list[str] = []
        self.reason = ""

    def look(self) -> None:
        """Tell people, and start the sweeps, if this start of the integration has found the journal restored."""
        node, reason = self._node, self._node.integration.restoration.reason
        if not reason:
            return
        _LOG.error("the journal was restored from a backup: %s", reason)
        self.reason, now_us = reason, node.now_us()
        second, memory = now_us // SECOND_US, SweepMemory(node)
        node.launch(Start(flow_id=f"forgotten/{second}", name="forgotten", arguments={"reason": reason}))
        self._flows = [f"{sweep.name}/restored/{second}" for sweep in SWEEPS]
        for sweep, flow_id in zip(SWEEPS, self._flows, strict=True):
            back_us = max(sweep.look_back_seconds, SWEEP_BACK_SECONDS) * SECOND_US
            since_us = (memory.latest(sweep.name) or now_us) - back_us
            node.launch(Start(flow_id=flow_id, name=sweep.name, arguments={"since_us": since_us}))

    def notes(self) -> list[str]:
        """Return what whoever looks after this process should know; nothing once the sweeps are over."""
        if not any(map(self._node.integration.is_open, self._flows)):
            return []
        return [f"the journal was restored from a backup ({self.reason}): what it has forgotten is being looked for"]


class StreamKeeper:
    """What the subscriber of a stream needs of its node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.now_us = node.now_us

    def place(self, channel: str) -> int:
        """Return the replay id of the last event of a channel that was stored; -1 when there has been none."""
        return self._node.reader.cursor(f"changes{channel}") or -1

    def keep_place(self, channel: str, replay_id: int) -> bool:
        """Make a place durable; False when that cannot be done now."""
        return self._node.advance(f"changes{channel}", replay_id)

    def take(self, request: Request) -> bool:
        """Store what a request for the intake says; False when that cannot be done now.

        What the intake refuses would be refused again: the stream goes on, and a sweep asks for what it was about.
        """
        reply = self._node.receive(request)
        if reply is not None and reply.status >= 300:
            _LOG.error("the intake refuses a change of the CRM: %s %s", reply.status, reply.body.decode())
            self.sweep()
        return reply is not None

    def sweep(self) -> None:
        """Ask for what events may have been lost."""
        now_us = self._node.now_us()
        flow_id = f"sweep_quotes/gap/{now_us // SECOND_US}"
        since_us = now_us - SWEEP_BACK_SECONDS * SECOND_US
        self._node.launch(Start(flow_id=flow_id, name="sweep_quotes", arguments={"since_us": since_us}))
