"""A live stage: mocks and the integration as processes of their own, which meet over HTTP only.

    with Mocks.up(folder) as mocks, Service.up(folder, mocks) as service:
        shop = Shop(mocks)
        shop.opens()
        shop.signs("Q-000001")
        until(lambda: shop.is_settled("Q-000001"), "the order")

Dates are relative to the day of the test, so that it means the same on every day.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from tests.warm import warm

T = TypeVar("T")
WAIT_SECONDS = 120.0  # machines that test are busy
LOOK_SECONDS = 0.1
TODAY = datetime.now(UTC).date()
ACCOUNT, PLAN = "A-000001", "PLAT-STD"
CRM = "/services/data/v62.0"
_HERE = Path(__file__).parents[1]


def until(found: Callable[[], T], what: str, seconds: float = WAIT_SECONDS) -> T:
    """Return what is found as soon as it is true; fail with a sentence when the time is up."""
    ends = time.monotonic() + seconds
    while not (last := found()):
        assert time.monotonic() < ends, f"{what} did not come about within {seconds:g} seconds"
        time.sleep(LOOK_SECONDS)
    return last


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("Q2C_") and "proxy" not in name.lower()
    }
    return {**kept, "PYTHONPATH": str(_HERE), **more}


class Process:
    """`q2c` as a process, started warm, that says in one line of JSON when it is ready."""

    def __init__(self, folder: Path, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self.log = folder / f"{name}.log"
        self.process = warm().start(arguments, folder, _environment(environment), self.log)
        line = self.process.stdout.readline()
        self.said: dict[str, Any] = json.loads(line) if line else {}
        if not line:
            self.process.stdout.close()
            raise AssertionError(f"q2c {' '.join(arguments)} ended with {self.process.wait(10)}: {self.logged()}")

    @property
    def pid(self) -> int:
        """Return the number of the process."""
        return self.process.pid

    def logged(self) -> str:
        """Return what it wrote to standard error."""
        return self.log.read_text()

    def end(self, number: int = signal.SIGTERM, seconds: float = 30) -> int:
        """End it by a signal; return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.process.stdout.close()


class Mocks:
    """The systems of record as a process."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.workspace = folder / "workspace"
        common = ["--workspace", str(self.workspace), "--ephemeral", "--no-tls", "--turbo", "--unlimited", "--json"]
        common += ["--reference", "--switch", "fulfilment.start_seconds=0"]
        self.process = Process(folder, "mocks", ["mocks", "up", *common, *options], {})
        self.addresses: dict[str, str] = self.process.said["addresses"]
        self.admin = httpx.Client(base_url=self.addresses["admin"], timeout=30, trust_env=False)
        self._crm = httpx.Client(base_url=self.addresses["crm"], timeout=30, trust_env=False)

    @staticmethod
    @contextmanager
    def up(folder: Path, *options: str) -> Iterator[Mocks]:
        """Serve them until the block ends."""
        mocks = Mocks(folder, *options)
        try:
            yield mocks
        finally:
            mocks.end()

    def end(self) -> None:
        """End them."""
        self.admin.close()
        self._crm.close()
        self.process.end()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the admin API; fail when it refuses."""
        reply = self.admin.request(method, path, json=body)
        assert reply.status_code < 400, reply.text
        return reply.json() if reply.content else None

    def act(self, system: str, action: str, txn: str = "", **arguments: Any) -> None:
        """Have somebody do something in a system now."""
        self.ask("POST", "/acts", [{"system": system, "action": action, "arguments": arguments, "txn": txn}])

    def repeats(self) -> None:
        """Have the systems send now what found nobody: their own next tries come minutes or hours later."""
        attempts = self.ask("GET", "/deliveries")["attempts"]
        taken = {(each["system"], each["message"]) for each in attempts if 200 <= each["status"] < 300}
        latest = {(each["system"], each["message"]): each["number"] for each in attempts}
        for message in latest.keys() - taken:
            self.ask("POST", f"/deliveries/{latest[message]}/redeliver")

    def documents(self, system: str, kind: str, txn: str = "") -> list[dict[str, Any]]:
        """Return id, status and txn of the documents of a kind in a system, of one transaction or of all."""
        reply = self.admin.get(f"/documents/{system}/{kind}", params={"limit": 1000, "txn": txn})
        # A kind that nobody has made yet is none.
        return list(reply.json()["documents"]) if reply.status_code == 200 else []

    def statuses(self, system: str, kind: str, txn: str = "") -> list[str]:
        """Return the statuses of such documents."""
        return [str(row["status"]) for row in self.documents(system, kind, txn)]

    def crm(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Ask the CRM as a client does, over its own API."""
        grant = {"grant_type": "client_credentials", "client_id": "people", "client_secret": "x"}
        token = self._crm.post("/services/oauth2/token", data=grant).json()["access_token"]
        return self._crm.request(method, f"{CRM}{path}", json=body, headers={"authorization": f"Bearer {token}"})


class Service:
    """The integration as a process on a database of its own."""

    def __init__(
        self, folder: Path, mocks: Mocks, *options: str, database: str = "", port: int = 0, name: str = "service",
        command: str = "up", **environment: str,
    ) -> None:  # fmt: skip
        common = ["--mocks", "--workspace", str(mocks.workspace), "--port", str(port), "--json"]
        chosen = ["--database", database or str(folder / "journal.db")]
        self.process = Process(folder, name, ["integration", command, *common, *chosen, *options], environment)
        self.address: str = self.process.said["address"]
        self.http = httpx.Client(base_url=self.address, timeout=30, trust_env=False)

    @staticmethod
    @contextmanager
    def up(folder: Path, mocks: Mocks, *options: str, **said: Any) -> Iterator[Service]:
        """Run it until the block ends, on the port that the mocks send their messages to unless another is named."""
        service = Service(folder, mocks, *options, **said)
        try:
            yield service
        finally:
            service.end()

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal; return its exit status."""
        self.http.close()
        return self.process.end(number)

    def kill(self) -> None:
        """End it as a power failure does."""
        self.end(signal.SIGKILL)

    @property
    def port(self) -> int:
        """Return the port of its door."""
        return int(self.address.rpartition(":")[2])

    def readiness(self) -> tuple[int, dict[str, Any]]:
        """Return the status and the body of its readiness."""
        reply = self.http.get("/health/ready")
        return reply.status_code, reply.json()


class Shop:
    """A company that sells one plan to one customer in California, from whatever day it is."""

    def __init__(self, mocks: Mocks) -> None:
        self.mocks = mocks

    def opens(self, method: str = "card", **behaviour: Any) -> None:
        """Set up product, prices, periods, taxes and the customer."""
        act = self.mocks.act
        months = [f"{day.year}-{day.month:02d}" for day in (TODAY - timedelta(days=62), TODAY + timedelta(days=430))]
        act("crm", "create_product", sku=PLAN, name="Platform", kind="recurring")
        act("erp", "create_item", sku=PLAN, item="1001", kind="recurring", revenue_rule="straight_line")
        act("billing", "create_item_price", sku=PLAN, currency="USD", months=12, kind="recurring", list_unit_minor=5000)
        act("erp", "open_periods", entity="US", first=months[0], last=months[1])
        act("tax", "register_nexus", country="US", region="CA")
        place = {"country": "US", "region": "CA", "postal_code": "94105", "city": "San Francisco", "street": "1 Main"}
        act(
            "crm", "create_account", account=ACCOUNT, name="Acme", entity="US", currency="USD",
            payment_customer="cus_000001", tax_id="12-000001", **place,
        )  # fmt: skip
        act(
            "payment", "create_customer", account=ACCOUNT, name="Acme", currency="USD", method=method,
            payment_customer="cus_000001", payment_method="pm_000001", **behaviour,
        )  # fmt: skip

    def drafts(self, number: str, takes_seconds: int = 1, method: str = "card") -> str:
        """Have sales prepare a quote up to the customer's signature; return its id in the CRM."""
        line = {"sku": PLAN, "quantity": 10, "unit_minor": 5000, "months": 12, "list_unit_minor": 5000}
        self.mocks.act(
            "crm", "create_quote", number, number=number, account=ACCOUNT, entity="US", currency="USD", lines=[line],
            term_start=TODAY.isoformat(), term_months=12, payment_method=method,
            valid_until=(TODAY + timedelta(days=60)).isoformat(),
        )  # fmt: skip
        self.mocks.act("crm", "submit_quote", number, number=number)
        self.mocks.act("crm", "approve_quote", number, number=number, approver="sales_manager")
        self.mocks.act("fulfilment", "set_duration", number, id=f"{number}-v1", seconds=takes_seconds)
        query = f"SELECT Id FROM Quote WHERE QuoteNumber = '{number}'"
        found: str = self.mocks.crm("GET", f"/query?q={quote(query)}").json()["records"][0]["Id"]
        return found

    def signs(self, number: str, takes_seconds: int = 1, method: str = "card") -> None:
        """Have the customer accept a quote, by the CRM's own API."""
        record = self.drafts(number, takes_seconds, method)
        reply = self.mocks.crm("PATCH", f"/sobjects/Quote/{record}", {"Status": "Accepted"})
        assert reply.status_code == 204, reply.text

    def settles_after_a_gap(self, *numbers: str) -> None:
        """Wait after a time in which nobody listened; what found nobody comes again now, not in the senders' time."""
        for number in numbers:
            until(lambda number=number: self.is_settled(number) or self._repeated(), f"the paid invoice of {number}")  # type: ignore[misc]

    def _repeated(self) -> bool:
        self.mocks.repeats()
        time.sleep(0.5)
        return False

    def is_settled(self, number: str) -> bool:
        """Tell whether a quote has become all that it has to: an order, a paid invoice in both books."""
        orders, invoices = self.mocks.statuses("erp", "order", number), self.mocks.statuses("erp", "invoice", number)
        return orders == ["billed"] and invoices == ["paid"]
