"""Starting flows: the id is the business key, so one start twice is one flow."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from integration.effects import Start
from integration.flow import Program
from integration.journal.protocol import FlowRow, Lease
from integration.live import Live
from integration.outcomes import Launched
from integration.transaction import Transaction

_encode = msgspec.msgpack.Encoder().encode


class Launcher:
    """Recognises old flows, and adds new ones to a transaction."""

    def __init__(self, programs: Mapping[str, Program], lease: Lease, lives: Mapping[str, Live]) -> None:
        self._programs, self._lease, self._lives = programs, lease, lives

    def launch(self, start: Start, at_us: int, tx: Transaction) -> Launched:
        """Add the row of a new flow to a transaction; it begins after the commit. Return what to tell who asked."""
        if start.name not in self._programs:
            known = ", ".join(sorted(self._programs))
            return Launched(start.flow_id, False, f"no flow is called {start.name!r}; known are: {known}")
        arguments = _encode(start.arguments)
        before = self._find(start.flow_id, tx)
        if before is not None:
            return Launched(start.flow_id, False, _conflict(before, start, arguments))
        row = FlowRow(
            number=0,
            id=start.flow_id,
            name=start.name,
            txn=start.txn,
            entity_key=start.entity_key,
            order_key=start.order_key,
            arguments=arguments,
            status="ready",
            created_us=at_us,
        )
        tx.write.flows.append(row)
        return Launched(start.flow_id, True)

    def _find(self, flow_id: str, tx: Transaction) -> FlowRow | None:
        for row in tx.write.flows:
            if row.id == flow_id:
                return row
        live = self._lives.get(flow_id)
        return live.row if live is not None else self._lease.find(flow_id)


def _conflict(before: FlowRow, start: Start, arguments: bytes) -> str:
    if before.name == start.name and before.arguments == arguments:
        return ""
    old, new = msgspec.msgpack.decode(before.arguments), start.arguments
    return f"flow {start.flow_id} exists as {before.name}({old}); it cannot be started as {start.name}({new})"
