"""The mailroom of an engine: webhooks come in, events go out, some to our own flows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from domain import history
from domain.http import Reply, Request
from integration.effects import Start
from integration.intake import LOCAL, Intake, Plan, Unreadable, Unverified
from integration.journal.protocol import InboxRow, OutboxRow
from integration.limits import SECOND_US
from integration.outbox import emitted
from integration.outcomes import Message
from integration.transaction import Transaction

if TYPE_CHECKING:
    from integration.engine import Engine

BODY_BYTES_MAX = 1_000_000


class Mailroom:
    """Stores first, answers then; relays at least once, in order."""

    def __init__(self, engine: Engine, intake: Intake, number: int) -> None:
        self._engine, self._intake, self._number = engine, intake, number
        self._relay_planned = False

    def receive(self, request: Request) -> Reply:
        """Verify, deduplicate, store, and answer; flows get to work afterwards."""
        source = self._intake.source_of(request)
        if source is None:
            return Reply(404)
        if len(request.body) > BODY_BYTES_MAX:
            return Reply(413)
        try:
            plans = self._intake.read(source, request, self._engine.now_us())
        except Unverified as refusal:
            return Reply(refusal.status, body=refusal.reason.encode())
        except Unreadable as refusal:
            return Reply(400, body=str(refusal).encode())
        tx = Transaction()
        for plan in plans:
            self._store(plan, tx)
        if tx.write.messages:
            self._engine.commit(tx)
        return source.acknowledgement

    def plan_relay(self) -> None:
        """See to it that the events in the outbox leave soon."""
        if not self._relay_planned and self._engine.outbox.unsent:
            self._relay_planned = True
            delay_us = round(self._engine.settings.relay_after_seconds * SECOND_US)
            self._engine.call_at(self._engine.now_us() + delay_us, self._relay)

    def _relay(self) -> None:
        """Let events leave, then note that they have: a crash in between repeats them, under the same ids."""
        engine, now_us = self._engine, self._engine.now_us()
        events = engine.outbox.unsent[:]
        tx = Transaction()
        for event in events:
            engine.host.record(emitted(event, now_us))
            if self._intake.routes_local(event.type):
                self._store(self._intake.plan(_message_of(event, now_us)), tx)
        tx.write.relayed = events[-1].number
        engine.commit(tx)
        del engine.outbox.unsent[: len(events)]
        self._relay_planned = False
        self.plan_relay()

    def _store(self, plan: Plan, tx: Transaction) -> None:
        """Add a message that is not known yet, and the flow it starts, to a transaction."""
        engine, message = self._engine, plan.message
        twice = any((row.message.source, row.message.id) == (message.source, message.id) for row in tx.write.messages)
        if twice or engine.lease.has_message(message.source, message.id):
            return
        self._number += 1
        row = InboxRow(self._number, _as_stored(message), plan.deliver)
        tx.write.messages.append(row)
        if plan.deliver:
            tx.after.append(partial(self._keep, row))
        if plan.start is not None:
            launched = engine.launch(plan.start, tx)
            if launched.conflict:
                engine.note(tx, None, action="refuse", message=message.id, reason=launched.conflict)
            elif launched.created:
                tx.records.append(_applied(message, plan.start, engine.now_us()))

    def _keep(self, row: InboxRow) -> None:
        self._engine.mailbox.store(row)
        address = (row.message.topic, row.message.key)
        self._engine.call_at(self._engine.now_us(), partial(self._engine.waiting.deliver, address))


def _as_stored(message: Message) -> Message:
    """Return a message as the journal gives it back, so that a flow sees the same before and after a restart."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=Message)


def _message_of(event: OutboxRow, at_us: int) -> Message:
    return Message(
        source=LOCAL,
        id=event.id,
        topic=event.type,
        key=event.subject,
        body=event.body,
        txn=event.txn,
        sent_us=event.created_us,
        received_us=at_us,
    )


def _applied(message: Message, start: Start, at_us: int) -> history.Applied:
    return history.Applied(
        at_us=at_us,
        consumer=start.name,
        system=message.source,
        message=message.id,
        topic=message.topic,
        txn=message.txn or start.txn,
    )
