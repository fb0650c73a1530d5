"""A wire under test: the real systems behind the virtual network, with every call taking exactly one second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
import pytest

from domain.acts import Act
from domain.faults import Fault
from domain.history import Arrived, Attempted, Delivered, Fired
from domain.http import Lost, Reply, Request
from integration.drivers.virtual_time import VirtualTime
from mocks.kernel.limits import LimitPolicy
from mocks.world import World
from simulator.latency import Latency, LatencyTable
from simulator.network import Network

R = TypeVar("R")
START_US = 1_796_000_000_000_000  # 2026-11-30T00:53:20Z
SECOND_US = 1_000_000
TASK = "Q-000001-v1"
_EXACT = {
    f"{system}.{way}": Latency(1.0, 1.0)
    for system in ("crm", "erp", "billing", "tax", "payment", "fulfilment")
    for way in ("read", "write")
}


class Wire:
    """A network, a world, and a caller that remembers what it learned and when."""

    def __init__(self, *faults: Fault, limits: Mapping[str, LimitPolicy] | None = None) -> None:
        self.records: list[Any] = []
        self.time = VirtualTime(START_US)
        self.world = World(1, self.records.append, faults, limits=limits)
        table = LatencyTable({**_EXACT, "webhook": Latency(0.5, 0.5)})
        self.network = Network(self.time, self.world, table, self.records.append)
        self.network.intake = self
        self.answers: list[tuple[float, Reply | Lost]] = []
        self.received: list[tuple[float, Request]] = []
        self.intake_status: int | None = 200

    def receive(self, request: Request) -> Reply | None:
        """Take a message in, as the integration would."""
        self.received.append((self.now_seconds, request))
        return None if self.intake_status is None else Reply(self.intake_status, {}, b"{}")

    @property
    def now_seconds(self) -> float:
        return (self.time.now_us - START_US) / SECOND_US

    def call(self, request: Request, at: float = 0.0, timeout_seconds: float = 30.0) -> None:
        """Send a request so many seconds after the start."""
        timeout_us = round(timeout_seconds * SECOND_US)
        at_us = self.time.now_us + round(at * SECOND_US)
        self.time.call_at(at_us, self.network.send, request, timeout_us, self._learn)

    def _learn(self, answer: Reply | Lost) -> None:
        self.answers.append((self.now_seconds, answer))

    def ask(self, key: str = TASK, at: float = 0.0, timeout_seconds: float = 30.0) -> None:
        """Ask fulfilment for a task."""
        self.call(put_task(key), at, timeout_seconds)

    def act(self, system: str, action: str, **arguments: Any) -> None:
        """Have somebody do something right now."""
        self.world[system].act(Act(at_us=self.time.now_us, system=system, action=action, arguments=arguments))
        self.network.flush(self.world[system])

    def run(self, seconds: float = 60.0) -> Wire:
        """Let time pass until so many seconds after the start."""
        self.time.play(START_US + round(seconds * SECOND_US))
        return self

    def of(self, kind: type[R]) -> list[R]:
        """Return the records of a type."""
        return [record for record in self.records if isinstance(record, kind)]

    def exists(self, key: str = TASK) -> bool:
        """Tell whether fulfilment has taken a task on."""
        return self.world["fulfilment"].desk.book.get("task", key) is not None

    @property
    def attempted(self) -> Attempted:
        """The only attempt."""
        (found,) = self.of(Attempted)
        return found

    @property
    def arrived(self) -> list[Arrived]:
        return self.of(Arrived)

    @property
    def delivered(self) -> list[Delivered]:
        return self.of(Delivered)

    @property
    def fired(self) -> list[str]:
        """The kinds of faults that struck, in order."""
        return [fired.kind for fired in self.of(Fired)]


def put_task(key: str = TASK) -> Request:
    """Return the request for a task."""
    body = {"order": key, "account": "A-000001", "lines": [{"sku": "SEAT", "quantity": 3}]}
    headers = {"authorization": "Bearer secret", "content-type": "application/json"}
    return Request("fulfilment", "PUT", f"/v1/tasks/{key}", headers, msgspec.json.encode(body))


def read_task(key: str = TASK) -> Request:
    """Return the request that asks how far a task is."""
    return Request("fulfilment", "GET", f"/v1/tasks/{key}", {"authorization": "Bearer secret"})


def pay(key: str = "k1", amount: int = 1000) -> Request:
    """Return the request for a payment of the customer that `payer` made."""
    form = (
        f"amount={amount}&currency=usd&customer=cus_1&payment_method=pm_1&confirm=true&off_session=true"
        "&payment_method_types[0]=card&metadata[invoice]=INV-1&metadata[txn]=Q-000001&metadata[attempt]=1"
    )
    headers = {
        "authorization": "Bearer sk_test_q2c",
        "content-type": "application/x-www-form-urlencoded",
        "idempotency-key": key,
    }
    return Request("payment", "POST", "/v1/payment_intents", headers, form.encode())


def payer(wire: Wire) -> None:
    """Have the customer of `pay` made."""
    wire.act(
        "payment", "create_customer", account="A-000001", name="Acme", currency="USD", method="card",
        payment_customer="cus_1", payment_method="pm_1",
    )  # fmt: skip


def fault(kind: str, **said: object) -> Fault:
    """Return a fault."""
    return Fault(kind=kind, **said)  # type: ignore[arg-type]


@pytest.fixture
def wire() -> type[Wire]:
    """The class: a test makes the wire it needs."""
    return Wire
