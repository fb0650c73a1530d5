"""simple-salesforce, unmodified, does a quote-to-cash with the CRM: pointed at it by the environment alone."""

from __future__ import annotations

import pytest

from mocks.doors.serving import Running
from tests.sdk.conftest import python_environment
from tests.sdk.salesforce.conftest import HERE, names, results, run, surroundings

PROGRAM = "python_client.py"


@pytest.fixture(scope="module")
def told(doors: Running) -> dict[str, str]:
    python = python_environment("simple-salesforce", "simple-salesforce==1.12.10", "cryptography")
    return results(run([python, HERE / PROGRAM], surroundings(doors, by_proxy=True)))


@pytest.mark.parametrize("check", names(PROGRAM, r"^    def (check_\w+)"))
def test_simple_salesforce_cannot_tell_the_mock_from_the_vendor(told: dict[str, str], check: str) -> None:
    assert told[check] == ""
