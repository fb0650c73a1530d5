"""A tax engine at one's fingertips: requests as wire bytes, the history as a list."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from domain.acts import Act
from domain.draws import Draws
from domain.faults import Fault
from domain.history import Arrived, Changed
from domain.http import Reply, Request
from mocks import tax
from mocks.kernel.faults import FaultPlan
from mocks.kernel.vendor import build

AT_US = 1_796_000_000_000_000
HEADERS = {"authorization": "Basic MjAwMDAwMDAwMTprZXk=", "content-type": "application/json"}
LOS_ANGELES = {"line1": "1 Main St", "city": "Los Angeles", "region": "CA", "country": "US", "postalCode": "90001"}


class Bench:
    """Drives one tax service."""

    def __init__(self, faults: tuple[Fault, ...] = (), **quirks: Any) -> None:
        self.history: list[Any] = []
        plan = FaultPlan(faults, 7, self.history.append)
        self.service = build(
            tax.VENDOR, Draws(7), self.history.append, plan, tax.Quirks(**{"requests_per_second": 0, **quirks})
        )
        self.number = 0

    def act(self, action: str, **arguments: Any) -> None:
        """Let someone act in the engine."""
        self.service.act(Act(at_us=AT_US, system="tax", action=action, arguments=arguments))

    def send(self, method: str, target: str, body: Any = None, **headers: str) -> Reply:
        """Send one request; a dict becomes JSON, bytes go as they are."""
        self.number += 1
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        request = Request("tax", method, target, {**HEADERS, **headers}, raw)
        return self.service.handle(request, AT_US + self.number, f"r{self.number}").reply

    def create(self, code: str = "INV-1", **changes: Any) -> Reply:
        """Create a transaction: a committed invoice unless told otherwise."""
        return self.send("POST", "/api/v2/transactions/create", transaction(code, **changes))

    def one(self, code: str, step: str, body: Any = None) -> Reply:
        """Take a step with a document."""
        return self.send("POST", f"/api/v2/companies/DEFAULT/transactions/{code}/{step}", body)

    def changes(self) -> list[Changed]:
        """Return the document changes so far."""
        return [record for record in self.history if isinstance(record, Changed)]

    def arrivals(self) -> list[Arrived]:
        """Return the requests so far."""
        return [record for record in self.history if isinstance(record, Arrived)]


def transaction(code: str = "INV-1", amounts: tuple[float | str, ...] = (1000,), **changes: Any) -> dict[str, Any]:
    """Return the body of a transaction; `amounts` make its lines."""
    lines = [
        {"number": str(number), "quantity": 1, "amount": amount, "itemCode": "SKU", "taxCode": "GOODS"}
        for number, amount in enumerate(amounts, 1)
    ]
    return {
        "type": "SalesInvoice",
        "companyCode": "DEFAULT",
        "code": code,
        "date": "2026-12-30",
        "customerCode": "A-000001",
        "currencyCode": "USD",
        "commit": True,
        "purchaseOrderNo": "Q-000123",
        "addresses": {"shipFrom": LOS_ANGELES, "shipTo": LOS_ANGELES},
        "lines": lines,
        **changes,
    }


@pytest.fixture
def bench() -> Bench:
    """Return an engine that is registered in the whole of the US."""
    made = Bench()
    made.act("register_nexus", country="US")
    return made


@pytest.fixture
def make_bench() -> Callable[..., Bench]:
    """Return the way to an engine with faults or quirks; nothing is registered."""
    return Bench


@pytest.fixture
def body() -> Callable[..., dict[str, Any]]:
    """Return the way to the body of a transaction."""
    return transaction
