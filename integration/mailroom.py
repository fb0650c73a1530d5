"""The mailroom of an engine: webhooks come in, events go out, some to our own flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from domain import history
from domain.http import Reply, Request
from integration.effects import Deliver, Start
from integration.intake import LOCAL, Intake, Plan, Unreadable, Unverified
from integration.journal.protocol import UNSTORABLE, InboxRow, OutboxRow, Raced, Unstorable
from integration.live import Live
from integration.outbox import emitted
from integration.outcomes import Message
from integration.transaction import Transaction

if TYPE_CHECKING:
    from integration.engine import Engine

BODY_BYTES_MAX = 1_000_000
RACES_MAX = 5
"""How often something from outside is tried again because another worker was first."""
_encode = msgspec.msgpack.Encoder().encode
_message = msgspec.msgpack.Decoder(Message)


class Mailroom:
    """Stores first, answers then; relays at least once, in order."""

    def __init__(self, engine: Engine, intake: Intake) -> None:
        self._engine, self._intake = engine, intake

    def receive(self, request: Request) -> Reply:
        """Verify, deduplicate, store, and answer; flows get to work afterwards."""
        source = self._intake.source_of(request)
        if source is None:
            return Reply(404)
        if len(request.body) > BODY_BYTES_MAX:
            return Reply(413)
        try:
            plans = self._intake.read(source, request, self._engine.now_us)
        except Unverified as refusal:
            return Reply(refusal.status, body=refusal.reason.encode())
        except Unreadable as refusal:
            return Reply(400, body=str(refusal).encode())
        try:
            self._store(plans)
        except Unstorable as refusal:
            return Reply(400, body=f"this cannot be stored: {refusal}".encode(errors="replace"))
        return source.acknowledgement

    def relay(self) -> None:
        """Let the events in the outbox leave; those that our own flows want come in again as messages."""
        engine, now_us = self._engine, self._engine.now_us
        events = engine.outbox.take()
        for event in events:
            engine.host.record(emitted(event, now_us))
        wanted = [self._intake.plan(_message_of(event, now_us)) for event in events if self._intake.routes(event.type)]
        if wanted:
            self._store(wanted)

    def deliver(self, live: Live, deliver: Deliver, tx: Transaction) -> tuple[str, ...]:
        """Add messages that a flow has asked for to its transaction; return the ids of those that were unknown."""
        found: list[str] = []
        for plan in self._intake.plans(deliver.source, deliver.messages, self._engine.now_us):
            if not self._is_known(plan.message, tx):
                self._add(plan, tx, live)
                found.append(plan.message.id)
        return tuple(found)

    def _store(self, plans: list[Plan]) -> None:
        """Make the messages durable that are not known yet, with the flows they start."""
        for _ in range(RACES_MAX):
            tx, known = Transaction(), list[str]()
            for plan in plans:
                if self._is_known(plan.message, tx):
                    known.append(plan.message.source)
                else:
                    self._add(plan, tx)
            try:
                if tx.write.messages:
                    self._engine.commit(tx)
            except Raced:  # another worker stored one of them, or started its flow: look again
                continue
            self._intake.duplicates.update(known)
            return
        raise Raced(f"other workers were first {RACES_MAX} times in a row")

    def _is_known(self, message: Message, tx: Transaction) -> bool:
        for row in tx.write.messages:
            if row.message.id == message.id and row.message.source == message.source:
                return True
        return self._engine.lease.has_message(message.source, message.id)

    def _add(self, plan: Plan, tx: Transaction, live: Live | None = None) -> None:
        engine, message = self._engine, plan.message
        tx.write.messages.append(InboxRow(0, _as_stored(message) if plan.deliver else message, plan.deliver))
        if plan.start is None:
            return
        try:
            launched = engine.launch(plan.start, tx)
        except UNSTORABLE as error:
            raise Unstorable(str(error)) from error
        if launched.conflict:
            engine.note(tx, live, action="refuse", message=message.id, reason=launched.conflict)
        elif launched.created:
            tx.records.append(_applied(message, plan.start, engine.now_us))

    def keep(self, row: InboxRow) -> None:
        """Hold a stored message for the flow that waits for it, or will; among many workers, only for one at hand."""
        if self._engine.lease.is_shared:
            self._engine.soon(self._bring, row)
            return
        self._engine.mailbox.store(row)
        self._engine.soon(self._engine.waiting.deliver, (row.message.topic, row.message.key))

    def _bring(self, row: InboxRow) -> None:
        address = (row.message.topic, row.message.key)
        mailbox = self._engine.mailbox
        if not mailbox.is_awaited(address):
            return
        mailbox.store(row)
        try:
            self._engine.waiting.deliver(address)
        finally:
            mailbox.forget(address)


def _as_stored(message: Message) -> Message:
    """Return a message as the journal gives it back, so that a flow sees the same before and after a restart.

    Raise Unstorable for one that it could not give back.
    """
    try:
        return _message.decode(_encode(message))
    except (*UNSTORABLE, msgspec.ValidationError) as error:
        raise Unstorable(str(error)) from error


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
