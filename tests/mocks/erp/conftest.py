"""The bench of these tests: an ERP behind its service, spoken to with real wire bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest

from domain.acts import Act
from domain.calendar import utc_midnight_us
from domain.draws import Draws
from domain.faults import Fault
from domain.history import Changed
from domain.http import Reply, Request
from mocks.erp import VENDOR, Quirks
from mocks.kernel.faults import FaultPlan
from mocks.kernel.vendor import build

RECORDS = "/services/rest/record/v1"
SUITEQL = "/services/rest/query/v1/suiteql"
NOW_US = utc_midnight_us(date(2026, 12, 10)) + 43_200_000_000
SECOND = 1_000_000


class Bench:
    """A service, its history and shorthands for requests and acts."""

    def __init__(self, quirks: Quirks | None = None, faults: tuple[Fault, ...] = ()) -> None:
        self.records: list[Any] = []
        plan = FaultPlan(faults, 7, self.records.append)
        self.service = build(VENDOR, Draws(7), self.records.append, plan, quirks or Quirks())
        self.now_us = NOW_US
        self.number = 0

    @staticmethod
    def order(amount: str = "1200.00", **changes: Any) -> dict[str, Any]:
        return order(amount, **changes)

    @staticmethod
    def invoice(amount: float = 1200.0, tax: float = 106.5, **changes: Any) -> dict[str, Any]:
        return invoice(amount, tax, **changes)

    @staticmethod
    def payment(amount: float, applied: float | None = None, **changes: Any) -> dict[str, Any]:
        return payment(amount, applied, **changes)

    @staticmethod
    def memo(amount: float = 100.0, tax: float = 7.1, **changes: Any) -> dict[str, Any]:
        return memo(amount, tax, **changes)

    @property
    def erp(self) -> Any:
        return self.service.model

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str, str]:
        """Make a call that must be refused; return the status, vendor code and path of the error."""
        before = len([row for row in self.records if isinstance(row, Changed)])
        reply = self.call(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        assert len([row for row in self.records if isinstance(row, Changed)]) == before, "a refusal changed something"
        return error_of(reply)

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        self.number += 1
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        known = {"authorization": "Bearer test", "content-type": "application/json", "host": "erp.test"}
        target = path if path.startswith("/") else f"{RECORDS}/{path}"
        request = Request("erp", method, target, {**known, **(headers or {})}, content)
        return self.service.handle(request, self.now_us, f"r{self.number}").reply

    def put(self, path: str, body: Any, **headers: str) -> Reply:
        return self.call("PUT", path, body, headers)

    def get(self, path: str) -> Any:
        reply = self.call("GET", path)
        assert reply.status == 200, reply.body
        return json.loads(reply.body)

    def sql(self, query: str, paging: str = "") -> Any:
        reply = self.call("POST", f"{SUITEQL}{paging}", {"q": query}, {"prefer": "transient"})
        assert reply.status == 200, reply.body
        return json.loads(reply.body)

    def act(self, action: str, **arguments: Any) -> None:
        self.service.act(Act(at_us=self.now_us, system="erp", action=action, arguments=arguments))

    def changes(self, kind: str) -> list[Changed]:
        return [row for row in self.records if isinstance(row, Changed) and row.kind == kind]

    def statuses(self, kind: str, key: str = "") -> list[str]:
        return [row.status for row in self.changes(kind) if key in ("", row.id, getattr(row.document, "ref", ""))]


def seeded(quirks: Quirks | None = None, limit_minor: int = 0, faults: tuple[Fault, ...] = ()) -> Bench:
    """A bench with periods October to January, four items and one customer of US."""
    bench = Bench(quirks, faults)
    for entity in ("US", "UK", "DE", "JP"):
        bench.act("open_periods", entity=entity, first="2026-10", last="2027-01")
    bench.act("create_item", sku="CORE", item="ITM-CORE", kind="recurring")
    bench.act("create_item", sku="SETUP", item="ITM-SETUP", kind="one_time")
    bench.act(
        "create_customer", account="A-000001", name="Acme", entity="US", currency="USD",
        credit_limit_minor=limit_minor, terms_days=30,
    )  # fmt: skip
    return bench


def order(amount: str = "1200.00", **changes: Any) -> dict[str, Any]:
    """An order of two lines, one recurring and one one-time line."""
    body = {
        "entity": {"externalId": "A-000001"},
        "subsidiary": {"id": "US"},
        "currency": {"refName": "USD"},
        "tranDate": "2026-12-10",
        "otherRefNum": "Q-000123",
        "memo": "Q-000123-v1",
        "orderStatus": {"id": "B"},
        "custbody_txn": "Q-000123",
        "custbody_kind": "new",
        "item": {
            "items": [
                {
                    "line": 1, "item": {"externalId": "ITM-CORE"}, "quantity": 10, "rate": float(amount) / 10,
                    "amount": float(amount), "custcol_kind": "recurring", "custcol_months": 12,
                    "custcol_list_rate": 150.0,
                },
                {"line": 2, "item": {"externalId": "SETUP"}, "quantity": 1, "rate": 300, "amount": 300.00,
                 "custcol_kind": "one_time", "custcol_months": 0},
            ]
        },
    }  # fmt: skip
    return {**body, **changes}


def invoice(amount: float = 1200.0, tax: float = 106.5, **changes: Any) -> dict[str, Any]:
    """The invoice of that order: a year of CORE and the setup, with one jurisdiction's tax."""
    body = {
        "entity": {"externalId": "A-000001"},
        "subsidiary": {"id": "US"},
        "currency": {"refName": "USD"},
        "tranDate": "2026-12-10",
        "dueDate": "2027-01-09",
        "custbody_txn": "Q-000123",
        "otherRefNum": "Q-000123",
        "item": {
            "items": [
                {"line": 1, "item": {"externalId": "ITM-CORE"}, "quantity": 10, "rate": 120, "amount": amount,
                 "custcol_kind": "recurring", "custcol_period_start": "2026-12-10",
                 "custcol_period_end": "2027-12-10"},
                {"line": 2, "item": {"externalId": "ITM-SETUP"}, "quantity": 1, "rate": 300, "amount": 300,
                 "custcol_kind": "one_time", "custcol_period_start": None, "custcol_period_end": None},
            ]
        },
        "taxDetails": {
            "items": [{"line": 1, "taxCode": "US-NY", "taxBasis": round(amount + 300, 2), "taxAmount": tax}]
        },
    }  # fmt: skip
    return {**body, **changes}


def payment(amount: float, applied: float | None = None, **changes: Any) -> dict[str, Any]:
    """A card payment of that customer, applied to invoice inv_1."""
    part = amount if applied is None else applied
    body = {
        "customer": {"externalId": "A-000001"},
        "subsidiary": {"id": "US"},
        "currency": {"refName": "USD"},
        "payment": amount,
        "tranDate": "2026-12-11",
        "custbody_method": "card",
        "custbody_txn": "Q-000123",
        "apply": {"items": [{"doc": {"externalId": "inv_1"}, "amount": part}] if part else []},
    }
    return {**body, **changes}


def memo(amount: float, tax: float, **changes: Any) -> dict[str, Any]:
    """A credit memo for a part of that invoice's first line."""
    line = {
        "line": 1, "item": {"externalId": "ITM-CORE"}, "quantity": 1, "rate": amount, "amount": amount,
        "custcol_kind": "recurring", "custcol_period_start": "2026-12-20", "custcol_period_end": "2027-12-10",
    }  # fmt: skip
    body = {
        "entity": {"externalId": "A-000001"},
        "createdFrom": {"externalId": "inv_1"},
        "tranDate": "2026-12-20",
        "item": {"items": [line]},
        "taxDetails": {"items": [{"taxCode": "US-NY", "taxBasis": amount, "taxAmount": tax}]},
    }
    return {**body, **changes}


def error_of(reply: Reply) -> tuple[int, str, str]:
    """The status, vendor code and path of an error reply."""
    body = json.loads(reply.body)
    detail = body["o:errorDetails"][0]
    assert body["status"] == reply.status
    assert set(body) == {"type", "title", "status", "o:errorDetails"}
    assert reply.headers["content-type"] == "application/vnd.oracle.resource+json; type=error; charset=UTF-8"
    path = detail.get("o:errorPath") or detail.get("o:errorHeader") or detail.get("o:errorQueryParam") or ""
    return reply.status, detail["o:errorCode"], path


Make = Callable[..., Bench]


@pytest.fixture
def bench() -> Bench:
    """A seeded bench."""
    return seeded()


@pytest.fixture(scope="session")
def make() -> Make:
    """The function that makes seeded benches with quirks, a credit limit or faults."""
    return seeded
