"""Tokens and keys: one for all calls, renewed once when it is refused, and asked for again when it did not come."""

from __future__ import annotations

from typing import Any

from domain.http import Reply
from integration.effects import Call, Start
from integration.flow import FlowContext
from integration.outcomes import Answer, Failed
from integration.settings import Settings
from integration.system import System, Token, TokenSource
from tests.integration.small import HOUR, PING, TOKEN, Arguments, burst, create


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
