"""Answers pairs computed outputs with the names under which a case expects them, and compares by value."""

import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from domain.oracle.result import Amount, Parts, Row, Share
from domain.rounding import Rounding, round_to_digits

_SUFFIXES = ("_minor", "_amount_minor", "_cents", "_amount", "_major", "_amounts", "_list")
_TERM = re.compile(r"^-?\d+(\.\d+)?(/\d+)?$")
_FEWEST_DIGITS = 3


class Missing(KeyError):
    """An expected name that no recipe computes."""


def spellings(name: str) -> Iterator[str]:
    """Yield the names an output may have for an expected one: without unit suffix, in the singular."""
    lowered = name.lower()
    stems = [lowered, *(lowered.removesuffix(suffix) for suffix in _SUFFIXES if lowered.endswith(suffix))]
    for stem in stems:
        yield stem
        for ending, singular in (("ies", "y"), ("xes", "x"), ("s", "")):
            if stem.endswith(ending):
                yield stem.removesuffix(ending) + singular


def find(outputs: Mapping[str, Any], name: str) -> Any:
    """Return the output of that name; raise Missing when there is none."""
    for spelling in spellings(name):
        if spelling in outputs:
            return outputs[spelling]
    raise Missing(name)


def fit(expected: Any, value: Any, name: str) -> Any:
    """Give a computed value the shape that the case expects: rows of records as a record of rows, one from equals."""
    if isinstance(value, Parts):
        value = _shape_of(expected, value)
    if isinstance(expected, Mapping):
        if isinstance(value, list) and value and all(isinstance(part, Mapping) for part in value):
            value = {key: [part[key] for part in value] for key in value[0]}
        if not isinstance(value, Mapping):
            raise Missing(name)
        return {key: fit(inner, find(value, key), key) for key, inner in expected.items()}
    if isinstance(expected, list):
        return _fit_list(expected, value, name)
    if isinstance(value, Mapping) and value:
        value = next(iter(value.values()))
    if isinstance(value, list) and value:
        return _one_of(value, name)
    return value


def _shape_of(expected: Any, value: Parts) -> Any:
    if not isinstance(expected, list):
        return value.whole
    return value.nested if value.nested and any(isinstance(part, list) for part in expected) else value.each


def _fit_list(expected: list[Any], value: Any, name: str) -> Any:
    if not isinstance(value, list):
        value = [value] * len(expected) if len(expected) == 1 else value
    if not isinstance(value, list) or len(value) != len(expected):
        return value
    return [fit(inner, part, name) for inner, part in zip(expected, value, strict=True)]


def _one_of(values: list[Any], name: str) -> Any:
    if name.lower().startswith(("total", "sum")) and all(isinstance(value, Amount) for value in values):
        return Amount(sum(value.minor for value in values), values[0].digits)
    if all(value == values[0] for value in values):
        return values[0]
    return values


def number(text: Any) -> Fraction | None:
    """Read a number, "8/30", "14/31 + 1 + 12/28", or "5 %"; None when it is something else."""
    if isinstance(text, bool) or text is None:
        return None
    if isinstance(text, int | float):
        return Fraction(str(text))
    if not isinstance(text, str):
        return None
    terms = [term.strip() for term in text.replace("−", "-").split("+")]
    if not all(_TERM.match(term) for term in terms):
        return None
    try:
        return sum((_term(term) for term in terms), Fraction(0))
    except ZeroDivisionError:
        return None


def _term(text: str) -> Fraction:
    top, _, bottom = text.partition("/")
    return Fraction(top) / Fraction(bottom or 1)


def _digits_shown(expected: Any) -> int | None:
    text = str(expected)
    if "/" in text or "." not in text:
        return None
    shown = len(text.partition(".")[2])
    return shown if shown >= _FEWEST_DIGITS else None


def equal(expected: Any, value: Any, minor: bool, mode: Rounding) -> bool:
    """Compare by value: "100" equals "100.00"; an exact ratio is rounded to the digits that are shown."""
    if isinstance(expected, Mapping):
        return isinstance(value, Mapping) and all(
            equal(inner, value[key], minor or says_minor(key), mode) for key, inner in expected.items()
        )
    if isinstance(expected, list):
        same = isinstance(value, list) and len(value) == len(expected)
        return same and all(equal(e, v, minor, mode) for e, v in zip(expected, value, strict=True))
    if isinstance(expected, str) and "." in expected:
        minor = False
    wanted, have = number(expected), _plain(value, minor)
    if wanted is None or not isinstance(have, Fraction):
        return str(expected).lower() == str(have).lower()
    if isinstance(value, Share) and wanted != have:
        shown = _digits_shown(expected)
        return shown is not None and round_to_digits(have, shown, mode) == wanted
    return wanted == have


def says_minor(key: str) -> bool:
    """Tell whether a key's name says minor units."""
    return key.endswith(("_minor", "_cents"))


def _plain(value: Any, minor: bool) -> Any:
    if isinstance(value, Amount):
        return Fraction(value.minor) if minor else value.major
    if isinstance(value, Share):
        return value.value
    found = number(value) if not isinstance(value, list | Mapping) else None
    return value if found is None else found


def shown(value: Any, minor: bool, expected: Any = None) -> str:
    """Write a computed value as text, amounts in the units that the case uses."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {shown(part, minor)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(shown(part, minor) for part in value) + "]"
    if isinstance(value, Amount):
        return str(value.minor) if minor else _decimal(value.major, value.digits)
    if isinstance(value, Share):
        digits = _digits_shown(expected) if expected is not None else None
        return str(value.value) if digits is None else _decimal(round_to_digits(value.value, digits), digits)
    return "none" if value is None else str(value)


def _decimal(value: Fraction, digits: int) -> str:
    whole, rest = divmod(abs(value * 10**digits).numerator, 10**digits)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"


def wanted_text(expected: Any) -> str:
    """Write an expected value as text."""
    if isinstance(expected, Mapping):
        return "{" + ", ".join(f"{key}: {wanted_text(part)}" for key, part in expected.items()) + "}"
    if isinstance(expected, list):
        return "[" + ", ".join(wanted_text(part) for part in expected) + "]"
    return "none" if expected is None else str(expected)


def rows(
    expected: Mapping[str, Any], value_of: Callable[[str, Any], Any], minor: bool, mode: Rounding, prefix: str = ""
) -> Iterator[Row]:
    """Yield a row per expected value; records are opened one level per name, lists stay whole."""
    for key, inner in expected.items():
        name, units = prefix + key, minor or says_minor(key)
        value = fit(inner, value_of(key, inner), key)
        if isinstance(inner, Mapping):
            yield from rows(inner, lambda k, _, have=value: have[k], units, mode, name + ".")  # type: ignore[misc]
        else:
            agrees = equal(inner, value, units, mode)
            yield Row(name, wanted_text(inner), shown(value, units, inner), agrees)
