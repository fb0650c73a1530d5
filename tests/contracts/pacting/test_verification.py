"""A provider against pacts: what holds, what breaks, and what must never pass unseen."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from contracts.compatibility.documents import Unusable
from contracts.compatibility.pacts import read_pact
from contracts.pacting.of_mocks import handlers, served, split
from contracts.pacting.recording import FOLDER
from contracts.pacting.state_service import Handler, serving_states
from contracts.pacting.suite import PactsOfMocks, PactsOfProvider
from contracts.pacting.verification import Provider, environment_of, verify
from contracts.pacting.worker import Job
from contracts.verification import assembly, configuration
from tests.ports import free_port

ROOT = FOLDER.parents[1]


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
    assert tally.checked == 39


SANDBOX = """[verify]
[[verify.providers]]
pacts = "pacts"
name = "payment"
url = "{url}"
states = "{states}"
headers = {{ Authorization = "env:SANDBOX_TOKEN" }}
"""


@pytest.mark.parametrize(
    ("token", "outcome"), [("Bearer sk_test_q2c", "holds"), ("Bearer wrong", "broken"), ("", "bad input")]
)
def test_another_provider_is_verified_by_its_address_with_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str, outcome: str
) -> None:
    """As a vendor's sandbox: states by HTTP that hand out no credential, the secret in the environment.

    The header is spelled otherwise than in the pact; sent twice, the wrong one would count.
    """
    (tmp_path / "pacts").mkdir()
    pact = json.loads((FOLDER / "q2c-integration-payment.json").read_text())
    pact["interactions"] = pact["interactions"][:4]
    (tmp_path / "pacts" / "payment.json").write_text(json.dumps(pact))
    monkeypatch.delenv("SANDBOX_TOKEN", raising=False)
    if token:
        monkeypatch.setenv("SANDBOX_TOKEN", token)
    with served() as (doors, stage):
        own = handlers(doors, stage, "payment")
        quiet = {name: partial(_without_credential, handler) for name, handler in own.items()}
        with serving_states(quiet) as states:
            (tmp_path / "q2c.toml").write_text(SANDBOX.format(url=doors["payment"], states=states.address))
            asked = configuration.read(tmp_path / "q2c.toml")
            if not token:
                with pytest.raises(configuration.Unusable, match="no variable SANDBOX_TOKEN"):
                    assembly.planned(asked, tmp_path, tmp_path)
                return
            linted, tally = (each.suite.run(_quiet) for each in assembly.planned(asked, tmp_path, tmp_path))
            assert len(states.done) == tally.checked == 4
    assert (linted.outcome, tally.outcome) == ("holds", outcome)
    assert "Bearer wrong" not in str(tally.findings)


def _without_credential(handler: Handler) -> dict[str, str]:
    return {name: value for name, value in handler().items() if name != "authorization"}


def test_a_provider_may_be_addressed_by_name_and_nothing_is_printed(
    tmp_path: Path, address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = _pact(tmp_path, _interaction("good", {"total": "20.00"}), _interaction("bad", {"total": "21.00"}))
    by_name = Provider(name="orders", url=address.replace("127.0.0.1", "localhost"))
    assert [each.held for each in verify(by_name, [path])] == [True, False]
    assert capfd.readouterr() == ("", "")


def test_pact_stays_out_of_the_process_of_q2c_verify(tmp_path: Path) -> None:
    """Importing it replaces `builtins.__import__`, and its verifier prints."""
    program = (
        "import builtins, sys; own = builtins.__import__\n"
        "from pathlib import Path; from contracts.pacting.suite import PactsOfMocks\n"
        f"tally = PactsOfMocks([Path({str(FOLDER / 'q2c-integration-fulfilment-messages.json')!r})]).run(print)\n"
        "assert (tally.outcome, tally.checked) == ('holds', 1), tally\n"
        "assert builtins.__import__ is own and not {name for name in sys.modules if name.split('.')[0] == 'pact'}\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_a_provider_that_is_down_is_not_a_broken_contract(tmp_path: Path) -> None:
    port = free_port()
    path = _pact(tmp_path, _interaction("good", {"total": "20.00"}))
    here = f"http://127.0.0.1:{port}"
    for provider in (Provider(name="orders", url=here), Provider(name="orders", url=here, states_url=f"{here}/states")):
        tally = PactsOfProvider(provider, [path]).run(_quiet)
        assert (tally.outcome, tally.checked) == ("could not run", 0)
        assert f"127.0.0.1:{port}" in tally.could_not_run


@pytest.mark.parametrize("address", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://127.0.0.1:port", "orders"])
def test_an_address_that_is_none_is_refused_with_one_that_is(tmp_path: Path, address: str) -> None:
    path = _pact(tmp_path, _interaction("good", {"total": "20.00"}))
    with pytest.raises(Unusable, match="expected one such as http://127"):
        verify(Provider(name="orders", url=address), [path])


def test_pacts_go_into_lanes_of_equal_length_and_small_ones_into_one(tmp_path: Path) -> None:
    pacts = [(path, read_pact(path)) for path in sorted(FOLDER.glob("*.json"))]
    lanes = split(pacts, 2)
    lengths = [sum(len(pact.interactions) + len(pact.messages) for _, pact in lane) for lane in lanes]
    assert sum(lengths) > 250
    assert max(lengths) - min(lengths) < 20
    assert {path for lane in lanes for path, _ in lane} == {path for path, _ in pacts}
    assert len(split([each for each in pacts if each[1].provider == "fulfilment"], 2)) == 1
    assert split([], 2) == []


def test_nobody_reads_all_certificates_where_nobody_speaks_tls(tmp_path: Path) -> None:
    plain = Job(provider="a", url="http://127.0.0.1:1")
    one = environment_of([plain], tmp_path)
    assert Path(one["SSL_CERT_FILE"]).read_text().count("BEGIN CERTIFICATE") == 1
    assert "SSL_CERT_FILE" not in environment_of([plain, Job(provider="b", url="https://b.example")], tmp_path)
    assert one["PACT_DO_NOT_TRACK"] == "true"


def test_a_mock_that_drifts_breaks_its_pact(tmp_path: Path) -> None:
    pact = json.loads((FOLDER / "q2c-integration-fulfilment.json").read_text())
    pact["interactions"] = [each for each in pact["interactions"] if each["description"] == "a task is read"]
    pact["interactions"][0]["response"]["body"]["content"]["status"] = "waiting"
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(pact))
    tally = PactsOfMocks([path]).run(_quiet)
    assert [(each.rule, each.severity) for each in tally.findings] == [("pact.broken", "error")]
    assert "waiting" in tally.findings[0].message
