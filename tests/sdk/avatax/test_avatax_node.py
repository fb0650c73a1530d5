"""npm's `avatax`, unmodified, runs the tax side of a quote-to-cash, its replies read into its own strict types."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from mocks.doors.serving import Running
from tests.sdk.conftest import node_environment

PROGRAM = Path(__file__).with_name("program.mjs")
CHECKS = re.findall(r"^  async (\w+)\(\) \{", PROGRAM.read_text(), re.MULTILINE)


@pytest.fixture(scope="session")
def modules() -> Path:
    return node_environment("avatax", "avatax@26.9.0") / "node_modules"


def test_the_client_and_the_engine_understand_each_other(
    modules: Path, doors: Running, environment: dict[str, str]
) -> None:
    there = {**environment, "MODULES": str(modules), "TAX": doors["tax"]}
    done = subprocess.run(["node", str(PROGRAM)], env=there, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    errors = {row["check"]: row["error"] for row in map(json.loads, done.stdout.splitlines())}
    assert errors == dict.fromkeys(CHECKS), "\n".join(filter(None, errors.values()))
