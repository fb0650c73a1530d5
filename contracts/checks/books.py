"""The documents of the ERP: each is in its ledger, dated by its entity's own day, and numbered without a gap
(M20, O8, O9).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import date
from operator import attrgetter

import msgspec

from contracts.checks.facts import CAPTURED, Facts, Life, document_of, whole_of
from contracts.checks.verdict import Findings, Tally
from domain.calendar import HOUR_US, SECOND_US, local_date
from domain.history import Changed, Crashed, Fired
from domain.money import said
from domain.objects import Entry, Period

OWED = frozenset({"1100", "2150"})
"""Receivables and unapplied cash: what customers owe, less what they have on account."""
PLACES = {"card": "1050", "debit": "1050", "push": "1000"}
"""Where money stands that came by a method: with the processor, or at the bank."""
_BOOKED = {"invoice": 1, "credit_memo": -1, "cash": -1, "refund": 1}
"""The documents that are booked, and whether customers owe more or less by them. The first part of an entry's source
names them (M17 judges what is written off)."""
_AFTERMATH_US = HOUR_US
"""How long a process that came back may need for what it had begun."""
_CLOSED = frozenset({"soft_closed", "closed", "locked"})


def documents_are_booked(facts: Facts) -> Findings:
    """Every document of the ERP has one entry in the ledger, over its amount, and every such entry has its document.

    Cash of ours stands where its money came to: at the processor, or at the bank.
    """
    tally = Tally("M20")
    entries, homes = _entries(facts)
    for kind in _BOOKED:
        for life in facts.lives(kind, "erp").values():
            if life.is_seeded or (getattr(life.document, "entity", "") not in homes and kind != "refund"):
                continue  # what was there before has opening entries; some systems have no ledger of their own
            tally.examined += 1
            booked = entries.pop((kind, life.id), [])
            problem = _entry_problem(life, kind, booked) or _place_problem(facts, life, booked)
            if problem:
                tally.violation(life.txn, f"{life.name} {problem}", life.first, entities=(life.name,))
    for (kind, number), found in entries.items():
        tally.examined += 1
        if number not in facts.lives(kind, "erp"):
            sentence = f"entry {found[0].id} books {kind} {number}, which is not there"
            tally.violation(found[0].txn, sentence, found[0], entities=(f"erp entry {found[0].id}",))
    return tally.findings()


def _entries(facts: Facts) -> tuple[dict[tuple[str, str], list[Changed]], set[str]]:
    """Return the entries by the document that they book, and the entities that have a ledger."""
    found: dict[tuple[str, str], list[Changed]] = {}
    homes: set[str] = set()
    for change in facts.history.changes("entry", "erp"):
        if change.before:
            continue
        entry: Entry = document_of(change)
        homes.add(entry.entity)
        prefix, _, number = entry.source.partition("/")
        if prefix in _BOOKED:
            found.setdefault((prefix, number), []).append(change)
    return found, homes


def _entry_problem(life: Life, kind: str, booked: list[Changed]) -> str:
    """Return what is wrong with the entries of a document; cash has one more for each time that more of it is used."""
    if len(booked) != 1 and not (booked and kind == "cash"):
        return f"has {len(booked)} entries in the ledger" if booked else "has no entry in the ledger"
    entries: list[Entry] = [document_of(change) for change in booked]
    names, document = " and ".join([entry.id for entry in entries]), life.first_document
    currencies = {entry.currency for entry in entries} - {document.currency}
    if currencies:
        return f"is in {document.currency}, its entry {names} in {', '.join(sorted(currencies))}"
    amount = document.amount_minor if kind in ("cash", "refund") else document.total_minor
    rows = [posting for entry in entries for posting in entry.postings if posting.account in OWED]
    owed = _BOOKED[kind] * sum([posting.amount_minor for posting in rows])
    if owed == amount:
        return ""
    return f"is over {said(amount, document.currency)}, its entry {names} books {said(owed, document.currency)}"


def _place_problem(facts: Facts, life: Life, booked: list[Changed]) -> str:
    """Return what is wrong with the account on which cash stands; how another integration keeps it is its own affair.

    What came by card or debit is with the processor until a payout brings it, so the payouts must find it there.
    """
    payment = facts.lives("payment", "payment").get(life.document.ref) if life.last.kind == "cash" else None
    if payment is None or not facts.context.inside:
        return ""
    method, entry = payment.document.method, document_of(booked[0])
    there = sum([posting.amount_minor for posting in entry.postings if posting.account == PLACES[method]])
    if there == life.first_document.amount_minor:
        return ""
    return f"came by {method}, and its entry {entry.id} does not book it on account {PLACES[method]}"


# --- days -----------------------------------------------------------------------------------------------------------


class Dated(msgspec.Struct, frozen=True):
    """A document with a date, the instant of its cause, and the module whose period takes it."""

    life: Life
    cause_us: int
    module: str


_WON = frozenset({"won"})


def dates_are_local(facts: Facts) -> Findings:
    """A document is dated by the day of its legal entity: its cause's to its own, or later if that is closed."""
    tally = Tally("O8")
    closings, away, lags = _Closings(facts), facts.once(_away), facts.once(_lags)
    for dated in _dated(facts):
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

    @staticmethod
    def _is_closed(changes: list[Changed], at_us: int) -> bool:
        done = bisect_right(changes, at_us, key=attrgetter("at_us"))
        return done > 0 and changes[done - 1].status in _CLOSED


# --- numbers --------------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"(.*?)(\d+)")


def numbers_are_gapless(facts: Facts) -> Findings:
    """The invoices of an entity are numbered one after another: no number is missing, none is there twice."""
    tally = Tally("O9")
    last: dict[tuple[str, str], tuple[int, Life]] = {}
    for life in facts.lives("invoice", "erp").values():
        document = life.first_document
        match = _NUMBER.fullmatch(document.number)
        if match is None:
            continue
        tally.examined += 1
        series, number = (document.entity, match.group(1)), int(match.group(2))
        before = last.get(series)
        last[series] = (number, life)
        if before is not None and number != before[0] + 1:
            sentence = f"invoice {document.number} of {document.entity} follows {before[1].first_document.number}"
            tally.violation(life.txn, sentence, before[1].first, life.first, entities=(before[1].name, life.name))
    return tally.findings()
