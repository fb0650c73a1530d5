"""What the proration recipes share: the names of prices and dates, the policy, instants, tax on a rounded net."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import msgspec

from domain.calendar import Interval, midnight_us
from domain.oracle.facts import Facts
from domain.oracle.periods import explicit_period
from domain.oracle.recipe import named
from domain.proration import DayCount, ProrationPolicy, ratio, span_ratio
from domain.proration_lines import boundary_day, remaining

PRICE = ("price", "amount", "full_price", "fee", "plan_price", "list_price", "annual_price", "flat_fee", "unit_price")
QUANTITY = ("qty", "quantity", "seats", "units")
MONTHLY_PRICE = ("price_per_month", "monthly_price", "monthly_rate", "mrr")
OLD = ("old", "old_price", "from_price", "current", "current_price", "old_plan")
NEW = ("new", "new_price", "to_price", "new_plan")
CHANGE = ("change", "change_date", "change_day", "effective_date", "effective", "changed_on", "date")
CANCEL = ("cancel", "cancel_date", "cancelled_on", "terminate", "termination_date", "terminated_on", "remove_date")
TAX = ("tax_rate", "tax_pct", "vat_rate", "tax_percent")
ELAPSED = ("elapsed_fraction", "fraction_elapsed")
REMAINING = ("remaining_fraction", "fraction_remaining")


def policy_of(facts: Facts) -> ProrationPolicy:
    """Return the case's proration policy with what the inputs say about it."""
    policy = facts.policy.proration()
    if facts.has("fixed_days") and "n" not in facts.policy.free:
        policy = msgspec.structs.replace(policy, month_days=facts.whole("fixed_days"))
    return msgspec.structs.replace(policy, zone=facts.zone)


def by_instant(policy: ProrationPolicy) -> bool:
    """Tell whether the policy measures elapsed time instead of days."""
    return policy.day_count in (DayCount.SECONDS, DayCount.MILLISECONDS) and not policy.whole_days


def tick_us(policy: ProrationPolicy) -> int:
    """Return the tick of an elapsed-time policy in microseconds."""
    return 1_000_000 if policy.day_count is DayCount.SECONDS else 1_000


def edge_us(facts: Facts, value: Any, name: str, is_end: bool = False) -> int:
    """Return an edge of an interval as an instant; dates are local midnights, inclusive ends the midnight after."""
    if isinstance(value, str) and len(value) == 10:
        day = facts.as_date(value, name)
        closed = is_end and facts.policy.get("interval") == "inclusive"
        return midnight_us(day + timedelta(days=1) if closed else day, facts.zone)
    return facts.instant(value, name)


def span_us(facts: Facts, value: Any, name: str) -> tuple[int, int]:
    """Return a written pair as instants."""
    ends = facts.pair(value, name)
    if ends is None:
        raise facts.wrong(f"{name} is {value!r}", "a pair [start, end]")
    return edge_us(facts, ends[0], name), edge_us(facts, ends[1], name, is_end=True)


def price_of(facts: Facts) -> Fraction:
    """Return the full period's price: price x quantity when a quantity is given."""
    price = facts.amount(*PRICE, *MONTHLY_PRICE)
    return price * facts.number(*QUANTITY) if facts.has(*QUANTITY) else price


def with_tax(facts: Facts, net: Fraction) -> dict[str, Any]:
    """Round the net first, then the tax on the rounded net (P18)."""
    rounded = facts.money(net)
    if not facts.has(*TAX):
        return {}
    tax = facts.money(rounded.minor * facts.rate(*TAX))
    return named({"net": rounded, "tax": tax, "total gross": facts.money(rounded.minor + tax.minor)})


def change_ratios(facts: Facts) -> tuple[Fraction, Fraction, Fraction]:
    """Return the unused share of the old period, the remaining share of the new one, the used share of the old."""
    if facts.has(*ELAPSED, *REMAINING):
        left = 1 - facts.number(*ELAPSED) if facts.has(*ELAPSED) else facts.number(*REMAINING)
        return left, left, 1 - left
    policy = policy_of(facts)
    old = explicit_period(facts, "old_period")
    new = explicit_period(facts, "new_period")
    old, new = old if old is not None else new, new if new is not None else old
    key = facts.key(*CHANGE, *CANCEL)
    if key is None or old is None:
        raise facts.wrong("a change needs its period and its date", "period with change, change_date or cancel_date")
    if by_instant(policy):
        at = edge_us(facts, facts.inputs[key], key)
        spans = span_us(facts, old, "period"), span_us(facts, new, "period")
        left_old, left_new = (_left_us(at, span, policy) for span in spans)
        return left_old, left_new, 1 - left_old
    old_days, new_days = facts.as_interval(old, "period"), facts.as_interval(new, "period")
    day = boundary_day(facts.as_date(facts.inputs[key], key), policy)
    used = Interval(old_days.start, remaining(old_days, day).start)
    left_old, left_new = (ratio(policy, remaining(full, day), full) for full in (old_days, new_days))
    return left_old, left_new, ratio(policy, used, old_days)


def _left_us(at: int, span: tuple[int, int], policy: ProrationPolicy) -> Fraction:
    start = min(max(at, span[0]), span[1])
    return span_ratio((start, span[1]), span, tick_us(policy))


def credit_note(facts: Facts, exact_net: Fraction) -> dict[str, Any]:
    """Return net, tax and total of a credit note over an exact net amount, each rounded as the facts say."""
    net = facts.money(exact_net)
    rate = facts.rate(*TAX) if facts.has(*TAX) else Fraction(0)
    tax = facts.money(exact_net * rate)
    total = facts.money(net.minor + tax.minor)
    return named(
        {
            "credit_note": named({"net": net, "tax": tax, "total": total}),
            "credit_note_total credit_total": total,
            "credit_note_net credit_net credit_without_tax": net,
            "credit_note_tax credit_tax": tax,
            "refund": total,
        }
    )
