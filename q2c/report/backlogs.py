"""Backlogs: what waits between two systems, at every instant, and how long it took to be gone after an outage."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from contracts.checks.causes import captured_at
from contracts.checks.facts import BOOKED, CASE_CLOSED, Facts, base_of, decided_us, intent_of
from contracts.checks.lives import Life, quote_of
from contracts.checks.policy import hold_intervals
from domain.calendar import HOUR_US, midnight_us
from domain.errors import class_of
from domain.history import Applied, Delivered
from q2c.report.windows import Window, troubles

_NEVER = 1 << 62
Stay = tuple[int, int]
"""When something began to wait, and when it no longer did (`_NEVER`: it waits still)."""


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for one step. `system` is whose step it is; `needs` are the systems the step depends on.

    `entered_us` and `left_us` are sorted instants: the level at an instant is the difference of their counts.
    """

    id: str
    title: str
    system: str
    needs: tuple[str, ...]
    entered_us: tuple[int, ...]
    left_us: tuple[int, ...]

    def level(self, at_us: int) -> int:
        """Return how many waited just after an instant."""
        return bisect_right(self.entered_us, at_us) - bisect_right(self.left_us, at_us)

    def peak(self, start_us: int, end_us: int) -> int:
        """Return the highest level from one instant to another."""
        begin = bisect_left(self.entered_us, start_us)
        end = bisect_right(self.entered_us, end_us)
        return max([self.level(start_us), *(self.level(at_us) for at_us in self.entered_us[begin:end])])

    def peaks(self, start_us: int, step_us: int, steps: int) -> tuple[int, ...]:
        """Return the highest level within each step of time."""
        return tuple(self.peak(start_us + i * step_us, start_us + (i + 1) * step_us - 1) for i in range(steps))

    def back_at(self, level: int, from_us: int) -> int | None:
        """Return the first instant from `from_us` on at which no more than `level` waited, or None."""
        if self.level(from_us) <= level:
            return from_us
        later = self.left_us[bisect_right(self.left_us, from_us) :]
        return next((at_us for at_us in later if at_us < _NEVER and self.level(at_us) <= level), None)


class Drain(msgspec.Struct, frozen=True, kw_only=True):
    """What a window did to a backlog: the highest level in the hour before it, the worst level, and when it was back.

    Not the level of the last instant before it: at rest it is often 0, and where orders come by the minute one is
    always on its way, so the wait for 0 would measure luck.
    """

    window: Window
    backlog: Backlog
    before: int
    peak: int
    drained_us: int | None

    @property
    def took_us(self) -> int | None:
        """How long after the window's end the backlog was back to its level before; None when it never was."""
        return None if self.drained_us is None else self.drained_us - self.window.end_us


def drains(backlogs: tuple[Backlog, ...], windows: tuple[Window, ...], horizon_us: int) -> tuple[Drain, ...]:
    """Return, for each time of trouble, the backlogs that need its system, and how each of them drained."""
    found = []
    for window in troubles(windows):
        for backlog in backlogs:
            if window.end_us <= horizon_us and (not window.system or window.system in backlog.needs):
                before = backlog.peak(window.start_us - HOUR_US, window.start_us - 1)
                drained_us = backlog.back_at(before, window.end_us)
                peak = backlog.peak(window.start_us, drained_us if drained_us is not None else horizon_us)
                found.append(Drain(window=window, backlog=backlog, before=before, peak=peak, drained_us=drained_us))
    return tuple(found)


def backlogs_of(facts: Facts) -> tuple[Backlog, ...]:
    """Return every backlog of a history."""
    rows: tuple[tuple[str, str, str, tuple[str, ...], Callable[[Facts], Iterator[Stay]]], ...] = (
        ("unbooked", "accepted, not booked", "erp", ("crm", "erp"), _unbooked),
        ("unsubscribed", "booked, not in billing", "billing", ("billing",), _unsubscribed),
        ("unposted", "invoiced, not posted", "erp", ("billing", "tax", "erp"), _unposted),
        ("unpaid", "posted, not paid", "payment", (), _unpaid),
        ("unapplied", "paid, not in the books", "erp", ("payment", "erp"), _unapplied),
        ("unheard", "messages not taken up", "integration", ("integration",), _unheard),
        ("cases", "open exception cases", "integration", (), _cases),
    )
    return tuple(_backlog(key, title, system, needs, stays(facts)) for key, title, system, needs, stays in rows)


def _backlog(key: str, title: str, system: str, needs: tuple[str, ...], stays: Iterator[Stay]) -> Backlog:
    known = [(entered_us, max(entered_us, left_us)) for entered_us, left_us in stays]
    return Backlog(
        id=key, title=title, system=system, needs=needs, entered_us=tuple(sorted(entered for entered, _ in known)),
        left_us=tuple(sorted(left for _, left in known if left < _NEVER)),
    )  # fmt: skip


def _unbooked(facts: Facts) -> Iterator[Stay]:
    for reference, life in facts.accepted.items():
        orders = facts.orders.get(reference, [])
        ends = [order.since((*BOOKED, "cancelled")) for order in orders] + [life.since(("accept_failed", "superseded"))]
        left_us = min((at for at in ends if at is not None), default=_NEVER)
        yield from _without((life.entered["accepted"], left_us), _with_people(facts, life, orders))


def _with_people(facts: Facts, life: Life, orders: Sequence[Life]) -> list[Stay]:
    """Return when a quote waited for people and not for a system: on credit hold, or for what they decide.

    Who looks after a system that is down has a case, too; what waits for them waits for the system.
    """
    held = facts.once(hold_intervals).get(orders[0].document.customer, []) if orders else []
    cases = facts.once(_decisions).get(quote_of(life).txn, [])
    return sorted([*cases, *((placed_us, released_us) for placed_us, released_us, _ in held)])


def _decisions(facts: Facts) -> dict[str, list[Stay]]:
    """Return the cases that people decide, by transaction."""
    found: dict[str, list[Stay]] = {}
    for records in facts.cases.values():
        if class_of(records[0].code) != "DEPENDENCY":
            closed_us = records[-1].at_us if records[-1].status in CASE_CLOSED else _NEVER
            found.setdefault(records[0].txn, []).append((records[0].opened_us, closed_us))
    return found


def _without(stay: Stay, away: Iterable[Stay]) -> Iterator[Stay]:
    """Yield what is left of a stay without other times, which come in order."""
    from_us, until_us = stay
    for leaves_us, returns_us in away:
        if from_us < leaves_us < until_us:
            yield from_us, leaves_us
        if leaves_us < until_us:
            from_us = max(from_us, returns_us)
    if from_us < until_us:
        yield from_us, until_us


def _unsubscribed(facts: Facts) -> Iterator[Stay]:
    applied = _applied(facts)
    for reference, life in facts.accepted.items():
        quote = quote_of(life)
        for order in facts.orders.get(reference, [])[:1]:
            booked_us = order.since(BOOKED)
            if booked_us is None:
                continue
            cancelled_us = order.entered.get("cancelled", _NEVER)
            if quote.kind != "amend":
                made = [each.created_us for each in facts.subscriptions.get(quote.txn, [])]
                # A contract that renews itself waits for the last day of notice, not for billing.
                yield max(booked_us, decided_us(facts, quote)), min([cancelled_us, *made])
                continue
            due_us = _amendment_due(facts, life, booked_us)
            if due_us is not None and due_us <= facts.context.horizon_us:
                yield due_us, min(cancelled_us, applied.get(reference, _NEVER))


def _amendment_due(facts: Facts, life: Life, booked_us: int) -> int | None:
    """Return when an amendment's turn came: booked, in force, and its subscription active."""
    quote = quote_of(life)
    subscription = facts.lives("subscription", "billing").get(quote.subscription)
    active_us = subscription.since(("active", "trialing", "suspended")) if subscription is not None else None
    if active_us is None:
        return None
    zone = facts.zones.get(quote.entity, "UTC")
    effective_us = midnight_us(quote.effective_date, zone) if quote.effective_date is not None else 0
    return max(booked_us, active_us, effective_us)


def _applied(facts: Facts) -> dict[str, int]:
    """Return when each amendment was first seen applied to its subscription, by its reference."""
    found: dict[str, int] = {}
    for change in facts.history.changes("subscription", "billing"):
        for reference in getattr(change.document, "applied", ()):
            found.setdefault(reference, change.at_us)
    return found


def _unposted(facts: Facts) -> Iterator[Stay]:
    for life in facts.lives("invoice", "billing").values():
        if not life.is_seeded:
            made = [posted.created_us for posted in facts.posted.get(life.id, [])]
            yield life.created_us, min([life.entered.get("voided", _NEVER), *made])


def _unpaid(facts: Facts) -> Iterator[Stay]:
    for life in facts.lives("invoice", "erp").values():
        if not life.is_seeded:
            yield life.created_us, min(life.entered.get(status, _NEVER) for status in ("paid", "written_off"))


def _unapplied(facts: Facts) -> Iterator[Stay]:
    for payments in facts.payments.values():
        for payment in payments:
            captured_us = captured_at(payment)
            if captured_us is not None:
                cash = facts.cash.get(base_of(intent_of(payment.id)), [])
                yield captured_us, min((life.created_us for life in cash), default=_NEVER)


def _unheard(facts: Facts) -> Iterator[Stay]:
    """Yield the messages that were acknowledged and taken up later (what nobody takes up, nobody waits for)."""
    applied: dict[tuple[str, str], int] = {}
    for each in facts.history.of(Applied):
        applied.setdefault((each.system, each.message), each.at_us)
    for told in facts.history.of(Delivered) if applied else ():
        if 200 <= told.status < 300 and told.genuine:
            applied_us = applied.pop((told.system, told.message), None)
            if applied_us is not None:
                yield told.at_us, applied_us


def _cases(facts: Facts) -> Iterator[Stay]:
    for records in facts.cases.values():
        closed_us = records[-1].at_us if records[-1].status in CASE_CLOSED else _NEVER
        yield records[0].opened_us, closed_us
