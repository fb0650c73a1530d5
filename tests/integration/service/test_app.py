"""The service's own routes: the clock of tests understands whole instants only."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from integration.drivers.clock import BusinessClock
from integration.service import app as module


def put(body: str) -> int:
    """Return the status of a PUT to the clock."""
    clock = BusinessClock()
    node = SimpleNamespace(clock=clock, now_us=clock.now_us, host=SimpleNamespace(in_flight=0))
    handler = module._clock(node)  # type: ignore[arg-type]
    app = Starlette(routes=[Route("/clock", handler, methods=["PUT"])])

    async def ask() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://node.example") as client:
            return (await client.put("/clock", content=body)).status_code

    return asyncio.run(ask())


@pytest.mark.parametrize("said", ["1e400", "-1e400", "NaN", "1e30", "9" * 30, '"1"', "null", "true", "1", "1.5"])
def test_an_instant_that_is_none_is_a_bad_request(said: str) -> None:
    assert put(f'{{"now_us": {said}}}') == 400


def test_a_later_instant_moves_the_clock() -> None:
    assert put('{"now_us": 4000000000000000}') == 200
