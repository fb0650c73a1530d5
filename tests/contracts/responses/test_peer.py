"""A peer between an integration and a provider changes answers on the wire, and what comes of it is compared."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.conformance.target import Unusable
from contracts.responses.oracles import difference
from contracts.responses.peer import Rule, serving
from contracts.responses.target import OverHttp, read_response_target
from tests.ports import free_port

ORDERS = {"orders": [{"id": "ord_000000000001", "total": "20.00", "created_at": "2026-03-31T23:30:00+00:00"}]}
Answered = Callable[[str, str], tuple[int, Any]]


@contextmanager
def http(answered: Answered) -> Iterator[str]:
    """Serve answers of a function as JSON."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            status, found = answered(self.command, self.path)
            body = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *said: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def provider() -> Any:
    """Serve orders."""
    return http(lambda _method, _path: (200, ORDERS))


def made_of(order: dict[str, Any], bug: str) -> list[Any]:
    """Return what the integration makes of an order: its id, its date and its minor units."""
    moment = datetime.fromisoformat(order["created_at"]).astimezone(UTC).date().isoformat()
    return [
        order["id"],
        order["created_at"][:10] if bug == "slice_date" else moment,
        int(Decimal(order["total"]) * 100),
    ]


@contextmanager
def integration(port: int, bug: str = "") -> Iterator[str]:
    """Serve an integration that reads orders from a port and shows what it made of them; it tries three times.

    With the bug "refuses" it tries once, and tells trouble to who made it read.
    """
    made: dict[str, Any] = {}

    def synced() -> list[Any]:
        for _ in range(1 if bug == "refuses" else 3):
            try:
                reply = httpx.get(f"http://127.0.0.1:{port}/v1/orders", trust_env=False, timeout=5)
                if bug != "ignores_status":
                    reply.raise_for_status()
                orders = reply.json()["orders"]
                return [made_of(order, bug) for order in orders]
            except (httpx.HTTPError, ValueError, KeyError, TypeError, ArithmeticError):
                continue
        return []

    def answered(method: str, path: str) -> tuple[int, Any]:
        run = path.partition("run=")[2]
        if method == "POST":
            made[run] = synced()
            if bug == "refuses" and not made[run]:
                return 502, {}
        return 200, {"orders": made.get(run, [])}

    with http(answered) as address:
        yield address


def target_of(folder: Path, upstream: str, address: str, port: int, mutators: str = "[]") -> Path:
    """Write a target file."""
    path = folder / "reader.yaml"
    path.write_text(f"""
provider: {upstream}
listen: {port}
operations: [{{method: GET, path: "^/v1/orders"}}]
mutators: {mutators}
trigger: {{url: "{address}/sync?run={{unique}}"}}
probes: [{{url: "{address}/orders?run={{unique}}", pointer: /orders}}]
settle_seconds: 0.05
patience_seconds: 1
twice: true
""")
    return path


def silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def judged(folder: Path, bug: str = "", mutators: str = "[]") -> Any:
    """Return the tally of an integration with a bug."""
    port = free_port()
    with provider() as upstream, integration(port, bug) as address:
        target = read_response_target(target_of(folder, upstream, address, port, mutators))
        return OverHttp(target, "t").run(silent)


def test_a_tolerant_integration_reads_every_answer_over_http(tmp_path: Path) -> None:
    tally = judged(tmp_path)
    assert [finding.message for finding in tally.findings] == []
    assert {"triggered_twice", "gzip", "chunked", "reset", "truncated", "too_many", "tz_offset", "header_case"} <= set(
        tally.passed
    )


@pytest.mark.parametrize(("bug", "mutator"), [("slice_date", "tz_offset"), ("ignores_status", "too_many")])
def test_a_bug_of_an_integration_is_seen_from_outside(tmp_path: Path, bug: str, mutator: str) -> None:
    tally = judged(tmp_path, bug, f"[{mutator}, unknown_field]")
    assert [finding.detail for finding in tally.findings] == [mutator]
    assert tally.passed == ("unknown_field", "triggered_twice")


def test_who_tells_trouble_to_its_sender_is_asked_again_and_not_accused(tmp_path: Path) -> None:
    tally = judged(tmp_path, "refuses", "[truncated, reset, html_page, too_many, unavailable]")
    assert tally.findings == ()
    assert tally.checked == 6


def test_what_differs_is_told_by_its_place_and_value() -> None:
    order = {"id": "O-1", "total": {"amount": "10.00"}}
    assert difference([[order]], [[{**order, "total": {"amount": "10.000"}}]]) == (
        "/0/0/total/amount is '10.000', it was '10.00'"
    )
    assert difference([[order]], [[]]) == "/0/0/id 'O-1' is gone"
    assert difference([[{}]], [[{"notes": {}}]]) == "[[{'notes': {}}]] instead of [[{}]]"


def test_a_trigger_that_is_refused_without_any_trouble_could_not_be_run(tmp_path: Path) -> None:
    with provider() as upstream, http(lambda _method, _path: (404, {})) as address:
        target = read_response_target(target_of(tmp_path, upstream, address, 0))
        tally = OverHttp(target, "t").run(silent)
    assert tally.could_not_run.startswith("the trigger was answered 404")


def test_an_integration_that_shows_nothing_is_not_green(tmp_path: Path) -> None:
    with provider() as upstream, http(lambda _method, _path: (200, {"orders": []})) as address:
        target = read_response_target(target_of(tmp_path, upstream, address, 0))
        tally = OverHttp(target, "t").run(silent)
    assert tally.outcome == "could not run"


def test_an_integration_that_is_down_could_not_be_run(tmp_path: Path) -> None:
    with provider() as upstream:
        target = read_response_target(target_of(tmp_path, upstream, f"http://127.0.0.1:{free_port()}", 0))
        assert OverHttp(target, "t").run(silent).outcome == "could not run"


def test_an_unknown_mutator_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    path = target_of(tmp_path, "http://127.0.0.1:1", "http://127.0.0.1:2", 0, "[upside_down]")
    with pytest.raises(Unusable, match="unknown mutators upside_down; known are unknown_field"):
        read_response_target(path)


def test_a_rule_changes_the_answers_it_names_and_no_others() -> None:
    rules = [Rule(method="GET", path="^/v1/orders$", mutators=("unknown_field",), times=1)]
    with provider() as upstream, serving(upstream, rules) as peer:
        client = httpx.Client(base_url=peer.address, trust_env=False)
        first, other, second = (client.get(path).json() for path in ("/v1/orders", "/v1/else", "/v1/orders"))
        client.close()
    assert "q2cNovelty" in first
    assert other == second == ORDERS
    assert dict(peer.struck) == {"unknown_field": 1}


def test_a_request_in_chunks_is_handed_on_whole() -> None:
    with provider() as upstream, serving(upstream) as peer, httpx.Client(trust_env=False) as client:
        for words in ([b"hello ", b"", b"world"], [b"x" * 70_000]):
            assert client.post(f"{peer.address}/v1/orders", content=iter(words)).status_code == 200
        assert client.get(f"{peer.address}/v1/orders").json() == ORDERS
    assert [body for _, _, body in peer.writes] == ["hello world", "x" * 70_000]


def test_a_rule_may_begin_with_the_second_answer() -> None:
    with provider() as upstream, serving(upstream, [Rule(path="", mutators=("unknown_field",), nth=2)]) as peer:
        client = httpx.Client(base_url=peer.address, trust_env=False)
        shown = ["q2cNovelty" in client.get("/v1/orders").json() for _ in range(3)]
        client.close()
    assert shown == [False, True, True]


@contextmanager
def writing(port: int, bug: str = "") -> Iterator[str]:
    """Serve an integration that reads orders and writes an invoice for each; it shows nothing itself."""
    times: dict[str, int] = {}

    def answered(_method: str, path: str) -> tuple[int, Any]:
        run = path.partition("run=")[2]
        times[run] = times.get(run, 0) + 1
        for order in httpx.get(f"http://127.0.0.1:{port}/v1/orders", trust_env=False).json()["orders"]:
            invoice: dict[str, Any] = {"run": run, "made_of": made_of(order, bug)}
            if bug == "doubles":
                invoice["number"] = times[run]
            httpx.post(f"http://127.0.0.1:{port}/v1/invoices", json=invoice, trust_env=False)
        return 200, {}

    with http(answered) as address:
        yield address


@pytest.mark.parametrize(("bug", "found"), [("", []), ("slice_date", ["tz_offset"]), ("doubles", ["triggered_twice"])])
def test_what_the_provider_is_asked_to_write_tells_of_an_integration(
    tmp_path: Path, bug: str, found: list[str]
) -> None:
    port = free_port()
    with provider() as upstream, writing(port, bug) as address:
        path = target_of(tmp_path, upstream, address, port, "[tz_offset, unknown_field]")
        text = path.read_text()
        path.write_text(
            text[: text.index("probes")] + "writes: true\ntwice: true\nsettle_seconds: 0.05\npatience_seconds: 6\n"
        )
        tally = OverHttp(read_response_target(path), "t").run(silent)
    assert [finding.detail for finding in tally.findings] == found
    assert len(tally.passed) + len(found) == 3


def test_a_target_that_shows_nothing_or_counts_from_nothing_is_refused(tmp_path: Path) -> None:
    path = target_of(tmp_path, "http://127.0.0.1:1", "http://127.0.0.1:2", 0)
    text = path.read_text()
    path.write_text(text[: text.index("probes")])
    with pytest.raises(Unusable, match="a probe or `writes: true`"):
        read_response_target(path)
    path.write_text(text + "nth: 0\n")
    with pytest.raises(Unusable, match="count answers from 1"):
        read_response_target(path)
