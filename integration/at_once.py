"""Effects that need no waiting: the transaction that asks for one does it. None means that it is a wait after all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import msgspec

from integration.effects import Assign, Deliver, Emit, Lookup, Missing, Now, Park, Receive, Start
from integration.live import Live
from integration.outcomes import Absent, Delivered, Instant, Launched, Mapped, Outcome, Published, Received
from integration.transaction import Transaction

if TYPE_CHECKING:
    from integration.engine import Engine

Perform = Callable[[Live, int, Any, Transaction], Outcome | None]
_to_msgpack = msgspec.msgpack.Encoder().encode
_of_msgpack = msgspec.msgpack.Decoder().decode


class AtOnce:
    """Performs such effects for an engine: `table` says which."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def table(self) -> dict[type, Perform]:
        """Return what performs each type of effect."""
        return {
            Emit: self._emit,
            Start: self._start,
            Receive: self._take_message,
            Park: self._park,
            Now: self._read_clock,
            Lookup: self._look_up,
            Assign: self._assign,
            Missing: self._ask_which_are_missing,
            Deliver: self._deliver,
        }

    def _emit(self, live: Live, seq: int, emit: Emit, tx: Transaction) -> Published:
        event_id = f"{live.row.id}/{seq}"
        self._engine.outbox.add(event_id, emit, self._engine.now_us, tx)
        return Published(event_id)

    def _start(self, live: Live, seq: int, start: Start, tx: Transaction) -> Launched:
        return self._engine.launch(start, tx)

    def _take_message(self, live: Live, seq: int, receive: Receive, tx: Transaction) -> Received | None:
        row = self._engine.mailbox.peek((receive.topic, receive.key))
        if row is None or tx.write.taken:
            return None
        return self._engine.waiting.take(live, row, tx)

    def _park(self, live: Live, seq: int, park: Park, tx: Transaction) -> None:
        self._engine.parking.park(live, seq, park, tx)

    def _read_clock(self, live: Live, seq: int, now: Now, tx: Transaction) -> Instant:
        return Instant(self._engine.now_us)

    def _look_up(self, live: Live, seq: int, lookup: Lookup, tx: Transaction) -> Mapped:
        found = self._standing(lookup.kind, lookup.key, tx)
        if found is None and lookup.otherwise:
            found = self._standing(lookup.kind, lookup.otherwise, tx)
        return Mapped(found)

    def _assign(self, live: Live, seq: int, assign: Assign, tx: Transaction) -> Mapped:
        standing = self._standing(assign.kind, assign.key, tx)
        if standing != assign.expected:
            return Mapped(standing)
        if self._engine.lease.is_shared:
            before = None if standing is None else _to_msgpack(standing)
            tx.write.expected.setdefault((assign.kind, assign.key), before)
        row = (assign.kind, assign.key, None if assign.value is None else _to_msgpack(assign.value))
        tx.write.mappings.append(row)
        tx.after.append((self._mapped, row))
        return Mapped(assign.value)

    def _ask_which_are_missing(self, live: Live, seq: int, missing: Missing, tx: Transaction) -> Absent:
        lease, known = self._engine.lease, {row.id for row in tx.write.flows}
        known |= lease.known([each for each in missing.flow_ids if each not in known])
        if missing.or_discarded:
            found = [lease.find(each) for each in missing.flow_ids if each in known]
            known -= {row.id for row in found if row is not None and row.status == "discarded"}
        return Absent(tuple([each for each in missing.flow_ids if each not in known]))

    def _deliver(self, live: Live, seq: int, deliver: Deliver, tx: Transaction) -> Delivered:
        return Delivered(self._engine.mailroom.deliver(live, deliver, tx))

    def _standing(self, kind: str, key: str, tx: Transaction) -> dict[str, Any] | None:
        """Return a row of the cross-reference as it will be after the transaction."""
        for row_kind, row_key, value in reversed(tx.write.mappings):
            if (row_kind, row_key) == (kind, key):
                return None if value is None else cast("dict[str, Any]", _of_msgpack(value))
        return self._engine.mappings.get((kind, key))

    def _mapped(self, row: tuple[str, str, bytes | None]) -> None:
        kind, key, value = row
        if value is None:
            self._engine.mappings.pop((kind, key), None)
        else:
            self._engine.mappings[kind, key] = _of_msgpack(value)
