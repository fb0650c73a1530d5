"""A provider against pacts: what holds, what breaks, and what must never pass unseen."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from contracts.compatibility.documents import Unusable
from contracts.pacting.recording import FOLDER
from contracts.pacting.suite import PactsOfMocks, PactsOfProvider
from contracts.pacting.verification import Provider, verify


class _Orders(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"total": "20.00"}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Orders)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _interaction(name: str, body: Any, **more: Any) -> dict[str, Any]:
    return {
        "type": "Synchronous/HTTP", "description": name, "request": {"method": "GET", "path": "/orders/1"},
        "response": {
            "status": 200, "body": {"content": body, "contentType": "application/json", "encoded": False}
        }, **more,
    }  # fmt: skip


def _pact(folder: Path, *interactions: dict[str, Any]) -> Path:
    path = folder / "shop-orders.json"
    pact = {"consumer": {"name": "shop"}, "provider": {"name": "orders"}, "interactions": list(interactions)}
    path.write_text(json.dumps({**pact, "metadata": {"pactSpecification": {"version": "4.0"}}}))
    return path


def _quiet(_done: int, _of: int) -> None:
    """Show nothing."""


def test_what_holds_breaks_or_is_pending_is_told_apart(tmp_path: Path, address: str) -> None:
    path = _pact(
        tmp_path, _interaction("good", {"total": "20.00"}), _interaction("bad", {"total": "21.00"}),
        _interaction("planned", {"colour": "red"}, pending=True),
        _interaction("in a state", {"total": "20.00"}, providerStates=[{"name": "an order"}]),
    )  # fmt: skip

    def fails() -> dict[str, str]:
        raise LookupError("no database")

    found = {
        each.description: each for each in verify(Provider(name="orders", url=address), [path], {"an order": fails})
    }
    assert [(name, each.held, each.pending) for name, each in found.items()] == [
        ("good", True, False), ("bad", False, False), ("planned", False, True), ("in a state", False, False)
    ]  # fmt: skip
    assert "$.total" in found["bad"].mismatches[0]
    assert "LookupError: no database" in found["in a state"].cause


def test_a_pending_failure_is_a_warning_and_not_a_break(tmp_path: Path, address: str) -> None:
    path = _pact(tmp_path, _interaction("planned", {"colour": "red"}, pending=True))
    tally = PactsOfProvider(Provider(name="orders", url=address), [path]).run(_quiet)
    assert (tally.outcome, [each.rule for each in tally.findings]) == ("holds", ["pact.pending"])


def test_a_pact_of_another_provider_is_refused(tmp_path: Path, address: str) -> None:
    path = _pact(tmp_path, _interaction("good", {"total": "20.00"}))
    tally = PactsOfProvider(Provider(name="ordres", url=address), [path]).run(_quiet)
    assert (tally.outcome, tally.checked) == ("could not run", 0)
    assert "not with ordres" in tally.could_not_run


def test_a_pact_without_interactions_and_no_pact_at_all_are_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(Unusable, match="holds no interaction"):
        verify(Provider(name="orders", url=address), [_pact(tmp_path)])
    with pytest.raises(Unusable, match="nothing would be verified"):
        verify(Provider(name="orders", url=address), [])


def test_the_mocks_hold_pacts_over_http_and_as_messages() -> None:
    files = [FOLDER / f"q2c-integration-{name}.json" for name in ("crm", "fulfilment", "tax", "crm-messages")]
    tally = PactsOfMocks(files).run(_quiet)
    assert (tally.outcome, tally.could_not_run, tally.findings) == ("holds", "", ())
    assert tally.checked == 34


def test_a_mock_that_drifts_breaks_its_pact(tmp_path: Path) -> None:
    pact = json.loads((FOLDER / "q2c-integration-fulfilment.json").read_text())
    pact["interactions"] = [each for each in pact["interactions"] if each["description"] == "a task is read"]
    pact["interactions"][0]["response"]["body"]["content"]["status"] = "waiting"
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(pact))
    tally = PactsOfMocks([path]).run(_quiet)
    assert [(each.rule, each.severity) for each in tally.findings] == [("pact.broken", "error")]
    assert "waiting" in tally.findings[0].message
