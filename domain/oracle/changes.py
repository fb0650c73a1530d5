"""Recipes for changes in mid-period: price, quantity, plan, added and removed charges, pauses, moved dates."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import msgspec

from domain.calendar import Interval, add_months
from domain.oracle.facts import Facts, share
from domain.oracle.measures import (
    CANCEL,
    CHANGE,
    ELAPSED,
    NEW,
    OLD,
    PRICE,
    REMAINING,
    TAX,
    change_ratios,
    credit_note,
    policy_of,
    price_of,
)
from domain.oracle.periods import bill_cycle_day, cadence_of, explicit_period
from domain.oracle.recipe import Recipe, named
from domain.proration import NOMINAL_DAYS, DayCount, ratio, whole_months
from domain.proration_lines import anchor_from, extension_charge, reduction_credit, remaining


def _old_and_new(facts: Facts) -> tuple[Fraction, Fraction]:
    if facts.has("old_qty", "old_quantity", "new_qty", "new_quantity"):
        price = facts.amount(*PRICE)
        old_key, new_key = facts.key("old_qty", "old_quantity"), facts.key("new_qty", "new_quantity")
        return (
            price * (facts.number(old_key) if old_key else 0),
            price * (facts.number(new_key) if new_key else 0),
        )
    old = facts.amount(*OLD) if facts.has_amount(*OLD) else Fraction(0)
    return old, facts.amount(*NEW) if facts.has_amount(*NEW) else Fraction(0)


_BILLED = ("billed", "amount_billed", "debited", "amount_debited", "paid", "invoiced")
_CREDITED = ("already_credited", "credited")


def _credit_base(facts: Facts, catalogue: Fraction) -> Fraction:
    if facts.policy.get("credit_base") == "CATALOGUE" or not facts.has_amount(*_BILLED):
        return catalogue
    return facts.amount(*_BILLED)


def _change(facts: Facts) -> Mapping[str, Any]:
    left_old, left_new, used_old = change_ratios(facts)
    old, new = _old_and_new(facts)
    base = _credit_base(facts, old)
    credit, charge = facts.money(-base * left_old), facts.money(new * left_new)
    if facts.has_amount(*_CREDITED):
        most = max(base - facts.amount(*_CREDITED), Fraction(0))
        credit = facts.money(-min(Fraction(-credit.minor), most))
    net = facts.money(credit.minor + charge.minor)
    if facts.policy.get("style") == "RECOMPUTE_BOTH":
        net = facts.money(facts.money(old * used_old).minor + charge.minor)
    outputs = named(
        {
            "net net_change invoice_total": net,
            "credit credit_line": credit,
            "charge charge_line": charge,
            "old_part old_charge": facts.money(old * used_old),
            "new_part new_charge": charge,
            "next_period next_full next_charge full_price next_invoice": facts.money(new),
            "ratio remaining_ratio": share(left_new),
            "credit_ratio old_ratio": share(left_old),
            "difference rounded_difference": facts.money(new * left_new - old * left_old),
        }
    )
    return outputs | credit_note(facts, base * left_old) | _taxed_change(facts, credit.minor, charge.minor)


def _taxed_change(facts: Facts, credit: int, charge: int) -> dict[str, Any]:
    if not facts.has(*TAX):
        return {}
    tax = facts.money(charge * facts.rate(*TAX))
    note = facts.money(-credit * facts.rate(*TAX))
    outputs = {"charge_tax tax": tax, "charge_total total": facts.money(charge + tax.minor)}
    return named(outputs | {"net_total": facts.money(charge + tax.minor + credit - note.minor)})


def _is_change(facts: Facts) -> bool:
    by_quantity = facts.has("old_qty", "old_quantity", "new_qty", "new_quantity") and facts.has_amount(*PRICE)
    timed = facts.has(*CHANGE, *CANCEL, *ELAPSED, *REMAINING)
    return timed and (facts.has_amount(*OLD) or facts.has_amount(*NEW) or by_quantity)


def _cancel(facts: Facts) -> Mapping[str, Any]:
    left, _, used = change_ratios(facts)
    price = _credit_base(facts, price_of(facts))
    amount = facts.money(price * left)
    outputs = named(
        {
            "credit net": facts.money(-amount.minor),
            "amount unused credit_amount": amount,
            "used used_amount kept": facts.money(price * used),
            "ratio": share(left),
        }
    )
    return outputs | credit_note(facts, price * left)


def _is_cancel(facts: Facts) -> bool:
    return facts.has(*CANCEL) and facts.has_amount(*PRICE) and not _is_change(facts) and not facts.has("start")


def _mixed(facts: Facts) -> Mapping[str, Any]:
    left, _, _ = change_ratios(facts)
    credits_ = facts.amounts("credits") if facts.has_amount("credits") else []
    charges = facts.amounts("charges") if facts.has_amount("charges") else []
    credit_lines = [facts.money(-amount * left) for amount in credits_]
    charge_lines = [facts.money(amount * left) for amount in charges]
    lines = [*credit_lines, *charge_lines]
    one_time = facts.amounts("one_time") if facts.has_amount("one_time") else []
    lines += [facts.money(amount) for amount in one_time]
    return named(
        {
            "net total": facts.money(sum(line.minor for line in lines)),
            "lines line": lines,
            "line_count lines_count count": sum(line.minor != 0 for line in lines),
            "credit": credit_lines,
            "charge": charge_lines,
            "ratio": share(left),
        }
    )


_CADENCE_KEYS = ("cadence", "own_cadence", "billing", "frequency", "own_period", "billing_period", "every", "kind")
_ONE_TIME = ("one_time", "onetime", "one-time", "once")


def _nominal(facts: Facts) -> int | None:
    cadence = cadence_of(facts, *_CADENCE_KEYS)
    if cadence is None:
        return None
    return {1: 30, 3: 91, 6: 182, 12: 365}.get(cadence.count) if cadence.unit.value == "month" else cadence.count * 7


def _is_one_time(facts: Facts) -> bool:
    return any(facts.inputs.get(key) in _ONE_TIME for key in (*_CADENCE_KEYS, "type", "charge_type"))


def _added(facts: Facts) -> Mapping[str, Any]:
    price = price_of(facts)
    if _is_one_time(facts):
        return named({"amount charge net": facts.money(price), "ratio": share(Fraction(1))})
    period = facts.as_interval(explicit_period(facts), "period")
    left = remaining(period, facts.day(*CHANGE))
    nominal = facts.whole("nominal_days") if facts.has("nominal_days") else _nominal(facts)
    policy = msgspec.structs.replace(policy_of(facts), nominal_days=nominal or NOMINAL_DAYS["month"])
    if nominal is not None:
        policy = msgspec.structs.replace(policy, day_count=DayCount.OWN_CADENCE)
    portion = ratio(policy, left, period)
    return named(
        {"amount charge net": facts.money(price * portion), "ratio": share(portion), "days days_remaining": left.days}
    )


def _is_added(facts: Facts) -> bool:
    return (
        facts.has_amount(*PRICE) and facts.has(*CHANGE) and explicit_period(facts) is not None and not _is_change(facts)
    )


_PAUSE = ("pause", "pause_date", "paused_on", "pause_from", "paused")
_RESUME = ("resume", "resume_date", "resumed_on", "resume_from", "resumed", "pause_to")


def _pause(facts: Facts) -> Mapping[str, Any]:
    policy, price = policy_of(facts), price_of(facts)
    period = facts.as_interval(explicit_period(facts), "period")
    paused, resumed = facts.day(*_PAUSE), facts.day(*_RESUME)
    fresh = _resumed_period(facts, period, resumed)
    credit = facts.money(-price * ratio(policy, remaining(period, paused), period))
    charge = facts.money(price * ratio(policy, remaining(fresh, resumed), fresh))
    return named(
        {
            "net": facts.money(credit.minor + charge.minor),
            "credit pause_credit": credit,
            "charge resume_charge": charge,
            "resume_end new_period_end next_bill_date": fresh.end.isoformat(),
            "resume_period new_period": [fresh.start.isoformat(), fresh.end.isoformat()],
        }
    )


def _resumed_period(facts: Facts, period: Interval, resumed: date) -> Interval:
    """Return the period charged on resume: the given one, or the cycle from the last bill cycle day before it."""
    for key in ("resume_period", "resumed_period", "new_period", "period_after"):
        if facts.has(key) and facts.pair(facts.raw(key), key):
            return facts.as_interval(facts.raw(key), key)
    months, left = whole_months(period)
    if left or not months:
        return period
    bill_day = bill_cycle_day(facts) or period.start.day
    start = add_months(anchor_from(resumed, bill_day), 0, bill_day)
    start = start if start == resumed else add_months(start, -1, bill_day)
    return Interval(start, add_months(start, months, bill_day))


def _moved_bill_date(facts: Facts) -> Mapping[str, Any]:
    period, price = facts.as_interval(explicit_period(facts), "period"), price_of(facts)
    if facts.has("added_days", "removed_days"):
        days = facts.whole("added_days") if facts.has("added_days") else -facts.whole("removed_days")
    else:
        days = (facts.day("new_next_billing_date", "new_bill_date") - period.end).days
    whole_price = facts.money(price).minor
    if days >= 0:
        assumed = period
        if facts.has("assumed_period"):
            assumed = facts.as_interval(facts.raw("assumed_period"), "assumed_period")
        amount = facts.money(extension_charge(whole_price, assumed, days, facts.policy.mode))
    else:
        amount = facts.money(reduction_credit(whole_price, period, -days, facts.policy.mode))
    return named({"amount charge credit net": amount, "days": abs(days)})


RECIPES = (
    Recipe("pause and resume", lambda f: f.has(*_PAUSE) and f.has(*_RESUME) and f.has_amount(*PRICE), _pause),
    Recipe(
        "moved billing date",
        lambda f: f.has("new_next_billing_date", "new_bill_date", "added_days", "removed_days"),
        _moved_bill_date,
    ),
    Recipe("set of changes", lambda f: f.has_amount("credits", "charges") and f.has(*CHANGE), _mixed),
    Recipe("change of price", _is_change, _change),
    Recipe("cancellation", _is_cancel, _cancel),
    Recipe("added charge", _is_added, _added),
)
