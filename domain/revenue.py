"""Revenue schedules spread a price over the time in which it is earned; slices always add up to the price.

Rules (ASC 606 / IFRS 15 basics): allocation by stand-alone selling price, straight-line methods,
modification. The last slice takes the residual (0.9).
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import msgspec

from domain.calendar import DAY, Interval, days_in_month, month_of
from domain.money import allocate
from domain.rounding import Exact, Rounding, round_ratio, round_to_digits


class Slice(msgspec.Struct, frozen=True, gc=False):
    """Revenue of one period in minor units, posted on the last day of `days`."""

    days: Interval
    amount_minor: int

    @property
    def posted_on(self) -> date:
        """Return the posting date: the last day of the slice."""
        return self.days.last_day


def allocate_by_price(price_minor: int, stand_alone: Sequence[Exact]) -> tuple[int, ...]:
    """Split a transaction price over performance obligations by relative stand-alone selling price."""
    return allocate(price_minor, stand_alone)


def months_of(term: Interval) -> list[Interval]:
    """Cut a service term at calendar month ends."""
    parts, start = [], term.start
    while start < term.end:
        end = min(month_of(start).end, term.end)
        parts.append(Interval(start, end))
        start = end
    return parts


def _with_residual(total_minor: int, exact_amounts: Sequence[Fraction], mode: Rounding) -> tuple[int, ...]:
    amounts = [round_ratio(amount, mode) for amount in exact_amounts[:-1]]
    return (*amounts, total_minor - sum(amounts))


def daily(total_minor: int, parts: Sequence[Interval], mode: Rounding = Rounding.HALF_UP) -> list[Slice]:
    """Spread by days; every slice but the last rounds, the last takes the residual (R01)."""
    if not parts:
        raise ValueError("a schedule needs at least one period")
    days = sum(part.days for part in parts)
    amounts = _with_residual(total_minor, [Fraction(total_minor * part.days, days) for part in parts], mode)
    return [Slice(part, amount) for part, amount in zip(parts, amounts, strict=True)]


def daily_by_month(total_minor: int, term: Interval, mode: Rounding = Rounding.HALF_UP) -> list[Slice]:
    """Spread a service term by days over calendar months."""
    return daily(total_minor, months_of(term), mode)


def even_periods(total_minor: int, count: int, mode: Rounding = Rounding.HALF_UP) -> tuple[int, ...]:
    """Spread evenly; a partial month counts as a period (R03), the last takes the residual."""
    if count < 1:
        raise ValueError(f"a schedule needs at least one period, not {count}")
    return _with_residual(total_minor, [Fraction(total_minor, count)] * count, mode)


def _day_gap(days: Interval) -> int:
    return (days.last_day - days.start).days


def tenth_months(term: Interval, mode: Rounding = Rounding.HALF_UP) -> Fraction:
    """Return the length of a term in months of one decimal, as ERPNext counts them (R02).

    Calendar months touched x (days from first to last day / days from the first month's first to the last month's
    last day), to one decimal; both day counts leave out one end.
    """
    whole = Interval(month_of(term.start).start, month_of(term.last_day).end)
    touched = len(months_of(term))
    return round_to_digits(Fraction(touched * _day_gap(term), _day_gap(whole)), 1, mode)


def monthly_tenths(total_minor: int, term: Interval, mode: Rounding = Rounding.HALF_UP) -> list[Slice]:
    """Spread by months of one decimal: full months get total / months, stubs a tenth-rounded part of it (R02)."""
    months = tenth_months(term, mode)
    full = round_ratio(total_minor / months, mode) if months else total_minor
    slices: list[Slice] = []
    left = total_minor
    for part in months_of(term):
        amount = min(full, left) if total_minor >= 0 else max(full, left)
        whole = month_of(part.start)
        if part != whole:
            share = round_to_digits(Fraction(_day_gap(part), _day_gap(whole)), 1, mode)
            amount = round_ratio(amount * share, mode)
        if part.end == term.end:
            amount = left
        slices.append(Slice(part, amount))
        left -= amount
    return slices


def prorate_first_and_last(total_minor: int, term: Interval, mode: Rounding = Rounding.HALF_UP) -> list[Slice]:
    """Give full months an even rate and the first and last their share of a month by days; residual in the last."""
    parts = months_of(term)
    weights = [Fraction(part.days, days_in_month(part.start.year, part.start.month)) for part in parts]
    whole = sum(weights, Fraction(0))
    amounts = _with_residual(total_minor, [total_minor * weight / whole for weight in weights], mode)
    return [Slice(part, amount) for part, amount in zip(parts, amounts, strict=True)]


def period_rate(total_minor: int, term: Interval, mode: Rounding = Rounding.HALF_UP) -> list[Slice]:
    """Fix one daily rate, rounded, and apply it to every month; the last slice takes the residual."""
    if term.days == 0:
        raise ValueError("a schedule needs a term of at least one day")
    rate = round_to_digits(Fraction(total_minor, term.days), 4, mode)
    parts = months_of(term)
    amounts = _with_residual(total_minor, [rate * part.days for part in parts], mode)
    return [Slice(part, amount) for part, amount in zip(parts, amounts, strict=True)]


def ramp(yearly_minor: Sequence[int], mode: Rounding = Rounding.HALF_UP) -> tuple[int, ...]:
    """Spread a ramp price straight over its years when the service is the same (10k/12k/14k is 12k a year)."""
    return even_periods(sum(yearly_minor), len(yearly_minor), mode)


def milestones(total_minor: int, weights: Sequence[Exact]) -> tuple[int, ...]:
    """Split a service price over milestones, each recognised at the point of its completion."""
    return allocate(total_minor, weights)


def recognised_by(slices: Sequence[Slice], day: date) -> int:
    """Return what is earned through `day`: the slices whose last day has come (minor units)."""
    return sum(part.amount_minor for part in slices if part.posted_on <= day)


def prospective(slices: Sequence[Slice], from_day: date, change_minor: int) -> list[Slice]:
    """Replan from a day on: what was earned stays, the rest plus the change spreads by days over what is left.

    A slice that spans `from_day` is cut there by days (ASC 606: termination of the old and a new contract).
    """
    kept, left = _cut(slices, from_day)
    if not left:
        raise ValueError(f"nothing is left to replan from {from_day}: the schedule ends before it")
    rest = sum(part.amount_minor for part in left) + change_minor
    return kept + daily(rest, [part.days for part in left])


def catch_up(slices: Sequence[Slice], from_day: date, new_total_minor: int) -> tuple[int, list[Slice]]:
    """Replan as if the new price had applied from the start; return the adjustment to book now and the rest.

    For goods that are not distinct. Earned slices are never edited: the difference is one catch-up entry.
    """
    kept, left = _cut(slices, from_day)
    renewed = daily(new_total_minor, [part.days for part in (*kept, *left)])
    earned_before = sum(part.amount_minor for part in kept)
    earned_anew = sum(part.amount_minor for part in renewed[: len(kept)])
    return earned_anew - earned_before, renewed[len(kept) :]


def _cut(slices: Sequence[Slice], day: date) -> tuple[list[Slice], list[Slice]]:
    before: list[Slice] = []
    after: list[Slice] = []
    for part in slices:
        if part.days.start < day < part.days.end:
            first, second = part.days.split(day)
            head, tail = (piece.amount_minor for piece in daily(part.amount_minor, [first, second]))
            before.append(Slice(first, head))
            after.append(Slice(second, tail))
        else:
            (before if part.days.end <= day else after).append(part)
    return before, after


def end_of(slices: Sequence[Slice]) -> date:
    """Return the first day after the schedule."""
    return slices[-1].posted_on + DAY
