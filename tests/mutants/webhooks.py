"""Mutants of webhooks: messages come twice, late, early, out of order, forged, or never."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import msgspec

from domain.http import Reply, Request
from integration import intake
from integration.effects import Start
from integration.engine import Engine
from integration.flows import collecting, orders, sweeps
from integration.intake import LOCAL, Intake, Plan, Source
from integration.journal.sqlite import SqliteLease
from integration.journal.sqlite_rows import Rows
from integration.mailroom import Mailroom
from integration.outcomes import Message
from integration.systems import payment
from tests.mutants.grounds import CRASHES, FORGERIES, MESSAGES, MESSAGES_LOST, OUTAGE
from tests.mutants.mutant import Mutant, Patch
from tests.mutants.quiet_grounds import CARDS

FOR_EVER_SECONDS = 10 * 365 * 86_400
BATCH_US = 600_000_000


def _no_dedupe() -> list[Patch]:
    real_plan, real_add, numbers = Intake.plan, Rows._add_messages, count(1)

    def plan(self: Intake, message: Message) -> Plan:
        found = real_plan(self, message)
        if found.start is None or message.source == intake.LOCAL:
            return found
        start = msgspec.structs.replace(found.start, flow_id=f"{found.start.flow_id}!{next(numbers)}")
        return msgspec.structs.replace(found, start=start)

    def has_message(self: SqliteLease, source: str, message_id: str) -> bool:
        return False

    def add_messages(self: Rows, write: Any) -> None:
        for row in write.messages:
            place = row.message.source, row.message.id
            self._pending._seen.pop(place, None)
            self._execute("DELETE FROM seen WHERE source = ? AND message = ?", place)
        real_add(self, write)

    return [
        Patch(Intake, "plan", plan), Patch(SqliteLease, "has_message", has_message),
        Patch(Rows, "_add_messages", add_messages),
    ]  # fmt: skip


def _no_signature_check() -> list[Patch]:
    def verify(_source: Source, _request: Request, _now_us: int) -> None:
        """Whoever knows the address is trusted."""

    return [Patch(intake, "_verify", verify)]


def _no_timestamp_window() -> list[Patch]:
    return [Patch(payment, "TOLERANCE_SECONDS", FOR_EVER_SECONDS)]


async def _nothing_found(_starts: Sequence[Start]) -> int:
    return 0


def _nothing_new(_self: Mailroom, _live: Any, _deliver: Any, _tx: Any) -> tuple[str, ...]:
    return ()


def _webhooks_only() -> list[Patch]:
    return [Patch(sweeps, "started", _nothing_found), Patch(Mailroom, "deliver", _nothing_new)]


def _ack_before_store() -> list[Patch]:
    """The messages are stored by a worker every ten minutes; a process that dies takes those with it that wait."""
    real = Mailroom.receive

    def receive(self: Mailroom, request: Request) -> Reply:
        source = self._intake.source_of(request)
        assert source is not None, "only our sources are called"
        engine: Engine = self._engine
        later_us = engine.now_us - engine.now_us % BATCH_US + BATCH_US
        engine.call_at(later_us, stored, self, request)
        return source.acknowledgement

    def stored(self: Mailroom, request: Request) -> None:
        real(self, request)

    return [Patch(Mailroom, "receive", receive), *_webhooks_only()]


def _acknowledged_in_vain() -> list[Patch]:
    real = Mailroom._store

    def store(self: Mailroom, plans: list[Plan]) -> None:
        real(self, [plan for plan in plans if plan.message.source == LOCAL])

    return [Patch(Mailroom, "_store", store)]


def _early_message_dropped() -> list[Patch]:
    real = Mailroom.keep

    def keep(self: Mailroom, row: Any) -> None:
        if self._engine.mailbox.is_awaited((row.message.topic, row.message.key)):
            real(self, row)

    return [Patch(Mailroom, "keep", keep), *_never_asks()]


def _never_asks() -> list[Patch]:
    """Whoever waits for a message waits for it only."""
    for_ever = dict.fromkeys(collecting._POLL_SECONDS, (FOR_EVER_SECONDS,))
    return [
        Patch(collecting, "_POLL_SECONDS", for_ever), Patch(orders, "TASK_POLLS_SECONDS", (FOR_EVER_SECONDS,)),
    ]  # fmt: skip


MUTANTS = (
    Mutant(
        name="no_dedupe",
        group="webhooks",
        mistake="Every delivery of a message starts work, although senders deliver at least once (catalogue 42, F44).",
        caught_by=("S6",),
        ground=MESSAGES,
        patches=_no_dedupe,
    ),
    Mutant(
        name="no_signature_check",
        group="webhooks",
        mistake="Messages are believed whoever signed them, as when the check was switched off for a test "
        "(catalogue 38, F53).",
        caught_by=("P8",),
        ground=FORGERIES,
        patches=_no_signature_check,
    ),
    Mutant(
        name="no_timestamp_window",
        group="webhooks",
        mistake="A message that was signed an hour ago is taken, so whoever recorded one can send it again "
        "(catalogue 41, F53).",
        caught_by=("P8",),
        ground=FORGERIES,
        patches=_no_timestamp_window,
    ),
    Mutant(
        name="webhooks_only",
        group="webhooks",
        mistake="Nobody ever asks for what no message told, although senders give up (F47: after 8 tries in 4 hours).",
        caught_by=("S9", "L1"),
        ground=MESSAGES_LOST,
        patches=_webhooks_only,
    ),
    Mutant(
        name="ack_before_store",
        group="webhooks",
        mistake="A message is acknowledged and kept in memory for a worker, nobody asks again, and a process that dies "
        "takes it along (catalogue 43).",
        caught_by=("S9", "L1", "L2"),
        ground=CRASHES,
        patches=_ack_before_store,
    ),
    Mutant(
        name="early_message_dropped",
        group="webhooks",
        mistake="A message about something not known yet is thrown away and never asked for, although it may come "
        "before the answer that creates it (catalogue 47, F49).",
        caught_by=("L2", "S9", "L1"),
        ground=OUTAGE,
        patches=_early_message_dropped,
    ),
    Mutant(
        name="acknowledged_in_vain",
        group="webhooks",
        mistake="Messages are acknowledged and none is stored; whoever asks for what is new finds it all hours later, "
        "so nothing is lost but time.",
        caught_by=("S6",),
        ground=CARDS,
        patches=_acknowledged_in_vain,
    ),
)
