"""The documents of the ERP: each is in its ledger, and its invoices are numbered without a gap (M20, O9)."""

from __future__ import annotations

import re
from typing import Any

from contracts.checks.facts import Facts
from contracts.checks.lives import Life, document_of
from contracts.checks.verdict import Findings, Tally
from domain.history import Changed
from domain.money import said
from domain.objects import Entry

OWED = frozenset({"1100", "2150"})
"""Receivables and unapplied cash: what customers owe, less what they have on account."""
PLACES = {"card": "1050", "debit": "1050", "push": "1000"}
"""Where money stands that came by a method: with the processor, or at the bank."""
_BOOKED = {"invoice": 1, "credit_memo": -1, "cash": -1, "refund": 1}
"""The documents that are booked, and whether customers owe more or less by them. The first part of an entry's source
names them (M17 judges what is written off)."""


def documents_are_booked(facts: Facts) -> Findings:
    """Every document of the ERP has one entry in the ledger, of its amount and its day; each entry has its document.

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
        return _other_day(document, entries[0])
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


def _other_day(document: Any, entry: Entry) -> str:
    day = getattr(document, "business_date", entry.business_date)  # a refund has none of its own (O8)
    return "" if entry.business_date == day else f"is dated {day}, its entry {entry.id} {entry.business_date}"


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
