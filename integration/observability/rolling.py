"""Rolling figures: the clocks of the service levels, folded from events as they are told.

    figures = Rolling()
    is_complete = follow(figures, lambda after: reader.events(after=after, limit=1000), pages_max=5)
    alerts(figures.observed(now_us), now_us)      # only when it is complete: half a log has clocks that run for ever

A clock starts with one fact and stops with another, per business key. It is good when it stops within its threshold,
and bad from the instant the threshold passes without a stop. Pure: the same events and instants give the same figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from domain.calendar import DAY_US, SECOND_US
from integration.journal.protocol import OutboxRow

KEPT_US = 4 * DAY_US
"""How long a decided clock is kept: the longest window of the alerts and a day."""


class Slo(msgspec.Struct, frozen=True, kw_only=True):
    """A service level objective: `share` of the clocks (percent) stop within `threshold_seconds`."""

    name: str
    title: str
    share: float
    threshold_seconds: int


BOOKED = Slo(name="order_booked", title="quote accepted to order booked", share=99.0, threshold_seconds=900)
INVOICED = Slo(name="first_invoice", title="subscription active to first invoice", share=99.0, threshold_seconds=14_400)
POSTED = Slo(name="invoice_posted", title="invoice generated to posted", share=99.0, threshold_seconds=3600)
SHOWN = Slo(name="payment_shown", title="payment received to CRM status", share=99.0, threshold_seconds=600)
TOUCHLESS = Slo(name="touchless", title="orders that nobody had to touch", share=95.0, threshold_seconds=0)
SLOS = (BOOKED, INVOICED, POSTED, SHOWN, TOUCHLESS)
"""The objectives of the resilience specification (5.2), and the posting of invoices (SLA-4)."""


class Clock(msgspec.Struct, frozen=True, gc=False):
    """One clock: its business key, when it started, when it stopped (None: it runs)."""

    key: str
    start_us: int
    stop_us: int | None = None

    def decided_us(self, slo: Slo) -> int:
        """Return the instant at which it is known whether the clock is good: at its stop, or when its time is up."""
        due_us = self.start_us + slo.threshold_seconds * SECOND_US
        return due_us if self.stop_us is None else min(due_us, self.stop_us)

    def is_bad(self, slo: Slo, now_us: int) -> bool:
        """Tell whether it has missed its threshold by now."""
        end_us = now_us if self.stop_us is None else self.stop_us
        return end_us - self.start_us > slo.threshold_seconds * SECOND_US


def _told(name: str) -> Callable[[Mapping[str, Any], OutboxRow], int]:
    return lambda body, row: int(body.get(name) or row.created_us)


class Rolling:
    """The clocks of each objective; `number` is the last event taken in, so that the same one counts once."""

    def __init__(self) -> None:
        self.number = 0
        self._clocks: dict[str, dict[str, Clock]] = {slo.name: {} for slo in SLOS}
        self._touched: dict[str, int] = {}  # cases of transactions whose acceptance has not been told yet
        self._reference_of: dict[str, str] = {}  # the quote version of an invoice
        actions: Mapping[str, Callable[[Mapping[str, Any], OutboxRow], None]] = {
            "quote.accepted": self._accepted,
            "order.booked": self._booked,
            "subscription.activated": self._activated,
            "invoice.generated": self._generated,
            "invoice.posted": self._posted,
            "payment.received": self._received,
            "quote.mirrored": self._mirrored,
            "exception.opened": self._opened,
            "order.rejected": self._gone,
            "order.cancelled": self._gone,
        }
        self._actions = {f"q2c.{name}.v1": action for name, action in actions.items()}

    def take(self, row: OutboxRow) -> None:
        """Take in the next event of the log; one that was taken in already changes nothing."""
        if row.number <= self.number:
            return
        self.number = row.number
        action = self._actions.get(row.type)
        if action is not None:
            action(row.body, row)

    def observed(self, now_us: int) -> Mapping[str, tuple[Clock, ...]]:
        """Return the clocks of each objective, and forget those that no window reaches any more."""
        for slo in SLOS:
            kept = self._clocks[slo.name]
            for key in [key for key, clock in kept.items() if self._is_old(slo, clock, now_us)]:
                del kept[key]
        return {slo.name: tuple(self._clocks[slo.name].values()) for slo in SLOS}

    def _is_old(self, slo: Slo, clock: Clock, now_us: int) -> bool:
        return clock.stop_us is not None and clock.decided_us(slo) < now_us - KEPT_US

    def _start(self, slo: Slo, key: str, at_us: int) -> None:
        self._clocks[slo.name].setdefault(key, Clock(key, at_us))

    def _stop(self, slo: Slo, key: str, at_us: int) -> None:
        clock = self._clocks[slo.name].get(key)
        if clock is not None and clock.stop_us is None:
            self._clocks[slo.name][key] = Clock(key, clock.start_us, max(clock.start_us, at_us))

    def _drop(self, slo: Slo, key: str) -> None:
        clock = self._clocks[slo.name].get(key)
        if clock is not None and clock.stop_us is None:
            del self._clocks[slo.name][key]

    def _accepted(self, body: Mapping[str, Any], row: OutboxRow) -> None:
        reference, at_us = str(body.get("reference") or row.subject), _told("accepted_at_us")(body, row)
        self._start(BOOKED, reference, at_us)
        touchless = self._clocks[TOUCHLESS.name]
        if row.txn not in touchless:
            is_touched = self._touched.pop(row.txn, None) is not None
            touchless[row.txn] = Clock(row.txn, at_us, at_us + is_touched * SECOND_US)

    def _booked(self, body: Mapping[str, Any], row: OutboxRow) -> None:
        self._stop(BOOKED, row.subject, _told("booked_at_us")(body, row))

    def _activated(self, body: Mapping[str, Any], row: OutboxRow) -> None:
        self._start(INVOICED, row.txn, row.created_us)

    def _generated(self, body: Mapping[str, Any], row: OutboxRow) -> None:
        at_us = _told("generated_at_us")(body, row)
        self._start(POSTED, row.subject, at_us)
        self._stop(INVOICED, row.txn, at_us)
        if reference := str(body.get("reference") or ""):
            self._reference_of[row.subject] = reference

    def _posted(self, body: Mapping[str, Any], row: OutboxRow) -> None:
        self._stop(POSTED, row.subject, _told("posted_at_us")(body, row))

    def _received(self, body: Mapping[str, Any], row: OutboxRow) -> None:
        for invoice in body.get("remittance") or ():
            if reference := self._reference_of.pop(str(invoice), ""):
                self._clocks[SHOWN.name][reference] = Clock(reference, _told("received_at_us")(body, row))

    def _mirrored(self, body: Mapping[str, Any], row: OutboxRow) -> None:
        self._stop(SHOWN, row.subject, row.created_us)

    def _opened(self, body: Mapping[str, Any], row: OutboxRow) -> None:
        """A person has it in hand: the machine's clocks of this transaction are dropped, touchless is missed."""
        for key in [key for key in self._clocks[BOOKED.name] if key.startswith(f"{row.txn}-v")]:
            self._drop(BOOKED, key)
        touchless = self._clocks[TOUCHLESS.name]
        if row.txn in touchless:
            touchless[row.txn] = Clock(row.txn, row.created_us, row.created_us + SECOND_US)
        elif row.txn:
            self._touched[row.txn] = row.created_us

    def _gone(self, body: Mapping[str, Any], row: OutboxRow) -> None:
        self._drop(BOOKED, row.subject)
        self._drop(INVOICED, row.txn)


PAIRS: Mapping[str, Slo] = {"crm-erp": BOOKED, "billing-erp": POSTED, "payment-crm": SHOWN}
"""Pairs of systems: the second is to show what has happened in the first, and a clock tells whether it does."""


def lags(clocks: Mapping[str, Iterable[Clock]], now_us: int) -> Mapping[str, float]:
    """Return for each pair of systems for how many seconds the oldest status has not arrived yet, 0 when all have."""
    found = {}
    for pair, slo in PAIRS.items():
        since_us = min((clock.start_us for clock in clocks.get(slo.name, ()) if clock.stop_us is None), default=now_us)
        found[pair] = max(0, now_us - since_us) / SECOND_US
    return found


def follow(figures: Rolling, events: Callable[[int], Iterable[OutboxRow]], pages_max: int) -> bool:
    """Take in what is new, so many pages at most; tell whether that was all of it.

    `events(after)` returns the next page, empty at the end. The log of a year is not folded while somebody waits.
    """
    for _ in range(pages_max):
        rows = list(events(figures.number))
        if not rows:
            return True
        for row in rows:
            figures.take(row)
    return False
