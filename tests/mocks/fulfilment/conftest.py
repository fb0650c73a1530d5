"""The system under test and the clock the test moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from domain.acts import Act
from domain.draws import Draws
from domain.history import Changed
from domain.http import Reply, Request
from mocks import fulfilment
from mocks.kernel.faults import FaultPlan
from mocks.kernel.vendor import build

START_US = 1_796_000_000_000_000  # 2026-11-30T00:53:20Z
ORDER = {"order": "Q-000001-v1", "account": "A-000001", "lines": [{"sku": "SEAT", "quantity": 3}]}


class Shop:
    """The service, its history and its time."""

    def __init__(self, seed: int = 1, **switches: Any) -> None:
        self.history: list[Any] = []
        plan = FaultPlan([], seed, self.history.append)
        chosen = fulfilment.Quirks(**switches)
        self.service = build(fulfilment.VENDOR, Draws(seed), self.history.append, plan, chosen)
        self.now_us = START_US

    def send(self, method: str, target: str, body: Any = b"", token: str = "secret") -> Reply:
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return self.service.handle(Request("fulfilment", method, target, headers, raw), self.now_us, "r1").reply

    def ask(self, key: str = "Q-000001-v1", skus: str = "SEAT") -> Reply:
        lines = [{"sku": sku, "quantity": 1} for sku in skus.split()]
        return self.send("PUT", f"/v1/tasks/{key}", {**ORDER, "order": key, "lines": lines})

    def go(self, seconds: float) -> None:
        self.now_us += int(seconds * 1_000_000)
        self.service.tick(self.now_us)

    def act(self, action: str, **arguments: Any) -> None:
        self.service.act(Act(at_us=self.now_us, system="fulfilment", action=action, arguments=arguments))

    def status(self, key: str = "Q-000001-v1") -> str:
        return self.service.desk.book.status("task", key)

    def steps(self) -> list[str]:
        """Return the statuses the documents went through, without mere updates."""
        changed = [each for each in self.history if isinstance(each, Changed)]
        return [each.status for each in changed if each.before != each.status]


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def new_shop() -> Callable[..., Shop]:
    return Shop


@pytest.fixture
def json_of() -> Callable[[Reply], Any]:
    return lambda reply: msgspec.json.decode(reply.body)
