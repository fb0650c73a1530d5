"""A stage for the interface: the mocks on ports, a node with its door on another, and a small company in between."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from domain.acts import Act
from integration.api import application
from integration.api.budget import Budget
from integration.service.access import SCOPES, Access
from integration.service.app import application as service_application
from integration.service.configuration import ApiToken, Configuration, configured
from integration.service.node import Node
from integration.service.server import address_of, listen, serve
from integration.service.vendors import parts
from mocks.doors.live import LiveWorld
from mocks.doors.post import Targets
from mocks.doors.serving import Running, running
from mocks.fulfilment.quirks import Quirks as FulfilmentQuirks
from mocks.world import SYSTEMS

API = "/api/v1"
SECRETS = {"everything": tuple(SCOPES), **{scope.replace(":", "-"): (scope,) for scope in SCOPES}, "nothing": ()}
SECRETS["second"] = tuple(SCOPES)
KEY = b"k" * 32
PATIENCE_SECONDS = 30.0


def tokens() -> tuple[ApiToken, ...]:
    """Return a client for each scope, one for all, one for none; the secret of each is its name."""
    from integration.service.access import digest_of

    return tuple(ApiToken(name, digest_of(f"secret-{name}"), scopes) for name, scopes in SECRETS.items())


class Stage:
    """A running node and the mocks around it."""

    def __init__(self, doors: Running, address: str, node: Node, loop: asyncio.AbstractEventLoop) -> None:
        self.doors, self.address, self.node, self._loop = doors, address, node, loop
        self._quotes = 0

    def client(self, who: str = "everything") -> httpx.Client:
        """Return a client that signs in as somebody; the empty name signs in as nobody."""
        headers = {"authorization": f"Bearer secret-{who}"} if who else {}
        return httpx.Client(base_url=self.address + API, headers=headers, timeout=30, verify=False, trust_env=False)

    def act(self, system: str, action: str, **arguments: Any) -> None:
        """Let somebody act in a system of record."""
        world = self.doors.world
        self.doors.do(
            lambda: world.act(Act(at_us=world.clock.now_us(), system=system, action=action, arguments=arguments))
        )

    def inside(self, action: Callable[[], Any]) -> Any:
        """Do something with the node where it lives."""

        async def done() -> Any:
            return action()

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(10)

    def quote(self, *, accepted: bool = True, **changes: Any) -> dict[str, Any]:
        """Make a quote and return its reference as the interface takes it; tell nobody of it but the CRM."""
        self._quotes += 1
        number = changes.pop("number", f"Q-{self._quotes + 500:06d}")
        today = datetime.now(UTC).date()
        line = {
            "sku": "PLAT", "kind": "recurring", "quantity": 2, "list_unit_minor": 120_000, "unit_minor": 120_000,
            "months": 12, **changes.pop("line", {}),
        }  # fmt: skip
        told = {
            "number": number, "version": 1, "account": "A-000001", "entity": "US", "currency": "USD", "kind": "new",
            "amendment_kind": "", "lines": [line], "discount_percent": "0", "term_start": today.isoformat(),
            "term_months": 12, "valid_until": (today + timedelta(days=30)).isoformat(), "payment_method": "card",
            "subscription": "", "effective_date": None, "sequence": 0, "deltas": [], "co_term_end": None, **changes,
        }  # fmt: skip
        self.act("fulfilment", "set_duration", id=f"{number}-v1", seconds=1)
        self.act("crm", "create_quote", **told)
        self.act("crm", "submit_quote", number=number, version=1)
        self.act("crm", "approve_quote", number=number, version=1, approver="")
        if accepted:
            self.act("crm", "accept_quote", number=number, version=1, signer="Ada")
        return {"quote_id": self.quote_id(number), "number": number, "version": 1}

    def new_sku(self) -> str:
        """Return a sku that no system has."""
        self._quotes += 1
        return f"SKU{self._quotes:04d}"

    def quote_id(self, number: str) -> str:
        """Return the CRM's own id of a quote, as a person at the CRM would look it up."""
        signed_in = httpx.post(
            f"{self.doors['crm']}/services/oauth2/token",
            data={"grant_type": "client_credentials", "client_id": "q2c-integration", "client_secret": "q2c-secret"},
        ).json()
        found = httpx.get(
            f"{self.doors['crm']}/services/data/v62.0/query",
            params={"q": f"SELECT Id FROM Quote WHERE QuoteNumber = '{number}'"},
            headers={"authorization": f"Bearer {signed_in['access_token']}"},
        ).json()
        identity: str = found["records"][0]["Id"]
        return identity

    def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until something holds, and return it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if found := holds():
                return found
            time.sleep(0.1)
        raise AssertionError("it did not come true in time")


def seed(stage: Stage) -> None:
    """Found the company: one legal entity, two products, one customer."""
    today = datetime.now(UTC).date()
    act = stage.act
    act("erp", "create_subsidiary", entity="US", currency="USD", zone="America/New_York", country="US", name="US")
    act("erp", "open_periods", entity="US", first=f"{today.year - 1}-01", last=f"{today.year + 1}-12")
    for sku, kind, months, price in (("PLAT", "recurring", 12, 120_000), ("SETUP", "one_time", 0, 50_000)):
        rule = "straight_line" if months else "point_in_time"
        act("crm", "create_product", sku=sku, name=sku, kind=kind)
        act("erp", "create_item", sku=sku, item=sku, kind=kind, revenue_rule=rule)
        act("billing", "create_item_price", sku=sku, currency="USD", months=months, kind=kind, list_unit_minor=price)
    act("tax", "register_nexus", country="US", region="NY")
    act(
        "crm", "create_account", account="A-000001", name="Acme Inc", entity="US", currency="USD", country="US",
        region="NY", postal_code="10001", city="New York", street="1 Main St", payment_customer="cus_000001",
    )  # fmt: skip
    act(
        "payment", "create_customer", account="A-000001", name="Acme Inc", currency="USD", method="card",
        payment_customer="cus_000001", payment_method="pm_000001", declines=0, decline_code="", hard=False,
        returned=False, pays_after_days=0,
    )  # fmt: skip


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The company at work; every test makes quotes of its own."""
    end = listen("127.0.0.1", 0)
    prompt = {"fulfilment": FulfilmentQuirks(start_seconds=0)}
    world = LiveWorld(seed=1, targets=Targets(intake=address_of(end)), quirks=prompt)
    with running(world) as doors:
        mocks = {name: doors[name] for name in SYSTEMS}
        configuration = configured(
            {"settings": {"breaker": {"calls_min": 100_000}}}, {}, addresses=mocks, database="", port=0
        )
        with served(configuration, end) as (node, loop):
            found = Stage(doors, address_of(end), node, loop)
            seed(found)
            yield found


def with_tokens(node: Node, configuration: Configuration) -> Starlette:
    """Return the service with an interface that knows our clients, and lets them ask as often as they like."""
    inner = application(node, Access(tokens(), lambda: (KEY,)), Budget(time.monotonic, 1e6, 1e6))
    return Starlette(routes=[Mount(API, inner), Mount("/", service_application(node, configuration))])


class served:  # noqa: N801 - a context manager
    """A node that is served in a thread of its own until the block ends."""

    def __init__(self, configuration: Configuration, end: Any) -> None:
        self._configuration, self._end = configuration, end
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._node: Node | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._work, name="q2c-node", daemon=True)

    def __enter__(self) -> tuple[Node, asyncio.AbstractEventLoop]:
        self._thread.start()
        assert self._ready.wait(20), "the node did not open"
        assert self._node is not None
        assert self._loop is not None
        return self._node, self._loop

    def __exit__(self, *_trouble: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)

    def _work(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        node = self._node = Node(self._configuration, parts(self._configuration.peers))
        await serve(node, with_tokens(node, self._configuration), self._end, self._stop, self._ready.set)
