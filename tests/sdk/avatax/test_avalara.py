"""PyPI's `avalara`, unmodified, runs the tax side of a quote-to-cash, its errors, pages, repeats and faults."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from domain.faults import Fault
from mocks.doors.serving import Running
from tests.sdk.avatax.conftest import Serve
from tests.sdk.conftest import python_environment

PROGRAM = Path(__file__).with_name("program.py")
CHECKS = re.findall(r"^def (check_\w+)", PROGRAM.read_text(), re.MULTILINE)
_CREATE = {"system": "tax", "operation": "create_transaction", "nth": 1}
FAULTS = {
    "fault_throttled": Fault(kind="throttled_silently", **_CREATE),
    "fault_maintenance": Fault(kind="maintenance", **_CREATE),
    "fault_error_after_the_commit": Fault(kind="error_after", **_CREATE),
    "fault_lost_reply": Fault(kind="lost_reply", **_CREATE),
}


@pytest.fixture(scope="session")
def python() -> Path:
    return python_environment("avatax", "avalara==26.10.0")


def run(python: Path, names: Sequence[str], environment: Mapping[str, str]) -> dict[str, str | None]:
    """Run checks of the program as a team would."""
    command = [str(python), "-W", "ignore", str(PROGRAM), *names]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return {row["check"]: row["error"] for row in map(json.loads, done.stdout.splitlines())}


def test_the_client_and_the_engine_understand_each_other(
    python: Path, doors: Running, environment: dict[str, str]
) -> None:
    errors = run(python, CHECKS, {**environment, "TAX": doors["tax"]})
    assert errors == dict.fromkeys(CHECKS), "\n".join(filter(None, errors.values()))


def test_the_sandbox_by_name_through_the_proxy(python: Path, doors: Running, environment: dict[str, str]) -> None:
    through = {"HTTPS_PROXY": doors["proxy"], "REQUESTS_CA_BUNDLE": str(doors.ca_bundle)}
    errors = run(python, ["check_quote_to_cash"], {**environment, **through})
    assert errors == {"check_quote_to_cash": None}, errors["check_quote_to_cash"]


@pytest.mark.parametrize("check", FAULTS)
def test_faults_reach_the_client_as_the_vendors_do(
    python: Path, serve: Serve, environment: dict[str, str], check: str
) -> None:
    errors = run(python, [check], {**environment, "TAX": serve([FAULTS[check]])["tax"]})
    assert errors == {check: None}, errors[check]
