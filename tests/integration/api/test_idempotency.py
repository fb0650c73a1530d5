"""Idempotency keys as properties: however repetitions interleave, one intent has one effect and one answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration.api.budget import Budget
from integration.api.doors import House
from integration.api.idempotency import flow_of, key_of, submitted
from integration.api.problems import Refused
from integration.effects import Start
from integration.journal.protocol import FlowRow
from integration.service.access import Access, Caller
from integration.service.configuration import configured
from integration.service.server import address_of, listen
from tests.integration.api.conftest import API, Stage, served


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["one", "two"])), min_size=2, max_size=6))
def test_any_sequence_of_keys_and_quotes_books_each_quote_once(stage: Stage, tries: list[tuple[str, str]]) -> None:
    quotes = {name: stage.quote() for name in ("one", "two")}
    first: dict[str, tuple[str, dict[str, Any]]] = {}
    with stage.client() as client:
        for key, name in tries:
            headers = {"idempotency-key": f"{key}-{quotes['one']['number']}"}
            answer = client.post("/orders", json=quotes[name], headers=headers)
            if key not in first:
                assert answer.status_code == 202, answer.text
                first[key] = (name, answer.json())
            elif first[key][0] == name:
                assert (answer.status_code, answer.json()) == (202, first[key][1])
            else:
                assert answer.json()["type"] == "/api/v1/problems/idempotency-key-reused"
        for name in {name for name, _ in first.values()}:
            flows = client.get(f"/transactions/{quotes[name]['number']}").json()["flows"]
            assert [flow["name"] for flow in flows].count("accepted_quote") == 1


def test_eight_at_once_are_one(stage: Stage) -> None:
    quote = stage.quote()

    def send(_number: int) -> httpx.Response:
        with stage.client() as client:
            return client.post("/orders", json=quote, headers={"idempotency-key": "at-once"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    accepted = [answer for answer in answers if answer.status_code == 202]
    refused = [answer for answer in answers if answer.status_code == 409]
    assert len(accepted) + len(refused) == 8
    assert len({answer.text for answer in accepted}) == 1
    for answer in refused:
        assert answer.json()["type"] == "/api/v1/problems/idempotency-key-in-flight"
        assert answer.headers["retry-after"] == "1"


def test_a_refusal_does_not_use_the_key_up(stage: Stage) -> None:
    quote = stage.quote()
    headers = {"idempotency-key": "typed-wrong"}
    with stage.client() as client:
        assert client.post("/orders", json={**quote, "version": "one"}, headers=headers).status_code == 400
        assert client.post("/orders", json=quote, headers=headers).status_code == 202


def test_keys_are_remembered_across_a_restart(stage: Stage, tmp_path: Path) -> None:
    systems = {name: stage.doors[name] for name in ("crm", "erp", "billing", "tax", "payment", "fulfilment")}
    configuration = configured({}, {}, addresses=systems, database=str(tmp_path / "journal.db"), port=0)
    body = {"request": "CAN-9", "subscription": "Q-999998", "entity": "US", "effective": "2030-01-01"}
    answers = []
    for _ in range(2):
        end = listen("127.0.0.1", 0)
        with served(configuration, end):
            headers = {"authorization": "Bearer secret-everything", "idempotency-key": '"kept"'}
            address = f"{address_of(end)}{API}/cancellations"
            answers.append(httpx.post(address, json=body, headers=headers, verify=False, trust_env=False))
    first, again = answers
    assert (first.status_code, again.status_code) == (202, 202), first.text
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"


# --- the memory itself ----------------------------------------------------------------------------------------------


class SlowNode:
    """A node whose flows end when the test says so."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.reader = self
        self.started: list[str] = []

    def flow(self, flow_id: str) -> FlowRow | None:
        return None

    async def run(self, start: Start, timeout_seconds: float) -> FlowRow:
        self.started.append(start.flow_id)
        await self.go.wait()
        result = msgspec.msgpack.encode({"status": "accepted", "flow": "f", "reference": "r", "created": True})
        return FlowRow(1, start.flow_id, start.name, "", "", "", b"", "finished", 0, result)


def test_a_repetition_while_the_first_one_runs_is_told_to_come_again() -> None:
    async def scene() -> None:
        node = SlowNode()
        house = House(node, Access(), Budget(lambda: 0.0))  # type: ignore[arg-type]
        start = Start(flow_id="submission/x/1", name="submit_quote")
        first = asyncio.create_task(submitted(house, start))
        await asyncio.sleep(0)
        with pytest.raises(Refused) as refused:
            await submitted(house, start)
        assert refused.value.problem.name == "idempotency-key-in-flight"
        node.go.set()
        found: Mapping[str, Any] | None = (await first).result
        assert found is not None
        assert found["status"] == "accepted"

    asyncio.run(scene())


def test_a_caller_that_goes_away_leaves_no_key_in_flight() -> None:
    async def scene() -> None:
        node = SlowNode()
        house = House(node, Access(), Budget(lambda: 0.0))  # type: ignore[arg-type]
        start = Start(flow_id="submission/x/1", name="submit_quote")
        first = asyncio.create_task(submitted(house, start))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        node.go.set()
        assert (await submitted(house, start)).result is not None

    asyncio.run(scene())


@settings(max_examples=100)
@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=255))
def test_what_is_quoted_is_read_as_it_was(key: str) -> None:
    quoted = '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert key_of(quoted) == key


@settings(max_examples=100)
@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_two_callers_never_share_a_key(one: str, other: str, key: str, second: str) -> None:
    callers = [Caller(name, frozenset()) for name in (one, other)]
    first, last = flow_of(callers[0], "submit_order", key), flow_of(callers[1], "submit_order", second)
    assert (first == last) == ((one, key) == (other, second))
