"""The request journal: what it finds, what it explains, and that it stays within its bounds."""

from __future__ import annotations

from typing import Any

import pytest

from domain.http import Reply, Request
from mocks.kernel.journal import Criteria, Entry, Journal, normalised

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def entry(number: int, **said: Any) -> Entry:
    request = said.pop("request", Request("erp", "POST", "/v1/things?x=1", JSON, b'{"a": {"b": [1, {"c": true}]}}'))
    reply = said.pop("reply", Reply(201, {}, b"{}"))
    row = {"operation": "create", "key": f"k{number}", "txn": "Q-000001", "effect": "done", "wire": "deliver", **said}
    return Entry(number=f"r{number}", at_us=number * 10, request=request, reply=reply, **row)


@pytest.fixture
def journal() -> Journal:
    made = Journal()
    made.add(entry(1))
    made.add(entry(2, request=Request("erp", "GET", "/v1/things/7"), reply=Reply(404), operation="read"))
    made.add(entry(3, request=Request("erp", "POST", "/v1/pay", FORM, b"metadata%5Border%5D=Q-1&lines[0][n]=2")))
    return made


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ({}, ["r3", "r2", "r1"]),
        ({"method": "post"}, ["r3", "r1"]),
        ({"path": "/v1/things"}, ["r1"]),
        ({"path": "/v1/things*"}, ["r2", "r1"]),
        ({"path": "/v1/thing?"}, ["r1"]),
        ({"operation": "read"}, ["r2"]),
        ({"key": "k3"}, ["r3"]),
        ({"status": 404}, ["r2"]),
        ({"status_from": 200, "status_to": 299}, ["r3", "r1"]),
        ({"since_us": 20, "until_us": 30}, ["r2"]),
        ({"text": "Q-1"}, ["r3"]),
        ({"headers": {"Content-Type": "application/json"}}, ["r1"]),
        ({"body": {"a": {"b": [1, {}]}}}, ["r1"]),
        ({"body": {"a": {"b": [1, {"c": True}]}}}, ["r1"]),
        ({"body": {"a": {"b": [1]}}}, []),
        ({"body": {"metadata": {"order": "Q-1"}}}, ["r3"]),
        ({"body": {"lines": [{"n": 2}]}}, ["r3"]),
        ({"body": {"metadata": "Q-1"}}, []),
    ],
)
def test_criteria_find_the_newest_first(journal: Journal, said: dict[str, Any], numbers: list[str]) -> None:
    criteria = Criteria(**said)
    assert [found.number for found in journal.find(criteria)] == numbers
    assert journal.count(criteria) == len(numbers)


def test_a_limit_keeps_the_newest(journal: Journal) -> None:
    assert [found.number for found in journal.find(limit=1)] == ["r3"]


def test_nearest_names_what_a_request_misses(journal: Journal) -> None:
    nearest = journal.nearest(Criteria(method="POST", path="/v1/things", status=200))
    assert [(found.number, missed) for found, missed in nearest] == [
        ("r1", ["status"]),
        ("r3", ["path", "status"]),
        ("r2", ["method", "path", "status"]),
    ]


def test_the_ring_is_bounded_in_number_and_says_what_is_gone() -> None:
    journal = Journal(entries_max=3)
    for number in range(10):
        journal.add(entry(number))
    assert [found.number for found in journal] == ["r9", "r8", "r7"]
    assert (len(journal), journal.added, journal.forgotten) == (3, 10, 7)
    assert journal.get("r8") is not None
    assert journal.get("r1") is None
    journal.clear()
    assert (len(journal), journal.forgotten) == (0, 0)


def test_the_ring_is_bounded_in_bytes_but_keeps_the_last() -> None:
    journal = Journal(entries_max=100, bytes_max=1_000)
    for number in range(20):
        journal.add(entry(number, request=Request("erp", "POST", "/", {}, b"x" * 300), reply=Reply(200)))
    assert len(journal) == 3
    journal.add(entry(99, request=Request("erp", "POST", "/", {}, b"x" * 5_000)))
    assert [found.number for found in journal] == ["r99"]
    journal.add(entry(100, request=Request("erp", "POST", "/", {}, b"x" * 300), reply=Reply(200)))
    assert [found.number for found in journal] == ["r100"]


def test_bytes_are_counted_right_when_the_number_bounds_first() -> None:
    journal = Journal(entries_max=2, bytes_max=1_000)
    for number in range(50):
        journal.add(entry(number, request=Request("erp", "POST", "/", {}, b"x" * 400), reply=Reply(200)))
    assert len(journal) == 2


@pytest.mark.parametrize(
    ("request_", "value"),
    [
        (Request("x", "GET", "/"), None),
        (Request("x", "POST", "/", JSON, b"[1]"), [1]),
        (Request("x", "POST", "/", FORM, b"a[b]=c&d=1"), {"a": {"b": "c"}, "d": "1"}),
        (Request("x", "POST", "/", FORM, b"a=1&a[b]=c"), "a=1&a[b]=c"),
        (Request("x", "POST", "/", JSON, b"\xff{"), "\ufffd{"),
    ],
)
def test_a_body_is_normalised_whatever_it_is(request_: Request, value: Any) -> None:
    assert normalised(request_) == value
