"""Recipes for rating: tiers, packages, percentages, commitments, prepaid balances, instalments."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from domain.oracle.facts import Facts
from domain.oracle.recipe import Recipe, named
from domain.rating import (
    Tier,
    committed,
    draw_down,
    graduated,
    graduated_progress,
    instalments,
    minimum_true_up,
    package,
    percentage,
    volume,
)

_QUANTITY = ("qty", "quantity", "usage", "units", "count", "events")
_BEFORE = ("pre", "pre_qty", "before", "previous_qty", "prior")
_UNIT = ("unit_price", "per_unit", "price_per_unit", "unit_amount")
_FLAT = ("flat", "flat_fee", "flat_price", "flat_amount", "fixed")
_SIZE = ("package_size", "package", "per_package", "size", "block_size", "quantity_per_package")
_PACKAGE_PRICE = ("package_price", "price_per_package", "price", "amount")
_FREE = ("free_units", "included", "free", "included_units")
_MINIMUM = ("minimum", "minimum_commit", "min_commit", "commitment", "minimum_amount", "minimum_spend", "min", "commit")
_MAXIMUM = ("maximum", "maximum_amount", "cap", "maximum_spend", "max")
_CHARGED = ("charged", "charges", "usage_amount", "usage_fee", "usage_total", "rated", "billed", "fees", "amount")
_PREVIOUS = ("previous_billed", "already_billed", "previously_billed", "billed_before")


def _limit(facts: Facts, value: Any) -> Fraction | None:
    if value is None or str(value).lower() in ("inf", "infinity", "+inf", "unlimited"):
        return None
    return facts.as_number(value, "tier limit")


def _tier(facts: Facts, value: Any) -> Tier:
    if isinstance(value, list) and len(value) in (2, 3):
        flat, unit = (value[1], value[2]) if len(value) == 3 else ("0", value[1])
        return Tier(_limit(facts, value[0]), facts.as_amount(flat, "flat"), facts.as_amount(unit, "unit"))
    if not isinstance(value, Mapping):
        raise facts.wrong(f"tier is {value!r}", "[up_to, flat, unit] or an object with these names")
    inner = facts.row(value)
    limit = next((value[key] for key in ("up_to", "to", "to_value", "limit", "until") if key in value), None)
    flat = inner.amount(*_FLAT) if any(_named(value, name) for name in _FLAT) else Fraction(0)
    unit = inner.amount(*_UNIT, "unit", "price") if any(_named(value, n) for n in (*_UNIT, "unit", "price")) else None
    return Tier(_limit(facts, limit), flat, unit or Fraction(0))


def _named(value: Mapping[str, Any], name: str) -> bool:
    return any(key in value for key in (name, name + "_minor", name + "_amount"))


def _tiers(facts: Facts) -> list[Tier]:
    values = facts.raw("tiers", "ranges", "graduated_ranges", "volume_ranges")
    if not isinstance(values, list):
        raise facts.wrong(f"tiers are {values!r}", "a list of [up_to, flat, unit]")
    return [_tier(facts, value) for value in values]


def _committed(facts: Facts, rated: Fraction) -> dict[str, Any]:
    minimum = facts.amount(*_MINIMUM) if facts.has_amount(*_MINIMUM) else None
    maximum = facts.amount(*_MAXIMUM) if facts.has_amount(*_MAXIMUM) else None
    before = facts.amount(*_PREVIOUS) if facts.has_amount(*_PREVIOUS) else Fraction(0)
    whole = committed(rated + before, minimum, maximum)
    extra = minimum_true_up(rated + before, minimum) if minimum is not None else Fraction(0)
    over = max(rated + before - maximum, Fraction(0)) if maximum is not None else Fraction(0)
    due = max(whole - before, Fraction(0))
    return named(
        {
            "total amount fee charge": facts.money(due),
            "true_up trueup minimum_line commitment_line shortfall true_up_line": facts.money(extra),
            "rated usage charges": facts.money(rated),
            "discount over_cap": facts.money(over),
            "period_total": facts.money(whole),
        }
    )


def _tiered(facts: Facts) -> Mapping[str, Any]:
    tiers, quantity = _tiers(facts), facts.number(*_QUANTITY)
    if quantity < 0:
        raise facts.wrong(f"quantity is {quantity}", "0 or more")
    before = facts.number(*_BEFORE) if facts.has(*_BEFORE) else Fraction(0)
    try:
        if facts.policy.get("rating", "GRADUATED") == "VOLUME":
            rated = volume(tiers, before + quantity) - (volume(tiers, before) if before else 0)
        else:
            rated = graduated_progress(tiers, before, quantity)
        outputs = _committed(facts, rated)
        whole = facts.money(volume(tiers, before + quantity)), facts.money(graduated(tiers, before + quantity))
    except ValueError as problem:
        raise facts.wrong(str(problem)) from None
    return outputs | {"volume": whole[0], "graduated": whole[1]}


def _packages(facts: Facts) -> Mapping[str, Any]:
    quantity, size = facts.number(*_QUANTITY), facts.number(*_SIZE)
    free = facts.number(*_FREE) if facts.has(*_FREE) else Fraction(0)
    if size <= 0 or quantity < 0:
        raise facts.wrong(f"package size {size}, quantity {quantity}", "a size above 0, a quantity of 0 or more")
    before = facts.number(*_BEFORE) if facts.has(*_BEFORE) else Fraction(0)
    count = package(quantity + before, size, 1, free) - (package(before, size, 1, free) if before else 0)
    return _committed(facts, count * facts.amount(*_PACKAGE_PRICE)) | named({"packages package_count": int(count)})


def _per_unit(facts: Facts) -> Mapping[str, Any]:
    free = facts.number(*_FREE) if facts.has(*_FREE) else Fraction(0)
    units = max(facts.number(*_QUANTITY) - free, Fraction(0))
    flat = facts.amount(*_FLAT) if facts.has_amount(*_FLAT) else Fraction(0)
    return _committed(facts, flat + units * facts.amount(*_UNIT, "price"))


def _percentage(facts: Facts) -> Mapping[str, Any]:
    fixed = (
        facts.amount("fixed", "fixed_amount", "per_event") if facts.has_amount("fixed", "per_event") else Fraction(0)
    )
    events = facts.whole("events", "transactions") if facts.has("events", "transactions") else 1
    free = facts.amount("free_amount", "included") if facts.has_amount("free_amount", "included") else Fraction(0)
    base = facts.amount("amount", "base", "volume", "transaction_amount")
    return _committed(facts, percentage(base, facts.rate("rate", "percentage", "percent"), fixed, events, free))


def _commitment(facts: Facts) -> Mapping[str, Any]:
    key = facts.amount_key(*_CHARGED)
    assert key is not None, "suits() has seen the charges"
    value = facts.inputs[key]
    charged = facts.amounts(*_CHARGED) if isinstance(value, list) else [facts.as_amount(value, key)]
    return _committed(facts, sum(charged, Fraction(0)))


def _drawdown(facts: Facts) -> Mapping[str, Any]:
    balance = facts.amount("prepaid", "balance", "credits", "prepaid_balance", "wallet")
    value = facts.inputs[facts.amount_key(*_CHARGED, "usage") or ""]
    drawn, left, over = [], [], []
    for part in value if isinstance(value, list) else [value]:
        step = draw_down(balance, facts.as_amount(part, facts.amount_key(*_CHARGED, "usage") or ""))
        balance = step.balance
        drawn.append(facts.money(step.drawn))
        left.append(facts.money(step.balance))
        over.append(facts.money(step.overage))
    many = isinstance(value, list)
    return named(
        {
            "drawn used": drawn if many else drawn[0],
            "balance remaining left": left if many else left[0],
            "overage billed due": over if many else over[0],
        }
    )


def _instalments(facts: Facts) -> Mapping[str, Any]:
    total = facts.money(facts.amount("contract_value", "total", "amount", "price")).minor
    count = facts.whole("instalments", "installments")
    parts = instalments(total, count, facts.policy.mode)
    return named({"instalment installment amount": [facts.money(part) for part in parts], "total": facts.money(total)})


def _has_tiers(facts: Facts) -> bool:
    return facts.has("tiers", "ranges", "graduated_ranges", "volume_ranges") and facts.has(*_QUANTITY)


RECIPES = (
    Recipe("tiers", _has_tiers, _tiered),
    Recipe("packages", lambda f: f.has(*_SIZE) and f.has(*_QUANTITY) and f.has_amount(*_PACKAGE_PRICE), _packages),
    Recipe(
        "prepaid drawdown",
        lambda f: f.has_amount("prepaid", "balance", "credits", "prepaid_balance") and f.has_amount(*_CHARGED, "usage"),
        _drawdown,
    ),
    Recipe("instalments", lambda f: f.has("instalments", "installments"), _instalments),
    Recipe(
        "percentage",
        lambda f: f.has("rate", "percentage", "percent") and f.has_amount("amount", "base", "transaction_amount"),
        _percentage,
    ),
    Recipe("per unit", lambda f: f.has(*_QUANTITY) and f.has_amount(*_UNIT, "price"), _per_unit),
    Recipe("commitment", lambda f: f.has_amount(*_CHARGED) and f.has_amount(*_MINIMUM, *_MAXIMUM), _commitment),
)
