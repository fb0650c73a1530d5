"""jsforce, unmodified, does a quote-to-cash with the CRM and listens to its change events."""

from __future__ import annotations

import pytest

from mocks.doors.serving import Running
from tests.sdk.conftest import node_environment
from tests.sdk.salesforce.conftest import HERE, names, results, run, surroundings

PROGRAM = "node_client.mjs"


@pytest.fixture(scope="module")
def told(doors: Running) -> dict[str, str]:
    folder = node_environment("jsforce", "jsforce@3.10.16")
    surrounding = surroundings(doors, by_proxy=False) | {"NODE_MODULES": str(folder / "node_modules")}
    return results(run(["node", HERE / PROGRAM], surrounding))


@pytest.mark.parametrize("check", names(PROGRAM, r"^  async (\w+)\(\) \{"))
def test_jsforce_cannot_tell_the_mock_from_the_vendor(told: dict[str, str], check: str) -> None:
    assert told[check] == ""
