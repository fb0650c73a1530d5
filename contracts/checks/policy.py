"""Policies: credit holds bind, and forged messages are refused (P1, P8)."""

from __future__ import annotations

from contracts.checks.facts import BOOKED, STAMPED, Facts
from contracts.checks.lives import Life
from contracts.checks.verdict import Findings, Tally
from domain.calendar import SECOND_US
from domain.history import Arrived, Changed, Delivered

Interval = tuple[int, int, Changed]


def holds_bind(facts: Facts) -> Findings:
    """A customer on credit hold gets no new order booked and no task started once the grace is over.

    What a batch books was let go when its file was taken.
    """
    tally = Tally("P1")
    holds = facts.once(hold_intervals)
    tally.examined = len(facts.lives("hold", "erp"))
    grace_us = facts.context.credit_grace_seconds * SECOND_US
    for life in facts.lives("order", "erp").values():
        booked_us = life.since(BOOKED)
        if booked_us is not None and not life.is_seeded:
            ours = holds.get(life.document.customer, [])
            _outside_holds(tally, life, _let_go_us(facts, life, booked_us) if ours else booked_us, ours, grace_us)
        held_us = life.entered.get("credit_hold")
        if held_us is None:
            continue
        tally.examined += 1
        own = holds.get(life.document.customer, ())
        since = [held_us, *(placed_us for placed_us, released_us, _ in own if placed_us <= held_us < released_us)]
        for task in facts.tasks.get(life.txn, []):
            is_waiting = held_us < task.created_us and (booked_us is None or task.created_us < booked_us)
            if is_waiting and any(from_us + grace_us < task.created_us for from_us in since):
                sentence = f"task {task.id} was started while its order {life.id} was on credit hold"
                tally.violation(life.txn, sentence, life.first, task.first, entities=(life.name, task.name))
    return tally.findings()


def hold_intervals(facts: Facts) -> dict[str, list[Interval]]:
    """Return when each customer, by ERP id and by account, was on hold: from, until, and the change that placed it."""
    found: dict[str, list[Interval]] = {}
    for life in facts.lives("hold", "erp").values():
        placed_us = life.entered.get("active", life.created_us)
        released_us = life.entered.get("released", facts.context.horizon_us + 1)
        hold = life.document
        for name in {hold.customer, hold.account}:
            found.setdefault(name, []).append((placed_us, released_us, life.first))
    return found


def _files_taken(facts: Facts) -> dict[str, list[int]]:
    """Return when files with the orders of each transaction were taken."""
    found: dict[str, list[int]] = {}
    for each in facts.history.of(Arrived):
        if each.operation == "put_file" and each.effect == "done":
            found.setdefault(each.txn, []).append(each.at_us)
    return found


def _let_go_us(facts: Facts, order: Life, booked_us: int) -> int:
    """Return when the last file with an order was taken before it was booked; when it was booked, where none was."""
    taken = facts.once(_files_taken).get(order.txn, ())
    return max([at_us for at_us in taken if at_us <= booked_us], default=booked_us)


def _outside_holds(tally: Tally, life: Life, at_us: int, holds: list[Interval], grace_us: int) -> None:
    if holds:
        tally.examined += 1
    for placed_us, released_us, hold in holds:
        if placed_us + grace_us < at_us < released_us:
            sentence = f"order {life.id} was booked while customer {life.document.customer} was on credit hold"
            tally.violation(life.txn, sentence, hold, life.last, entities=(life.name, hold.id))


def forgeries_refused(facts: Facts) -> Findings:
    """A message with a wrong or stale signature is refused, never acknowledged and never applied."""
    tally = Tally("P8")
    tolerance_us = facts.context.signature_tolerance_seconds * SECOND_US + facts.set_back_us  # by the receiver's clock
    for delivered in facts.history.of(Delivered):
        is_stale = delivered.system in STAMPED and delivered.at_us - delivered.signed_us > tolerance_us
        if delivered.genuine and not is_stale:
            continue
        tally.examined += 1
        if 200 <= delivered.status < 300:
            kind = "stale" if is_stale else "forged"
            sentence = f"a {kind} copy of message {delivered.message} of {delivered.system} was accepted"
            tally.violation(delivered.txn, sentence, delivered, entities=(delivered.message,))
    return tally.findings()
