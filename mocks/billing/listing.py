"""Lists: filters such as `status[is]=pending`, sorting, and pages behind an opaque offset.

A resource is a table of attributes. What is not in it is no filter, and the vendor's error says so. Documents are
filtered and sorted by the instant of their making, whatever contract date they show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import takewhile
from typing import Any

import msgspec

from domain.calendar import SECOND_US
from mocks.billing.model import Billing
from mocks.billing.records import CreditNote, Invoice
from mocks.billing.views import STATUSES, show
from mocks.kernel.codec import Undecodable, decode_json
from mocks.kernel.desk import Message
from mocks.kernel.operations import Refusal

Getter = Callable[[Billing, Any], Any]
Filters = list[tuple[str, str, str]]


class Resource(msgspec.Struct, frozen=True):
    """A listable resource: its name, its rows (given the filters, so that an index can answer), its attributes.

    `sorts` are the attributes one may sort by, the default first; rows come newest first unless asked otherwise.
    """

    name: str
    rows: Callable[[Billing, Filters], Iterable[Any]]
    attributes: Mapping[str, Getter]
    sorts: tuple[str, ...]


def _table(kind: str) -> Callable[[Billing, Filters], Iterable[Any]]:
    def rows(billing: Billing, _filters: Filters) -> Iterable[Any]:
        return billing.desk.book.table(kind).values()

    return rows


def _invoices(billing: Billing, filters: Filters) -> Iterable[Invoice]:
    table = billing.desk.book.table("invoice")
    for name, operator, value in filters:
        if name == "status" and operator == "is":
            return [table[key] for key in billing.by_status.get(value, ())]
    return table.values()


def _notes(billing: Billing, filters: Filters) -> Iterable[CreditNote]:
    for name, operator, value in filters:
        if name == "reference_invoice_id" and operator == "is":
            invoice: Invoice | None = billing.desk.book.get("invoice", value)
            return [billing.note(key) for key in invoice.notes] if invoice is not None else []
    floor_us = _floor_us(filters, "date")
    latest_first = reversed(billing.desk.book.table("credit_memo").values())
    return takewhile(lambda note: note.created_us >= floor_us, latest_first)


def _events(billing: Billing, filters: Filters) -> Iterable[Message]:
    floor_us = _floor_us(filters, "occurred_at")
    return takewhile(lambda message: message.occurred_us >= floor_us, reversed(billing.events))


def _floor_us(filters: Filters, attribute: str) -> int:
    """Return the instant before which no row can fit: rows of these tables are in order of time."""
    wanted = (int(v) for name, operator, v in filters if name == attribute and operator == "after" and v.isdecimal())
    return max(wanted, default=0) * SECOND_US


def _us(name: str) -> Getter:
    return lambda _billing, record: getattr(record, name) // SECOND_US


def _own(name: str) -> Getter:
    return lambda _billing, record: getattr(record, name)


CUSTOMERS = Resource(
    "customer",
    _table("customer"),
    {"id": _own("id"), "company": _own("company"), "created_at": _us("created_us"), "updated_at": _us("updated_us")},
    ("created_at", "updated_at"),
)
ITEM_PRICES = Resource(
    "item_price",
    _table("item_price"),
    {"id": _own("id"), "item_id": _own("sku"), "currency_code": _own("currency"), "name": _own("id")},
    ("id", "name"),
)
SUBSCRIPTIONS = Resource(
    "subscription",
    _table("subscription"),
    {
        "id": _own("id"),
        "customer_id": _own("customer"),
        "status": lambda _billing, record: STATUSES[record.status],
        "created_at": _us("created_us"),
        "updated_at": _us("updated_us"),
    },
    ("created_at", "updated_at"),
)
INVOICES = Resource(
    "invoice",
    _invoices,
    {
        "id": _own("id"),
        "subscription_id": _own("subscription"),
        "customer_id": _own("customer"),
        "status": _own("status"),
        "total": _own("total_minor"),
        "amount_due": _own("due_minor"),
        "date": _us("created_us"),
        "updated_at": _us("updated_us"),
    },
    ("date", "updated_at"),
)
CREDIT_NOTES = Resource(
    "credit_note",
    _notes,
    {
        "id": _own("id"),
        "subscription_id": _own("subscription"),
        "customer_id": _own("customer"),
        "reference_invoice_id": _own("invoice"),
        "type": _own("type"),
        "reason_code": _own("reason"),
        "status": _own("status"),
        "total": _own("total_minor"),
        "date": _us("created_us"),
        "updated_at": _us("updated_us"),
    },
    ("date", "updated_at"),
)
TRANSACTIONS = Resource(
    "transaction",
    _table("transaction"),
    {
        "id": _own("id"),
        "customer_id": _own("customer"),
        "subscription_id": _own("subscription"),
        "type": _own("type"),
        "status": _own("status"),
        "reference_number": _own("reference"),
        "amount": _own("amount_minor"),
        "date": _us("date_us"),
        "updated_at": _us("created_us"),
    },
    ("date", "updated_at"),
)
EVENTS = Resource(
    "event",
    _events,
    {"id": _own("id"), "event_type": _own("topic"), "occurred_at": _us("occurred_us")},
    ("occurred_at",),
)


def _listed(value: str) -> list[Any]:
    try:
        found = decode_json(value.encode())
    except Undecodable:
        found = None
    if not isinstance(found, list):
        raise ValueError('expected a list such as ["a","b"]')
    return found


def _between(own: Any, value: str) -> bool:
    low, high = _listed(value)
    return bool(int(low) <= own <= int(high))


OPERATORS: Mapping[str, Callable[[Any, str], bool]] = {
    "is": lambda own, value: str(own) == value,
    "is_not": lambda own, value: str(own) != value,
    "in": lambda own, value: str(own) in map(str, _listed(value)),
    "not_in": lambda own, value: str(own) not in map(str, _listed(value)),
    "starts_with": lambda own, value: str(own).startswith(value),
    "after": lambda own, value: own > int(value),
    "before": lambda own, value: own < int(value),
    "on": lambda own, value: own // 86_400 == int(value) // 86_400,
    "between": _between,
    "gt": lambda own, value: own > int(value),
    "gte": lambda own, value: own >= int(value),
    "lt": lambda own, value: own < int(value),
    "lte": lambda own, value: own <= int(value),
    "is_present": lambda own, value: bool(own) == (value == "true"),
}


def page(billing: Billing, resource: Resource, query: Mapping[str, str]) -> dict[str, Any]:
    """Return one page of a resource as the vendor shows it: `list`, and `next_offset` while there is more."""
    limit, offset, descending, sort, filters = _read(resource, query)
    key = resource.attributes[sort]
    rows = [row for row in resource.rows(billing, filters) if _fits(billing, resource, row, filters)]
    ranked = sorted(((key(billing, row), row.id, row) for row in rows), key=_rank, reverse=descending)
    if offset is not None:
        ranked = [entry for entry in ranked if (_rank(entry) < offset if descending else _rank(entry) > offset)]
    shown = [{resource.name: show(billing, resource.name, row)} for _, _, row in ranked[:limit]]
    answer: dict[str, Any] = {"list": shown}
    if len(ranked) > limit:
        last = ranked[limit - 1]
        answer["next_offset"] = msgspec.json.encode([last[0], last[1]]).decode()
    return answer


def _rank(entry: tuple[Any, str, Any]) -> tuple[Any, str]:
    return entry[0], entry[1]


def _fits(billing: Billing, resource: Resource, row: Any, filters: Filters) -> bool:
    for name, operator, value in filters:
        try:
            if not OPERATORS[operator](resource.attributes[name](billing, row), value):
                return False
        except (ValueError, TypeError) as error:
            raise Refusal(
                "param_wrong_value", f"{value!r} does not fit: {error}", field=f"{name}[{operator}]"
            ) from error
    return True


def _read(
    resource: Resource, query: Mapping[str, str]
) -> tuple[int, tuple[Any, str] | None, bool, str, Filters]:  # fmt: skip
    limit, offset, descending, sort = 10, None, True, resource.sorts[0]
    filters: Filters = []
    for name, value in query.items():
        if name == "limit":
            limit = _limit(value)
        elif name == "offset":
            offset = _offset(value)
        elif name in ("sort_by[asc]", "sort_by[desc]"):
            sort, descending = _sort(resource, name, value), name.endswith("[desc]")
        elif name != "include_deleted":
            filters.append(_filter(resource, name, value))
    return limit, offset, descending, sort, filters


def _limit(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 100:
        raise Refusal("param_wrong_value", "expected 1 to 100", field="limit")
    return int(value)


def _offset(value: str) -> tuple[Any, str]:
    try:
        key, identity = _listed(value)
    except ValueError as error:
        raise Refusal("param_wrong_value", "is no next_offset of an earlier page", field="offset") from error
    return key, str(identity)


def _sort(resource: Resource, name: str, value: str) -> str:
    if value not in resource.sorts:
        raise Refusal("param_wrong_value", f"expected one of {', '.join(resource.sorts)}", field=name)
    return value


def _filter(resource: Resource, name: str, value: str) -> tuple[str, str, str]:
    attribute, bracket, operator = name.removesuffix("]").partition("[")
    operator = operator if bracket else "is"
    if attribute not in resource.attributes or operator not in OPERATORS:
        raise Refusal("param_wrong_value", f"is no filter of {resource.name}s", field=name)
    return attribute, operator, value
