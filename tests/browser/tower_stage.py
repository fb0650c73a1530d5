"""A stage for the tower: a real node with flows of its own, served over HTTP from a thread of this process.

with standing(folder) as stage:
    stage.start("order/A", "asks", {"sku": "A"}, txn="Q-000001")
    page.goto(stage.url + "/tower/")
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import uvicorn

from domain.acts import Act
from integration.effects import Call, Emit, Lookup, Park, Receive, Sleep, Start
from integration.flow import FlowContext
from integration.process import Parts
from integration.retry import call_with_retries
from integration.service.access import new_secret
from integration.service.app import application
from integration.service.configuration import ApiToken, Configuration
from integration.service.node import Node
from integration.settings import Settings

T = TypeVar("T")
Arguments = Mapping[str, Any]
PATIENCE_SECONDS = 30.0


async def asks(context: FlowContext, arguments: Arguments) -> str | dict[str, str]:
    """Ask a person for an item until it is mapped, then go on."""
    sku = str(arguments["sku"])
    while (item := await Lookup("item", sku)) is None:
        about = {"kind": "item", "key": sku, "system": "erp", "customer": arguments.get("customer", "Ada Ltd")}
        decision = await Park(code="DATA_QUALITY.MAPPING_MISSING", detail=f"no item for {sku}", context=about)
        if decision.action == "cancel":
            return {"status": "cancelled"}
    return str(item)


async def deal(context: FlowContext, arguments: Arguments) -> str:
    """Tell the facts of a deal from quote to cash, as the systems would."""
    txn, minor, step_us = context.txn, int(arguments["minor"]), int(arguments.get("step_us", 60_000_000))
    reference, at_us, books = f"{txn}-v1", int(arguments["at_us"]), {"legal_entity": arguments.get("entity", "US")}
    money = {"amount_minor": minor, "currency": arguments.get("currency", "USD")}
    posted = {"amount_minor": minor + int(arguments.get("off", 0)), "currency": money["currency"]}
    facts: list[tuple[str, str, dict[str, Any]]] = [
        ("quote.accepted", txn, {"reference": reference, "accepted_at_us": at_us, "total": money}),
        ("order.booked", reference, {"order_id": reference, "booked_at_us": at_us + step_us, "total": money}),
        ("invoice.generated", f"I-{txn}",
         {"invoice_id": f"I-{txn}", "reference": reference, "generated_at_us": at_us + 2 * step_us, "total": money}),
        ("invoice.posted", f"I-{txn}",
         {"invoice_id": f"I-{txn}", "reference": reference, "posted_at_us": at_us + 3 * step_us, "total": posted}),
        ("payment.received", f"P-{txn}",
         {"payment_id": f"P-{txn}", "remittance": [f"I-{txn}"], "amount": posted,
          "received_at_us": at_us + 4 * step_us}),
    ]  # fmt: skip
    for name, subject, body in facts[: int(arguments.get("steps", 5))]:
        await Emit(type=f"q2c.{name}.v1", subject=subject, txn=txn, body={**books, **body})
    return "told"


async def calling(context: FlowContext, arguments: Arguments) -> str:
    """Call a system that nobody answers for, until a person decides."""
    call = Call(
        system="erp", operation="put_order", method="PUT", target="/order/1", key=context.flow_id, write=True,
        txn=context.txn,
    )  # fmt: skip
    await call_with_retries(context, call)
    return "called"


async def long(context: FlowContext, arguments: Arguments) -> None:
    """Wait for a message that never comes."""
    await Sleep(0.01)
    await Receive("task.completed", context.txn, 86_400)


PROGRAMS = {"asks": asks, "deal": deal, "calling": calling, "long": long}


class Stage:
    """A running node, the tokens that open its tower, and its address."""

    def __init__(self, url: str, node: Node, loop: asyncio.AbstractEventLoop, tokens: dict[str, str]) -> None:
        self.url, self.node, self._loop, self.tokens = url, node, loop, tokens

    def start(self, flow_id: str, name: str, arguments: dict[str, Any], txn: str = "") -> None:
        """Start a flow and let it come to its first wait."""
        start = Start(flow_id=flow_id, name=name, arguments=arguments, txn=txn)
        self.inside(self.node.integration.launch, start)

    def act(self, action: str, **arguments: Any) -> None:
        """Let somebody act."""
        act = Act(at_us=self.node.now_us(), system="integration", action=action, arguments=arguments)
        self._await(self.node.act(act))

    def inside(self, action: Callable[..., T], *arguments: Any) -> T:
        """Do something in the thread of the node."""

        async def do() -> T:
            return action(*arguments)

        return self._await(do())

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)


@contextmanager
def standing(folder: Path, settings: Settings | None = None, database: str = "", name: str = "") -> Iterator[Stage]:
    """Run a node with a journal in a folder, or on a database, until the block ends."""
    scopes = {
        "Mo": ("operations:read", "exceptions:work", "masterdata:steward"),
        "Ada": ("exceptions:work", "exceptions:approve"),
        "Vi": ("transactions:read",),
        "portal": ("accounts:read",),
    }
    secrets = {name: new_secret() for name in scopes}
    configuration = Configuration(
        settings=settings or Settings(), name=name, database=database or str(folder / "journal.db"),
        tokens=tuple(ApiToken(name, secrets[name][1], scopes[name]) for name in scopes),
    )  # fmt: skip
    folder.mkdir(exist_ok=True)
    ready = threading.Event()
    box: dict[str, Any] = {}

    async def serve() -> None:
        node = Node(configuration, Parts(programs=PROGRAMS, systems={}))
        node.open()
        config = uvicorn.Config(
            application(node, configuration), host="127.0.0.1", port=0, log_level="error", lifespan="off",
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        box["server"], box["node"], box["loop"] = uvicorn.Server(config), node, asyncio.get_running_loop()
        task = asyncio.create_task(box["server"].serve())
        while not box["server"].started:
            await asyncio.sleep(0.01)
        ready.set()
        await task
        await node.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(PATIENCE_SECONDS), "the node did not start"
    port = box["server"].servers[0].sockets[0].getsockname()[1]
    tokens = {name: token for name, (token, _) in secrets.items()}
    try:
        yield Stage(f"http://127.0.0.1:{port}", box["node"], box["loop"], tokens)
    finally:
        box["server"].should_exit = True
        until = time.monotonic() + PATIENCE_SECONDS
        thread.join(max(0.0, until - time.monotonic()))
