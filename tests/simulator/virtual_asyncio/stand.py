"""A stand for programs: a function runs as an ASGI program among the real systems; calls take so many seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

import httpx

from domain.faults import Fault
from simulator.latency import Latency, LatencyTable
from simulator.scene import Scene
from simulator.virtual_asyncio.program import Program, Source
from simulator.virtual_asyncio.rehearsing import ADDRESSES
from tests.simulator.conftest import SECOND_US, START_US, Wire

TASK_URL = f"{ADDRESSES['fulfilment']}/v1/tasks/Q-000001-v1"
TASK = {"order": "Q-000001-v1", "account": "A-000001", "lines": [{"sku": "SEAT", "quantity": 3}]}
BEARER = {"authorization": "Bearer secret"}
Main = Callable[[], Awaitable[Any]]
Handle = Callable[[Mapping[str, Any]], Awaitable[int]]


async def taken(_scope: Mapping[str, Any]) -> int:
    """Take any message."""
    return 200


def application(main: Main | None, handle: Handle = taken) -> Any:
    """Return an ASGI application that runs `main` as a task of its own, and answers each message as `handle` says."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            running = asyncio.create_task(main()) if main is not None else None  # type: ignore[arg-type, var-annotated]
            await send({"type": "lifespan.startup.complete"})
            if running is not None:
                await running
            await receive()
        else:
            await receive()
            status = await handle(scope)
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})

    return app


class Stand:
    """A wire, and one program on it. What its functions put into `seen` comes with the virtual second."""

    def __init__(self, *faults: Fault, takes_seconds: float = 1.0) -> None:
        self.wire = Wire(*faults)
        exact = Latency(takes_seconds, takes_seconds)
        rows = {f"{name}.{way}": exact for name in ADDRESSES for way in ("read", "write")}
        self.wire.network._latency = LatencyTable({**rows, "webhook": Latency(0.5, 0.5)})
        self.seen: list[tuple[float, Any]] = []
        self.faults = faults
        self.program: Program

    @property
    def now(self) -> float:
        """The virtual seconds since the start."""
        return self.wire.now_seconds

    def note(self, what: Any) -> None:
        """Remember something with its second."""
        self.seen.append((self.now, what))

    def run(self, factory: Callable[[], Any], seconds: float = 120.0) -> Stand:
        """Play a program for so many virtual seconds."""
        wire = self.wire
        timeline = SimpleNamespace(seed=1, start_us=START_US)
        scene = cast(Scene, SimpleNamespace(time=wire.time, world=wire.world, network=wire.network, timeline=timeline))
        deaths = [(index, each) for index, each in enumerate(self.faults) if each.kind in ("crash", "crash_after")]
        self.program = program = Program(Source("program", factory), scene, deaths, wire.records.append)
        wire.network.intake = program
        with program.among_its_things():
            program.start()
            wire.time.play(START_US + round(seconds * SECOND_US))
        return self

    def main(self, main: Main, seconds: float = 120.0) -> Stand:
        """Play a program that is one coroutine function."""
        return self.run(lambda: application(main), seconds)

    async def ask(self, **timeout: Any) -> httpx.Response:
        """Ask fulfilment for a task."""
        async with httpx.AsyncClient(**timeout) as client:
            return await client.put(TASK_URL, json=TASK, headers=BEARER)
