"""How each field of a reply is matched, as Pact's integration JSON.

Pact's type matchers take any value of a type: a wrong status, another currency or a price of zero pass them, and `min`,
`max` and `precision` only steer what is generated. So what money, status, currency and dates are is said by value or by
pattern; ids and texts, which another provider words otherwise, by type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

Kind = Literal["money", "status", "currency", "date", "other"]
Json = Any

_NAMES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("currency", re.compile(r"currency|currencycode|isocode$", re.I)),
    ("status", re.compile(r"status|^state$|decline_code|errorcode|api_error_code|^type$|^kind(__c)?$|_type$|"
                          r"^reason(_code)?$|^(ar|gl)$|juriscode", re.I)),
    (
        "date",
        re.compile(
            r"date|_at$|^created$|^due_by$|^(contract|term|trial)_(start|end)s?$|stamp$|^time$|(start|end)__c$|"
            r"expirationdate|_us$|period$",
            re.I,
        ),
    ),
    (
        "money",
        re.compile(
            r"amount|total|price|^tax|taxable|balance|unpaid|^due$|^net$|^gross$|^fee$|_minor$|^payment$|refunded$|"
            r"_paid$|^debit$|^credit$|remaining$|unused$|^rate$|foreign",
            re.I,
        ),
    ),
)  # fmt: skip
_NOT_MONEY = re.compile(r"totalSize|totalResults|price_id$|terms$", re.I)
_DATES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^\d{4}-\d\d-\d\d$"), r"^\d{4}-\d\d-\d\d$"),
    (
        re.compile(r"^\d{4}-\d\d-\d\dT"),
        r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$",
    ),
)


def kind_of(name: str) -> Kind:
    """Tell what a field is by its name, as vendors name such fields."""
    if _NOT_MONEY.search(name):
        return "other"
    return next((kind for kind, pattern in _NAMES if pattern.search(name)), "other")


def matched(value: Json, name: str = "") -> Json:
    """Return a value with the matchers it deserves, as integration JSON."""
    if isinstance(value, Mapping):
        return {inner: matched(part, inner) for inner, part in value.items()}
    if isinstance(value, list):
        return _listed(value, name)
    kind = kind_of(name)
    if value is None or isinstance(value, bool):
        return value if value is None else {"pact:matcher:type": "type", "value": value}
    if kind == "date":
        return _dated(value)
    if kind in ("money", "status", "currency") or value == "":
        return {"pact:matcher:type": "equality", "value": value}
    if isinstance(value, int | float):
        return {"pact:matcher:type": "number", "value": value}
    return {"pact:matcher:type": "type", "value": value}


def _listed(value: list[Json], name: str) -> Json:
    """Items of one shape: at least one of them. Items of several shapes, or words: these, in this order."""
    is_uniform = bool(value) and all(isinstance(item, Mapping) and _shape(item) == _shape(value[0]) for item in value)
    if is_uniform and len(value) == 1:
        return {"pact:matcher:type": "type", "min": 1, "value": [matched(value[0], name)]}
    return [matched(item, name) for item in value]


def _shape(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {name: _shape(part) for name, part in sorted(value.items())}
    return None if value is None else isinstance(value, list)


def _dated(value: Json) -> Json:
    if isinstance(value, int):  # seconds, milliseconds or microseconds: as many digits, or the unit has changed
        if value < 10**8:
            return {"pact:matcher:type": "equality", "value": value}
        return {"pact:matcher:type": "regex", "regex": rf"^\d{{{len(str(value))}}}$", "value": value}
    for form, pattern in _DATES:
        if form.search(str(value)):
            return {"pact:matcher:type": "regex", "regex": pattern, "value": value}
    return {"pact:matcher:type": "equality", "value": value}


def header(name: str, value: str) -> Json:
    """Return the matcher of a header that the integration reads or sends."""
    if name == "content-type":
        media = re.escape(value.partition(";")[0].strip()).replace("/", r"\/").replace(r"\-", "-")
        return {"pact:matcher:type": "regex", "regex": rf"^{media}(;.*)?$", "value": value.partition(";")[0].strip()}
    if name == "retry-after":
        return {"pact:matcher:type": "regex", "regex": r"^\d+$", "value": value}
    return value
