"""An organisation under test: acts go in as people do them, requests as bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

import msgspec
import pytest

from domain.acts import Act
from domain.draws import Draws
from domain.history import Changed
from domain.http import Reply, Request
from mocks import crm
from mocks.kernel.faults import FaultPlan
from mocks.kernel.tables import IN_MEMORY, Tables
from mocks.kernel.vendor import build

START_US = 1_796_000_000_000_000  # 2026-11-30T00:53:20Z
DATA = "/services/data/v62.0"


class Org:
    """The service, its history, and the clock the test moves."""

    def __init__(self, tables: Tables = IN_MEMORY, **switches: Any) -> None:
        self.history: list[Any] = []
        plan = FaultPlan([], 1, self.history.append)
        self.service = build(crm.VENDOR, Draws(1), self.history.append, plan, crm.Quirks(**switches), tables)
        self.now_us = START_US
        self.token = ""
        self.calls = 0

    def act(self, action: str, **arguments: Any) -> None:
        self.service.act(Act(at_us=self.now_us, system="crm", action=action, arguments=arguments))

    def send(self, method: str, target: str, body: Any = b"", headers: dict[str, str] | None = None) -> Reply:
        """Send a request; a body that is not bytes becomes JSON, and the session's token is added."""
        if not self.token and headers is None:
            self.login()
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        sent = headers if headers is not None else {"authorization": f"Bearer {self.token}"}
        self.calls += 1
        return self.service.handle(Request("crm", method, target, sent, raw), self.now_us, f"r{self.calls}").reply

    def login(self) -> None:
        form = b"grant_type=client_credentials&client_id=app&client_secret=s3cret"
        self.token = decoded(self.send("POST", "/services/oauth2/token", form, {}))["access_token"]

    def query(self, statement: str, **headers: str) -> Reply:
        if not self.token:
            self.login()
        sent = {"authorization": f"Bearer {self.token}", **headers}
        return self.send("GET", f"{DATA}/query?q={quote_plus(statement)}", headers=sent)

    def found(self, statement: str) -> list[Any]:
        """Return the records of a statement that must succeed."""
        reply = self.query(statement)
        assert reply.status == 200, reply.body
        return list(decoded(reply)["records"])

    def account(self, number: str = "A-000001", **more: Any) -> None:
        self.act(
            "create_account",
            **{"account": number, "name": "Acme", "entity": "US", "currency": "USD", "country": "US", **more},
        )

    def draft(self, number: str = "Q-000001", version: int = 1, **more: Any) -> None:
        """Draft a quote of 3 seats with 5 % off."""
        line = {"sku": "SEAT", "kind": "recurring", "quantity": 3, "list_unit_minor": 10000, "unit_minor": 9500}
        usual = {
            "account": "A-000001", "entity": "US", "currency": "USD", "lines": [line], "discount_percent": "5",
            "term_start": "2027-01-01", "term_months": 12, "valid_until": "2026-12-15", "payment_method": "card",
        }  # fmt: skip
        self.act("create_quote", number=number, version=version, **{**usual, **more})

    def step(self, *steps: str, number: str = "Q-000001", version: int = 1, **more: str) -> None:
        for each in steps:
            self.act(f"{each}_quote", number=number, version=version, **more)

    def accepted(self, number: str = "Q-000001", **more: Any) -> str:
        """Take a quote all the way to accepted; return its record id."""
        if not self.service.desk.book.status("account", "A-000001"):
            self.account()
        self.draft(number, **more)
        self.step("submit", "approve", "accept", number=number)
        return self.quote_id(number)

    def quote_id(self, number: str = "Q-000001", version: int = 1) -> str:
        rows = self.found(f"SELECT Id FROM Quote WHERE QuoteNumber = '{number}' AND Version__c = {version}")
        return str(rows[0]["Id"])

    def status(self, number: str = "Q-000001", version: int = 1) -> str:
        return self.service.desk.book.status("quote", f"{number}-v{version}")

    def changes(self, kind: str) -> list[Any]:
        return [each for each in self.history if isinstance(each, Changed) and each.kind == kind]


def decoded(reply: Reply) -> Any:
    return msgspec.json.decode(reply.body)


@pytest.fixture
def org() -> Org:
    return Org()


@pytest.fixture
def new_org() -> Callable[..., Org]:
    return Org


@pytest.fixture
def json_of() -> Callable[[Reply], Any]:
    return decoded


@pytest.fixture
def error_of() -> Callable[[Reply], tuple[int, str]]:
    """Return (status, errorCode) of a refusal and check that its body is an array of one error."""

    def read(reply: Reply) -> tuple[int, str]:
        errors = decoded(reply)
        assert isinstance(errors, list)
        assert len(errors) == 1
        assert errors[0]["message"]
        return reply.status, errors[0]["errorCode"]

    return read
