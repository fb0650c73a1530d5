"""Days of tax: each line is taxed at the rates of its own invoice's day, and goods stay what they are (M23).

A line that is credited is taxed as it was when it was charged, however long ago: rates and rules change between. What
kind goods are of while the engine's interface drifts is not judged: it may take one code for another.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.lives import Life
from contracts.checks.sides import taken_back
from contracts.checks.verdict import Findings, Tally
from domain.calendar import local_date
from domain.objects import TaxDocument, TaxLine


class Span(msgspec.Struct, frozen=True):
    """The days that an invoice may be said to be of, both ends included: whose day it is, each system says itself."""

    invoice: Life
    first: date
    last: date

    def has(self, day: date) -> bool:
        """Tell whether a day is one of them."""
        return self.first <= day <= self.last


class Taxed(msgspec.Struct, frozen=True):
    """A line of a committed document of the tax engine, and the bill in billing that it is of."""

    document: Life
    bill: Life
    line: TaxLine


def taxed_on_its_day(facts: Facts) -> Findings:
    """Tax is of the day of its invoice, also when it goes back, and a customer's goods are always of one kind."""
    tally = Tally("M23")
    goods: dict[tuple[str, str], Taxed] = {}
    for taxed in _lines(facts):
        _on_its_day(tally, facts, taxed)
        key = (taxed.bill.document.customer, taxed.line.sku)
        made_us = taxed.document.created_us
        if taxed.line.sku and not facts.context.is_drifting("tax", made_us, made_us):
            _of_one_kind(tally, goods.setdefault(key, taxed), taxed)
    return tally.findings()


def _lines(facts: Facts) -> Iterator[Taxed]:
    bills = {**facts.lives("invoice", "billing"), **facts.lives("credit_memo", "billing")}
    for code, lives in facts.tax_documents.items():
        bill = bills.get(code)
        if bill is None or bill.is_seeded:
            continue
        for life in lives:
            for line in life.document.lines if life.status == "committed" else ():
                yield Taxed(life, bill, line)


def _on_its_day(tally: Tally, facts: Facts, taxed: Taxed) -> None:
    spans = _spans_of(facts, taxed)
    if not spans or not taxed.line.tax_minor:
        return
    tally.examined += 1
    if not any(span.has(taxed.line.day) for span in spans):
        owner = spans[0]
        sentence = (
            f"{taxed.document.name} taxes {taxed.line.sku} at the rates of {taxed.line.day}; "
            f"{owner.invoice.name} is of {_said(owner)}"
        )
        entities = (taxed.document.name, owner.invoice.name)
        tally.violation(taxed.bill.txn, sentence, owner.invoice.first, taxed.document.first, entities=entities)


def _said(span: Span) -> str:
    return str(span.first) if span.first == span.last else f"{span.first} to {span.last}"


def _of_one_kind(tally: Tally, first: Taxed, taxed: Taxed) -> None:
    tally.examined += 1
    if taxed.line.goods != first.line.goods:
        sentence = (
            f"{taxed.document.name} taxes {taxed.line.sku} as {taxed.line.goods}, "
            f"{first.document.name} as {first.line.goods}"
        )
        entities = (taxed.document.name, first.document.name)
        tally.violation(taxed.bill.txn, sentence, first.document.first, taxed.document.first, entities=entities)


# --- whose day ------------------------------------------------------------------------------------------------------


def _spans_of(facts: Facts, taxed: Taxed) -> list[Span]:
    """Return the spans of the invoices whose rates a line may have; none when that is not known.

    What a net note charges may be taxed as of today or as what the note is for: it is not judged.
    """
    document: TaxDocument = taxed.document.document
    is_credit = _takes_back(document, taxed.line)
    if document.kind == "return":
        return _known(facts, {taxed.bill.document.invoice}) if is_credit else []
    if is_credit:
        return _known(facts, facts.once(_credited_by).get(taxed.bill.id, set()))
    return _known(facts, {taxed.bill.id})


def _takes_back(document: TaxDocument, line: TaxLine) -> bool:
    """Tell whether a line takes something back, or takes some of that off again.

    The parts of a line that is credited again and again bear what the line bore, to the cent, when a document takes
    back all the parts so far and charges those before it again.
    """
    return line.amount_minor < 0 or any(
        (other.sku, other.day) == (line.sku, line.day) and other.amount_minor < -line.amount_minor
        for other in document.lines
    )


def _known(facts: Facts, invoices: set[str]) -> list[Span]:
    """Return the spans of some invoices, none when one of them was there before or is not known."""
    spans = facts.once(_spans)
    return [spans[key] for key in sorted(invoices)] if invoices <= spans.keys() else []


def _credited_by(facts: Facts) -> dict[str, set[str]]:
    """Return the invoices that each net invoice takes something back of."""
    found: dict[str, set[str]] = {}
    for side in taken_back(facts):
        found.setdefault(side.document.id, set()).add(side.invoice)
    return found


def _spans(facts: Facts) -> dict[str, Span]:
    return {
        key: _span(facts, life) for key, life in facts.lives("invoice", "billing").items() if not life.is_seeded
    }  # fmt: skip


def _span(facts: Facts, invoice: Life) -> Span:
    """Return the days of an invoice: as billing and the ERP date it, and when it was drawn and its tax committed."""
    drawn_us, zone = invoice.created_us, facts.zones.get(invoice.document.entity, "UTC")
    committed = facts.tax_documents.get(invoice.id, [])
    days = {life.first_document.business_date for life in (invoice, *facts.posted.get(invoice.id, []))}
    days.add(invoice.document.business_date)
    for at_us in (drawn_us - facts.set_back_us, drawn_us, *[life.created_us for life in committed]):
        days |= {local_date(at_us, zone), local_date(at_us, "UTC")}
    return Span(invoice, min(days), max(days))
