"""Recipes for tax: lines and jurisdictions, gross prices, chains, coupons, reverse charge, converted tax."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from domain.oracle.facts import Facts
from domain.oracle.recipe import Recipe, named
from domain.oracle.result import Parts
from domain.rounding import round_ratio
from domain.tax import (
    ChainedTax,
    TaxLevel,
    chained,
    combined,
    document_tax,
    inclusive,
    per_jurisdiction,
    reverse_charge,
)

LINES = ("lines", "line_amounts", "nets", "net_lines", "amounts", "bases", "items")
RATES = ("rates", "tax_rates", "percents")
RATE = ("rate", "tax_rate", "vat_rate", "percent", "tax_pct")
BASE = ("base", "net", "amount", "price", "untaxed")
_GROSS = ("gross", "gross_amount", "price_incl", "inclusive_price", "total_incl")
_FX = ("fx_rate", "exchange_rate", "currency_rate", "conversion_rate", "fx")


def rates_of(facts: Facts) -> list[Fraction]:
    """Return the tax rates of a case, one by one; raise what the facts raise for a list that is none."""
    if facts.has(*RATES):
        values = facts.raw(*RATES)
        if not isinstance(values, list):
            raise facts.wrong(f"rates is {values!r}", "a list of percentages")
        return [facts.as_rate(value, "rates") for value in values]
    return [facts.rate(*RATE)]


def _line_rows(facts: Facts) -> tuple[list[Fraction], list[list[Fraction]]]:
    key = facts.amount_key(*LINES)
    assert key is not None, "suits() has seen the lines"
    values = facts.inputs[key]
    if all(isinstance(value, Mapping) for value in values):
        inner = [facts.row(value) for value in values]
        return [row.amount(*BASE) for row in inner], [rates_of(row) for row in inner]
    nets = [facts.as_amount(value, key) for value in values]
    shared = rates_of(facts)
    by_line = len(shared) == len(nets) and facts.has(*RATES) and facts.says("per line", "each line", "line rates")
    return nets, [[rate] for rate in shared] if by_line else [shared for _ in nets]


def _lines(facts: Facts) -> Mapping[str, Any]:
    nets, rates = _line_rows(facts)
    rounded = [facts.money(net).minor for net in nets]
    tax = document_tax(rounded, rates, facts.policy.level, facts.policy.mode)
    by_line = document_tax(rounded, rates, TaxLevel.LINE, facts.policy.mode)
    by_document = document_tax(rounded, rates, TaxLevel.DOCUMENT, facts.policy.mode)
    net = sum(rounded)
    outputs = named(
        {
            "tax tax_total total_tax": Parts(
                [facts.money(cell) for cell in tax.line_taxes], facts.money(tax.total_minor)
            ),
            "line_taxes line_tax": [facts.money(cell) for cell in by_line.line_taxes],
            "line_level": facts.money(by_line.total_minor),
            "document_level": facts.money(by_document.total_minor),
            "spread_taxes document_line_taxes": [facts.money(cell) for cell in by_document.line_taxes],
            "difference spread": facts.money(by_document.total_minor - by_line.total_minor),
            "net": facts.money(net),
            "total gross": facts.money(net + tax.total_minor),
        }
    )
    if len({len(row) for row in rates}) == 1:
        outputs["jurisdiction_taxes"] = [facts.money(cell) for cell in tax.jurisdiction_taxes]
    return outputs


def _gross(facts: Facts) -> Mapping[str, Any]:
    gross = facts.money(facts.amount(*_GROSS)).minor
    rate = sum(rates_of(facts), Fraction(0))
    net, tax = inclusive(gross, rate, facts.policy.inclusive_method, facts.policy.mode)
    return named({"tax": facts.money(tax), "net base": facts.money(net), "total gross": facts.money(gross)})


def _both_ways(facts: Facts) -> Mapping[str, Any]:
    rate, outputs = sum(rates_of(facts), Fraction(0)), {}
    mode = facts.policy.mode
    if facts.has_amount("exclusive"):
        nets = [facts.money(net).minor for net in _list(facts, "exclusive")]
        taxes = [round_ratio(net * rate, mode) for net in nets]
        outputs["exclusive_tax"] = [facts.money(tax) for tax in taxes]
        outputs["exclusive_total"] = [facts.money(net + tax) for net, tax in zip(nets, taxes, strict=True)]
    if facts.has_amount("inclusive"):
        grosses = [facts.money(gross).minor for gross in _list(facts, "inclusive")]
        pairs = [inclusive(gross, rate, facts.policy.inclusive_method, mode) for gross in grosses]
        outputs["inclusive_net"] = [facts.money(net) for net, _ in pairs]
        outputs["inclusive_tax"] = [facts.money(tax) for _, tax in pairs]
    return outputs


def _list(facts: Facts, name: str) -> list[Fraction]:
    key = facts.amount_key(name)
    assert key is not None, "the caller has seen it"
    value = facts.inputs[key]
    return [facts.as_amount(part, key) for part in (value if isinstance(value, list) else [value])]


_CLAUSE = re.compile(r"([+-]?)\s*(\d+(?:\.\d+)?)\s*%")
_AFFECTS = ("enlarges", "affects", "increases", "included in", "compound", "raises")


def _chain_from_words(text: str) -> list[ChainedTax]:
    """Read "-20% withholding on base, +4% that enlarges the base, +22% on the enlarged base" as a chain."""
    chain = []
    for clause in re.split(r"[,;]| then ", text):
        found = _CLAUSE.search(clause)
        if found:
            sign = -1 if found[1] == "-" or ("withh" in clause and found[1] != "+") else 1
            words = clause[found.end() :]
            affects = any(word in words for word in _AFFECTS) and "enlarged" not in words
            chain.append(ChainedTax(sign * Fraction(found[2]) / 100, affects))
    return chain


def _chain(facts: Facts) -> list[ChainedTax]:
    values = facts.inputs.get("taxes", facts.inputs.get("chain"))
    if not isinstance(values, list):
        return _chain_from_words(facts.text.partition("\n")[0])
    taxes = []
    for value in values:
        if not isinstance(value, Mapping):
            taxes.append(ChainedTax(facts.as_rate(value, "taxes")))
            continue
        inner = Facts(facts.case_id, value, facts.policy)
        rate = inner.rate(*RATE)
        if value.get("withholding") and rate > 0:
            rate = -rate
        affects = any(
            bool(value.get(key)) for key in ("affects_base", "include_base_amount", "compound", "enlarges_base")
        )
        taxes.append(ChainedTax(rate, affects))
    return taxes


def _chained(facts: Facts) -> Mapping[str, Any]:
    base = facts.money(facts.amount(*BASE)).minor
    taxes = chained(base, _chain(facts), facts.policy.mode)
    return named(
        {
            "taxes": [facts.money(tax) for tax in taxes],
            "total gross": facts.money(base + sum(taxes)),
            "tax tax_total total_tax": facts.money(sum(taxes)),
            "net base": facts.money(base),
        }
    )


def _is_chain(facts: Facts) -> bool:
    return facts.has_amount(*BASE) and not facts.has(*RATES, *RATE) and len(_chain(facts)) > 0


def _one_base(facts: Facts) -> Mapping[str, Any]:
    base, rates, mode = facts.money(facts.amount(*BASE)).minor, rates_of(facts), facts.policy.mode
    separate, together = per_jurisdiction(base, rates, mode), combined(base, rates, mode)
    tax = together if facts.policy.level is TaxLevel.DOCUMENT else sum(separate)
    return named(
        {
            "tax": facts.money(tax),
            "per_jurisdiction separate": facts.money(sum(separate)),
            "combined": facts.money(together),
            "taxes jurisdiction_taxes": [facts.money(part) for part in separate],
            "net base": facts.money(base),
            "total gross": facts.money(base + tax),
        }
    )


def _is_reverse(facts: Facts) -> bool:
    said = facts.says("reverse charge", "reverse-charge") or "reverse_charge" in facts.policy.free
    return (said or bool(facts.inputs.get("reverse_charge"))) and facts.has_amount(*BASE, *_GROSS)


def _reversed(facts: Facts) -> Mapping[str, Any]:
    base = facts.money(facts.amount(*BASE, *_GROSS)).minor
    tax, opposite = reverse_charge(base, sum(rates_of(facts), Fraction(0)), facts.policy.mode)
    return named(
        {
            "taxes entries": [facts.money(tax), facts.money(opposite)],
            "total net gross base total_included total_excluded": facts.money(base),
            "tax tax_total total_tax": facts.money(0),
        }
    )


def _converted(facts: Facts) -> Mapping[str, Any]:
    """Convert with the rate at full precision and round once; beside it the wrong way, for comparison (2.13)."""
    fx, mode = facts.number(*_FX), facts.policy.mode
    key = facts.amount_key(*LINES, *BASE)
    assert key is not None, "suits() has seen the amounts"
    values = facts.inputs[key] if isinstance(facts.inputs[key], list) else [facts.inputs[key]]
    nets = [facts.as_amount(value, key) for value in values]
    rates = rates_of(facts)
    cells = [[net * rate for rate in rates] for net in nets]
    tax = sum((cell for row in cells for cell in row), Fraction(0))
    by_line = [round_ratio(sum(row, Fraction(0)) * fx, mode) for row in cells]
    rounded_tax = sum(round_ratio(cell, mode) for row in cells for cell in row)
    net = sum(nets, Fraction(0))
    once = facts.money(tax * fx)
    return named(
        {
            "converted_tax base_tax company_tax tax_base tax_company tax_in_company_currency converted": once,
            "full_precision exact from_total converted_once tax_converted tax_company_currency": once,
            "from_rounded naive rounded_first tax_from_rounded": facts.money(round_ratio(rounded_tax * fx, mode)),
            "by_line per_line from_lines summed_lines sum_of_lines from_converted_lines tax_from_lines": facts.money(
                sum(by_line)
            ),
            "converted_net base_net company_net net_base": facts.money(net * fx),
            "converted_total base_total company_total": facts.money((net + tax) * fx),
            "tax tax_total": facts.money(rounded_tax),
            "net": facts.money(net),
            "total": facts.money(round_ratio(net, mode) + rounded_tax),
        }
    )


def _has_lines(facts: Facts) -> bool:
    key = facts.amount_key(*LINES)
    return key is not None and isinstance(facts.inputs[key], list)


RECIPES = (
    Recipe("reverse charge", _is_reverse, _reversed),
    Recipe("converted tax", lambda f: f.has(*_FX) and f.has_amount(*LINES, *BASE), _converted),
    Recipe("lines", lambda f: _has_lines(f), _lines),
    Recipe("gross price", lambda f: f.has_amount(*_GROSS) and f.has(*RATE, *RATES), _gross),
    Recipe("exclusive and inclusive", lambda f: f.has_amount("exclusive", "inclusive"), _both_ways),
    Recipe("chain of taxes", _is_chain, _chained),
    Recipe("one base", lambda f: f.has_amount(*BASE) and f.has(*RATE, *RATES), _one_base),
)
