"""Tests of integration.lanes: what the wire of one system demands, seen from the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import history
from domain.http import Reply, Request
from integration.effects import All, Call, Start
from integration.flow import FlowContext
from integration.lanes import Lane
from integration.outcomes import Answer, Failed, Unknown
from integration.retry import call_with_retries
from integration.settings import BreakerSettings, Settings, SystemLimits
from integration.system import System, Token, TokenSource
from tests.integration.conftest import World

HOUR = 3600
PING = Call(system="erp", operation="ping", target="/ping")
TOKEN = TokenSource(
    call=lambda now_us: Call(system="erp", operation="token", method="POST", target="/token"),
    read=lambda answer: Token({"authorization": f"Bearer {answer.body.decode()}"}, 3600),
)
Arguments = Mapping[str, Any]


async def create(context: FlowContext, arguments: Arguments) -> str:
    """Make one write with retries."""
    key = f"q2c/{context.flow_id}/create"
    call = Call(system="erp", operation="create", target=f"/{key}", key=key, write=True)
    return (await call_with_retries(context, call)).body.decode()


async def burst(context: FlowContext, arguments: Arguments) -> None:
    """Make many reads at once."""
    calls = tuple(Call(system="erp", operation="read", target=f"/{number}") for number in range(arguments["calls"]))
    outcomes = await All(calls)
    assert all(isinstance(outcome, Answer) for outcome in outcomes)


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


def test_one_token_serves_all_and_is_fetched_anew_when_it_is_old(world: Any) -> None:
    made = world({"burst": burst}, systems=[System("erp", token=TOKEN)], settings=Settings(limits={}))
    made.integration.launch(Start(flow_id="a", name="burst", arguments={"calls": 20}))
    made.at(2 * HOUR, lambda: made.integration.launch(Start(flow_id="b", name="burst", arguments={"calls": 2})))
    made.run(3 * HOUR)
    assert made.times("token") == [0, 2 * HOUR]
    assert len(made.times("read")) == 22
    assert {request.headers.get("authorization") for _, call, request in made.sent if call.operation == "read"} == {
        "Bearer "
    }
    assert all(b"Bearer" not in repr(entry).encode() for _, _, entry in made.journal.entries())


def test_a_refused_token_is_replaced_once_and_the_call_goes_again(world: Any) -> None:
    refusals = [Reply(401)]

    def refuse(now: int, call: Call) -> Reply | None:
        return refusals.pop() if call.operation == "create" and refusals else None

    made = world({"create": create}, script=refuse, systems=[System("erp", token=TOKEN)])
    made.integration.launch(Start(flow_id="a", name="create"))
    made.run(60)
    assert [call.operation for _, call, _ in made.sent] == ["token", "create", "token", "create"]
    assert [call.attempt for _, call, _ in made.sent if call.write] == [1, 1]
    assert made.statuses("a") == ["started", "finished"]


def test_a_new_token_that_is_refused_as_well_is_not_used_again(world: Any) -> None:
    refusals = [Reply(401), Reply(401)]

    def refuse(now: int, call: Call) -> Reply | None:
        return refusals.pop() if call.operation == "create" and refusals else None

    made = world({"create": create}, script=refuse, systems=[System("erp", token=TOKEN)])
    made.integration.launch(Start(flow_id="a", name="create"))
    made.at(60, lambda: made.integration.launch(Start(flow_id="b", name="create")))
    made.run(120)
    operations = [call.operation for _, call, _ in made.sent]
    assert operations == ["token", "create", "token", "create", "token", "create"]
    assert (made.statuses("a")[-1], made.statuses("b")[-1]) == ("parked", "finished")


def test_a_probe_whose_token_is_refused_sees_to_a_new_one_before_the_next_call(world: Any) -> None:
    refusals = [Reply(401)]

    def script(now: int, call: Call) -> Failed | Reply | None:
        if call.operation == "ping" and refusals:
            return refusals.pop()
        return Failed("refused") if call.operation == "create" and now < 60 else None

    made = world({"create": create}, script=script, systems=[System("erp", token=TOKEN, ping=PING)])
    for number in range(10):
        made.integration.launch(Start(flow_id=f"f{number}", name="create"))
    made.run(HOUR)
    operations = [call.operation for _, call, _ in made.sent]
    assert operations[operations.index("ping") + 1] == "token"
    assert all(made.statuses(f"f{number}")[-1] == "finished" for number in range(10))


def test_wrong_credentials_park_every_flow_for_security(world: Any) -> None:
    made = world(
        {"create": create},
        script=lambda now, call: Reply(401) if call.operation == "token" else None,
        systems=[System("erp", token=TOKEN)],
    )
    made.integration.launch(Start(flow_id="a", name="create"))
    made.run(60)
    (case,) = made.integration.open_cases()
    assert (case.code, case.owner) == ("AUTH.FORBIDDEN", "security")


def test_a_token_service_that_is_down_burns_no_attempts(world: Any) -> None:
    def script(now: int, call: Call) -> Failed | None:
        return Failed("refused") if call.operation == "token" and now < 600 else None

    made = world({"create": create}, script=script, systems=[System("erp", token=TOKEN)])
    made.integration.launch(Start(flow_id="a", name="create"))
    made.run(2000)
    assert len(made.times("create")) == 1
    assert len(made.times("token")) < 20
    assert made.statuses("a") == ["started", "finished"]


def test_static_keys_and_idempotency_headers_are_added_on_the_way_out(world: Any) -> None:
    async def pay(context: FlowContext, arguments: Arguments) -> None:
        await Call(system="erp", operation="pay", target="/x", key="k1", key_header="idempotency-key")

    made = world({"pay": pay}, systems=[System("erp", headers={"authorization": "Basic abc"})])
    made.integration.launch(Start(flow_id="a", name="pay"))
    made.run(10)
    assert made.sent[0][2].headers == {"authorization": "Basic abc", "idempotency-key": "k1"}


def test_a_rotated_key_is_used_from_the_next_call_on_and_a_refused_call_goes_again_under_it(world: Any) -> None:
    keys = ["old"]

    def script(seconds: int, call: Call) -> Reply | None:
        if call.operation == "create" and seconds < 10:
            keys[0] = "new"  # rotated while the call was on its way: the old one is refused
            return Reply(401)
        return None

    system = System("erp", headers={"accept": "x"}, credentials=lambda: {"accept": "x", "key": keys[0]})
    made = world({"create": create}, script=script, systems=[system])
    made.integration.launch(Start(flow_id="f1", name="create"))
    made.run(HOUR)
    sent = [request.headers["key"] for _, call, request in made.sent]
    assert sent[0] == "old"
    assert set(sent[1:]) == {"new"}
    assert sent[1:]
    assert made.sent[0][2].headers["accept"] == "x"


def test_a_key_that_is_refused_and_was_not_rotated_is_not_tried_again_and_again(world: Any) -> None:
    system = System("erp", credentials=lambda: {"key": "revoked"})
    made = world({"create": create}, script=lambda seconds, call: Reply(401), systems=[system])
    made.integration.launch(Start(flow_id="f1", name="create"))
    made.run(60)
    assert len(made.sent) == 1


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


def test_an_answer_without_a_token_in_it_is_asked_for_again(world: Any) -> None:
    def read(answer: Answer) -> Token:
        if answer.body == b"<html>":
            raise ValueError("a proxy's page is no token")
        return Token({"authorization": "Bearer t"}, 3600)

    def script(seconds: int, call: Call) -> Reply | None:
        return Reply(200, {}, b"<html>") if call.operation == "token" and seconds < 5 else None

    made = world({"create": create}, script=script, systems=[System("erp", token=TokenSource(TOKEN.call, read))])
    made.integration.launch(Start(flow_id="f1", name="create"))
    made.run(HOUR)
    assert made.statuses("f1") == ["started", "finished"]
    assert len(made.times("token")) > 1
    assert len(made.times("create")) == 1


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
