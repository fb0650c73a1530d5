"""A billing site driven over its wire: forms in, JSON out, and what its history then says."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any
from urllib.parse import quote_plus

import pytest

from domain.acts import Act
from domain.calendar import midnight_us, utc_midnight_us
from domain.draws import Draws
from domain.history import Changed
from domain.http import Reply, Request
from domain.objects import Line
from mocks import billing
from mocks.kernel.faults import FaultPlan
from mocks.kernel.vendor import build

BASIC = "Basic " + base64.b64encode(b"test_q2c_key:").decode()
ZONES = {"US": "America/New_York", "UK": "Europe/London", "DE": "Europe/Berlin", "JP": "Asia/Tokyo"}
PRICES = [
    ("SEAT", 1, "recurring", 3000),
    ("SEAT", 12, "recurring", 36_000),
    ("CORE", 12, "recurring", 1_200_000),
    ("PLUS", 3, "recurring", 90_000),
    ("SETUP", 0, "one_time", 50_000),
]


class Site:
    """One site and its clock; `today` moves the clock to an hour of a local day."""

    def __init__(self, entity: str = "DE", currency: str = "EUR", **quirks: Any) -> None:
        self.records: list[Any] = []
        plan = FaultPlan([], 1, self.records.append)
        quirks.setdefault("nets_changes", False)  # the vendor's manner; what is netted says so
        self.service = build(billing.VENDOR, Draws(1), self.records.append, plan, billing.Quirks(**quirks))
        self.entity, self.currency, self.zone = entity, currency, ZONES[entity]
        self.now_us = midnight_us(date(2026, 10, 1), self.zone)
        self.number = 0
        self.deliveries: list[Any] = []
        for sku, months, kind, unit in PRICES:
            self.act("create_item_price", sku=sku, currency=currency, months=months, kind=kind, list_unit_minor=unit)

    # time

    def at(self, day: date, hour: int = 9) -> None:
        """Let the site live until an hour of a local day."""
        self.until(midnight_us(day, self.zone) + hour * 3_600_000_000)

    def until(self, now_us: int) -> None:
        while (due_us := self.service.due_us()) is not None and due_us <= now_us:
            self.service.tick(due_us)
        self.now_us = now_us

    # calls

    def call(self, method: str, target: str, fields: Any = (), key: str = "", headers: Any = None) -> Reply:
        self.number += 1
        request = self.request(method, target, fields, key, headers)
        return self.service.handle(request, self.now_us, f"r{self.number}").reply

    def request(self, method: str, target: str, fields: Any = (), key: str = "", headers: Any = None) -> Request:
        pairs = fields.items() if isinstance(fields, dict) else fields
        body = "&".join(f"{name}={quote_plus(str(value))}" for name, value in pairs).encode()
        sent = {"authorization": BASIC, "content-type": "application/x-www-form-urlencoded", **(headers or {})}
        if key:
            sent["chargebee-idempotency-key"] = key
        return Request("billing", method, f"/api/v2{target}", sent, body if method == "POST" else b"")

    def post(self, target: str, fields: Any = (), status: int = 200, key: str = "") -> Any:
        reply = self.call("POST", target, fields, key)
        assert reply.status == status, reply.body
        return json.loads(reply.body)

    def get(self, target: str, status: int = 200) -> Any:
        reply = self.call("GET", target)
        assert reply.status == status, reply.body
        return json.loads(reply.body)

    def act(self, action: str, **arguments: Any) -> None:
        self.service.act(Act(at_us=self.now_us, system="billing", action=action, arguments=arguments))

    # the usual

    def seconds(self, day: date) -> int:
        return utc_midnight_us(day) // 1_000_000

    def customer(self, key: str = "A-000001", terms: int = 30, **more: Any) -> None:
        fields = {"id": key, "company": "Acme", "preferred_currency_code": self.currency, "net_term_days": terms}
        self.post("/customers", {**fields, "meta_data": json.dumps({"entity": self.entity}), **more})

    def items(self, *rows: tuple[str, int, int, int]) -> list[tuple[str, Any]]:
        """Return form fields of subscription items from (sku, months, quantity, unit price) rows."""
        fields: list[tuple[str, Any]] = []
        for index, (sku, months, quantity, unit) in enumerate(rows):
            fields.append((f"subscription_items[item_price_id][{index}]", f"{sku}-{self.currency}-{months}"))
            fields.append((f"subscription_items[quantity][{index}]", quantity))
            fields.append((f"subscription_items[unit_price][{index}]", unit))
        return fields

    def subscribe(
        self, *rows: tuple[str, int, int, int], start: date, cycles: int = 1, key: str = "Q-000001", **more: Any
    ) -> Any:
        if self.service.model.desk.book.get("customer", "A-000001") is None:
            self.customer()
        fields = [
            ("id", key), ("start_date", self.seconds(start)), ("po_number", f"{key}-v1"),
            ("billing_cycles", cycles), *self.items(*rows), *more.items(),
        ]  # fmt: skip
        return self.post("/customers/A-000001/subscription_for_items", fields)

    def amend(
        self, *rows: tuple[str, int, int, int], day: date, ref: str = "Q-000002-v1", key: str = "Q-000001",
        status: int = 200, **more: Any,
    ) -> Any:  # fmt: skip
        fields = [
            ("replace_items_list", "true"), ("change_option", "specific_date"),
            ("changes_scheduled_at", self.seconds(day)), ("prorate", "true"), ("invoice_immediately", "true"),
            ("cf_amendment_ref", ref), *self.items(*rows), *more.items(),
        ]  # fmt: skip
        return self.post(f"/subscriptions/{key}/update_for_items", fields, status)

    def cancel(self, day: date, key: str = "Q-000001", status: int = 200, **more: Any) -> Any:
        fields = {"cancel_option": "specific_date", "cancel_at": self.seconds(day)}
        fields["credit_option_for_current_term_charges"] = "prorate"
        return self.post(f"/subscriptions/{key}/cancel_for_items", {**fields, **more}, status)

    def pay(self, invoice: str) -> Any:
        """Close and pay an invoice."""
        self.post(f"/invoices/{invoice}/close")
        return self.post(f"/invoices/{invoice}/record_payment", {"transaction[payment_method]": "other"})

    # the history

    def changes(self, kind: str, key: str = "") -> list[Changed]:
        return [r for r in self.records if isinstance(r, Changed) and r.kind == kind and (not key or r.id == key)]

    def last(self, kind: str, key: str) -> Any:
        return self.changes(kind, key)[-1].document

    def documents(self, kind: str) -> list[Any]:
        """Return the last state of every document of a kind."""
        return list({change.id: change.document for change in self.changes(kind)}.values())

    def topics(self) -> list[str]:
        return [delivery.message.topic for delivery in self.collected()]

    def collected(self) -> list[Any]:
        self.deliveries = self.service.collect()
        return self.deliveries


def covered(charges: Iterable[Line], notes: Iterable[Line]) -> dict[tuple[str, date], Line]:
    """Return the one line that covers each (sku, day); a day covered twice fails."""
    taken: dict[str, set[date]] = {}
    for line in notes:
        if line.period_start is not None:
            for day in _days(line):
                assert day not in taken.setdefault(line.reverses, set()), f"{day} of {line.reverses} credited twice"
                taken[line.reverses].add(day)
    found: dict[tuple[str, date], Line] = {}
    for line in charges:
        for day in _days(line) if line.kind == "recurring" else ():
            if day not in taken.get(line.id, ()):
                assert (line.sku, day) not in found, f"{line.sku} is covered twice on {day}"
                found[line.sku, day] = line
    return found


def _days(line: Line) -> list[date]:
    assert line.period_start is not None
    assert line.period_end is not None
    return [date.fromordinal(n) for n in range(line.period_start.toordinal(), line.period_end.toordinal())]


@pytest.fixture(scope="session")
def sites() -> type[Site]:
    """The class of sites, for tests that make their own."""
    return Site


@pytest.fixture(scope="session")
def coverage() -> Callable[[Iterable[Line], Iterable[Line]], dict[tuple[str, date], Line]]:
    """The oracle that says which line covers which day."""
    return covered


@pytest.fixture
def site() -> Site:
    """A German site on 1 October 2026, midnight."""
    return Site()
