"""Search: the query language of the dialect, parsed into tests on records.

clause  = ["-"] field [":" | "~" | ">" | ">=" | "<" | "<="] value, where field may be metadata["key"]
query   = clause {["AND"] clause} | clause {"OR" clause}
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from mocks.kernel.operations import Refusal
from mocks.payment.model import Processor

_TOKEN = re.compile(
    r"""\s*(?:(?P<join>AND|OR|and|or)\s+)?(?P<minus>-?)(?P<field>\w+)
        (?:\[\s*(?P<quote>["'])(?P<key>(?:\\.|(?!(?P=quote)).)*)(?P=quote)\s*\])?
        \s*(?P<operator>:|~|>=|<=|>|<)\s*
        (?:(?P<quote2>["'])(?P<text>(?:\\.|(?!(?P=quote2)).)*)(?P=quote2)|(?P<bare>null|-?[\w.]+))\s*""",
    re.X | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NUMBER = re.compile(r"-?\d+", re.ASCII)
_NUMERIC: Mapping[str, Callable[[Any, Any], bool]] = {
    ":": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_PAID = frozenset({"amount", "created", "currency", "customer", "status", "metadata"})
FIELDS: Mapping[str, frozenset[str]] = {
    "customer": frozenset({"created", "email", "name", "phone", "metadata"}),
    "payment_intent": _PAID,
    "charge": _PAID,
    "product": frozenset({"active", "description", "metadata", "name", "shippable", "url"}),
    "price": frozenset({"active", "currency", "lookup_key", "metadata", "product", "type"}),
    "invoice": frozenset({
        "created", "currency", "customer", "metadata", "number", "receipt_number", "status", "subscription", "total",
        "last_finalization_error_code", "last_finalization_error_type",
    }),
    "subscription": frozenset({"canceled_at", "created", "metadata", "status"}),
}  # fmt: skip


class Clause(msgspec.Struct, frozen=True):
    """One test of a query."""

    negated: bool
    field: str
    key: str
    operator: str
    value: str | None  # None: null


class Query(msgspec.Struct, frozen=True):
    """A parsed query: all of the clauses, or any of them."""

    clauses: tuple[Clause, ...]
    any: bool = False


def parse(text: str, kind: str) -> Query:
    """Return a query; raise Refusal when it cannot be read or asks for an unknown field."""
    clauses: list[Clause] = []
    joins: set[str] = set()
    place = 0
    while place < len(text) or not clauses:
        match = _TOKEN.match(text, place)
        if match is None or (match["join"] and not clauses):
            raise Refusal("parameter_invalid", f"The query is not understood from {text[place:]!r} on.", field="query")
        if clauses:
            joins.add((match["join"] or "AND").upper())
        clauses.append(_clause(match, kind))
        place = match.end()
    if len(joins) > 1:
        raise Refusal("parameter_invalid", "AND and OR cannot be mixed in one query.", field="query")
    return Query(tuple(clauses), "OR" in joins)


def _clause(match: re.Match[str], kind: str) -> Clause:
    field = match["field"]
    if field not in FIELDS[kind] or (field == "metadata") != (match["key"] is not None):
        raise Refusal("parameter_invalid", f"Field {field} is not searchable.", field="query")
    text = match["text"]
    value = None if match["bare"] == "null" else _unescaped(text) if text is not None else match["bare"]
    if match["operator"] not in (":", "~") and not _NUMBER.fullmatch(value or ""):
        raise Refusal("parameter_invalid", f"{match['operator']} needs a number.", field="query")
    return Clause(bool(match["minus"]), field, _unescaped(match["key"] or ""), match["operator"], value)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def run(model: Processor, kind: str, query: Query) -> list[Any]:
    """Return the records that match, the newest first; an equality on metadata goes by the index."""
    records = model.tables[kind]
    latest = model.now - model.quirks.search_lag_seconds
    found = [
        record
        for record in _candidates(model, kind, query, records)
        if record.created <= latest and matches(record, query)
    ]
    found.reverse()
    return found


def _candidates(model: Processor, kind: str, query: Query, records: Mapping[str, Any]) -> Iterable[Any]:
    for clause in query.clauses:
        exact = clause.field == "metadata" and clause.operator == ":" and clause.value is not None
        if exact and not clause.negated and not query.any:
            ids = model.index.find(kind, clause.key, clause.value or "", records)
            return [records[key] for key in ids]
    return records.values()


def matches(record: Any, query: Query) -> bool:
    """Tell whether a record fits a query; a deleted customer fits none."""
    if getattr(record, "deleted", False) is True:
        return False
    test = any if query.any else all
    return test(_holds(record, clause) != clause.negated for clause in query.clauses)


def _holds(record: Any, clause: Clause) -> bool:
    found = record.metadata.get(clause.key) if clause.field == "metadata" else getattr(record, clause.field, None)
    if isinstance(found, bool):
        found = "true" if found else "false"
    if clause.value is None:
        return found is None or found == ""
    if found is None:
        return False
    if clause.operator == "~":
        return clause.value.lower() in str(found).lower()
    if clause.operator != ":" or isinstance(found, int):
        if not _NUMBER.fullmatch(str(found)) or not _NUMBER.fullmatch(clause.value):
            return False
        return _NUMERIC[clause.operator](int(found), int(clause.value))
    return str(found).lower() == clause.value.lower()
