"""What cannot be fuzzed is said in one sentence, with the file and the place; never green, never a traceback."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from contracts.findings import EXIT_STATUSES, Tally
from contracts.fuzzing.configured import Fuzz, suites_of
from contracts.fuzzing.documents import OPERATIONS_MAX
from contracts.fuzzing.mutants import DOCUMENT
from contracts.fuzzing.settings import Settings, Unusable
from contracts.fuzzing.suite import at
from tests.ports import free_port

OK = {"responses": {"200": {"description": "done"}}}


def judged(path: Path, url: str = "http://127.0.0.1:1", **settings: Any) -> Tally:
    """Return the tally of a document; nobody is at the address."""
    return at(path, url, Settings(max_examples=1, **settings), path.name).run(lambda _done, _total: None)


def described(paths: Any, **more: Any) -> str:
    """Return a document with paths, a member to a line."""
    return json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths, **more}, indent=1)


def leading(reference: str) -> str:
    """Return a document with a reference."""
    content = {"application/json": {"schema": {"$ref": reference}}}
    return described({"/a": {"get": {"responses": {"200": {"description": "done", "content": content}}}}})


UNUSABLE = {
    "half.json": ('{"openapi": "3.1.0",', "half.json:1:21: not JSON"),
    "twice.json": ('{"openapi": "3.1.0", "openapi": "3"}', "stands twice"),
    "half.yaml": ("openapi: [", "half.yaml:2:1: not YAML"),
    "list.json": ("[]", "holds a list; expected an object"),
    "other.json": ('{"asyncapi": "3.0.0"}', "other.json:1: is no OpenAPI document"),
    "empty.json": (described({}), "with paths was expected; nothing would be tried"),
    "text.json": (described({"/a": "get"}), "text.json:8:3: the path /a should be an object"),
    "deep.json": ('{"a":' * 300 + "1" + "}" * 300, "levels deep"),
    "remote.json": (leading("https://example.com/order.json"), "remote.json:15:9: the reference 'https://example.com"),
    "nowhere.json": (leading("#/components/schemas/Order"), "nowhere.json"),
    "beside.json": (leading("none.json#/Order"), "none.json"),
    "above.json": (leading("../secret.json#/Order"), "leads out of"),
    "circle.json": (
        described({"/a": {"$ref": "#/paths/~1b"}, "/b": {"$ref": "#/paths/~1a"}}), "references lead round in a circle",
    ),
    "huge.json": (
        described({f"/a{number}": {"get": OK} for number in range(OPERATIONS_MAX + 1)}), "more than 2000 operations",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_document_that_cannot_be_used_is_told_with_its_place(tmp_path: Path, name: str) -> None:
    text, told = UNUSABLE[name]
    path = tmp_path / name
    path.write_text(text)
    tally = judged(path)
    assert told in tally.could_not_run
    assert "\n" not in tally.could_not_run
    assert EXIT_STATUSES[tally.outcome] == 5


def test_a_document_of_many_megabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as end:
        end.truncate(31_000_000)
    assert "documents up to 30,000,000 are read" in judged(path).could_not_run


def test_a_document_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert judged(tmp_path / "none.json").could_not_run.startswith("none.json: ")


@contextmanager
def answering(reply: bytes) -> Iterator[str]:
    """Serve bytes on loopback, whatever is asked."""
    with socket.create_server(("127.0.0.1", 0)) as end:

        def work() -> None:
            while True:
                try:
                    connection, _ = end.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    connection.sendall(reply)

        threading.Thread(target=work, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{end.getsockname()[1]}"
        finally:
            end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.json"
    path.write_text(json.dumps(DOCUMENT))
    return path


def test_a_service_that_is_down_could_not_be_run(orders: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    tally = judged(orders, url)
    assert tally.could_not_run.startswith(f"{url}: nobody answers there")
    assert tally.outcome == "could not run"


def test_what_does_not_speak_http_could_not_be_run(orders: Path) -> None:
    with answering(b"220 mail ready\r\n") as url:
        assert "does not speak HTTP" in judged(orders, url).could_not_run
    assert "does not speak HTTP" in judged(orders, "http://127.0.0.1:port").could_not_run


def test_a_service_that_takes_no_request_at_all_is_never_green(orders: Path) -> None:
    body = b'{"title": "who are you", "status": 401}'
    head = (
        b"HTTP/1.1 401 No\r\ncontent-type: application/problem+json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
    )
    with answering(head % len(body) + body) as url:
        tally = judged(orders, url, checks=("not_a_server_error",), phases=("fuzzing",))
    assert "took none of the requests" in tally.could_not_run
    assert "times 401" in tally.could_not_run
    assert tally.outcome == "could not run"


def test_a_schema_that_nothing_fits_is_told_with_the_place_of_its_operation(tmp_path: Path) -> None:
    endless = {"type": "object", "required": ["child"], "properties": {"child": {"$ref": "#/components/schemas/Node"}}}
    body = {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}
    path = tmp_path / "endless.json"
    text = described({"/a": {"post": {**OK, "requestBody": body}}}, components={"schemas": {"Node": endless}})
    path.write_text(text)
    with answering(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n") as url:
        tally = judged(path, url, phases=("fuzzing",))
    assert tally.could_not_run.startswith("endless.json:9:4: POST /a: ")
    assert tally.outcome == "could not run"


WRONG: dict[str, dict[str, Any]] = {
    "say either `url`, the address of the service, or `mock`": {},
    "or `mock`, one of ours": {"url": "http://127.0.0.1:1", "mock": "tax"},
    "there is no mock 'legacy'; there are crm": {"mock": "legacy"},
    "unknown phases warm-up; known are examples": {"url": "http://127.0.0.1:1", "phases": ("warm-up",)},
    "unknown refusals 'soap'; known are rfc9457": {"url": "http://127.0.0.1:1", "refusals": "soap"},
    "max_examples and timeout_seconds must be above 0": {"url": "http://127.0.0.1:1", "max_examples": 0},
    "${NO_SUCH_TOKEN} is not set in the environment": {"url": "http://x", "headers": {"a": "${NO_SUCH_TOKEN}"}},
}


@pytest.mark.parametrize("told", WRONG)
def test_a_table_that_cannot_be_used_is_refused_with_what_is_known(tmp_path: Path, told: str) -> None:
    with pytest.raises((Unusable, KeyError)) as refusal:
        suites_of(Fuzz(document="orders.json", **WRONG[told]), tmp_path)
    assert told in str(refusal.value.args[0])


def test_unknown_checks_are_refused_with_the_known_ones(orders: Path) -> None:
    assert judged(orders, checks=("is_nice",)).could_not_run.startswith("unknown checks is_nice; known are idempotent")


def test_credentials_come_from_the_environment_and_stand_in_no_report(
    monkeypatch: pytest.MonkeyPatch, orders: Path
) -> None:
    monkeypatch.setenv("ORDERS_TOKEN", "secret-1")
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"
    with answering(head) as url:
        (suite,) = suites_of(
            Fuzz(document=orders.name, url=url, headers={"Authorization": "Bearer ${ORDERS_TOKEN}"}, max_examples=1,
                 include=("GET",), phases=("fuzzing",)), orders.parent,
        )  # fmt: skip
        tally = suite.run(lambda _done, _total: None)
    assert tally.findings
    assert all("$AUTHORIZATION" in each.evidence[0] for each in tally.findings)
    assert "secret-1" not in str(tally)
