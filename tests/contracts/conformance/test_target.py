"""Target files: what is put into them, and what is counted where they point to."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.conformance.assertion import Skipped
from contracts.conformance.profiles import PROFILES
from contracts.conformance.target import Operation, Target, Unusable, counted, filled, with_environment
from contracts.conformance.wire import Wire

WORDS = st.text(st.sampled_from("${}\\1aid_A "), min_size=1, max_size=12)


@given(secret=WORDS, other=WORDS)
@example(secret="${OTHER}", other="x")
def test_values_of_the_environment_are_put_in_as_they_are(secret: str, other: str) -> None:
    found = with_environment({"a": ["${SECRET}/${OTHER}!"]}, Path("t.yaml"), {"SECRET": secret, "OTHER": other})
    assert found == {"a": [f"{secret}/{other}!"]}


def test_a_name_that_is_not_set_is_refused() -> None:
    with pytest.raises(Unusable, match=r"\$\{Q2C_NEVER_SET\} is not set"):
        with_environment("x ${Q2C_NEVER_SET}", Path("t.yaml"))


@given(unique=WORDS)
@example(unique="{id}")
def test_words_are_filled_in_once(unique: str) -> None:
    words = {"unique": unique, "id": "7"}
    assert filled({"a": ["{unique}-{id}", 1]}, words) == {"a": [f"{unique}-7", 1]}
    assert filled("{other} {} {{id}}", words) == "{other} {} {7}"


def test_a_header_is_sent_once_in_whatever_case_its_name_is_written() -> None:
    seen: list[httpx.Headers] = []

    def answered(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(201, json={"id": "1"})

    operation = Operation(path="/v1/orders", headers={"Content-Type": "application/vnd.orders+json"})
    target = Target(url="http://x.test", operation=operation, headers={"AUTHORIZATION": "Bearer a"})

    async def sent() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answered)) as client:
            wire = Wire(client, target, PROFILES["ietf-07"], "t")
            await wire.send(wire.intent(), headers={"Authorization": "Bearer b", "IDEMPOTENCY-KEY": "none"}, key="k")

    asyncio.run(sent())
    (headers,) = seen
    assert headers.get_list("content-type") == ["application/vnd.orders+json"]
    assert headers.get_list("authorization") == ["Bearer b"]
    assert headers.get_list("idempotency-key") == ["k"]


@pytest.mark.parametrize(("value", "number"), [([1, 2], 2), ({"a": 1}, 1), (3, 3), ("4", 4), (None, 0), ([], 0)])
def test_effects_are_a_number_or_the_length_of_a_list(value: Any, number: int) -> None:
    assert counted(value, "GET /x") == number


def test_what_is_no_number_is_not_counted() -> None:
    with pytest.raises(Skipped, match="GET /x has 'three'"):
        counted("three", "GET /x")
