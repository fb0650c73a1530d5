"""Recipes for revenue: schedules over a term or named periods, allocation, ramps, modifications."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from domain.calendar import Interval
from domain.oracle.facts import Facts, share
from domain.oracle.recipe import Recipe, named
from domain.revenue import (
    Slice,
    allocate_by_price,
    catch_up,
    daily_by_month,
    even_periods,
    monthly_tenths,
    months_of,
    period_rate,
    prorate_first_and_last,
    prospective,
    ramp,
    recognised_by,
    tenth_months,
)
from domain.rounding import Rounding

_AMOUNT = ("amount", "total", "price", "net_amount", "transaction_price", "contract_value", "value")
_WEIGHTS = ("ssp", "stand_alone", "standalone", "ssps", "weights", "stand_alone_prices")
_YEARS = ("yearly", "years", "ramp", "annual_prices", "year_prices", "by_year")


def _even(total: int, term: Interval, mode: Rounding) -> list[Slice]:
    parts = months_of(term)
    amounts = even_periods(total, len(parts), mode)
    return [Slice(part, amount) for part, amount in zip(parts, amounts, strict=True)]


_METHODS: Mapping[str, Callable[[int, Interval, Rounding], list[Slice]]] = {
    "DAILY_RESIDUAL_LAST": daily_by_month,
    "EVEN_PERIODS": _even,
    "MONTHLY_ONE_DECIMAL": monthly_tenths,
    "PRORATE_FIRST_LAST": prorate_first_and_last,
    "PERIOD_RATE": period_rate,
}


def _term(facts: Facts) -> Interval:
    term = facts.used()
    assert term is not None, "suits() has seen the term"
    return term


def _slices(facts: Facts) -> list[Slice]:
    method = _METHODS.get(facts.policy.get("revrec", "DAILY_RESIDUAL_LAST"), daily_by_month)
    term = _term(facts)
    if term.days < 1 or term.days > 40_000:
        raise facts.wrong(f"service term has {term.days} days", "1 to 40000 days")
    return method(facts.money(facts.amount(*_AMOUNT)).minor, term, facts.policy.mode)


def _listed(facts: Facts, slices: list[Slice]) -> dict[str, Any]:
    amounts = [facts.money(part.amount_minor) for part in slices]
    dates = [part.posted_on.isoformat() for part in slices]
    return named(
        {
            "posting slice entry gl schedule": [[day, amount] for day, amount in zip(dates, amounts, strict=True)],
            "amount per_period per_month month recognised recognized": amounts,
            "date posting_date": dates,
            "day": [part.days.days for part in slices],
            "total sum": facts.money(sum(part.amount_minor for part in slices)),
        }
    )


def _schedule(facts: Facts) -> Mapping[str, Any]:
    slices = _slices(facts)
    outputs = _listed(facts, slices)
    if len(slices) >= 1:
        months = tenth_months(_term(facts), facts.policy.mode) if _term(facts).days > 1 else Fraction(1)
        outputs |= named({"actual_months months_count": share(months)})
    if facts.has("as_of", "recognised_through", "through_date"):
        earned = recognised_by(slices, facts.day("as_of", "recognised_through", "through_date"))
        total = sum(part.amount_minor for part in slices)
        outputs |= named(
            {"recognised recognized earned": facts.money(earned), "deferred remaining": facts.money(total - earned)}
        )
    return outputs


def _named_periods(facts: Facts) -> Mapping[str, Any]:
    value = facts.raw("periods", "n_periods", "period_count", "number_of_periods", "months")
    count = (
        len(value)
        if isinstance(value, list)
        else facts.whole("periods", "n_periods", "period_count", "number_of_periods", "months")
    )
    if not 0 < count <= 10_000:
        raise facts.wrong(f"{count} periods", "1 to 10000")
    total = facts.money(facts.amount(*_AMOUNT)).minor
    amounts = [facts.money(part) for part in even_periods(total, count, facts.policy.mode)]
    outputs = {"per_period amount slice per_month recognised": amounts, "total sum": facts.money(total)}
    return named(outputs | {"period_count count": count})


def _allocated(facts: Facts) -> Mapping[str, Any]:
    key = facts.amount_key(*_WEIGHTS)
    assert key is not None, "suits() has seen the prices"
    values = facts.inputs[key]
    names = list(values) if isinstance(values, Mapping) else []
    weights = [facts.as_number(v, key) for v in (values.values() if isinstance(values, Mapping) else values)]
    total = facts.money(facts.amount(*_AMOUNT)).minor
    try:
        shares = [facts.money(part) for part in allocate_by_price(total, weights)]
    except ValueError as problem:
        raise facts.wrong(str(problem)) from None
    outputs = named({"allocation allocated share amount": shares, "total sum": facts.money(total)})
    return outputs | dict(zip((str(name).lower() for name in names), shares, strict=False))


def _ramp(facts: Facts) -> Mapping[str, Any]:
    years = [facts.money(year).minor for year in facts.amounts(*_YEARS)]
    amounts = [facts.money(part) for part in ramp(years, facts.policy.mode)]
    return named({"per_year per_period amount yearly recognised": amounts, "total": facts.money(sum(years))})


_CHANGE_DAY = ("modification_date", "modified_on", "change_date", "change")
_NEW_TOTAL = ("new_total", "new_amount", "new_price")
_DELTA = ("change_amount", "delta", "added", "additional")


def _modified(facts: Facts) -> Mapping[str, Any]:
    slices, day = _slices(facts), facts.day(*_CHANGE_DAY)
    total = sum(part.amount_minor for part in slices)
    if facts.has_amount(*_NEW_TOTAL):
        new_total = facts.money(facts.amount(*_NEW_TOTAL)).minor
    else:
        new_total = total + facts.money(facts.amount(*_DELTA)).minor
    if facts.policy.get("revrec") == "CATCH_UP":
        adjustment, rest = catch_up(slices, day, new_total)
        return named({"catch_up adjustment": facts.money(adjustment)}) | _listed(facts, rest)
    return _listed(facts, prospective(slices, day, new_total - total))


def _is_modified(facts: Facts) -> bool:
    changed = facts.has_amount(*_NEW_TOTAL, *_DELTA)
    return changed and facts.has(*_CHANGE_DAY) and facts.used() is not None and facts.has_amount(*_AMOUNT)


def _has_weights(facts: Facts) -> bool:
    key = facts.amount_key(*_WEIGHTS)
    return key is not None and isinstance(facts.inputs[key], list | dict) and facts.has_amount(*_AMOUNT)


def _has_term(facts: Facts) -> bool:
    return facts.used() is not None and facts.has_amount(*_AMOUNT)


RECIPES = (
    Recipe("allocation by price", _has_weights, _allocated),
    Recipe("modification", _is_modified, _modified),
    Recipe("ramp", lambda f: f.has_amount(*_YEARS), _ramp),
    Recipe("schedule over a term", _has_term, _schedule),
    Recipe(
        "named periods",
        lambda f: (
            f.has_amount(*_AMOUNT) and f.has("periods", "n_periods", "period_count", "number_of_periods", "months")
        ),
        _named_periods,
    ),
)
