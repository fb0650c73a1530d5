"""The deadline of a validation: an answer comes in time, whatever the systems do, and says what it does not know."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from domain.faults import Fault
from tests.integration.api.conftest import Stage

HOUR_US = 3_600_000_000


@contextmanager
def broken(stage: Stage, kind: str, system: str, operation: str = "") -> Iterator[None]:
    """Let every call of an operation meet a fault until the block ends."""
    world = stage.doors.world
    now_us = stage.doors.do(world.clock.now_us)
    fault = Fault(kind=kind, system=system, operation=operation, start_us=now_us - 1, end_us=now_us + HOUR_US)
    stage.doors.do(lambda: world.plan([fault]))
    try:
        yield
    finally:
        stage.doors.do(lambda: world.plan([]))


def outcomes(found: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in found["checks"]}


def test_what_does_not_answer_in_time_is_unknown_and_the_rest_is_told(stage: Stage) -> None:
    quote = stage.quote(accepted=False)
    with broken(stage, "lost_reply", "tax"), stage.client() as client:
        began = time.monotonic()
        answer = client.post(
            "/quote-validations", json={"quote_id": quote["quote_id"]}, headers={"prefer": "respond-async, wait=1"}
        )
        took_seconds = time.monotonic() - began
    found = answer.json()
    assert outcomes(found) == {"terms": "ok", "price": "ok", "mapping": "ok", "credit": "ok", "tax": "unknown"}
    assert (answer.status_code, found["outcome"], found["complete"]) == (200, "unknown", False)
    assert found["estimated_tax"] is None
    assert found["net"]["amount_minor"] == 240_000
    assert took_seconds < 2.5


def test_a_system_that_is_slow_is_waited_for_no_longer_than_its_own_time(stage: Stage) -> None:
    quote = stage.quote(accepted=False)
    with broken(stage, "lost_reply", "tax"), stage.client() as client:
        found = client.post("/quote-validations", json={"quote_id": quote["quote_id"]}).json()
    tax = next(check for check in found["checks"] if check["name"] == "tax")
    assert (tax["outcome"], tax["code"], found["complete"]) == ("unknown", "DEPENDENCY.TIMEOUT", True)


@pytest.mark.parametrize(("system", "unknown"), [("billing", {"price"}), ("erp", {"mapping", "credit"})])
def test_a_system_that_refuses_connections_leaves_only_its_own_checks_open(
    stage: Stage, system: str, unknown: set[str]
) -> None:
    quote = stage.quote(accepted=False)
    with broken(stage, "error_before", system), stage.client() as client:
        found = client.post("/quote-validations", json={"quote_id": quote["quote_id"]}).json()
    assert {name for name, outcome in outcomes(found).items() if outcome == "unknown"} == unknown
    assert found["outcome"] == "unknown"


def test_without_the_crm_nothing_is_known_and_that_is_said_at_once(stage: Stage) -> None:
    quote = stage.quote(accepted=False)
    with broken(stage, "error_before", "crm", "query"), stage.client() as client:
        began = time.monotonic()
        found = client.post(
            "/quote-validations", json={"quote_id": quote["quote_id"]}, headers={"prefer": "wait=2"}
        ).json()
    assert set(outcomes(found).values()) == {"unknown"}
    assert time.monotonic() - began < 4
