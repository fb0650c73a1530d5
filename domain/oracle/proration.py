"""Recipes for a used part of a period: single parts, terms of months, cycles with stubs, CPQ multipliers."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import msgspec

from domain.calendar import Interval
from domain.oracle.facts import Facts, share
from domain.oracle.measures import (
    MONTHLY_PRICE,
    PRICE,
    by_instant,
    edge_us,
    policy_of,
    price_of,
    span_us,
    tick_us,
    with_tax,
)
from domain.oracle.periods import bill_cycle_day, cadence_of, explicit_period, full_period
from domain.oracle.recipe import Recipe, named
from domain.proration import PER_MONTH_DAY, DayCount, ProrationPolicy, ratio, span_ratio, whole_months
from domain.proration_lines import anchor_from, months_share, stub_ratios
from domain.rounding import round_to_digits


def _instant_ratio(facts: Facts, policy: ProrationPolicy) -> Fraction:
    full = span_us(facts, explicit_period(facts), "period")
    start_key, end_key = facts.key("from", "start"), facts.key("to", "end", "to_inclusive", "end_inclusive")
    start = edge_us(facts, facts.inputs[start_key], start_key) if start_key else full[0]
    end = edge_us(facts, facts.inputs[end_key], end_key, is_end=True) if end_key else full[1]
    result = span_ratio((start, end), full, tick_us(policy))
    return min(result, Fraction(1)) if policy.capped else result


def part_ratio(facts: Facts) -> tuple[Fraction, dict[str, Any]]:
    """Return the share of the used part and the day counts that can be told."""
    policy = policy_of(facts)
    if facts.has("used_days", "days_used") and facts.has("period_days", "days_in_period"):
        used_days = facts.number("used_days", "days_used")
        return used_days / facts.number("period_days", "days_in_period"), {}
    if by_instant(policy) and explicit_period(facts) is not None:
        return _instant_ratio(facts, policy), {}
    used = facts.used()
    if used is None and explicit_period(facts) is not None:
        used = facts.as_interval(explicit_period(facts), "period")
    if used is None:
        raise facts.wrong("inputs name no used part", "from and to (or to_inclusive), or used_days and period_days")
    if facts.has("period_days", "days_in_period"):
        period_days = facts.number("period_days", "days_in_period")
        return used.days / period_days, named({"days used_days": used.days, "period_days": int(period_days)})
    full = full_period(facts, used)
    days = named({"days used_days billable_days": used.days, "period_days total_days days_in_period": full.days})
    return ratio(policy, used, full), days


def _part(facts: Facts) -> Mapping[str, Any]:
    portion, days = part_ratio(facts)
    outputs: dict[str, Any] = {}
    if facts.has_amount(*PRICE):
        exact = price_of(facts) * portion
        amount = facts.money(exact)
        credit = facts.money(-amount.minor)
        outputs = named(
            {"amount prorated charge prorated_amount": amount, "credit repair repair_adj adjustment": credit}
        )
        outputs |= with_tax(facts, exact) or named({"net total": amount})
    return outputs | named({"ratio proration share factor fraction": share(portion)}) | days


def _has_part(facts: Facts) -> bool:
    return facts.used() is not None or facts.has("used_days", "days_used") or explicit_period(facts) is not None


_TERM_KEYS = ("term", "contract", "contract_term", "service_period", "subscription_term")


def _term(facts: Facts) -> Interval | None:
    """Return the days that a monthly price is charged for: from/to, or a term written as a pair."""
    used = facts.used()
    if used is not None:
        return used
    key = next((k for k in _TERM_KEYS if facts.has(k) and facts.pair(facts.inputs[k], k)), None)
    return facts.as_interval(facts.inputs[key], key) if key else None


def _months_total(facts: Facts) -> Mapping[str, Any]:
    used = _term(facts)
    assert used is not None, "suits() has seen the term"
    price = price_of(facts)
    months, left = whole_months(used)
    billing = price * months_share(used, policy_of(facts))
    actual = price * months_share(used)
    outputs = named(
        {
            "amount total billing billed billing_total charge billing_amount invoiced": facts.money(billing),
            "tcv contract_value total_contract_value": facts.money(actual),
            "months full_months whole_months": months,
            "stub_days leftover_days": left,
            "ratio": share(months_share(used, policy_of(facts))),
        }
    )
    return outputs | with_tax(facts, billing)


def _is_monthly_term(facts: Facts) -> bool:
    used = _term(facts)
    if used is None or bill_cycle_day(facts) is not None or not facts.has_amount(*PRICE, *MONTHLY_PRICE):
        return False
    if facts.has_amount(*MONTHLY_PRICE):
        return True
    if explicit_period(facts) is not None or facts.has("period_days"):
        return False
    return whole_months(used) > (1, 0) and facts.inputs.get("period", "month") in ("month", "monthly")


_SCALE = 9
"""Decimals to which Kill Bill rounds the ratio of every stub before it adds them."""


def _cycles(facts: Facts) -> Mapping[str, Any]:
    life, cadence, bill_day = facts.used(), cadence_of(facts), bill_cycle_day(facts)
    assert life is not None, "suits() has seen the life"
    assert cadence is not None, "suits() has seen the cadence"
    day = bill_day or life.start.day
    anchor = anchor_from(life.start, day)
    policy = policy_of(facts)
    shares = stub_ratios(life, cadence, anchor, day, policy)
    whole = sum(shares, Fraction(0))
    outputs = named(
        {
            "cycles number_of_cycles proration": share(whole),
            "decimal": share(sum((round_to_digits(part, _SCALE, policy.rounding) for part in shares), Fraction(0))),
            "ratios stubs parts": [share(part) for part in shares],
            "leading": share(shares[0]),
            "trailing": share(shares[-1]),
        }
    )
    if facts.has_amount(*PRICE):
        amounts = [facts.money(price_of(facts) * part) for part in shares]
        total = facts.money(sum(amount.minor for amount in amounts))
        outputs = named({"amount": amounts, "total": total}) | outputs
        outputs |= {"leading_amount": amounts[0], "trailing_amount": amounts[-1]}
    return outputs


def _is_cycles(facts: Facts) -> bool:
    multiple = bill_cycle_day(facts) is not None and cadence_of(facts) is not None
    return multiple and facts.used() is not None


# CPQ multipliers

_MODES = {
    "DAY": DayCount.ACT_365,
    "DAILY": DayCount.ACT_365,
    "MONTH": DayCount.MONTHS_CEIL,
    "MONTHLY": DayCount.MONTHS_CEIL,
    "MONTHLY_DAILY": DayCount.MONTHS_PLUS_DAYS,
    "MONTHLY_PLUS_DAILY": DayCount.MONTHS_PLUS_DAYS,
    "MONTH_DAY": DayCount.MONTHS_PLUS_DAYS,
    "MONTHS_PLUS_DAYS": DayCount.MONTHS_PLUS_DAYS,
}


def _cpq(facts: Facts) -> Mapping[str, Any]:
    mode = str(facts.raw("mode")).upper().replace(" + ", "_").replace("+", "_").replace(" ", "_")
    if mode not in _MODES:
        raise facts.wrong(f"mode is {facts.raw('mode')!r}", ", ".join(_MODES))
    term_months = (
        facts.whole("default_term_months", "default_term")
        if mode != "DAY" and facts.has("default_term_months", "default_term")
        else 12
    )
    term_days = facts.whole("default_term_days") if facts.has("default_term_days") else 365
    policy = msgspec.structs.replace(
        policy_of(facts), day_count=_MODES[mode], term_months=term_months, basis_days=term_days, capped=False
    )
    exact = _cpq_ratio(facts, policy)
    digits = facts.policy.whole("digits", 4)
    rounded = round_to_digits(exact, digits, policy.rounding)
    outputs = named({"multiplier prorate_multiplier": share(rounded), "ratio exact": share(exact)})
    if facts.has_amount(*PRICE):
        outputs = outputs | named({"amount prorated_price": facts.money(price_of(facts) * rounded)})
    return outputs


def _cpq_ratio(facts: Facts, policy: ProrationPolicy) -> Fraction:
    used = facts.used()
    if used is not None:
        return ratio(policy, used, full_period(facts, used))
    if policy.day_count is DayCount.ACT_365:
        return facts.number("days") / policy.basis_days
    months = facts.number("months")
    if policy.day_count is DayCount.MONTHS_CEIL:
        left = facts.number("days") if facts.has("days") else Fraction(0)
        return Fraction(-((-months - (left > 0)) // 1), policy.term_months)
    days = facts.number("days", "leftover_days") if facts.has("days", "leftover_days") else Fraction(0)
    return (months + days * PER_MONTH_DAY) / policy.term_months


def _ceil_example(facts: Facts) -> Mapping[str, Any]:
    inner = Facts(facts.case_id, facts.raw("ceil_example"), facts.policy)
    used = inner.used()
    if used is None:
        raise facts.wrong("ceil_example names no interval", "from and to_inclusive")
    months, left = whole_months(used)
    return named({"ceil_months": months + (left > 0), "whole_months": months, "leftover_days": left})


RECIPES = (
    Recipe("ceiling of months", lambda f: isinstance(f.inputs.get("ceil_example"), dict), _ceil_example, whole=True),
    Recipe("CPQ multiplier", lambda f: isinstance(f.inputs.get("mode"), str), _cpq),
    Recipe("cycles with stubs", _is_cycles, _cycles),
    Recipe("months and a stub", _is_monthly_term, _months_total),
    Recipe("part of a period", _has_part, _part),
)
