"""A processor at one's fingertips: requests as wire bytes, time by the agenda, the history as a list."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from domain.acts import Act
from domain.draws import Draws
from domain.faults import Fault
from domain.history import Arrived, Changed
from domain.http import Reply, Request
from mocks import payment
from mocks.kernel.faults import FaultPlan
from mocks.kernel.vendor import build

MONDAY_US = 1_796_040_000_000_000  # 2026-11-30T12:00:00Z, a Monday
DAY_US = 86_400_000_000
HEADERS = {"authorization": "Bearer sk_test_x", "content-type": "application/x-www-form-urlencoded"}
TYPES = {"card": "card", "debit": "us_bank_account", "push": "customer_balance"}


class Bench:
    """Drives one payment service. `now_us` is its clock, which `wait` moves."""

    def __init__(self, faults: tuple[Fault, ...] = (), **quirks: Any) -> None:
        self.history: list[Any] = []
        self.now_us = MONDAY_US
        plan = FaultPlan(faults, 7, self.history.append)
        chosen = payment.Quirks(**{"requests_per_second": 0, **quirks})
        self.service = build(payment.VENDOR, Draws(7), self.history.append, plan, chosen)
        self.number = 0

    def act(self, action: str, **arguments: Any) -> None:
        """Let someone act."""
        self.service.act(Act(at_us=self.now_us, system="payment", action=action, arguments=arguments))

    def customer(self, method: str = "card", account: str = "A-000001", **behaviour: Any) -> str:
        """Create a customer by act, and return its id; its method is the same with pm_."""
        name = account.replace("-", "")
        self.act("create_customer", account=account, name="Acme", currency="USD", method=method, **behaviour)
        return f"cus_{name}"

    def send(self, method: str, path: str, raw: bytes = b"", **headers: str) -> Reply:
        """Send one request of raw bytes."""
        self.number += 1
        request = Request("payment", method, path, {**HEADERS, **headers}, raw)
        return self.service.handle(request, self.now_us, f"r{self.number}").reply

    def post(self, path: str, fields: dict[str, Any] | None = None, key: str = "") -> Reply:
        """Send a form, with an idempotency key when one is given."""
        headers = {"idempotency-key": key} if key else {}
        return self.send("POST", f"/v1{path}", urlencode(fields or {}).encode(), **headers)

    def get(self, path: str) -> Any:
        """Read and decode."""
        reply = self.send("GET", f"/v1{path}")
        return json.loads(reply.body)

    def pay(self, method: str = "card", key: str = "", account: str = "A-000001", **changes: Any) -> Reply:
        """Create and confirm an intent for an invoice."""
        name = account.replace("-", "")
        fields = {
            "amount": 12_000,
            "currency": "usd",
            "customer": f"cus_{name}",
            "payment_method": f"pm_{name}",
            "payment_method_types[]": TYPES[method],
            "confirm": "true",
            "off_session": "true",
            "description": "Invoice INV-1",
            "metadata[invoice]": "INV-1",
            "metadata[txn]": "Q-000123",
            **changes,
        }
        return self.post("/payment_intents", {name: value for name, value in fields.items() if value is not None}, key)

    def wait(self, days: float = 400) -> None:
        """Let the agenda run for some days."""
        end_us = self.now_us + int(days * DAY_US)
        while (due_us := self.service.due_us()) is not None and due_us <= end_us:
            self.now_us = max(self.now_us, due_us)
            self.service.tick(due_us)
        self.now_us = end_us

    def statuses(self, kind: str = "payment", key: str = "") -> list[str]:
        """Return the statuses of documents of a kind in order."""
        return [change.status for change in self.changes(kind) if not key or change.id == key]

    def changes(self, kind: str = "") -> list[Changed]:
        """Return the document changes so far."""
        return [record for record in self.history if isinstance(record, Changed) and (not kind or record.kind == kind)]

    def arrivals(self) -> list[Arrived]:
        """Return the requests so far."""
        return [record for record in self.history if isinstance(record, Arrived)]

    def topics(self) -> list[str]:
        """Return and forget the types of the events that are due."""
        return [delivery.message.topic for delivery in self.service.collect()]


@pytest.fixture
def bench() -> Bench:
    """Return a processor with one customer who pays by card."""
    made = Bench()
    made.customer()
    return made


@pytest.fixture
def make_bench() -> Callable[..., Bench]:
    """Return the way to a processor with faults or quirks, without customers."""
    return Bench
