"""The lines that proration puts on an invoice: stubs, changes in mid-period, caps, moved billing dates.

The default style is two visible lines, a credit of the unused old price and a charge of the remaining new price;
OpenMeter's style recomputes both parts. Net amounts are sums of rounded lines, never a rounding of the difference
(worked example C).
"""

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

import msgspec

from domain.calendar import Cadence, Interval, add_months, month_of, periods
from domain.proration import DayCount, ProrationPolicy, prorate_minor, ratio, whole_months
from domain.rounding import Rounding, round_ratio

ACTUAL = ProrationPolicy()


class ChangeLines(msgspec.Struct, frozen=True, gc=False):
    """What a change of price, plan or quantity puts on the invoice, in minor units; the credit is negative."""

    credit_minor: int
    charge_minor: int

    @property
    def net_minor(self) -> int:
        """Return the sum of the two rounded lines."""
        return self.credit_minor + self.charge_minor


def boundary_day(change_day: date, policy: ProrationPolicy) -> date:
    """Return the first day of the new price: the change day itself, or the day after by policy (0.5)."""
    return change_day if policy.change_day_is_new else change_day + timedelta(days=1)


def remaining(full: Interval, first_new_day: date) -> Interval:
    """Return the part of a period from a day on; empty when the day lies at or after its end."""
    return Interval(min(max(first_new_day, full.start), full.end), full.end)


def credit_minor(billed_minor: int, full: Interval, from_day: date, policy: ProrationPolicy = ACTUAL) -> int:
    """Return the (negative) credit of the unused part of a billed period."""
    return -prorate_minor(billed_minor, policy, remaining(full, from_day), full)


def change_lines(
    old_minor: int,
    old_period: Interval,
    new_minor: int,
    new_period: Interval,
    change_day: date,
    policy: ProrationPolicy = ACTUAL,
) -> ChangeLines:
    """Credit the unused old price and charge the remaining new one, each rounded once on its own period."""
    day = boundary_day(change_day, policy)
    charge = prorate_minor(new_minor, policy, remaining(new_period, day), new_period)
    return ChangeLines(credit_minor(old_minor, old_period, day, policy), charge)


def recompute_both(
    old_minor: int, new_minor: int, period: Interval, change_day: date, policy: ProrationPolicy = ACTUAL
) -> tuple[int, int]:
    """Bill both parts of the period anew, old price before the change and new price after it (OpenMeter, P21)."""
    before, after = period.split(boundary_day(change_day, policy))
    return prorate_minor(old_minor, policy, before, period), prorate_minor(new_minor, policy, after, period)


def capped_credit(credit_minor_wanted: int, billed_minor: int, already_credited_minor: int) -> int:
    """Limit a (negative) credit to what was billed and not yet credited."""
    return -min(-credit_minor_wanted, max(0, billed_minor - already_credited_minor))


def stub_ratios(
    life: Interval, cadence: Cadence, anchor: date, anchor_day: int | None = None, policy: ProrationPolicy = ACTUAL
) -> list[Fraction]:
    """Return one ratio per billing period that a charge's life touches: leading stub, full periods, trailing stub.

    Each stub is measured by the length of its own period (P11: 14/31 + 1 + 12/28).
    """
    shares = []
    for full in periods(life, cadence, anchor, anchor_day):
        used = full.intersection(life)
        assert used is not None, "periods() yields only periods that touch the life"
        shares.append(Fraction(1) if used == full else ratio(policy, used, full))
    return shares


def anchor_from(start: date, anchor_day: int) -> date:
    """Return the first day on or after `start` that falls on the bill cycle day (clamped in short months)."""
    this_month = add_months(start, 0, anchor_day)
    return this_month if this_month >= start else add_months(start, 1, anchor_day)


def months_share(used: Interval, policy: ProrationPolicy = ACTUAL) -> Fraction:
    """Return a term in months: whole months plus a trailing stub measured by the policy (Zuora, P28, P29).

    The stub counts by 30 days (ACT_30), by 30/360, or by the length of the month it starts in. Zuora's contract
    value passes ACT_ACT here even where billing uses 30.
    """
    months, left = whole_months(used)
    if not left:
        return Fraction(months)
    stub = Interval(add_months(used.start, months), used.end)
    return months + ratio(policy, stub, month_of(stub.start))


def months_total(monthly_minor: int, used: Interval, policy: ProrationPolicy = ACTUAL) -> int:
    """Return a term's total at a monthly price, rounded once."""
    return round_ratio(monthly_minor * months_share(used, policy), policy.rounding)


def extension_charge(price_minor: int, assumed: Interval, added_days: int, mode: Rounding = Rounding.HALF_UP) -> int:
    """Charge for a later next billing date: price / days of the period assumed to start now x days (Chargebee)."""
    return round_ratio(Fraction(price_minor * added_days, assumed.days), mode)


def reduction_credit(price_minor: int, current: Interval, removed_days: int, mode: Rounding = Rounding.HALF_UP) -> int:
    """Credit (negative) for an earlier next billing date: price / days of the current term x days (Chargebee)."""
    return -round_ratio(Fraction(price_minor * removed_days, current.days), mode)


def mixed_change(
    credits_minor: Iterable[int], charges_minor: Iterable[int], period: Interval, day: date, policy: ProrationPolicy
) -> list[int]:
    """Return the lines of a change set: every removed price credited, every added price charged (P25)."""
    left = remaining(period, boundary_day(day, policy))
    credit_lines = [-prorate_minor(price, policy, left, period) for price in credits_minor]
    return credit_lines + [prorate_minor(price, policy, left, period) for price in charges_minor]


def next_cycle_lines() -> ChangeLines:
    """Return no lines: the change takes effect with the next period (NEXT_CYCLE)."""
    return ChangeLines(0, 0)


def is_prorated(policy: ProrationPolicy, recurring: bool, in_advance: bool = True) -> bool:
    """Tell whether a charge is prorated at all: one-time never, usage in arrears never (Stripe, Meteroid P26)."""
    return recurring and in_advance and policy.day_count not in (DayCount.NONE, DayCount.FULL)
