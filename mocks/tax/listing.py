"""Lists: the `$filter`, `$orderBy`, `$top` and `$skip` of the dialect over stored documents."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mocks.kernel.operations import Refusal
from mocks.tax.documents import StoredDocument

_FIELDS: dict[str, Callable[[StoredDocument], Any]] = {
    "id": lambda document: document.id,
    "code": lambda document: document.code,
    "date": lambda document: document.date.isoformat(),
    "status": lambda document: document.status,
    "type": lambda document: document.type,
    "customercode": lambda document: document.customer,
    "currencycode": lambda document: document.currency,
    "purchaseorderno": lambda document: document.purchase_order,
    "referencecode": lambda document: document.reference,
    "locked": lambda document: document.locked,
    "version": lambda document: document.version,
}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "gte": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
    "lte": operator.le,
}
_CLAUSE = re.compile(r"\s*(\w+)\s+(\w+)\s+(?:'((?:[^']|'')*)'|(\S+))\s*$")
MAX_TOP = 1000


def chosen(documents: Iterable[StoredDocument], query: Mapping[str, str]) -> tuple[int, list[StoredDocument]]:
    """Return (count of matches, the page asked for); raise Refusal for a query that is not understood."""
    tests = [_test(clause) for clause in re.split(r"\s+and\s+", query.get("$filter", ""), flags=re.I) if clause]
    found = [document for document in documents if all(test(document) for test in tests)]
    for name, descending in reversed(_order(query.get("$orderBy", ""))):
        found.sort(key=_FIELDS[name], reverse=descending)
    top, skip = _whole(query, "$top", MAX_TOP), _whole(query, "$skip", 0)
    return len(found), found[skip : skip + min(top, MAX_TOP)]


def _test(clause: str) -> Callable[[StoredDocument], bool]:
    match = _CLAUSE.match(clause)
    if match is None or match.group(1).lower() not in _FIELDS or match.group(2).lower() not in _COMPARE:
        raise Refusal("validation", f"{clause!r} is not a filter such as: status eq 'Saved'", field="$filter")
    read, compare = _FIELDS[match.group(1).lower()], _COMPARE[match.group(2).lower()]
    text = match.group(3)
    value: Any = text.replace("''", "'") if text is not None else _literal(match.group(4))
    return lambda document: compare(_comparable(read(document), value), value)


def _literal(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if text.lstrip("-").isdigit() else text


def _comparable(found: Any, value: Any) -> Any:
    return found if isinstance(found, type(value)) else str(found) if isinstance(value, str) else type(value)()


def _order(text: str) -> list[tuple[str, bool]]:
    order = []
    for part in filter(None, (entry.strip() for entry in text.split(","))):
        name, _, direction = part.partition(" ")
        if name.lower() not in _FIELDS:
            raise Refusal("validation", f"{name!r} is not a field to sort by.", field="$orderBy")
        order.append((name.lower(), direction.strip().lower() == "desc"))
    return order


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if text and not text.isdigit():
        raise Refusal("range", f"{name} must be a number from 0.", field=name)
    return int(text) if text else default
