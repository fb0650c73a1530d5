"""Subscriptions over time: terms in order, periods without gap or overlap, amounts and prices (O2, O5, M1, M10)."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from contracts.checks.facts import Facts
from contracts.checks.lives import Life
from contracts.checks.sides import charged
from contracts.checks.terms import Billed, Piece, Price, Spans, Terms, billed_of, clipped, terms_of
from contracts.checks.verdict import Evidence, Findings, Tally
from domain.money import said
from domain.objects import Line
from domain.rounding import Rounding, round_ratio


def amendments_in_order(facts: Facts) -> Findings:
    """Every subscription ends with the terms that its amendments give in the order of (effective date, sequence)."""
    tally = Tally("O2")
    for key, terms in terms_of(facts).items():
        if not terms.amendments or terms.unsettled:
            continue
        tally.examined += 1
        for sku in sorted({*terms.expected, *terms.actual}):
            wanted, found = terms.expected.get(sku, ()), terms.actual.get(sku, ())
            if wanted != found:
                charged_as, in_order = (_told(spans, terms.subscription.currency) for spans in (found, wanted))
                sentence = f"subscription {key} charges {sku} as {charged_as}; in order it would be {in_order}"
                tally.violation(terms.life.txn, sentence, *_evidence(facts, terms), entities=(terms.life.name,))
        ends = [quote.co_term_end for quote in terms.amendments if quote.co_term_end is not None]
        if ends and terms.subscription.term_end != ends[-1]:
            sentence = f"subscription {key} ends on {terms.subscription.term_end}; it was co-termed to {ends[-1]}"
            tally.violation(terms.life.txn, sentence, *_evidence(facts, terms), entities=(terms.life.name,))
    return tally.findings()


def _evidence(facts: Facts, terms: Terms) -> list[Evidence]:
    references = {f"{quote.number}-v{quote.version}" for quote in terms.amendments}
    orders = [order for reference in references for order in facts.orders.get(reference, [])]
    return [*[order.first for order in orders], terms.life.last]


def _told(spans: Spans, currency: str) -> str:
    if not spans:
        return "nothing"
    prices = [(f"{span.price.quantity} x {said(span.price.unit_minor, currency)}", span) for span in spans]
    return ", ".join(f"{price} from {span.start} to {span.end}" for price, span in prices)


def periods_tile(facts: Facts) -> Findings:
    """The invoiced periods of a charge follow each other without gap or overlap while the charge lasts."""
    tally = Tally("O5")
    terms = terms_of(facts)
    for (subscription, sku), billed in billed_of(facts).items():
        own = terms.get(subscription)
        if own is None:
            continue
        tally.examined += 1
        pieces = billed.pieces()
        spans = own.actual.get(sku, ())
        until = spans[0].start if spans else None
        last: Piece | None = None
        for piece in pieces:
            if until is not None and piece.start < until and last is not None:
                sentence = f"{sku} of {subscription} is invoiced twice from {piece.start} to {min(piece.end, until)}"
                _report(tally, own.life, sentence, last, piece)
            elif until is not None and clipped(spans, until, piece.start):
                sentence = f"{sku} of {subscription} is not invoiced from {until} to {piece.start}"
                _report(tally, own.life, sentence, last or piece, piece)
            until, last = max(until or piece.end, piece.end), piece
    return tally.findings()


def _report(tally: Tally, life: Life, sentence: str, first: Piece, second: Piece) -> None:
    evidence = {piece.invoice.id: piece.invoice.first for piece in (first, second)}
    tally.violation(life.txn, sentence, *evidence.values(), entities=(life.name, *evidence))


def amounts_add_up(facts: Facts) -> Findings:
    """Each invoice line costs quantity x price x its share of the period, and each credit its share of its line."""
    tally = Tally("M1")
    for side in charged(facts):
        line, life = side.line, side.document
        if line.kind in ("tax", "usage"):
            continue
        tally.examined += 1
        wanted = line_amount(line)
        if wanted is not None and wanted != line.amount_minor:
            currency = life.document.currency
            sentence = (
                f"line {line.id} of {life.name} ({line.sku}) is {said(line.amount_minor, currency)}, "
                f"it should be {said(wanted, currency)}"
            )
            tally.violation(life.txn, sentence, life.first, entities=(life.name,))
    for billed in billed_of(facts).values():
        _credits_add_up(tally, billed)
    return tally.findings()


def line_amount(line: Line) -> int | None:
    """Return what a line should cost in minor units (ACT/ACT on whole days, rounded half up), None when unknown."""
    full_minor = line.quantity * line.unit_minor
    if line.period_start is None or line.period_end is None:
        return full_minor
    if line.full_start is None or line.full_end is None:
        return None
    return share_of(full_minor, line.period_start, line.period_end, line.full_start, line.full_end)


def share_of(amount_minor: int, start: date, end: date, full_start: date, full_end: date) -> int:
    """Return the part of an amount for [start, end) of [full_start, full_end), rounded half up once."""
    if (start, end) == (full_start, full_end):
        return amount_minor
    return round_ratio(Fraction(amount_minor * (end - start).days, (full_end - full_start).days), Rounding.HALF_UP)


def _credits_add_up(tally: Tally, billed: Billed) -> None:
    for line, side in billed.lines:
        given, invoice = 0, side.document
        for credit, note in billed.credits.get((side.invoice, line.id), []):
            tally.examined += 1
            left = line.amount_minor - given
            given += credit.amount_minor
            if credit.period_start is None or credit.period_end is None:
                wanted = credit.amount_minor
            else:
                assert line.period_start is not None, "billed lines have a period"
                assert line.period_end is not None, "billed lines have a period"
                wanted = share_of(
                    line.amount_minor, credit.period_start, credit.period_end, line.period_start, line.period_end
                )
            if credit.amount_minor != min(wanted, left):
                currency = note.document.currency
                sentence = (
                    f"{note.name} gives back {said(credit.amount_minor, currency)} for {line.sku} "
                    f"from {credit.period_start} to {credit.period_end}; "
                    f"it should be {said(min(wanted, left), currency)}"
                )
                tally.violation(note.txn, sentence, invoice.first, note.first, entities=(note.name, invoice.name))


def approved_prices(facts: Facts) -> Findings:
    """Every invoiced day carries the quantity and unit price of the approved quote and its amendments."""
    tally = Tally("M10")
    billed = billed_of(facts)
    by_subscription: dict[str, list[tuple[str, Billed]]] = {}
    for (subscription, sku), own in billed.items():
        by_subscription.setdefault(subscription, []).append((sku, own))
    for key, terms in terms_of(facts).items():
        if terms.unsettled:
            continue
        for sku, own in by_subscription.get(key, []):
            for piece in own.pieces():
                tally.examined += 1
                _at_price(tally, terms, sku, piece)
    return tally.findings()


def _at_price(tally: Tally, terms: Terms, sku: str, piece: Piece) -> None:
    end = min(piece.end, terms.billed_to)
    if piece.start >= end:
        return
    price = Price(piece.line.quantity, piece.line.unit_minor, piece.line.months)
    wanted = clipped(terms.expected.get(sku, ()), piece.start, end)
    if len(wanted) == 1 and wanted[0].price == price and (wanted[0].start, wanted[0].end) == (piece.start, end):
        return
    currency = piece.invoice.document.currency
    sentence = (
        f"invoice {piece.invoice.id} bills {sku} as {price.quantity} x {said(price.unit_minor, currency)} "
        f"from {piece.start} to {end}; approved was {_told(wanted, currency)}"
    )
    tally.violation(terms.life.txn, sentence, piece.invoice.first, terms.life.last, entities=(piece.invoice.name,))
