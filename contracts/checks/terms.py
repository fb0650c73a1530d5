"""Terms: what a subscription should cost on each day, folded from its quote and its amendments, and what billing did.

The fold is independent of billing: it starts from the accepted quote (or from what was there when the run began) and
applies the booked amendments by (effective date, sequence), whatever order they arrived in. `Line` periods come from
billing; whatever a credit took back is cut out of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cached_property

import msgspec

from contracts.checks.facts import BOOKED, Facts
from contracts.checks.lives import Life, quote_of, subscription_of
from contracts.checks.sides import Side, charged, taken_back
from domain.calendar import add_months, local_date
from domain.objects import Line, Quote

FOREVER = date.max
OPEN = frozenset({"active", "suspended", "pending_cancel", "trialing", "expired", "renewed", "cancelled"})
"""Statuses of a subscription whose terms have begun (or have run their course)."""


class Price(msgspec.Struct, frozen=True, gc=False):
    """What a charge costs: `quantity` units at `unit_minor` for a full billing period of so many months."""

    quantity: int
    unit_minor: int
    months: int = 12


class Span(msgspec.Struct, frozen=True, gc=False):
    """A price of one charge from `start` to `end` (exclusive)."""

    start: date
    end: date
    price: Price


Spans = tuple[Span, ...]
Days = tuple[date, date]
ENDING = frozenset({"cancel", "notice"})
"""Kinds of amendments that end a subscription."""


class Piece(msgspec.Struct, frozen=True, gc=False):
    """A part of a billed line that no credit has taken back."""

    start: date
    end: date
    line: Line
    invoice: Life


def set_from(spans: Spans, day: date, price: Price | None) -> Spans:
    """Return the spans with another price (None: nothing) from a day on."""
    kept = [Span(s.start, min(s.end, day), s.price) for s in spans if s.start < day]
    if price is not None and price.quantity:
        kept.append(Span(day, FOREVER, price))
    return joined(kept)


def joined(spans: Iterable[Span]) -> Spans:
    """Return the spans in order, neighbours of one price made one, empty ones left out."""
    result: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if span.start >= span.end or not span.price.quantity:
            continue
        last = result[-1] if result else None
        if last is not None and last.price == span.price and last.end == span.start:
            result[-1] = Span(last.start, span.end, span.price)
        else:
            result.append(span)
    return tuple(result)


def clipped(spans: Spans, start: date, end: date) -> Spans:
    """Return what lies within [start, end)."""
    return joined(Span(max(s.start, start), min(s.end, end), s.price) for s in spans)


def without(spans: Spans, rests: Iterable[Days]) -> Spans:
    """Return the spans without the days on which the subscription rests."""
    left = list(spans)
    for start, end in rests:
        halves = [(Span(s.start, min(s.end, start), s.price), Span(max(s.start, end), s.end, s.price)) for s in left]
        left = [half for pair in halves for half in pair if half.start < half.end]
    return tuple(sorted(left, key=lambda span: span.start))


def price_on(spans: Spans, day: date) -> Price | None:
    """Return the price that holds on a day, or None."""
    for span in spans:
        if span.start <= day < span.end:
            return span.price
    return None


class Terms:
    """The terms of one subscription: expected, actual, and whether an amendment is still under way."""

    def __init__(
        self, life: Life, base: dict[str, Spans], amendments: list[Quote], unsettled: bool, last: date
    ) -> None:
        self.life = life
        self.subscription = subscription_of(life)
        self.amendments = amendments
        self.unsettled = unsettled
        self.last = last  # the first day that is not judged
        self.rests = _rests(amendments)
        self.base = base

    @cached_property
    def billed_to(self) -> date:
        """The first day whose billing is not judged: what was paid ahead stays paid when nothing is refunded."""
        ends = [q.effective_date for q in self.amendments if q.kind == "amend" and q.refund == "none"]
        days = [max(day, self.subscription.start) for day in ends if day is not None]
        return min([self.last, *days])

    @cached_property
    def expected(self) -> dict[str, Spans]:
        """The independent fold of the amendments, by sku."""
        spans, start = dict(self.base), self.subscription.start
        for quote in self.amendments:
            assert quote.effective_date is not None, "amendments without a date are left out"
            day = max(quote.effective_date, start)
            if quote.amendment_kind in ENDING:
                spans = {sku: set_from(own, self._end_of(own, day, quote.refund), None) for sku, own in spans.items()}
                break
            for delta in quote.deltas:
                if delta.months or not delta.quantity:
                    price = Price(delta.quantity, delta.unit_minor, delta.months)
                    spans[delta.sku] = set_from(spans.get(delta.sku, ()), day, price)
        return self._clip(spans)

    @cached_property
    def actual(self) -> dict[str, Spans]:
        """What billing holds, by sku."""
        found: dict[str, list[Span]] = {}
        for item in self.subscription.items:
            if item.kind == "recurring":
                price = Price(item.quantity, item.unit_minor, item.months)
                found.setdefault(item.sku, []).append(Span(item.start, item.end or FOREVER, price))
        return self._clip({sku: joined(spans) for sku, spans in found.items()})

    def _clip(self, spans: dict[str, Spans]) -> dict[str, Spans]:
        cut = {sku: without(clipped(own, self.subscription.start, self.last), self.rests) for sku, own in spans.items()}
        return {sku: own for sku, own in cut.items() if own}

    def _end_of(self, spans: Spans, day: date, refund: str) -> date:
        """Return the day from which a charge is taken back by a cancellation: with a full refund, its whole period."""
        held = next((span for span in spans if span.start <= day < span.end), None)
        if refund != "full" or held is None:
            return day
        return max(held.start, _period_start(self.subscription.start, held.price.months, day))


def _rests(amendments: Iterable[Quote]) -> list[Days]:
    """Return the days of the pauses among some amendments, ends exclusive."""
    return [
        (quote.effective_date, quote.resume_date)
        for quote in amendments
        if quote.amendment_kind == "pause" and quote.effective_date and quote.resume_date
    ]


def _period_start(anchor: date, months: int, day: date) -> date:
    """Return the first day of the billing period of so many months, counted from an anchor, that holds a day."""
    steps = ((day.year - anchor.year) * 12 + day.month - anchor.month) // months
    start = add_months(anchor, steps * months)
    return start if start <= day else add_months(anchor, (steps - 1) * months)


def terms_of(facts: Facts) -> dict[str, Terms]:
    """Return the terms of every subscription whose beginning is known, by id. Worked out once per history."""
    return facts.once(_all_terms)


def _all_terms(facts: Facts) -> dict[str, Terms]:
    amendments: dict[str, list[Life]] = {}
    for life in facts.accepted.values():
        quote = quote_of(life)
        if quote.kind == "amend" and quote.subscription and quote.effective_date:
            amendments.setdefault(quote.subscription, []).append(life)
    found = {}
    for key, life in facts.lives("subscription", "billing").items():
        base = _base(facts, life)
        if base is not None and life.status in OPEN:
            found[key] = _terms(facts, life, base, amendments.get(key, []))
    return found


def _terms(facts: Facts, life: Life, base: dict[str, Spans], amendments: list[Life]) -> Terms:
    subscription = subscription_of(life)
    today = local_date(facts.context.horizon_us, facts.zones.get(subscription.entity, "UTC"))
    chosen, unsettled = [], False
    for amendment in amendments:
        quote = quote_of(amendment)
        assert quote.effective_date is not None, "chosen by _all_terms"
        if quote.effective_date >= today:
            # Of the days that are judged it changes none, unless it gives back a whole period that began before it.
            unsettled |= quote.refund == "full" and amendment.id in subscription.applied
            continue
        orders = facts.orders.get(amendment.id)
        if not orders:
            continue
        has_had_time = _has_had_time(facts, orders[0], quote)
        unsettled |= not has_had_time or amendment.txn in facts.excused
        is_wanted = orders[0].status != "cancelled" and amendment.txn not in facts.seen_by_people
        if amendment.id in subscription.applied or (has_had_time and is_wanted):
            chosen.append(quote)
    chosen.sort(key=lambda quote: (quote.effective_date, quote.sequence))
    last = today if subscription.status == "cancelled" else min(today, subscription.term_end)
    return Terms(life, base, chosen, unsettled, last)


def _has_had_time(facts: Facts, order: Life, quote: Quote) -> bool:
    """Tell whether a booked amendment must have reached billing by the end of the run."""
    booked_us = order.since(BOOKED)
    if booked_us is None or quote.effective_date is None:
        return False
    settled = local_date(max(0, facts.context.horizon_us - facts.settle_us), facts.zones.get(quote.entity, "UTC"))
    return facts.is_due(booked_us) and (quote.resume_date or quote.effective_date) < settled


def _base(facts: Facts, life: Life) -> dict[str, Spans] | None:
    """Return the terms before any amendment: those of the accepted quote, or what the run began with."""
    if life.is_seeded:
        spans: dict[str, list[Span]] = {}
        for item in life.first_document.items:
            if item.kind == "recurring":
                price = Price(item.quantity, item.unit_minor, item.months)
                spans.setdefault(item.sku, []).append(Span(item.start, item.end or FOREVER, price))
        return {sku: joined(own) for sku, own in spans.items()}
    quote = facts.accepted_by_txn.get(life.txn)
    if quote is None or quote_of(quote).kind == "amend":
        return None
    start = subscription_of(life).start
    return {
        line.sku: joined([Span(start, FOREVER, Price(line.quantity, line.unit_minor, line.months))])
        for line in quote_of(quote).lines
        if line.kind == "recurring" and not line.parent
    }


# --- what was billed ------------------------------------------------------------------------------------------------


class Billed:
    """What billing invoiced for one charge of one subscription: its lines, and the credits that took parts back."""

    def __init__(self) -> None:
        self.lines: list[tuple[Line, Side]] = []
        self.credits: dict[tuple[str, str], list[tuple[Line, Life]]] = {}

    def pieces(self) -> list[Piece]:
        """Return the parts of lines that nothing took back, by start."""
        found: list[Piece] = []
        for line, side in self.lines:
            assert line.period_start is not None, "only lines with a period are kept"
            assert line.period_end is not None, "only lines with a period are kept"
            taken = [
                (credit.period_start, credit.period_end) for credit, _ in self.credits.get((side.invoice, line.id), [])
            ]
            left = [(line.period_start, line.period_end)]
            for start, end in taken:
                if start is not None and end is not None:
                    left = [part for span in left for part in _without(span, start, end)]
            found.extend(Piece(start, end, line, side.document) for start, end in left if start < end)
        found.sort(key=lambda piece: (piece.start, piece.end))
        return found


def _without(span: tuple[date, date], start: date, end: date) -> list[tuple[date, date]]:
    low, high = span
    if end <= low or high <= start:
        return [span]
    return [part for part in ((low, max(low, start)), (min(high, end), high)) if part[0] < part[1]]


def billed_of(facts: Facts) -> dict[tuple[str, str], Billed]:
    """Return what was invoiced by (subscription, sku), recurring charges only. Worked out once per history."""
    return facts.once(_all_billed)


def _all_billed(facts: Facts) -> dict[tuple[str, str], Billed]:
    found: dict[tuple[str, str], Billed] = {}
    owners: dict[tuple[str, str], Billed] = {}
    invoices = facts.lives("invoice", "billing")
    for side in charged(facts):
        line, owner = side.line, invoices.get(side.invoice)
        subscription = owner.document.subscription if owner is not None else ""
        if line.kind == "recurring" and line.period_start is not None and line.period_end is not None and subscription:
            billed = found.setdefault((subscription, line.sku), Billed())
            billed.lines.append((line, side))
            owners[side.invoice, line.id] = billed
    for side in taken_back(facts):
        billed_line = owners.get((side.invoice, side.line.reverses))
        if billed_line is not None:
            billed_line.credits.setdefault((side.invoice, side.line.reverses), []).append((side.line, side.document))
    return found
