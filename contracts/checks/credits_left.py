"""Credits left: an invoice is not given up while a credit of it has something left that settles a part of it (M17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contracts.checks.facts import Facts
from contracts.checks.lives import document_of, invoice_of
from contracts.checks.verdict import Tally
from domain.calendar import HOUR_US
from domain.history import Changed
from domain.money import said

SEEN_US = HOUR_US
"""A credit younger than this when its invoice is given up may be unknown to who gives it up: lists lag."""

Walks = Mapping[str, Sequence[Changed]]


def credits_are_used(tally: Tally, facts: Facts) -> None:
    """Find invoices that were given up beside a credit of them that was there before, and that nobody ever used."""
    for system in ("billing", "erp"):
        noted = _by_invoice(facts, system)
        for change in facts.history.changes("invoice", system):
            if change.status != "written_off" or change.before == "written_off" or change.id not in noted:
                continue
            tally.examined += 1
            if not facts.is_due(change.at_us) or change.txn in facts.excused:
                continue
            for walk in noted[change.id]:
                left_minor = _left(walk, change.at_us)
                if left_minor > 0 and walk[0].txn not in facts.excused:
                    _unused(tally, facts, change, walk[-1], left_minor)


def _unused(tally: Tally, facts: Facts, lost: Changed, credit: Changed, left_minor: int) -> None:
    invoice = facts.lives("invoice", lost.system)[lost.id]
    name = f"{credit.system} credit_memo {credit.id}"
    left = said(left_minor, invoice_of(invoice).currency)
    sentence = f"{invoice.name} was given up, and of its {name} {left} is left that nobody used for it"
    tally.violation(invoice.txn, sentence, lost, credit, entities=(invoice.name, name))


def _by_invoice(facts: Facts, system: str) -> dict[str, list[Sequence[Changed]]]:
    """Return the credits of each invoice of a system, each as all that became of it."""
    walks: dict[str, list[Changed]] = {}
    for change in facts.history.changes("credit_memo", system):
        walks.setdefault(change.id, []).append(change)
    found: dict[str, list[Sequence[Changed]]] = {}
    for walk in walks.values():
        if walk[-1].status != "voided":
            found.setdefault(document_of(walk[-1]).invoice, []).append(walk)
    return found


def _left(walk: Sequence[Changed], lost_us: int) -> int:
    """Return what a credit had left when its invoice was given up and has left still: it may be paid back later."""
    before = [change for change in walk if change.at_us <= lost_us - SEEN_US]
    since = [change for change in walk if change.at_us > lost_us - SEEN_US]
    return min([document_of(change).balance_minor for change in before[-1:] + since]) if before else 0
