"""npm's `netsuite-rest`, unmodified: a quote-to-cash, a query and errors over the plain port."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from mocks.doors.serving import Running
from tests.sdk.conftest import node_environment

PROGRAM = Path(__file__).with_name("program.js")
CHECKS = re.findall(r"^  async (\w+)\(\) \{", PROGRAM.read_text(), re.MULTILINE)


@pytest.fixture(scope="session")
def errors(account: Running) -> dict[str, str | None]:
    modules = node_environment("netsuite", "netsuite-rest@1.0.9") / "node_modules"
    env = {**os.environ, "MODULES": str(modules), "ERP": account["erp"]}
    done = subprocess.run(["node", str(PROGRAM)], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return {row["check"]: row["error"] for row in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("check", CHECKS)
def test_the_client_cannot_tell(errors: dict[str, str | None], check: str) -> None:
    assert errors[check] is None, errors[check]
