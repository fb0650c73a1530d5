"""Bad input: whatever is sent, the answer is a refusal in words that names the field, and never a 500."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration.api.document import document, operations
from integration.api.problems import PROBLEMS, TYPE_PREFIX
from tests.integration.api.conftest import Stage

WRITES = [
    (method, path, operation["operationId"])
    for method, path, operation in operations(document())
    if "requestBody" in operation and operation["security"]
]
READS = [
    (path, operation["operationId"], [each["name"] for each in operation["parameters"] if each["in"] == "query"])
    for method, path, operation in operations(document())
    if method == "get" and not path.endswith("/stream")
]
_ODD = (
    "", " ", "\x00", "\u202e", "a" * 5000, "../../etc/passwd", "' OR 1=1 --", "<script>", "%s%n", "\N{GRINNING FACE}",
    "-1", "1e400", "null", "\u0661\u0662",
)  # fmt: skip
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(_ODD),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


def address_of(path: str, value: str = "Q-1") -> str:
    """Return an address with something in the place of every parameter."""
    names = [part.partition("}")[0] for part in path.split("{")[1:]]
    quoted = str(httpx.URL("http://q", params={"v": value}).query, "ascii").removeprefix("v=").replace("+", "%20")
    return path.format(**dict.fromkeys(names, quoted or "%20"))


def require_problem(answer: httpx.Response, said: str) -> None:
    assert 400 <= answer.status_code < 500, (answer.status_code, said, answer.text)
    assert answer.headers["content-type"] == "application/problem+json", said
    found = answer.json()
    assert found["status"] == answer.status_code
    assert found["type"].removeprefix(TYPE_PREFIX) in PROBLEMS
    assert found["trace_id"] in answer.headers["traceparent"]
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(("method", "path", "name"), WRITES, ids=[row[2] for row in WRITES])
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=_JSON)
def test_no_body_is_too_strange(stage: Stage, method: str, path: str, name: str, content: Any) -> None:
    if name in ("take_exception", "hand_over_exception", "retry_exception") and content == {}:
        return  # that is what they take
    text = json.dumps(content)
    with stage.client() as client:
        headers = {"content-type": "application/json", "idempotency-key": '"strange"'}
        answer = client.request(method, address_of(path), content=text, headers=headers)
    require_problem(answer, text)


@pytest.mark.parametrize(("method", "path", "name"), WRITES, ids=[row[2] for row in WRITES])
@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"a":1}{', b"[" * 50_000, b"", b'"', b"NaN", b"{}" * 200_000])
def test_what_is_no_json_is_refused(stage: Stage, method: str, path: str, name: str, body: bytes) -> None:
    with stage.client() as client:
        headers = {"content-type": "application/json", "idempotency-key": '"garbled"'}
        answer = client.request(method, address_of(path), content=body, headers=headers)
    require_problem(answer, name)
    if len(body) > 256 * 1024:
        assert answer.status_code == 413


@pytest.mark.parametrize(("path", "name", "queries"), READS, ids=[row[1] for row in READS])
@pytest.mark.parametrize("odd", _ODD, ids=range(len(_ODD)))
def test_no_parameter_is_too_strange(stage: Stage, path: str, name: str, queries: list[str], odd: str) -> None:
    with stage.client() as client:
        for query in queries:
            answer = client.get(address_of(path), params={query: odd})
            assert answer.status_code < 500, (name, query, odd)
            if answer.status_code >= 400:
                require_problem(answer, f"{query}={odd}")
        if "{" in path:
            answer = client.get(address_of(path, odd))
            assert answer.status_code < 500, (name, odd)
            if answer.status_code >= 400:
                require_problem(answer, odd)


def test_every_wrong_field_is_named(stage: Stage) -> None:
    body = {"request": "../x", "subscription": 7, "effective": "31.12.2026", "refund": "all", "surprise": 1}
    with stage.client() as client:
        answer = client.post("/cancellations", json=body, headers={"idempotency-key": '"fields"'})
    errors = {each["field"]: each["place"] for each in answer.json()["errors"]}
    assert errors == dict.fromkeys(
        ["/request", "/subscription", "/entity", "/effective", "/refund", "/surprise"], "body"
    )  # fmt: skip


def test_a_body_of_another_kind_is_refused(stage: Stage) -> None:
    with stage.client() as client:
        answer = client.post("/orders", content="<order/>", headers={"content-type": "application/xml"})
        assert (answer.status_code, answer.json()["type"]) == (415, "/api/v1/problems/unsupported-media-type")
        answer = client.post("/oauth2/token", json={"grant_type": "client_credentials"})
        assert answer.status_code == 415


def test_addresses_and_methods_that_are_not_there(stage: Stage) -> None:
    with stage.client() as client:
        assert client.get("/nowhere").json()["type"] == "/api/v1/problems/not-found"
        answer = client.delete("/orders")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        answer = client.post("/mappings/item/SKU")
        assert answer.headers["allow"] == "DELETE, GET, PUT"
        assert client.get("/events", params={"after": "A" * 9000}).status_code == 400


@pytest.mark.parametrize("traceparent", ["", "00-" + "0" * 32 + "-" + "1" * 16 + "-01", "garbage", "00-zz-zz-01"])
def test_a_wrong_trace_begins_a_new_one(stage: Stage, traceparent: str) -> None:
    with stage.client() as client:
        told = client.get("/problems", headers={"traceparent": traceparent}).headers["traceparent"]
    assert told != traceparent
    assert len(told) == 55


def test_a_trace_goes_on(stage: Stage) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with stage.client("") as client:
        answer = client.get("/service", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert answer.headers["traceparent"].split("-")[1] == trace == answer.json()["trace_id"]


def test_every_problem_has_its_page(stage: Stage) -> None:
    with stage.client("") as client:
        for problem in PROBLEMS.values():
            assert client.get(problem.type.removeprefix("/api/v1")).json()["remedy"] == problem.remedy
