"""Charging: a customer is charged what is due of an invoice, and nothing while they dispute it (M22)."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.checks.facts import ERPS, Facts, base_of
from contracts.checks.lives import Life, document_of
from contracts.checks.verdict import Findings, Tally
from domain.calendar import HOUR_US
from domain.history import Attempted, Changed
from domain.money import said

_READ_US = HOUR_US
"""How far what was read of an invoice may lie behind when its charge is first sent."""

Walks = Mapping[str, list[Changed]]


def charges_are_due(facts: Facts) -> Findings:
    """A charge that succeeds asks no more than was due of its invoice, and nothing while its customer disputes it.

    Money that customers push is their own doing, whenever they were asked for it.
    """
    tally = Tally("M22")
    billed, posted, sent_us = _billed(facts), _posted(facts), _sent(facts)
    for life in facts.lives("payment", "payment").values():
        payment = life.document
        if payment.ref not in billed:
            continue
        tally.examined += 1
        if not payment.captured_minor or not life.first.cause.startswith("r"):
            continue
        start_us = sent_us.get(life.first.cause, life.created_us) - _READ_US
        seen = _between(billed[payment.ref], start_us, life.created_us)
        books = _between(posted.get(payment.ref, []), start_us, life.created_us)
        problem = _more_than_due(life, seen) or _disputed(books)
        if problem:
            asked = said(life.first_document.amount_minor, payment.currency)
            sentence = f"payment {life.id} charged {asked} for {payment.ref}, {problem}"
            tally.violation(life.txn, sentence, *seen[-1:], *books[-1:], life.first, entities=(f"payment {life.id}",))
    return tally.findings()


def _more_than_due(life: Life, seen: list[Changed]) -> str:
    due_minor = max([document_of(change).balance_minor for change in seen], default=None)
    if due_minor is None or life.first_document.amount_minor <= due_minor:
        return ""
    return f"of which {said(due_minor, life.document.currency)} was due"


def _disputed(books: list[Changed]) -> str:
    is_disputed = bool(books) and all(change.status == "disputed" for change in books)
    return "which its customer disputed" if is_disputed else ""


def _between(walk: list[Changed], start_us: int, end_us: int) -> list[Changed]:
    """Return what a document was like at an instant, and every change from then to another."""
    before = [change for change in walk if change.at_us <= start_us][-1:]
    return before + [change for change in walk if start_us < change.at_us <= end_us]


def _billed(facts: Facts) -> Walks:
    found: dict[str, list[Changed]] = {}
    for change in facts.history.changes("invoice", "billing"):
        found.setdefault(change.id, []).append(change)
    return found


def _posted(facts: Facts) -> Walks:
    found: dict[str, list[Changed]] = {}
    for change in facts.history.changes("invoice"):
        if change.system in ERPS:
            found.setdefault(base_of(document_of(change).ref), []).append(change)
    return found


def _sent(facts: Facts) -> dict[str, int]:
    """Return when what a request asks was first sent, by its number: under its key, or while nothing came through.

    An outage keeps what was decided before it waiting.
    """
    found: dict[str, int] = {}
    first_us: dict[str, int] = {}
    since_us = until_us = -_READ_US  # the latest time in which calls came to nothing
    for attempt in facts.history.of(Attempted):
        if attempt.system != "payment":
            continue
        is_late = attempt.sent_us <= until_us + _READ_US
        if _is_unanswered(attempt):
            since_us, until_us = (since_us if is_late else attempt.sent_us), attempt.at_us
        asked_us = min(since_us, attempt.sent_us) if is_late else attempt.sent_us
        found[attempt.number] = first_us.setdefault(attempt.key or attempt.number, asked_us)
    return found


def _is_unanswered(attempt: Attempted) -> bool:
    return attempt.outcome == "unknown" or attempt.status >= 500 or attempt.status == 429
