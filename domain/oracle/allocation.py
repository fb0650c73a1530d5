"""Recipes for allocation: an amount split by weights into shares that add up."""

from collections.abc import Mapping
from typing import Any

from domain.money import Allocation, allocate
from domain.oracle.facts import Facts
from domain.oracle.recipe import Recipe, named
from domain.oracle.result import Amount

_WEIGHTS = ("weights", "ratios", "shares", "ratio", "ssp", "parts")
_AMOUNT = ("amount", "total", "price", "value")


def _split(facts: Facts, amount_minor: int, weights: Any) -> list[int]:
    if isinstance(weights, int) and not isinstance(weights, bool) and 0 < weights <= 10_000:
        weights = [1] * weights
    if not isinstance(weights, list):
        raise facts.wrong(f"weights are {weights!r}", "a list of numbers, or a number of equal shares")
    policy = Allocation(facts.policy.get("allocation", "LARGEST_REMAINDER"))
    try:
        return list(allocate(amount_minor, [facts.as_number(weight, "weight") for weight in weights], policy))
    except ValueError as problem:
        raise facts.wrong(str(problem)) from None


def _pairs(facts: Facts) -> Mapping[str, Any]:
    results = []
    for row in facts.raw("rows"):
        inner = facts.row(row) if isinstance(row, Mapping) else None
        amount, weights = (row[0], row[1]) if inner is None else (inner.raw(*_AMOUNT), inner.raw(*_WEIGHTS))
        number = facts.as_number(amount, "amount")
        if number.denominator != 1:
            raise facts.wrong(f"amount is {amount!r}", "whole minor units")
        results.append(_split(facts, number.numerator, weights))
    return named({"result results share allocation": results, "sum": [sum(result) for result in results]})


def _one(facts: Facts) -> Mapping[str, Any]:
    shares = _split(facts, facts.money(facts.amount(*_AMOUNT)).minor, facts.raw(*_WEIGHTS))
    amounts = [Amount(part, facts.digits) for part in shares]
    return named({"result share allocation allocated": amounts, "sum total": facts.money(sum(shares))})


def _is_pairs(facts: Facts) -> bool:
    rows = facts.inputs.get("rows")
    return isinstance(rows, list) and all(
        (isinstance(row, list) and len(row) == 2) or isinstance(row, Mapping) for row in rows
    )


RECIPES = (
    Recipe("table of splits", _is_pairs, _pairs, whole=True),
    Recipe("one split", lambda f: f.has_amount(*_AMOUNT) and f.has(*_WEIGHTS), _one),
)
