"""Losses: what is written off is a loss in the ledger, once, and given up in billing as well (M17)."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.checks.credits_left import credits_are_used
from contracts.checks.facts import Facts, base_of
from contracts.checks.lives import Life, document_of, invoice_of
from contracts.checks.receivables import BAD_DEBT
from contracts.checks.verdict import Findings, Tally
from domain.history import Changed
from domain.money import said
from domain.objects import Entry


def losses_are_booked(facts: Facts) -> Findings:
    """What is written off is a loss in the ledger, once and to the minor unit, and given up in billing as well.

    Credits of the invoice are used for it first.
    """
    tally = Tally("M17")
    losses: dict[tuple[str, str], list[tuple[Changed, int]]] = {}
    for change in facts.history.changes("entry", "erp"):
        entry: Entry = document_of(change)
        minor = _lost(entry)
        if minor and not change.before:
            losses.setdefault((change.txn, entry.currency), []).append((change, minor))
    lost: dict[tuple[str, str], list[tuple[Life, int]]] = {}
    for life, lost_minor in given_up(facts, "erp"):
        lost.setdefault((life.txn, invoice_of(life).currency), []).append((life, lost_minor))
        _given_up_in_billing(tally, facts, life)
    for txn, currency in {**losses, **lost}:
        tally.examined += 1
        entries, invoices = losses.get((txn, currency), []), lost.get((txn, currency), [])
        booked_minor, lost_minor = sum([minor for _, minor in entries]), sum([minor for _, minor in invoices])
        if booked_minor != lost_minor:
            names = tuple(dict.fromkeys([life.name for life, _ in invoices]))
            sentence = (
                f"{', '.join(names) or 'nothing'} of {txn or 'no transaction'} was given up with "
                f"{said(lost_minor, currency)} open, the ledger knows a loss of {said(booked_minor, currency)}"
            )
            evidence = [*[life.last for life, _ in invoices], *[change for change, _ in entries]]
            tally.violation(txn, sentence, *evidence, entities=names)
    credits_are_used(tally, facts)
    return tally.findings()


def given_up(facts: Facts, system: str) -> Iterator[tuple[Life, int]]:
    """Yield the invoices of a system that were given up, each time, and how much of them that was.

    It is all that was open. The ERP's books may lose less of one: the rest is a credit's, whose memo has yet to come.
    """
    open_minor: dict[str, int] = {}
    lives = facts.lives("invoice", system)
    losses = facts.once(_losses) if system == "erp" else frozenset()
    for change in facts.history.changes("invoice", system):
        before_minor, now_minor = open_minor.get(change.id, 0), document_of(change).balance_minor
        if change.status == "written_off" and change.before != "written_off":
            yield lives[change.id], before_minor
        elif change.status == "partially_paid" and (change.cause, before_minor - now_minor) in losses:
            yield lives[change.id], before_minor - now_minor
        open_minor[change.id] = now_minor


def _losses(facts: Facts) -> frozenset[tuple[str, int]]:
    """Return the losses that the ledger knows: the request that booked it, and how much."""
    entries = [change for change in facts.history.changes("entry", "erp") if not change.before]
    losses = [(change.cause, _lost(document_of(change))) for change in entries]
    return frozenset((cause, minor) for cause, minor in losses if minor)


def _lost(entry: Entry) -> int:
    return sum([row.amount_minor for row in entry.postings if row.account == BAD_DEBT])


def _given_up_in_billing(tally: Tally, facts: Facts, life: Life) -> None:
    billed = facts.lives("invoice", "billing").get(base_of(invoice_of(life).ref))
    if billed is None or not invoice_of(billed).balance_minor:
        return
    if life.status == "written_off" or "written_off" not in billed.entered:
        sentence = f"{life.name} was given up, and {billed.name} still asks for it"
        if facts.is_due(life.last.at_us) and life.txn not in facts.excused:
            tally.violation(life.txn, sentence, life.last, billed.last, entities=(life.name, billed.name))
