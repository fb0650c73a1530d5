"""The operators of filters: each takes a value as sent and becomes a test of a row's own value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from mocks.billing.listing.query import Test

_json = msgspec.json.Decoder(list[str | int])
_PART = re.compile(r"""\s*(?:'([^']*)'|"([^"]*)"|([^,]+))\s*(?:,|$)""")


def _listed(value: str) -> list[str]:
    """Return the texts of a list on the wire: most clients send JSON, some quote with `'` or not at all."""
    text = value.strip()
    if not (text.startswith("[") and text.endswith("]")):
        raise ValueError('expected a list such as ["a","b"]')
    try:
        return [str(part) for part in _json.decode(text)]
    except msgspec.MsgspecError:
        return [single or double or bare.strip() for single, double, bare in _PART.findall(text[1:-1])]


def _is(value: str) -> Test:
    return lambda own: bool(str(own) == value)


def _is_not(value: str) -> Test:
    return lambda own: str(own) != value


def _in(value: str) -> Test:
    wanted = frozenset(_listed(value))
    return lambda own: str(own) in wanted


def _not_in(value: str) -> Test:
    unwanted = frozenset(_listed(value))
    return lambda own: str(own) not in unwanted


def _starts_with(value: str) -> Test:
    return lambda own: str(own).startswith(value)


def _above(value: str) -> Test:
    limit = int(value)
    return lambda own: own is not None and bool(own > limit)


def _below(value: str) -> Test:
    limit = int(value)
    return lambda own: own is not None and bool(own < limit)


def _at_least(value: str) -> Test:
    limit = int(value)
    return lambda own: own is not None and bool(own >= limit)


def _at_most(value: str) -> Test:
    limit = int(value)
    return lambda own: own is not None and bool(own <= limit)


def _on(value: str) -> Test:
    day = int(value) // 86_400
    return lambda own: bool(own // 86_400 == day)


def _between(value: str) -> Test:
    found = _listed(value)
    if len(found) != 2:
        raise ValueError("expected a list of two numbers")
    low, high = map(int, found)
    return lambda own: own is not None and bool(low <= own <= high)


def _once(operator: Callable[[str], Test]) -> Callable[[str], Test]:
    """Return an operator on instants that what never happened does not pass: an unpaid invoice was not paid before."""

    def made(value: str) -> Test:
        test = operator(value)
        return lambda own: bool(own) and test(own)

    return made


def _true_or_false(value: str) -> Test:
    if value not in ("true", "false"):
        raise ValueError("expected true or false")
    return lambda own: bool(own == value)


def named(operator: str, value: str) -> list[str]:
    """Return the values that a filter on words names."""
    return [value] if operator in ("is", "is_not") else _listed(value) if operator in ("in", "not_in") else []


def _is_present(value: str) -> Test:
    if value not in ("true", "false"):
        raise ValueError("expected true or false")
    wanted = value == "true"
    return lambda own: bool(own) is wanted


def _any_is(value: str) -> Test:
    return lambda own: value in own


def _any_in(value: str) -> Test:
    wanted = frozenset(_listed(value))
    return lambda own: not wanted.isdisjoint(own)


_WORD = {"is": _is, "is_not": _is_not, "in": _in, "not_in": _not_in, "is_present": _is_present}
_NUMBER = {
    "is": _is, "is_not": _is_not, "gt": _above, "lt": _below, "gte": _at_least, "lte": _at_most, "between": _between,
    "is_present": _is_present,
}  # fmt: skip
OPERATORS: Mapping[str, Mapping[str, Callable[[str], Test]]] = {
    "text": {**_WORD, "starts_with": _starts_with},
    "word": _WORD,
    "number": _NUMBER,
    "instant": {
        "after": _once(_above), "before": _once(_below), "on": _once(_on), "between": _once(_between),
        "is_present": _is_present,
    },
    "flag": {"is": _true_or_false},
    "many": {"is": _any_is, "in": _any_in},
}  # fmt: skip
