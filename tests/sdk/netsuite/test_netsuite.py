"""PyPI's `netsuite`, unmodified, runs a quote-to-cash against the ERP, and its errors, pages, retries and jobs.

The client knows no base URL, so it comes through the proxy, signs with OAuth 1.0a (HMAC-SHA256), and is verified.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from domain.faults import Fault
from mocks.doors.serving import Running
from tests.sdk.conftest import python_environment

PROGRAM = Path(__file__).with_name("program.py")
CHECKS = re.findall(r"^async def (check_\w+)", PROGRAM.read_text(), re.MULTILINE)
FAULTS = {
    "fault_throttled": Fault(kind="throttled_silently", system="erp", operation="upsert_customer", nth=1),
    "fault_script_throttled": Fault(kind="throttled_silently", system="erp", operation="restlet_post", nth=1),
    "fault_error_after_the_commit": Fault(kind="error_after", system="erp", operation="upsert_customer", nth=1),
    "fault_lost_reply": Fault(kind="lost_reply", system="erp", operation="upsert_customer", nth=1),
    "fault_maintenance": Fault(kind="maintenance", system="erp", operation="upsert_customer", nth=1),
}
Errors = dict[str, str | None]


@pytest.fixture(scope="session")
def python() -> Path:
    return python_environment("netsuite", "netsuite==0.12.0", "requests")


def run(python: Path, account: Running, names: Sequence[str]) -> Errors:
    """Run checks of the program as a team would: pointed here by its environment alone."""
    env = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        "HTTPS_PROXY": account["proxy"], "SSL_CERT_FILE": str(account.ca_bundle), "NETSUITE_ACCOUNT": "TSTDRV123_SB1",
    }  # fmt: skip
    command = [str(python), "-W", "ignore", str(PROGRAM), *names]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    return {row["check"]: row["error"] for row in map(json.loads, done.stdout.splitlines())}


@pytest.fixture(scope="session")
def errors(python: Path, account: Running) -> Errors:
    return run(python, account, CHECKS)


@pytest.mark.parametrize("check", CHECKS)
def test_the_client_cannot_tell(errors: Errors, check: str) -> None:
    assert errors[check] is None, errors[check]


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_the_client_meets_a_fault(python: Path, account: Running, name: str) -> None:
    account.do(lambda: account.world.plan((FAULTS[name],)))
    try:
        errors = run(python, account, [name])
    finally:
        account.do(lambda: account.world.plan(()))
    assert errors[name] is None, errors[name]
