"""Tests of integration.lanes: what the wire of one system demands, seen from the wire."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import history
from domain.http import Reply, Request
from integration.effects import Call, Start
from integration.lanes import Lane
from integration.outcomes import Answer, Failed, Unknown
from integration.settings import BreakerSettings, Settings, SystemLimits
from integration.system import System, Token, TokenSource
from tests.integration.conftest import World
from tests.integration.small import HOUR, PING, TOKEN, burst, create


def down(first: int, last: int) -> Any:
    return lambda now, call: Failed("refused") if first <= now < last and call.system == "erp" else None


def outage_of_four_hours(world: Any, systems: list[System], flows: int) -> Any:
    made = world({"create": create}, script=down(0, 4 * HOUR), systems=systems, settings=Settings(limits={}))
    for number in range(flows):
        made.integration.launch(Start(flow_id=f"f{number}", name="create"))
    made.run(6 * HOUR)
    return made


def test_a_four_hour_outage_burns_no_attempts_when_the_system_has_a_ping(world: Any) -> None:
    made = outage_of_four_hours(world, [System("erp", ping=PING)], flows=10)
    pings = made.times("ping")
    assert all(made.statuses(f"f{number}") == ["started", "finished"] for number in range(10))
    assert max(later - earlier for earlier, later in pairwise(pings)) == 900
    assert 15 <= len(pings) <= 25
    attempts = [call.key for _, call, _ in made.sent if call.operation == "create"]
    assert max(attempts.count(key) for key in attempts) <= 4
    assert [now for now in made.times("create") if 120 < now < 4 * HOUR] == []
    assert max(made.times("create")) < 4 * HOUR + 960


def test_a_single_flow_without_a_ping_is_parked_and_comes_back_by_itself(world: Any) -> None:
    made = outage_of_four_hours(world, [], flows=1)
    assert made.statuses("f0")[-1] == "finished"
    assert "parked" in made.statuses("f0")
    assert len(made.times("create")) <= 6 + 4 * 4 + 1
    assert made.times("create")[-1] <= 4 * HOUR + 900
    assert made.of(history.Case)[-1].status == "auto_resolved"


def test_a_closing_breaker_wakes_the_flows_parked_for_it(world: Any) -> None:
    breaker = BreakerSettings(calls_min=7, window_seconds=600)
    settings = Settings(limits={}, breaker=breaker, redrive_dependency_seconds=10**7)
    made = world({"create": create}, script=down(0, 110), systems=[System("erp", ping=PING)], settings=settings)
    made.integration.launch(Start(flow_id="a", name="create"))
    made.run(99)
    assert made.statuses("a") == ["started", "parked"]
    made.integration.launch(Start(flow_id="b", name="create"))
    made.run(2000)
    assert len(made.times("ping")) == 1
    assert made.statuses("a") == ["started", "parked", "resumed", "finished"]
    assert made.statuses("b") == ["started", "finished"]


def test_a_system_that_answers_its_ping_and_refuses_the_work_is_not_hammered_by_parked_flows(world: Any) -> None:
    def maintained(now: int, call: Call) -> Failed | None:
        return Failed("unavailable", 503) if call.operation == "create" and now < 4 * HOUR else None

    made = world(
        {"create": create}, script=maintained, systems=[System("erp", ping=PING)], settings=Settings(limits={})
    )
    for number in range(10):
        made.integration.launch(Start(flow_id=f"f{number}", name="create"))
    made.run(6 * HOUR)
    attempts = [call.key for _, call, _ in made.sent if call.operation == "create"]
    assert max(attempts.count(key) for key in attempts) <= 6 + 2 * 4 * 4 + 1
    assert all(made.statuses(f"f{number}")[-1] == "finished" for number in range(10))
    assert max(made.times("create")) <= 4 * HOUR + 960


def test_a_retry_after_silences_the_whole_system(world: Any) -> None:
    def throttle(now: int, call: Call) -> Failed | None:
        return Failed("throttled", 429, retry_after_seconds=120) if now < 1 else None

    made = world({"create": create}, script=throttle, settings=Settings(limits={}))
    made.integration.launch(Start(flow_id="a", name="create"))
    made.at(5, lambda: made.integration.launch(Start(flow_id="b", name="create")))
    made.run(1000)
    assert min(made.times("create")[1:]) >= 120
    assert (made.statuses("a")[-1], made.statuses("b")[-1]) == ("finished", "finished")


def test_no_more_calls_are_in_flight_than_four_fifths_of_the_licence(world: Any) -> None:
    flying, most = 0, 0

    def count(now: int, call: Call) -> None:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)

    made = world({"burst": burst}, script=count, settings=Settings(limits={"erp": SystemLimits(concurrent=15)}))

    def land(call: Call) -> None:
        nonlocal flying
        flying -= 1

    made.before_reply = land
    made.integration.launch(Start(flow_id="a", name="burst", arguments={"calls": 100}))
    made.run(60)
    assert made.statuses("a")[-1] == "finished"
    assert most == 12


def test_a_rate_is_kept_without_polling(world: Any) -> None:
    limits = {"erp": SystemLimits(requests=50)}
    made = world({"burst": burst}, settings=Settings(limits=limits))
    made.integration.launch(Start(flow_id="a", name="burst", arguments={"calls": 200}))
    made.run(60)
    times = made.times("read")
    assert max(times.count(second) for second in times) <= 40
    assert times[-1] <= 6


def test_a_reply_that_its_adapter_fails_at_is_unknown_and_hurts_nobody_else(world: Any) -> None:
    def classify(call: Call, reply: Reply, at_us: int) -> Answer | Failed:
        if reply.body == b"q2c/f1/create" and at_us < made.sent[0][0] + 1_790_000_000_000_000 + 30 * 1_000_000:
            raise KeyError("a mistake of the adapter")
        return Answer(reply.status, reply.body, at_us)

    made = world({"create": create}, systems=[System("erp", classify)])
    for number in (1, 2):
        made.integration.launch(Start(flow_id=f"f{number}", name="create"))
    made.run(HOUR)
    assert made.statuses("f2") == ["started", "finished"]
    assert made.statuses("f1")[-1] == "finished"
    assert made.times("create").count(0) == 2
    assert len(made.times("create")) > 2  # unknown: asked again under the same key
    assert set(made.done.values()) == {1}


def test_a_standing_tells_what_a_lane_sees(world: Any) -> None:
    made = world(
        {"create": create}, script=down(0, HOUR), systems=[System("erp", ping=PING)], settings=Settings(limits={})
    )
    for number in range(10):
        made.integration.launch(Start(flow_id=f"f{number}", name="create"))
    made.run(600)
    (standing,) = made.integration.standings()
    assert (standing.system, standing.state, standing.trouble) == ("erp", "open", "refused")
    assert standing.since_us <= standing.trouble_us <= standing.probe_us
    made.run(3 * HOUR)
    (standing,) = made.integration.standings()
    assert (standing.state, standing.waiting, standing.in_flight) == ("closed", 0, 0)


@settings(max_examples=100)
@given(
    breaker=st.builds(BreakerSettings, open_seconds=st.integers(1, 30), calls_min=st.integers(1, 8)),
    lives_seconds=st.integers(1, 600),
    begin=st.integers(0, 120),
    minutes=st.integers(1, 90),
    failing=st.sets(st.sampled_from(["token", "ping", "create"]), min_size=1),
    trouble=st.sampled_from([Failed("refused"), Failed("throttled", 429), Unknown("timeout")]),
    ping=st.sampled_from([PING, None]),
)
def test_every_flow_ends_after_an_outage_whatever_failed_in_it(
    breaker: BreakerSettings,
    lives_seconds: int,
    begin: int,
    minutes: int,
    failing: set[str],
    trouble: Failed | Unknown,
    ping: Call | None,
) -> None:
    end = begin + minutes * 60

    def script(now: int, call: Call) -> Failed | Unknown | None:
        return trouble if begin <= now < end and call.operation in failing else None

    token = TokenSource(TOKEN.call, lambda answer: Token({"authorization": "Bearer t"}, lives_seconds))
    systems = [System("erp", ping=ping, token=token)]
    made = World({"create": create}, script=script, systems=systems, settings=Settings(limits={}, breaker=breaker))
    for number in range(8):
        made.at(number * 30, partial(made.integration.launch, Start(flow_id=f"f{number}", name="create")))
    made.run(end + 2 * HOUR)
    assert {made.statuses(f"f{number}")[-1] for number in range(8)} == {"finished"}


class _Wire:
    """A wire that keeps what goes and what is planned until the test says what comes of it."""

    def __init__(self) -> None:
        self.now_us = 0
        self.planned: list[tuple[int, partial[None]]] = []
        self.gone: list[tuple[str, Callable[[Any], None]]] = []

    def call_at(self, at_us: int, action: Callable[..., None], *arguments: Any) -> None:
        self.planned.append((at_us, partial(action, *arguments)))

    def soon(self, action: Callable[..., None], *arguments: Any) -> None:
        self.call_at(self.now_us, action, *arguments)

    def send(self, request: Request, call: Call, done: Callable[[Any], None]) -> None:
        self.gone.append((call.operation, done))

    def end(self, operation: str, result: Any) -> None:
        """Let the latest call of an operation end."""
        done = next(done for name, done in reversed(self.gone) if name == operation)
        self.gone = [(name, each) for name, each in self.gone if each is not done]
        done(result)

    def wait(self, until_us: int) -> None:
        """Do what is planned until then."""
        self.now_us = until_us
        due = [action for at_us, action in self.planned if at_us <= until_us]
        self.planned = [(at_us, action) for at_us, action in self.planned if at_us > until_us]
        for action in due:
            action()


SHORT = TokenSource(TOKEN.call, lambda answer: Token({"authorization": "Bearer t"}, 1))


@pytest.mark.parametrize(
    ("system", "probe"),
    [(System("erp"), "read"), (System("erp", ping=PING), "ping"), (System("erp", ping=PING, token=SHORT), "token")],
    ids=["a call that waits", "a ping", "a fetched token"],
)
def test_a_slow_call_that_fails_at_last_does_not_end_the_probe(system: System, probe: str) -> None:
    wire = _Wire()
    lane = Lane(system, Settings(limits={}, breaker=BreakerSettings(calls_min=2)), wire, lambda name: None)
    for operation in ("slow", "read", "read"):
        lane.put(Call(system="erp", operation=operation, target="/"), lambda outcome: None)
    if system.token is not None:
        wire.end("token", Reply(200))
    wire.end("read", Failed("refused"))
    wire.end("read", Failed("refused"))
    lane.put(Call(system="erp", operation="read", target="/"), lambda outcome: None)
    assert [operation for operation, _ in wire.gone] == ["slow"]
    wire.wait(lane.standing().probe_us)
    assert [operation for operation, _ in wire.gone] == ["slow", probe]
    wire.end("slow", Unknown("timeout"))
    assert lane.standing().state == "half_open"
    wire.end(probe, Reply(200))
    assert lane.standing().state == "closed"
