"""Terms: what each charge of a subscription costs from when to when, and which billing periods that makes due.

Pure arithmetic on values. A change from a day on replaces all terms from that day on; the diff with what was billed
is made in `coverage.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache

import msgspec

from domain.calendar import Cadence, Unit


class Price(msgspec.Struct, frozen=True, gc=False):
    """What a charge costs: `quantity` units at `unit_minor` per full period of `months` months: `full_minor`.

    A metered charge is billed for what was used, after each period: its quantity is 0.
    """

    quantity: int
    unit_minor: int
    months: int
    full_minor: int
    metered: bool = False


def per_unit(quantity: int, unit_minor: int, months: int) -> Price:
    """Return what so many units cost at a price for one."""
    return Price(quantity, unit_minor, months, quantity * unit_minor)


class Term(msgspec.Struct, frozen=True, gc=False):
    """A price that holds for a charge from `start` to `end` (exclusive, None while open)."""

    sku: str
    price: Price
    start: date
    end: date | None = None


class Segment(msgspec.Struct, frozen=True, gc=False):
    """A part of one full billing period, to be billed at one price."""

    price: Price
    start: date
    end: date
    full_start: date
    full_end: date


def replaced_from(terms: tuple[Term, ...], day: date, wanted: Mapping[str, Price]) -> tuple[Term, ...]:
    """Return the terms with everything from `day` on replaced by `wanted`.

    Terms that start on `day` or later vanish, running ones end there, and a price that merely goes on keeps its term.
    """
    kept: list[Term] = []
    going_on: set[str] = set()
    for term in terms:
        if term.start >= day:
            continue
        if term.end is None or term.end >= day:
            if wanted.get(term.sku) == term.price:
                going_on.add(term.sku)
                kept.append(Term(term.sku, term.price, term.start) if term.end is not None else term)
                continue
            kept.append(Term(term.sku, term.price, term.start, day))
        else:
            kept.append(term)
    kept.extend(Term(sku, price, day) for sku, price in wanted.items() if sku not in going_on)
    return tuple(sorted(kept, key=_start))


def changed(terms: tuple[Term, ...], days: Mapping[str, date], wanted: Mapping[str, Price]) -> tuple[Term, ...]:
    """Return the terms with each charge replaced from its own day on; charges that `days` does not name stay."""
    result = [term for term in terms if term.sku not in days]
    for sku, day in days.items():
        own = tuple([term for term in terms if term.sku == sku])
        result.extend(replaced_from(own, day, {sku: wanted[sku]} if sku in wanted else {}))
    return tuple(sorted(result, key=_start))


def _start(term: Term) -> date:
    return term.start


def prices_at(terms: tuple[Term, ...], day: date) -> dict[str, Price]:
    """Return the price of each charge that holds on `day`."""
    return {t.sku: t.price for t in terms if t.start <= day and (t.end is None or day < t.end)}


def moved(terms: tuple[Term, ...], start: date) -> tuple[Term, ...]:
    """Return the terms of a subscription that has not begun, beginning on another day."""
    return tuple([Term(term.sku, term.price, start) for term in terms])


@lru_cache(maxsize=64)
def _cadence(months: int) -> Cadence:
    return Cadence(Unit.MONTH, months)


@lru_cache(maxsize=4_096)
def boundary(anchor: date, months: int, steps: int) -> date:
    """Return the first day of the `steps`-th period of so many months, counted from the anchor."""
    return _cadence(months).boundary(anchor, steps)


def steps_to(anchor: date, months: int, day: date) -> int:
    """Return the number of the period that holds `day`."""
    steps = ((day.year - anchor.year) * 12 + day.month - anchor.month) // months
    return steps - 1 if boundary(anchor, months, steps) > day else steps


def segments(term: Term, anchor: date, since: date, until: date) -> Iterator[Segment]:
    """Yield the billing periods of a term that end after `since`, cut to the term and to `until`, in order.

    Periods are counted from the subscription's `anchor`, whatever day the term starts on.
    """
    end = until if term.end is None or term.end > until else term.end
    first = since if since > term.start else term.start
    if first >= end:
        return
    months = term.price.months
    steps = steps_to(anchor, months, first)
    full_start = boundary(anchor, months, steps)
    while full_start < end:
        steps += 1
        full_end = boundary(anchor, months, steps)
        start = term.start if term.start > full_start else full_start
        yield Segment(term.price, start, full_end if full_end < end else end, full_start, full_end)
        full_start = full_end


def due_segments(term: Term, anchor: date, since: date, until: date, today: date) -> list[Segment]:
    """Return the segments whose bill day (their first day: billing is in advance) has come by `today`."""
    due = []
    for segment in segments(term, anchor, since, until):
        if segment.start > today:
            break
        due.append(segment)
    return due


def next_bill_day(terms: tuple[Term, ...], anchor: date, until: date, today: date) -> date | None:
    """Return the first day after `today` on which something of the terms falls due, or None."""
    days = [day for term in terms if (day := _next_day(term, anchor, until, today)) is not None]
    return min(days, default=None)


def _next_day(term: Term, anchor: date, until: date, today: date) -> date | None:
    end = until if term.end is None or term.end > until else term.end
    if today < term.start < end:
        return term.start
    if today >= end:
        return None
    months = term.price.months
    day = boundary(anchor, months, steps_to(anchor, months, today) + 1)
    return day if day < end else None


def next_boundary(anchor: date, months: int, day: date) -> date:
    """Return the first period boundary on or after `day`."""
    steps = steps_to(anchor, months, day)
    at = boundary(anchor, months, steps)
    return at if at == day else boundary(anchor, months, steps + 1)
