"""Days: what is written into the books is dated by its entity's own day of what caused it (O8)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date
from itertools import chain
from operator import attrgetter

import msgspec

from contracts.checks.facts import CAPTURED, ERPS, Facts, base_of
from contracts.checks.lives import Life, document_of, whole_of
from contracts.checks.verdict import Findings, Tally
from domain.calendar import HOUR_US, SECOND_US, local_date
from domain.history import Changed, Crashed, Fired
from domain.objects import Entry, Period

_AFTERMATH_US = HOUR_US
"""How long a process that came back may need for what it had begun."""
_CLOSED = frozenset({"soft_closed", "closed", "locked"})
_WON = frozenset({"won"})


class Dated(msgspec.Struct, frozen=True):
    """A document or entry with a date, the instant of its cause, and the module whose period takes it.

    What `is_exact` has the day of its cause, however late it is written: the bank's statement has it that day.
    """

    life: Life
    cause_us: int
    module: str
    is_exact: bool = False


def dates_are_local(facts: Facts) -> Findings:
    """Documents and entries have the day of their legal entity: their cause's to their own, or later if it is closed.

    What gives money back has the day on which it left, a payout that on which it was in the bank.
    """
    tally = Tally("O8")
    closings, away, lags = _Closings(facts), facts.once(_away), facts.once(_lags)
    for dated in chain(_dated(facts), _entries(facts)):
        life = dated.life
        document = life.first_document
        zone = facts.zones.get(document.entity)
        if zone is None or life.is_seeded:
            continue
        tally.examined += 1
        known_us = min(dated.cause_us, life.created_us)
        known_us -= max([lag_us for since_us, until_us, lag_us in lags if since_us <= known_us < until_us], default=0)
        known_us = min([known_us, *[since_us for since_us, until_us in away if since_us < life.created_us < until_us]])
        first, today = local_date(known_us, zone), local_date(life.created_us, zone)
        if dated.is_exact and not closings.was_closed(dated, first):
            today = max(first, local_date(dated.cause_us, zone))
        if first <= document.business_date <= today or closings.moved(dated, today):
            continue
        sentence = f"{life.name} is dated {document.business_date}; in {document.entity} it was {_days(first, today)}"
        tally.violation(life.txn, sentence, life.first, (dated.cause_us, "its cause"), entities=(life.name,))
    return tally.findings()


def _away(facts: Facts) -> list[tuple[int, int]]:
    """Return since when and until when what the integration writes may have been decided at the beginning.

    Who pauses or dies over midnight writes down the day it had decided before.
    """
    return [(crash.at_us, crash.back_us + _AFTERMATH_US) for crash in facts.history.of(Crashed)]


def _lags(facts: Facts) -> list[tuple[int, int, int]]:
    """Return since when and until when the clock of the integration was behind, and how much (microseconds)."""
    found = []
    for fired in facts.history.of(Fired):
        fault = facts.context.faults[fired.fault]
        if fired.kind == "clock_back":
            found.append((fired.at_us, fault.end_us, round(fault.seconds * SECOND_US)))
    return found


def _days(first: date, today: date) -> str:
    return str(today) if first == today else f"{first} to {today}"


def _dated(facts: Facts) -> Iterator[Dated]:
    for reference, orders in facts.orders.items():
        quote = facts.lives("quote", "crm").get(whole_of(reference))
        accepted_us = quote.entered.get("accepted") if quote is not None else None
        for order in orders:
            yield Dated(order, accepted_us if accepted_us is not None else order.created_us, "")
    for table, kind in ((facts.posted, "invoice"), (facts.memos, "credit_memo")):
        for reference, lives in table.items():
            cause = facts.lives(kind, "billing").get(reference)
            for life in lives:
                yield Dated(life, cause.created_us if cause is not None else life.created_us, "ar")
    payments, disputes = facts.lives("payment", "payment"), facts.lives("dispute", "payment")
    for reference, lives in facts.cash.items():
        payment, dispute = payments.get(reference), disputes.get(reference.partition(".")[0])
        cause_us = payment.since(CAPTURED) if payment is not None else None  # also of a debit that came back
        if dispute is not None:  # what a won dispute gives back is there from that day on
            cause_us = dispute.since(_WON)
        for life in lives:
            yield Dated(life, cause_us if cause_us is not None else life.created_us, "ar")


# --- entries --------------------------------------------------------------------------------------------------------


def _entries(facts: Facts) -> Iterator[Dated]:
    """Yield the entries whose day no document tells: money back, losses, payouts, and cash that is used later.

    The first entry of any other document has the day of its document (M20).
    """
    left, given_up, payouts = _money_left(facts), _given_up(facts), facts.lives("payout", "payment")
    used: set[str] = set()
    for change in facts.history.changes("entry", "erp"):
        if change.before:
            continue
        entry: Entry = document_of(change)
        kind, _, number = entry.source.partition("/")
        payout = payouts.get(base_of(number))
        if kind == "refund" and change.txn in left:
            moves = left[change.txn]
            own = [move for move in moves if move.amount_minor == _debited(entry)] or moves
            yield _nearest(facts, change, own)
        elif kind == "write_off":
            yield Dated(Life(change), given_up.get(change.cause, given_up.get(change.txn, change.at_us)), "ar")
        elif kind == "journal" and payout is not None:
            yield Dated(Life(change), payout.created_us, "gl", is_exact=True)
        elif kind == "cash" and entry.source in used:
            yield Dated(Life(change), change.at_us, "ar")
        used.add(entry.source)


class Move(msgspec.Struct, frozen=True):
    """Money that left the processor."""

    amount_minor: int
    at_us: int


def _money_left(facts: Facts) -> dict[str, list[Move]]:
    """Return what was refunded and what banks took back, by transaction."""
    found: dict[str, list[Move]] = {}
    payments = facts.lives("payment", "payment")
    for kind in ("refund", "dispute"):
        for life in facts.lives(kind, "payment").values():
            payment = payments.get(life.document.payment)
            if payment is not None:
                found.setdefault(payment.txn, []).append(Move(life.document.amount_minor, life.created_us))
    return found


def _nearest(facts: Facts, change: Changed, moves: list[Move]) -> Dated:
    """Return the entry with that of several moves of one amount whose day it has, or with the last one."""
    entry: Entry = document_of(change)
    zone = facts.zones.get(entry.entity, "UTC")
    own = [move for move in moves if local_date(move.at_us, zone) == entry.business_date]
    return Dated(Life(change), (own or moves)[-1].at_us, "ar", is_exact=True)


def _debited(entry: Entry) -> int:
    return sum([row.amount_minor for row in entry.postings if row.amount_minor > 0])


def _given_up(facts: Facts) -> dict[str, int]:
    """Return when billing gave up an invoice: of each request that books its loss, and the first of a transaction.

    A contract's invoices may be its own or its customer's transactions in one system and in the other.
    """
    found: dict[str, int] = {}
    lives = facts.lives("invoice", "billing")
    for life in lives.values():
        if "written_off" in life.entered:
            found[life.txn] = min(life.entered["written_off"], found.get(life.txn, life.entered["written_off"]))
    for change in facts.history.changes("invoice"):
        billed = lives.get(base_of(document_of(change).ref)) if change.system in ERPS else None
        if billed is not None and "written_off" in billed.entered:
            found[change.cause] = billed.entered["written_off"]
    return found


class _Closings:
    """When the accounting periods of each entity and module were closed."""

    def __init__(self, facts: Facts) -> None:
        self._periods: dict[tuple[str, str], dict[tuple[date, date], list[Changed]]] = {}
        for change in facts.history.changes("period", "erp"):
            period: Period = document_of(change)
            own = self._periods.setdefault((period.entity, period.module), {})
            own.setdefault((period.start, period.end), []).append(change)

    def moved(self, dated: Dated, today: date) -> bool:
        """Tell whether a document had to be dated later: the period of each day before its own was closed then."""
        document = dated.life.first_document
        periods = self._periods.get((document.entity, dated.module), {})
        if document.business_date <= today:
            return False
        own = [span for span in periods if span[0] < document.business_date and today < span[1]]
        return bool(own) and all(self._is_closed(periods[span], dated.life.created_us) for span in own)

    def was_closed(self, dated: Dated, day: date) -> bool:
        """Tell whether the period of a day was closed at some time before a document of it was written."""
        document, at_us = dated.life.first_document, dated.life.created_us
        return any(
            start <= day < end and change.status in _CLOSED and change.at_us <= at_us
            for module in {"gl", dated.module}
            for (start, end), changes in self._periods.get((document.entity, module), {}).items()
            for change in changes
        )

    @staticmethod
    def _is_closed(changes: list[Changed], at_us: int) -> bool:
        done = bisect_right(changes, at_us, key=attrgetter("at_us"))
        return done > 0 and changes[done - 1].status in _CLOSED
