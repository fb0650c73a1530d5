"""PyPI's `chargebee`, unmodified, runs the billing side of a quote-to-cash, its errors, pages, retries and repeats."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from domain.faults import Fault
from mocks.billing import LIVE
from mocks.doors.live import LiveWorld
from mocks.doors.serving import Running, running
from tests.sdk.conftest import python_environment

PROGRAM = Path(__file__).with_name("program")
IN_ORDER = ("catalogue", "customers", "subscriptions", "invoices", "events")
CHECKS = [
    check
    for module in IN_ORDER
    for check in re.findall(r"^def (check_\w+)", (PROGRAM / f"{module}.py").read_text(), re.MULTILINE)
]
_CREATE = {"system": "billing", "operation": "create_customer", "nth": 1}
FAULTS = {
    "fault_throttled_client_gives_up_without_retries": Fault(kind="throttled", seconds=1, **_CREATE),
    "fault_throttled_client_comes_again": Fault(kind="throttled", seconds=1, **_CREATE),
    "fault_throttled_client_is_told_when_to_come_again": Fault(kind="throttled", seconds=1, **_CREATE),
    "fault_error_before_is_retried": Fault(kind="error_before", **_CREATE),
    "fault_error_after_the_commit_is_replayed": Fault(kind="error_after", **_CREATE),
    "fault_maintenance_is_an_operation_error": Fault(kind="maintenance", system="billing", nth=1),
    "fault_key_in_progress": Fault(kind="key_in_progress", **_CREATE),
}
Errors = dict[str, str | None]


@pytest.fixture(scope="session")
def python() -> Path:
    return python_environment("chargebee", "chargebee==3.29.0")


@pytest.fixture(scope="session")
def told() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An address that takes webhooks, and what it was told."""
    seen: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            seen.append({"path": self.path, "authorization": self.headers["authorization"], **json.loads(body)})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hooks", seen
    server.shutdown()
    server.server_close()


def run(python: Path, names: Sequence[str], **env: str) -> Errors:
    """Run checks of the program as a team would."""
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    command = [str(python), "-W", "ignore", str(PROGRAM), *names]
    done = subprocess.run(command, env={**clean, **env}, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    return {row["check"]: row["error"] for row in map(json.loads, done.stdout.splitlines())}


@pytest.fixture(scope="session")
def errors(python: Path, site: Running, told: tuple[str, list[dict[str, Any]]]) -> Errors:
    return run(python, CHECKS, PORT=str(site.port("billing")), WEBHOOKS=told[0])


@pytest.mark.parametrize("check", CHECKS)
def test_the_client_and_the_site_understand_each_other(errors: Mapping[str, str | None], check: str) -> None:
    assert errors[check] is None, errors[check]


def test_registered_endpoints_are_told_what_they_asked_for(
    errors: Errors, told: tuple[str, list[dict[str, Any]]]
) -> None:  # fmt: skip
    assert errors["check_webhook_endpoints"] is None
    (event,) = told[1]
    assert (event["path"], event["event_type"], event["authorization"]) == (
        "/hooks", "customer_created", "Basic dTpw",
    )  # fmt: skip


@pytest.mark.parametrize("check", FAULTS)
def test_faults_reach_the_client_as_the_vendors_do(python: Path, check: str) -> None:
    with running(LiveWorld(faults=[FAULTS[check]], quirks={"billing": LIVE})) as doors:
        errors = run(python, [check], PORT=str(doors.port("billing")))
    assert errors == {check: None}, errors[check]


def test_https_by_name_through_the_proxy(python: Path, site: Running) -> None:
    env = {"PORT": "1", "HTTPS_PROXY": site["proxy"], "CA_BUNDLE": str(site.ca_bundle)}
    errors = run(python, ["over_https"], **env)
    assert errors == {"over_https": None}, errors["over_https"]
