"""What faults answer instead of a system: in the manner of each vendor, and of what stands in front of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from domain.faults import CATALOGUE, Fault, Place
from domain.history import Arrived, Fired
from domain.http import Reply, Request
from mocks.kernel.operations import Refusal
from mocks.kernel.outcome import DELIVER, SILENCE
from mocks.kernel.struck import CODES
from mocks.world import SYSTEMS, World
from tests.simulator.conftest import pay

DAY_US = 86_400_000_000


def world(*faults: Fault) -> tuple[World, list[Any]]:
    records: list[Any] = []
    return World(1, records.append, faults), records


@pytest.mark.parametrize("kind", sorted(CODES))
def test_every_vendor_within_reach_has_its_words_for_a_refusal(kind: str) -> None:
    services, spoken = world()[0], 0
    for system in SYSTEMS:
        reach = CATALOGUE[kind].reach
        named = {*reach.systems, *(operation.partition(".")[0] for operation in reach.operations)}
        if not named or system in named:
            reply = services[system].dialect.refuse(Refusal(CODES[kind], retry_after_seconds=5), None)
            assert reply.status >= 400
            spoken += 1
    assert spoken


def test_a_throttle_in_disguise_wears_the_status_of_a_mistake() -> None:
    services = world()[0]
    replies = [services[name].dialect.refuse(Refusal("throttled_in_disguise"), None) for name in ("crm", "erp")]
    assert [reply.status for reply in replies] == [403, 400]
    assert b"REQUEST_LIMIT_EXCEEDED" in replies[0].body
    assert b"SSS_REQUEST_LIMIT_EXCEEDED" in replies[1].body


def test_kinds_before_the_commit_all_have_an_answer() -> None:
    kinds = {kind.key for kind in CATALOGUE.values() if kind.place is Place.BEFORE and int(kind.number[1:]) <= 43}
    assert kinds - set(CODES) == {"too_large", "redirected", "job_never_ends"}


def test_a_redirection_keeps_the_path_and_names_a_stranger() -> None:
    services, _ = world(Fault(kind="redirected", system="fulfilment"))
    reply = services["fulfilment"].handle(Request("fulfilment", "GET", "/v1/tasks/Q-1-v1"), 0, "r1").reply
    assert (reply.status, reply.headers["location"]) == (308, "https://moved.example/v1/tasks/Q-1-v1")


def test_a_lie_of_success_is_marked_for_the_history() -> None:
    services, _ = world(Fault(kind="error_in_ok", system="fulfilment"))
    outcome = services["fulfilment"].handle(Request("fulfilment", "GET", "/v1/tasks/Q-1-v1"), 0, "r1")
    assert (outcome.reply.status, outcome.misleads, outcome.wire) == (200, True, DELIVER)
    assert msgspec.json.decode(outcome.reply.body)["status"] == 500


# --- keys that are forgotten ----------------------------------------------------------------------------------------


def test_a_key_is_forgotten_before_anything_under_it_is_heard_again() -> None:
    services, records = world(Fault(kind="key_forgotten", system="payment", nth=1))
    payment = services["payment"]
    seen = []
    for at_us in (0, DAY_US // 2, DAY_US, DAY_US + 1):
        outcome = payment.handle(_pay(), at_us + 1, f"r{at_us}")
        seen.append((outcome.wire, outcome.reply.status))
    kinds = [record.kind for record in records if isinstance(record, Fired)]
    effects = [record.effect for record in records if isinstance(record, Arrived)]
    assert [wire for wire, _ in seen] == [SILENCE, SILENCE, DELIVER, DELIVER]
    assert kinds == ["key_forgotten"] * 2
    assert effects == ["done", "done", "replayed"], "it is done again under a key that nobody remembers"


def test_a_key_is_remembered_when_the_fault_ends_before_its_time() -> None:
    services, records = world(Fault(kind="key_forgotten", system="payment", nth=1, end_us=DAY_US // 4))
    payment = services["payment"]
    for number, at_us in enumerate((1, DAY_US // 2)):
        payment.handle(_pay(), at_us, f"r{number}")
    assert [record.effect for record in records if isinstance(record, Arrived)] == ["done", "replayed"]


def _pay() -> Request:
    """Return a request under a key that any payment service can do."""
    asked = pay()
    return msgspec.structs.replace(asked, target="/v1/customers", body=b"name=one")


def test_without_faults_nothing_is_marked() -> None:
    services, _ = world()
    reply = services["payment"].handle(_pay(), 1, "r1")
    assert isinstance(reply.reply, Reply)
    assert not reply.misleads
