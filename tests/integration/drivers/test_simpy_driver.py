"""Tests of integration.drivers.simpy_driver: exchanges are driven without a process of their own."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest
import simpy

from domain.http import Reply, Request
from integration.drivers.simpy_driver import Result, SimpyHost
from integration.effects import Call

CALL = Call(system="erp", operation="read", target="/x")
REQUEST = Request("erp", "GET", "/x")
Exchange = Callable[[simpy.Environment], Generator[simpy.Event, Any, Result]]


def at_once(env: simpy.Environment) -> Generator[simpy.Event, Any, Result]:
    yield from ()
    return Reply(200)


def over_events(env: simpy.Environment) -> Generator[simpy.Event, Any, Result]:
    first = yield env.timeout(3, value="a")
    second = yield env.timeout(4, value="b")
    return Reply(200, {}, f"{first}{second}".encode())


def over_what_has_happened(env: simpy.Environment) -> Generator[simpy.Event, Any, Result]:
    past = env.timeout(5, value="a")
    yield env.timeout(6)
    first = yield past
    second = yield past
    return Reply(200, {}, f"{first}{second}".encode())


@pytest.mark.parametrize(
    ("exchange", "at_us", "body"), [(at_once, 0, b""), (over_events, 7, b"ab"), (over_what_has_happened, 6, b"aa")]
)
def test_an_exchange_comes_back_when_its_events_have_happened_but_never_at_once(
    exchange: Exchange, at_us: int, body: bytes
) -> None:
    env = simpy.Environment()
    got: list[tuple[int, Result]] = []
    host = SimpyHost(env, lambda request, call: exchange(env), lambda record: None, lambda crash: None)
    host.send(REQUEST, CALL, lambda result: got.append((host.now_us(), result)))
    assert got == []
    env.run()
    assert got == [(at_us, Reply(200, {}, body))]


def test_actions_happen_at_their_instant_in_the_order_they_were_planned() -> None:
    env = simpy.Environment(initial_time=100)
    host = SimpyHost(env, lambda request, call: at_once(env), lambda record: None, lambda crash: None)
    seen: list[tuple[str, int]] = []
    for name, at_us in (("c", 300), ("a", 100), ("b", 100)):
        host.call_at(at_us, lambda name=name: seen.append((name, host.now_us())))  # type: ignore[misc]
    env.run()
    assert seen == [("a", 100), ("b", 100), ("c", 300)]
