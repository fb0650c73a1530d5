"""Recipes for bare rounding: numbers and modes, to integers or to a currency."""

from collections.abc import Mapping
from typing import Any

from domain.oracle.facts import Facts, share
from domain.oracle.recipe import Recipe, named
from domain.rounding import Rounding, round_to_digits, round_to_step

_VALUE = ("value", "amount", "number", "values")


def _mode(facts: Facts, value: Any) -> Rounding:
    try:
        return Rounding(str(value).upper())
    except ValueError:
        known = ", ".join(mode.value for mode in Rounding)
        raise facts.wrong(f"rounding mode is {value!r}", known) from None


def _digits(facts: Facts) -> int:
    if facts.has("digits", "scale", "decimals", "places"):
        return facts.whole("digits", "scale", "decimals", "places")
    return facts.digits if facts.has("currency", "exponent") else 0


def _table(facts: Facts) -> Mapping[str, Any]:
    results = []
    for row in facts.raw("rows"):
        inner = facts.row(row) if isinstance(row, Mapping) else None
        value, mode = (row[0], row[1]) if inner is None else (inner.raw(*_VALUE), inner.raw("mode", "rounding"))
        digits = _digits(facts if inner is None else inner)
        results.append(share(round_to_digits(facts.as_number(value, "value"), digits, _mode(facts, mode))))
    return named({"result results rounded value": results})


def _single(facts: Facts) -> Mapping[str, Any]:
    mode = _mode(facts, facts.raw("mode", "rounding")) if facts.has("mode", "rounding") else facts.policy.mode
    value = facts.raw(*_VALUE)
    values = value if isinstance(value, list) else [value]
    rounded = [share(round_to_digits(facts.as_number(part, "value"), _digits(facts), mode)) for part in values]
    return named({"result rounded amount value": rounded if isinstance(value, list) else rounded[0]})


def _cash_step(facts: Facts) -> Mapping[str, Any]:
    step = facts.money(facts.amount("step", "cash_step", "rounding_step")).minor
    total = facts.money(facts.amount("total", *_VALUE)).minor
    rounded = round_to_step(total, step, facts.policy.mode)
    return named({"result rounded total amount": facts.money(rounded), "difference": facts.money(rounded - total)})


def _is_table(facts: Facts) -> bool:
    rows = facts.inputs.get("rows")
    return isinstance(rows, list) and all(
        (isinstance(row, list) and len(row) == 2)
        or (isinstance(row, Mapping) and any(key in row for key in ("mode", "rounding")))
        for row in rows
    )


RECIPES = (
    Recipe("table of modes", _is_table, _table, whole=True),
    Recipe("cash step", lambda f: f.has_amount("step", "cash_step", "rounding_step"), _cash_step),
    Recipe("one rounding", lambda f: f.has(*_VALUE), _single),
)
