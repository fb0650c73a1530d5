"""Recipes for coupons: discounts that reduce the taxable base line by line, one after another."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from domain.oracle.facts import Facts
from domain.oracle.recipe import Recipe, named
from domain.oracle.result import Parts
from domain.oracle.tax import BASE, RATE, RATES, rates_of
from domain.tax import Coupon, apply_coupons, document_tax

_FEES = ("fees", "lines", "fee", "items", "nets")
_COUPONS = ("coupons", "coupon", "discounts", "discount", "coupon_amounts")


def _coupon(facts: Facts, value: Any, key: str) -> Coupon:
    if isinstance(value, Mapping):
        inner = facts.row(value)
        if any(name in value for name in ("rate", "percent", "percentage", "pct")):
            return Coupon(rate=inner.rate("rate", "percent", "percentage", "pct"))
        return Coupon(amount_minor=facts.money(inner.amount("amount", "coupon", "value", "off")).minor)
    if isinstance(value, str) and value.endswith("%"):
        return Coupon(rate=facts.as_rate(value, key))
    return Coupon(amount_minor=facts.money(facts.as_amount(value, key)).minor)


def _coupons(facts: Facts) -> list[Coupon]:
    key = facts.amount_key(*_COUPONS)
    if key is None:
        return [Coupon(rate=facts.rate("coupon_pct", "coupon_rate", "discount_pct", "discount_rate"))]
    value = facts.inputs[key]
    return [_coupon(facts, part, key) for part in (value if isinstance(value, list) else [value])]


def _fee_rates(facts: Facts, count: int) -> list[Fraction]:
    rates = rates_of(facts) if facts.has(*RATES, *RATE) else [Fraction(0)]
    if len(rates) == 1:
        return rates * count
    if len(rates) != count:
        raise facts.wrong(f"{len(rates)} rates for {count} fees", "one rate per fee, or one for all")
    return rates


def _fees(facts: Facts) -> tuple[list[int], list[Fraction]]:
    key = facts.amount_key(*_FEES)
    assert key is not None, "suits() has seen the fees"
    values = facts.inputs[key] if isinstance(facts.inputs[key], list) else [facts.inputs[key]]
    if all(isinstance(value, Mapping) for value in values):
        rows = [facts.row(value) for value in values]
        return [facts.money(row.amount(*BASE, "fee")).minor for row in rows], [
            sum(rates_of(row), Fraction(0)) for row in rows
        ]
    fees = [facts.money(facts.as_amount(value, key)).minor for value in values]
    return fees, _fee_rates(facts, len(fees))


def _with_coupons(facts: Facts) -> Mapping[str, Any]:
    fees, rates = _fees(facts)
    shares = apply_coupons(fees, _coupons(facts))
    cut = [sum(parts) for parts in zip(*shares, strict=True)] if shares else [0] * len(fees)
    left = [fee - part for fee, part in zip(fees, cut, strict=True)]
    taxes = document_tax(left, [[rate] for rate in rates], facts.policy.level, facts.policy.mode)
    net = sum(left)
    return named(
        {
            "coupon_share discount_share line_discount share": Parts(
                [facts.money(part) for part in cut],
                facts.money(sum(cut)),
                [[facts.money(part) for part in row] for row in shares],
            ),
            "coupon_total coupons_total discount discount_total": facts.money(sum(cut)),
            "shares_by_coupon per_coupon_share": [[facts.money(part) for part in row] for row in shares],
            "per_coupon coupon_amounts applied": [facts.money(sum(row)) for row in shares],
            "coupon": Parts([facts.money(sum(row)) for row in shares], facts.money(sum(cut))),
            "taxable base taxable_base line_net nets": [facts.money(part) for part in left],
            "line_tax line_taxes taxes": [facts.money(tax) for tax in taxes.line_taxes],
            "net subtotal": Parts([facts.money(part) for part in left], facts.money(net)),
            "tax": Parts([facts.money(tax) for tax in taxes.line_taxes], facts.money(taxes.total_minor)),
            "tax_total total_tax": facts.money(taxes.total_minor),
            "total gross": facts.money(net + taxes.total_minor),
        }
    )


_RELATIVE = ("coupon_pct", "coupon_rate", "discount_pct", "discount_rate")


def _has_coupons(facts: Facts) -> bool:
    return facts.has_amount(*_FEES) and (facts.has_amount(*_COUPONS) or facts.has(*_RELATIVE))


RECIPES = (Recipe("coupons", _has_coupons, _with_coupons),)
