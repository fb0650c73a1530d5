"""Requests that authlib signs: over the plain port and over TLS, with OAuth 1.0a and with OAuth 2.0 assertions."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from mocks.doors.serving import Running
from tests.sdk.conftest import python_environment

PROGRAM = Path(__file__).with_name("signed.py")
CHECKS = re.findall(r"^def (check_\w+)", PROGRAM.read_text(), re.MULTILINE)
Errors = dict[str, str | None]


@pytest.fixture(scope="session", params=["erp", "erp_tls"])
def errors(request: pytest.FixtureRequest, account: Running, keys: dict[str, Path]) -> Errors:
    python = python_environment("netsuite", "netsuite==0.12.0", "requests")
    env = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        "ERP": account[request.param], "REQUESTS_CA_BUNDLE": str(account.ca_bundle),
        "RSA_KEY": str(keys["rsa_key"]), "EC_KEY": str(keys["ec_key"]),
    }  # fmt: skip
    command = [str(python), "-W", "ignore", str(PROGRAM)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return {row["check"]: row["error"] for row in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("check", CHECKS)
def test_a_signed_request_is_verified(errors: Errors, check: str) -> None:
    assert errors[check] is None, errors[check]
