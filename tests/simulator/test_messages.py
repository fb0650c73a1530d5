"""What becomes of the messages that systems send: when they arrive, in which order, and how often."""

from __future__ import annotations

import pytest

from domain.faults import CATALOGUE, Place
from domain.http import Reply, Request
from simulator.exchange import Later
from tests.simulator.conftest import SECOND_US, START_US, TASK, Wire, fault, pay, payer

DAY_SECONDS = 86_400


def completed(wire: Wire, seconds: int = 5) -> None:
    """Have a task asked for and completed after so many seconds."""
    wire.act("fulfilment", "set_duration", id=TASK, seconds=seconds)
    wire.ask()
    wire.run(600.0)


def test_a_message_arrives_after_its_own_latency() -> None:
    wire = Wire()
    completed(wire)
    (delivered,) = wire.delivered
    assert (delivered.topic, delivered.status, delivered.genuine) == ("task.completed", 200, True)
    assert delivered.at_us - delivered.sent_us == SECOND_US // 2
    assert delivered.txn == "Q-000001"


def test_a_lost_message_and_its_retries_never_arrive() -> None:
    wire = Wire(fault("loss"))
    completed(wire)
    assert wire.delivered == []
    assert wire.fired == ["loss"]


def test_a_duplicated_message_arrives_as_often_as_the_fault_says_and_once_more() -> None:
    wire = Wire(fault("duplicate", count=2, seconds=3.0))
    completed(wire)
    assert len({each.message for each in wire.delivered}) == 1
    gaps = [each.at_us - wire.delivered[0].at_us for each in wire.delivered]
    assert gaps == [0, 3 * SECOND_US, 6 * SECOND_US]


@pytest.mark.parametrize("kind", ["delay", "reorder"])
def test_a_held_back_message_arrives_later(kind: str) -> None:
    wire = Wire(fault(kind, seconds=120.0))
    completed(wire)
    (delivered,) = wire.delivered
    assert delivered.at_us - delivered.sent_us == 120_500_000


def test_a_reordered_message_is_overtaken_by_a_later_one() -> None:
    wire = Wire(fault("reorder", seconds=60.0, txn="Q-000001"))
    for number in (1, 2):
        wire.act("fulfilment", "set_duration", id=f"Q-00000{number}-v1", seconds=5)
        wire.ask(f"Q-00000{number}-v1", at=number * 1.0)
    wire.run(200.0)
    assert [each.txn for each in wire.delivered] == ["Q-000002", "Q-000001"]


def test_a_message_may_come_before_the_answer_of_the_call_that_caused_it() -> None:
    wire = Wire(fault("webhook_first", system="payment"))
    payer(wire)
    wire.call(pay())
    wire.run()
    first = min(each.at_us for each in wire.delivered if each.topic == "payment_intent.succeeded")
    assert first < wire.attempted.at_us


@pytest.mark.parametrize(("count", "age_seconds"), [(0, 3600), (1, 0)])
def test_a_forgery_arrives_before_the_genuine_message(count: int, age_seconds: int) -> None:
    wire = Wire(fault("forged", count=count))
    completed(wire)
    forged, genuine = wire.delivered
    assert (forged.genuine, genuine.genuine) == (False, True)
    assert forged.message == genuine.message
    assert (forged.at_us - forged.signed_us) // SECOND_US == age_seconds


def test_a_sender_that_was_silent_tells_everything_when_its_window_ends() -> None:
    wire = Wire(fault("backlog", end_us=START_US + 100 * SECOND_US))
    for number in (1, 2):
        wire.act("fulfilment", "set_duration", id=f"Q-00000{number}-v1", seconds=5 * number)
        wire.ask(f"Q-00000{number}-v1")
    wire.run(300.0)
    assert [(each.txn, each.at_us - START_US) for each in wire.delivered] == [
        ("Q-000001", 100_500_000), ("Q-000002", 100_500_000),
    ]  # fmt: skip


def test_behind_a_message_that_does_not_get_through_all_others_wait_in_order() -> None:
    wire = Wire(fault("blocked_queue", seconds=60.0, txn="Q-000001"))
    for number in (1, 2, 3):
        wire.act("fulfilment", "set_duration", id=f"Q-00000{number}-v1", seconds=5 if number < 3 else 100)
        wire.ask(f"Q-00000{number}-v1", at=number * 1.0)
    wire.run(300.0)
    first, second, third = wire.delivered
    assert [each.txn for each in wire.delivered] == ["Q-000001", "Q-000002", "Q-000003"]
    assert first.at_us - first.sent_us == 60_500_000
    assert second.at_us == first.at_us
    assert third.at_us - third.sent_us == SECOND_US // 2, "the queue is empty by then"
    assert wire.fired == ["blocked_queue"]


FLAWED = [
    # kind, how the receiver (which says 200 to everything) is found to have answered, and what it was handed
    ("stale_snapshot", [200], 1),
    ("renumbered", [200, 200], 2),
    ("slow_intake", [0, 0, 0], 3),
    ("secret_rotated", [200], 1),
    ("skewed", [200], 1),
    ("garbled", [200, 200], 2),
    ("poison", [200, 200], 2),
    ("oversized", [200, 200], 2),
]


@pytest.mark.parametrize(("kind", "statuses", "handed"), FLAWED)
def test_a_flawed_copy_arrives_and_is_answered(kind: str, statuses: list[int], handed: int) -> None:
    wire = Wire(fault(kind, seconds=30.0))
    completed(wire)
    assert [each.status for each in wire.delivered] == statuses
    assert len(wire.received) == handed
    assert all(each.genuine for each in wire.delivered)
    assert len({each.attempt for each in wire.delivered}) == (3 if kind == "slow_intake" else 1)


def test_every_kind_that_strikes_a_message_is_tried_here() -> None:
    flawed = {row[0] for row in FLAWED}
    tried = {"loss", "duplicate", "delay", "reorder", "webhook_first", "forged", "backlog", "blocked_queue"} | flawed
    assert tried == {kind.key for kind in CATALOGUE.values() if kind.place is Place.WEBHOOK}


def test_a_message_nobody_takes_is_delivered_again_on_the_vendors_schedule() -> None:
    wire = Wire()
    wire.intake_status = None
    completed(wire)
    assert [(each.attempt, each.status) for each in wire.delivered] == [(1, 0), (2, 0), (3, 0)]
    wire.intake_status = 200
    wire.run(3600.0)
    assert [(each.attempt, each.status) for each in wire.delivered][3:] == [(4, 200)]


def test_a_receiver_may_take_its_time_and_the_sender_learns_when_it_has_answered() -> None:
    wire = Wire()
    pending: list[Later] = []
    wire.network.intake = Slow(pending)
    wire.ask()
    wire.run(DAY_SECONDS)
    assert pending
    assert not wire.delivered
    pending[0].then(Reply(200))
    assert [(seen.at_us, seen.status) for seen in wire.delivered] == [(START_US + DAY_SECONDS * SECOND_US, 200)]


class Slow:
    """An intake that answers when the test says so."""

    def __init__(self, pending: list[Later]) -> None:
        self._pending = pending

    def receive(self, request: Request) -> Later:
        self._pending.append(Later())
        return self._pending[-1]
