"""Two sides of a bill: what billing charged and what it took back, on whichever document either stands.

Charges stand on invoices, and as negative lines on net credit notes, where they belong to the invoice that the note is
for. What is taken back stands on credit notes, and as negative lines on net invoices. A line that takes back names the
line it reverses. Here all amounts are positive.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.lives import Life
from domain.objects import Line


class Side(msgspec.Struct, frozen=True):
    """A line of a bill: the invoice it belongs to, the line with a positive amount, and the document it stands on."""

    invoice: str
    line: Line
    document: Life


def charged(facts: Facts) -> list[Side]:
    """Return what billing charged, taxes included, by invoice. Worked out once per history."""
    return facts.once(_charged)


def taken_back(facts: Facts) -> list[Side]:
    """Return what billing took back, taxes included, in the order in which it did. Worked out once per history."""
    return facts.once(_taken_back)


def _live(facts: Facts, kind: str) -> Iterator[Life]:
    return (life for life in facts.lives(kind, "billing").values() if life.status != "voided")


def _charged(facts: Facts) -> list[Side]:
    found = [
        Side(life.id, line, life)
        for life in _live(facts, "invoice")
        for line in life.document.lines
        if not line.reverses
    ]
    found += [
        Side(life.document.invoice, _turned(line), life)
        for life in _live(facts, "credit_memo")
        for line in life.document.lines
        if not line.reverses and line.amount_minor < 0
    ]
    return found


def _taken_back(facts: Facts) -> list[Side]:
    found = [
        Side(life.document.invoice, line, life)
        for life in _live(facts, "credit_memo")
        for line in life.document.lines
        if line.amount_minor >= 0
    ]
    net = [life for life in _live(facts, "invoice") if any(line.reverses for line in life.document.lines)]
    if net:
        owners = _owners(facts)
        found += [
            Side(owners.get((life.document.subscription, line.reverses), ""), _turned(line), life)
            for life in net
            for line in life.document.lines
            if line.reverses
        ]
        found.sort(key=lambda side: side.document.created_us)
    return found


def _owners(facts: Facts) -> dict[tuple[str, str], str]:
    """Return the invoice that each charged line belongs to, by subscription and line."""
    invoices = facts.lives("invoice", "billing")
    return {
        (invoices[side.invoice].document.subscription, side.line.id): side.invoice
        for side in charged(facts)
        if side.invoice in invoices
    }


def _turned(line: Line) -> Line:
    return msgspec.structs.replace(line, amount_minor=-line.amount_minor)
