"""Lists: filters such as `status[is]=pending`, sorting, and pages behind an opaque offset.

A resource is a table of attributes. What is not in it is no filter, and the vendor's error says so. Documents are
filtered and sorted by the instant of their making, whatever contract date they show. A query is read once and kept:
callers ask the same again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from domain.calendar import SECOND_US
from domain.http import Reply
from mocks.billing.errors import JSON
from mocks.billing.model import Billing
from mocks.billing.records import CreditNote, Invoice
from mocks.billing.views import STATUSES, dunning_status, reply, show
from mocks.kernel.codec import Undecodable, decode_json, decode_query
from mocks.kernel.desk import Message
from mocks.kernel.operations import Call, Refusal

Getter = Callable[[Any], Any]
Test = Callable[[Any], bool]
BESIDE = {"subscription": ("customer",), "quote": ("quoted_subscription",)}
"""What is shown beside a row in its list."""
IGNORED = frozenset({"exclude_tax_type", "bundle_configuration[type]", "dont_include", "business_entity_id[is]"})
EMPTY = Reply(200, JSON, b'{"list":[]}')


class Attribute(msgspec.Struct, frozen=True):
    """What rows can be filtered by: its kind (which has its operators) and how to find it in a record."""

    kind: str  # text | word | number | instant | flag | many
    of: Getter


class Query(msgspec.Struct, frozen=True):
    """A query as read: which rows, in which order, from where on, and how many.

    `equal` and `floor` name what an index may answer: values asked for with `is`, and instants with `after`.
    """

    limit: int = 10
    offset: tuple[Any, str] | None = None
    descending: bool = True
    sort: Getter | None = None
    tests: tuple[tuple[Getter, Test], ...] = ()
    with_deleted: bool = False
    equal: Mapping[str, str] = {}
    floor: Mapping[str, int] = {}


class Resource(msgspec.Struct, frozen=True):
    """A listable resource: its name, its rows (given the query, so that an index can answer), its attributes.

    `sorts` are the attributes one may sort by, the default first; rows come newest first unless asked otherwise.
    """

    name: str
    rows: Callable[[Billing, Query], Iterable[Any]]
    attributes: Mapping[str, Attribute]
    sorts: tuple[str, ...]


# --- rows and indexes -------------------------------------------------------------------------------------------------


def table(kind: str) -> Callable[[Billing, Query], Iterable[Any]]:
    """Return the finder of all records of a kind."""

    def rows(billing: Billing, _query: Query) -> Iterable[Any]:
        return billing.book.table(kind).values()

    return rows


def _invoices(billing: Billing, query: Query) -> Iterable[Invoice]:
    invoices: dict[str, Invoice] = billing.book.table("invoice")
    status = query.equal.get("status")
    return invoices.values() if status is None else [invoices[key] for key in billing.by_status.get(status, ())]


def _notes(billing: Billing, query: Query) -> Iterable[CreditNote]:
    invoice = query.equal.get("reference_invoice_id")
    if invoice is not None:
        found: Invoice | None = billing.book.get("invoice", invoice)
        return [billing.note(key) for key in found.notes] if found is not None else ()
    return _since(billing.book.table("credit_memo").values(), "created_us", query.floor.get("date"))


def _events(billing: Billing, query: Query) -> Iterable[Message]:
    return _since(billing.events, "occurred_us", query.floor.get("occurred_at"))


def _since(rows: Any, name: str, floor: int | None) -> Iterable[Any]:
    """Return rows, which are in order of time, from an instant in seconds on."""
    if floor is None:
        return rows  # type: ignore[no-any-return]
    found, floor_us = [], floor * SECOND_US
    for row in reversed(rows):
        if getattr(row, name) < floor_us:
            break
        found.append(row)
    return found


# --- the resources ----------------------------------------------------------------------------------------------------


def _text(name: str) -> Attribute:
    return Attribute("text", lambda record: getattr(record, name))


def _word(name: str) -> Attribute:
    return Attribute("word", lambda record: getattr(record, name))


def _number(name: str) -> Attribute:
    return Attribute("number", lambda record: getattr(record, name))


def _instant(name: str) -> Attribute:
    return Attribute("instant", lambda record: getattr(record, name) // SECOND_US)


def _second(name: str) -> Attribute:
    return Attribute("instant", lambda record: getattr(record, name) or 0)


def _flag(name: str) -> Attribute:
    return Attribute("flag", lambda record: "true" if getattr(record, name) else "false")


_MADE = {"created_at": _instant("created_us"), "updated_at": _instant("updated_us")}
_DATED = {"date": _instant("created_us"), "updated_at": _instant("updated_us")}
_SHOWN = {"id": _text("id"), "name": _text("name"), "status": _word("status"), "updated_at": _second("updated_at")}


CUSTOMERS = Resource(
    "customer",
    table("customer"),
    {
        "id": _text("id"), "company": _text("company"), "first_name": _text("first_name"),
        "last_name": _text("last_name"), "email": _text("email"), "phone": _text("phone"),
        "auto_collection": _word("auto_collection"), "taxability": _word("taxability"), **_MADE,
    },
    ("created_at", "updated_at"),
)  # fmt: skip
ITEM_FAMILIES = Resource("item_family", table("item_family"), _SHOWN, ("updated_at",))
ITEMS = Resource(
    "item",
    table("item"),
    {
        **_SHOWN, "item_family_id": _text("item_family_id"), "type": _word("type"), "metered": _flag("metered"),
        "item_applicability": _word("item_applicability"), "enabled_for_checkout": _flag("enabled_for_checkout"),
    },
    ("id", "name", "updated_at"),
)  # fmt: skip
ITEM_PRICES = Resource(
    "item_price",
    table("item_price"),
    {
        "id": _text("id"), "item_id": _text("sku"), "currency_code": _word("currency"), "name": _text("name"),
        "item_family_id": _text("family"), "item_type": _word("item_type"), "pricing_model": _word("model"),
        "status": _word("status"), "period": _number("months"), "period_unit": _word("period_unit"), **_MADE,
    },
    ("id", "name", "updated_at"),
)  # fmt: skip
COUPONS = Resource(
    "coupon",
    table("coupon"),
    {
        **_SHOWN, "created_at": _second("created_at"), "discount_type": _word("discount_type"),
        "duration_type": _word("duration_type"), "apply_on": _word("apply_on"), "currency_code": _word("currency_code"),
    },
    ("created_at",),
)  # fmt: skip
SUBSCRIPTIONS = Resource(
    "subscription",
    table("subscription"),
    {
        "id": _text("id"),
        "customer_id": _text("customer"),
        "status": Attribute("word", lambda record: STATUSES[record.status]),
        "item_id": Attribute("many", lambda record: [term.sku for term in record.terms]),
        "has_scheduled_changes": Attribute("flag", lambda record: "true" if record.scheduled else "false"),
        "activated_at": _instant("activated_us"),
        "cancelled_at": _instant("cancelled_us"),
        **_MADE,
    },
    ("created_at", "updated_at"),
)
INVOICES = Resource(
    "invoice",
    _invoices,
    {
        "id": _text("id"),
        "subscription_id": _text("subscription"),
        "customer_id": _text("customer"),
        "status": _word("status"),
        "recurring": _flag("recurring"),
        "total": _number("total_minor"),
        "amount_due": _number("due_minor"),
        "amount_paid": _number("paid_minor"),
        "amount_adjusted": _number("adjusted_minor"),
        "credits_applied": _number("credits_minor"),
        "paid_at": _instant("paid_us"),
        "voided_at": _instant("voided_us"),
        "dunning_status": Attribute("word", dunning_status),
        **_DATED,
    },
    ("date", "updated_at"),
)
CREDIT_NOTES = Resource(
    "credit_note",
    _notes,
    {
        "id": _text("id"),
        "subscription_id": _text("subscription"),
        "customer_id": _text("customer"),
        "reference_invoice_id": _text("invoice"),
        "type": _word("type"),
        "reason_code": _word("reason"),
        "create_reason_code": _word("reason"),
        "status": _word("status"),
        "total": _number("total_minor"),
        "amount_available": _number("available_minor"),
        "amount_refunded": _number("refunded_minor"),
        "amount_allocated": _number("allocated_minor"),
        "voided_at": _instant("voided_us"),
        **_DATED,
    },
    ("date", "updated_at"),
)
TRANSACTIONS = Resource(
    "transaction",
    table("transaction"),
    {
        "id": _text("id"),
        "customer_id": _text("customer"),
        "subscription_id": _text("subscription"),
        "payment_source_id": _text("source"),
        "payment_method": _word("method"),
        "gateway": _word("gateway"),
        "type": _word("type"),
        "status": _word("status"),
        "reference_number": _text("reference"),
        "amount": _number("amount_minor"),
        "date": _instant("date_us"),
        "updated_at": _instant("updated_us"),
    },
    ("date", "updated_at"),
)
PAYMENT_SOURCES = Resource(
    "payment_source",
    table("payment_source"),
    {
        "id": _text("id"), "customer_id": _text("customer"), "type": Attribute("word", lambda _record: "card"),
        "status": Attribute("word", lambda _record: "valid"), **_MADE,
    },
    ("created_at", "updated_at"),
)  # fmt: skip
PROMOTIONAL_CREDITS = Resource(
    "promotional_credit",
    table("promotional_credit"),
    {
        "id": _text("id"), "customer_id": _text("customer_id"), "type": _word("type"),
        "created_at": _second("created_at"),
    },
    ("created_at",),
)  # fmt: skip
USAGES = Resource(
    "usage",
    table("usage"),
    {
        "id": _text("id"), "subscription_id": _text("subscription"), "item_price_id": _text("item_price"),
        "usage_date": _instant("at_us"), "invoice_id": _text("invoice"), **_MADE,
    },
    ("usage_date", "updated_at"),
)  # fmt: skip
UNBILLED_CHARGES = Resource(
    "unbilled_charge",
    table("unbilled_charge"),
    {"id": _text("id"), "subscription_id": _text("subscription"), "customer_id": _text("customer"), **_MADE},
    ("created_at",),
)
QUOTES = Resource(
    "quote",
    table("quote"),
    {
        "id": _text("id"),
        "customer_id": Attribute("text", lambda offer: offer.quote.customer_id),
        "subscription_id": Attribute("text", lambda offer: offer.quote.subscription_id or ""),
        "status": Attribute("word", lambda offer: offer.quote.status),
        "date": _second("created_at"),
        "updated_at": _second("updated_at"),
    },
    ("date",),
)
ORDERS = Resource(
    "order",
    table("order"),
    {
        "id": _text("id"), "invoice_id": _text("invoice_id"), "subscription_id": _text("subscription_id"),
        "status": _word("status"), "order_type": _word("order_type"), "created_at": _second("created_at"),
        "updated_at": _second("updated_at"),
    },
    ("created_at", "updated_at"),
)  # fmt: skip
RAMPS = Resource(
    "ramp",
    table("ramp"),
    {
        "id": _text("id"), "subscription_id": _text("subscription_id"), "status": _word("status"),
        "effective_from": _second("effective_from"), "created_at": _second("created_at"),
        "updated_at": _second("updated_at"),
    },
    ("effective_from", "updated_at"),
)  # fmt: skip
WEBHOOK_ENDPOINTS = Resource(
    "webhook_endpoint", table("webhook_endpoint"), {"id": _text("id"), "created_at": _second("created_at")},
    ("created_at",),
)  # fmt: skip
EVENTS = Resource(
    "event",
    _events,
    {
        "id": _text("id"), "event_type": _word("topic"), "occurred_at": _instant("occurred_us"),
        "source": Attribute("word", lambda _message: "api"),
        "webhook_status": Attribute("word", lambda _message: "succeeded"),
    },
    ("occurred_at",),
)  # fmt: skip


def _none(name: str) -> Resource:
    """Return a resource of the vendor that this site never has any of."""
    attributes = {"id": _text("id"), "created_at": _second("created_at"), "updated_at": _second("updated_at")}
    return Resource(name, table(name), attributes, ("created_at", "updated_at"))


NEVER = tuple(
    _none(name)
    for name in ("attached_item", "comment", "gift", "hosted_page", "site_migration_detail", "virtual_bank_account")
)
"""What exporters ask for and this site never has: the lists are empty."""
RESOURCES = {
    resource.name: resource
    for resource in (
        CUSTOMERS, ITEM_FAMILIES, ITEMS, ITEM_PRICES, COUPONS, SUBSCRIPTIONS, INVOICES, CREDIT_NOTES, TRANSACTIONS,
        PAYMENT_SOURCES, PROMOTIONAL_CREDITS, USAGES, UNBILLED_CHARGES, QUOTES, ORDERS, RAMPS, WEBHOOK_ENDPOINTS,
        EVENTS, *NEVER,
    )
}  # fmt: skip


# --- operators: (value as sent) -> test of a row's own value ---------------------------------------------------------


def _listed(value: str) -> list[str]:
    """Return the texts of a list on the wire; clients quote them with either quote, or not at all."""
    text = value.strip()
    if not (text.startswith("[") and text.endswith("]")):
        raise ValueError('expected a list such as ["a","b"]')
    return [part.strip().strip("\"'") for part in text[1:-1].split(",") if part.strip()]


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
    return lambda own: bool(own > limit)


def _below(value: str) -> Test:
    limit = int(value)
    return lambda own: bool(own < limit)


def _at_least(value: str) -> Test:
    limit = int(value)
    return lambda own: bool(own >= limit)


def _at_most(value: str) -> Test:
    limit = int(value)
    return lambda own: bool(own <= limit)


def _on(value: str) -> Test:
    day = int(value) // 86_400
    return lambda own: bool(own // 86_400 == day)


def _between(value: str) -> Test:
    found = _listed(value)
    if len(found) != 2:
        raise ValueError("expected a list of two numbers")
    low, high = map(int, found)
    return lambda own: bool(low <= own <= high)


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
    "instant": {"after": _above, "before": _below, "on": _on, "between": _between},
    "flag": {"is": _is},
    "many": {"is": _any_is, "in": _any_in},
}


# --- pages ------------------------------------------------------------------------------------------------------------


def lists(resource: Resource) -> Callable[[Billing, Call], Reply]:
    """Return the handler that lists a resource: `list`, and `next_offset` while there is more."""

    def handler(billing: Billing, call: Call) -> Reply:
        query = _read(resource.name, call.request.target.partition("?")[2])
        rows = resource.rows(billing, query)
        return page(billing, resource.name, rows, query) if rows else EMPTY

    handler.__doc__ = f"List {resource.name}s, filtered, sorted, page by page."
    return handler


def page(billing: Billing, name: str, rows: Iterable[Any], query: Query) -> Reply:
    """Return one page of rows as the vendor shows it."""
    if not query.with_deleted and name != "event":
        rows = [row for row in rows if not row.deleted]
    for own, test in query.tests:
        rows = [row for row in rows if test(own(row))]
    sort, offset = query.sort, query.offset
    assert sort is not None, "a query that was read has an order"
    ranked = sorted([(sort(row), row.id, row) for row in rows], key=_rank, reverse=query.descending)
    if offset is not None:
        ranked = _after(ranked, offset, query.descending)
    shown = [_shown(billing, name, row) for _, _, row in ranked[: query.limit]]
    answer: dict[str, Any] = {"list": shown}
    if len(ranked) > query.limit:
        last = ranked[query.limit - 1]
        answer["next_offset"] = msgspec.json.encode([last[0], last[1]]).decode()
    return reply(answer)


def _shown(billing: Billing, name: str, row: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {name: show(billing, name, row)}
    if name == "subscription":
        shown["customer"] = show(billing, "customer", billing.book.table("customer")[row.customer])
    elif name == "quote":
        shown["quoted_subscription"] = row.quoted
    return shown


def _after(ranked: list[Any], offset: tuple[Any, str], descending: bool) -> list[Any]:
    try:
        return [row for row in ranked if (_rank(row) < offset if descending else _rank(row) > offset)]
    except TypeError as error:  # of a list in another order
        raise Refusal("param_wrong_value", "is no next_offset of an earlier page", field="offset") from error


def _rank(entry: tuple[Any, str, Any]) -> tuple[Any, str]:
    return entry[0], entry[1]


@lru_cache(maxsize=4096)
def _read(name: str, text: str) -> Query:
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
    if not value.isdecimal() or not 1 <= int(value) <= 100:
        raise Refusal("param_wrong_value", "expected 1 to 100", field="limit")
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
    try:
        return attribute, operator, made(value)
    except (ValueError, TypeError) as error:
        raise Refusal("param_wrong_value", f"{value[:100]!r} does not fit: {error}", field=name) from error
