"""A query string becomes a query: what is no filter, order or page of the resource is refused."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from domain.paging import PAGE_SIZES_MAX
from mocks.billing.listing.operators import OPERATORS, named
from mocks.billing.listing.query import Query, Resource, Test
from mocks.billing.listing.resources import RESOURCES
from mocks.kernel.codec import Undecodable, decode_json, decode_query
from mocks.kernel.operations import Refusal

_LARGEST_PAGE = PAGE_SIZES_MAX["billing"]
IGNORED = frozenset({"exclude_tax_type", "bundle_configuration[type]", "dont_include", "business_entity_id[is]"})


@lru_cache(maxsize=4096)
def read(name: str, text: str) -> Query:
    """Return a query string as read for a resource; refuse what is no filter, order or page of it."""
    resource = RESOURCES[name]
    limit, offset, descending, with_deleted, sort = 10, None, True, False, resource.sorts[0]
    tests, equal, floor = [], {}, {}
    for field, value in decode_query(f"?{text}").items():
        if field == "limit":
            limit = _limit(value)
        elif field == "offset":
            offset = _offset(value)
        elif field in ("sort_by[asc]", "sort_by[desc]"):
            sort, descending = _sort(resource, field, value), field == "sort_by[desc]"
        elif field == "include_deleted":
            with_deleted = value.lower() == "true"
        elif field not in IGNORED:
            attribute, operator, test = _filter(resource, field, value)
            tests.append((resource.attributes[attribute].of, test))
            if operator == "is":
                equal[attribute] = value
            elif operator == "after":
                floor[attribute] = int(value)
    return Query(limit, offset, descending, resource.attributes[sort].of, tuple(tests), with_deleted, equal, floor)


def _limit(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= _LARGEST_PAGE:
        raise Refusal("param_wrong_value", f"expected 1 to {_LARGEST_PAGE}", field="limit")
    return int(value)


def _offset(value: str) -> tuple[Any, str]:
    try:
        key, identity = decode_json(value.encode())
    except (Undecodable, ValueError, TypeError) as error:
        raise Refusal("param_wrong_value", "is no next_offset of an earlier page", field="offset") from error
    return key, str(identity)


def _sort(resource: Resource, name: str, value: str) -> str:
    if value not in resource.sorts:
        raise Refusal("param_wrong_value", f"expected one of {', '.join(resource.sorts)}", field=name)
    return value


def _filter(resource: Resource, name: str, value: str) -> tuple[str, str, Test]:
    attribute, bracket, operator = name.removesuffix("]").partition("[")
    operator = operator if bracket else "is"
    known = resource.attributes.get(attribute)
    made = OPERATORS[known.kind].get(operator) if known is not None else None
    if made is None:
        raise Refusal("param_wrong_value", f"is no filter of {resource.name}s", field=name)
    assert known is not None, "what has an operator is known"
    try:
        if known.values and (strange := set(named(operator, value)).difference(known.values)):
            raise ValueError(f"{min(strange)!r} is none of {', '.join(known.values)}")
        return attribute, operator, made(value)
    except (ValueError, TypeError) as error:
        raise Refusal("param_wrong_value", f"{value[:100]!r} does not fit: {error}", field=name) from error
