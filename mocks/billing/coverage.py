"""Coverage: which days of each charge are billed by which line, and what must be credited and charged to set it right.

Whatever happens to a subscription, its terms change first; then the days that its bill should cover are compared with
the days that its lines do cover. What is covered wrongly is credited, what is missing is charged. So coverage tiles
the life of every charge after every operation, in whatever order amendments arrive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction

import msgspec

from domain.calendar import Interval
from domain.objects import Line
from domain.proration import DayCount, ProrationPolicy, prorate_minor, ratio
from domain.rounding import Rounding, round_ratio
from mocks.billing.terms import Price, Segment

Span = tuple[date, date]


class Cover(msgspec.Struct, frozen=True, gc=False):
    """A billed line and the spans of its period that no credit has taken back."""

    line: Line
    invoice: str
    live: tuple[Span, ...]
    price: Price


class CreditPart(msgspec.Struct, frozen=True, gc=False):
    """The unused part of a billed line, to be credited."""

    line: Line
    invoice: str
    start: date
    end: date
    amount_minor: int


class Difference(msgspec.Struct, frozen=True):
    """What sets the coverage of one charge right: credits, missing segments, and the covers that remain."""

    credits: tuple[CreditPart, ...]
    missing: tuple[Segment, ...]
    covers: tuple[Cover, ...]


def without(spans: Iterable[Span], taken: Iterable[Span]) -> tuple[Span, ...]:
    """Return what is left of sorted spans when other spans are taken out."""
    left = list(spans)
    for start, end in taken:
        left = [piece for span in left for piece in _cut(span, start, end)]
    return tuple(left)


def _cut(span: Span, start: date, end: date) -> list[Span]:
    low, high = span
    if end <= low or high <= start:
        return [span]
    pieces = []
    if low < start:
        pieces.append((low, start))
    if end < high:
        pieces.append((end, high))
    return pieces


def _shared(span: Span, start: date, end: date) -> Span | None:
    low, high = max(span[0], start), min(span[1], end)
    return (low, high) if low < high else None


def difference(
    covers: tuple[Cover, ...],
    due: list[Segment],
    since: date,
    credited: Mapping[str, int],
    policy: ProrationPolicy,
    charges: bool = True,
) -> Difference:
    """Compare what is covered from `since` on with what is due; `credited` is what lines have given back so far.

    A span is right when a due segment of the same price and the same full period contains it. Without `charges`
    nothing is missing (the vendor's unbilled charges): later differences find it again.
    """
    kept: list[Cover] = []
    parts: list[CreditPart] = []
    good: list[Span] = []
    for cover in covers:
        right = [span for segment in due if _same(cover, segment) for span in _inside(cover.live, segment)]
        wrong = without((span for live in cover.live if (span := _from(live, since))), right)
        good.extend(right)
        if not wrong:
            kept.append(cover)
            continue
        parts.extend(_parts(cover, wrong, credited, policy))
        live = without(cover.live, wrong)
        if live:
            kept.append(Cover(cover.line, cover.invoice, live, cover.price))
    missing = [piece for segment in due for piece in _missing(segment, good, since)] if charges else []
    return Difference(tuple(parts), tuple(missing), tuple(kept))


def _same(cover: Cover, segment: Segment) -> bool:
    return cover.price == segment.price and cover.line.full_start == segment.full_start


def _inside(live: tuple[Span, ...], segment: Segment) -> list[Span]:
    return [shared for span in live if (shared := _shared(span, segment.start, segment.end))]


def _from(span: Span, since: date) -> Span | None:
    return _shared(span, since, span[1])


def _missing(segment: Segment, good: list[Span], since: date) -> list[Segment]:
    start = max(segment.start, since)
    if start >= segment.end:
        return []
    if not good and start == segment.start:
        return [segment]
    return [
        Segment(segment.price, low, high, segment.full_start, segment.full_end)
        for low, high in without([(start, segment.end)], good)
    ]


def _parts(
    cover: Cover, wrong: tuple[Span, ...], credited: Mapping[str, int], policy: ProrationPolicy
) -> list[CreditPart]:
    line, given = cover.line, credited.get(cover.line.id, 0)
    parts = []
    for start, end in wrong:
        amount = min(credit_amount(line, start, end, policy), line.amount_minor - given)
        given += amount
        parts.append(CreditPart(line, cover.invoice, start, end, amount))
    return parts


def charge_amount(segment: Segment, policy: ProrationPolicy) -> int:
    """Return what a segment costs in minor units, rounded once."""
    full_minor = segment.price.full_minor
    if segment.start == segment.full_start and segment.end == segment.full_end:
        return full_minor
    if _plain(policy):
        used, whole = _days(segment.start, segment.end), _days(segment.full_start, segment.full_end)
        return (2 * full_minor * used + whole) // (2 * whole)
    return prorate_minor(
        full_minor, policy, Interval(segment.start, segment.end), Interval(segment.full_start, segment.full_end)
    )


def credit_amount(line: Line, start: date, end: date, policy: ProrationPolicy) -> int:
    """Return the share of a billed line that a part of its period takes back, before any cap."""
    assert line.period_start is not None, "only recurring lines are cut"
    assert line.period_end is not None, "only recurring lines are cut"
    assert line.full_start is not None, "only recurring lines are cut"
    assert line.full_end is not None, "only recurring lines are cut"
    if start == line.period_start and end == line.period_end:
        return line.amount_minor
    if _plain(policy):
        used, whole = _days(start, end), _days(line.period_start, line.period_end)
        return (2 * line.amount_minor * used + whole) // (2 * whole)
    full = Interval(line.full_start, line.full_end)
    billed = ratio(policy, Interval(line.period_start, line.period_end), full)
    if billed == 0:
        return 0
    share = min(ratio(policy, Interval(start, end), full) / billed, Fraction(1))
    return round_ratio(line.amount_minor * share, policy.rounding)


def _plain(policy: ProrationPolicy) -> bool:
    return policy.day_count is DayCount.ACT_ACT and policy.rounding is Rounding.HALF_UP


def _days(start: date, end: date) -> int:
    return end.toordinal() - start.toordinal()
