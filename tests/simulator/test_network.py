"""What a caller learns of a call, what the system did, and what the history says of both, fault by fault."""

from __future__ import annotations

import pytest

from domain.faults import CATALOGUE, Place
from domain.history import Attempted
from domain.http import Lost, Reply
from mocks.kernel.limits import LimitPolicy
from simulator.exchange import CONNECT_TIMEOUT_US, Patience
from tests.simulator.conftest import SECOND_US, START_US, TASK, Wire, fault, pay, payer, put_task, read_task


def learned(wire: Wire) -> tuple[str, int, str]:
    """Return (outcome, status, reason) of the only attempt."""
    found = wire.attempted
    return found.outcome, found.status, found.reason


def test_an_untroubled_call_is_answered_after_the_service_time_and_the_way_back() -> None:
    wire = Wire()
    wire.ask()
    wire.run()
    ((at_seconds, answer),) = wire.answers
    assert (at_seconds, type(answer)) == (1.015, Reply)
    assert learned(wire) == ("ok", 201, "")
    assert [(a.effect, a.status, a.number) for a in wire.arrived] == [("done", 201, wire.attempted.number)]
    assert wire.attempted.sent_us == START_US
    assert wire.attempted.at_us == START_US + 1_015_000
    assert (wire.attempted.txn, wire.attempted.key, wire.attempted.write) == ("Q-000001", TASK, True)


LOST = [
    # kind, outcome, status, reason, seconds until the caller knows, whether the system did the work
    ("refused", "failed", 0, "connection refused", 0.02, False),
    ("black_hole", "failed", 0, "connect timeout", 3.0, False),
    ("reset_before", "unknown", 0, "connection reset", 0.02, False),
    ("reset_after", "unknown", 0, "connection reset", 1.015, True),
    ("lost_reply", "unknown", 0, "timeout", 30.0, True),
    ("late_arrival", "unknown", 0, "timeout", 30.0, True),
    ("drip_before", "unknown", 502, "", 5.0, False),
    ("drip_after", "ok", 201, "", 6.0, True),
    ("truncated_before", "unknown", 0, "reply cut off", 0.02, False),
    ("truncated_after", "unknown", 0, "reply cut off", 1.015, True),
    ("closed_before", "unknown", 0, "connection closed", 0.02, False),
    ("closed_after", "unknown", 0, "connection closed", 1.015, True),
    ("throttled", "failed", 429, "", 1.015, False),
    ("throttled_silently", "failed", 429, "", 1.015, False),
    ("maintenance", "failed", 503, "", 1.015, False),
    ("error_before", "unknown", 500, "", 1.015, False),
    ("error_after", "unknown", 500, "", 1.015, True),
    ("brownout", "unknown", 500, "", 1.015, False),
    ("unresolved", "failed", 0, "name not resolved", 0.02, False),
    ("slow_lookup", "failed", 0, "connect timeout", 3.0, False),
    ("stale_address", "failed", 0, "connect timeout", 3.0, False),
    ("untrusted", "failed", 0, "certificate not trusted", 0.02, False),
    ("stalled_handshake", "failed", 0, "connect timeout", 3.0, False),
    ("gateway_timeout", "unknown", 504, "", 1.015, True),
    ("repeated", "ok", 201, "", 1.015, True),
    ("too_large", "failed", 413, "", 1.015, False),
    ("throttled_until", "failed", 429, "", 1.015, False),
    ("throttled_in_the_past", "failed", 429, "", 1.015, False),
    ("throttled_for_ages", "failed", 429, "", 1.015, False),
    ("pool_taken", "failed", 429, "", 1.015, False),
    ("too_many_at_once", "failed", 429, "", 1.015, False),
    ("unavailable", "failed", 503, "", 1.015, False),
    ("row_locked", "failed", 412, "", 1.015, False),
    ("error_in_ok", "unknown", 200, "", 1.015, False),
    ("redirected", "failed", 308, "", 1.015, False),
    ("forbidden", "failed", 403, "", 1.015, False),
    ("retry_storm", "unknown", 500, "", 1.015, False),
    ("garbled_reply", "ok", 201, "", 1.015, True),
    ("odd_numbers", "ok", 201, "", 1.015, True),
]
OF_SOME = {  # at systems that sign in, keep keys, count days or have jobs (tests/mocks/kernel/test_struck.py), at reads
    "sticky_error", "key_in_progress", "key_mismatch", "key_forgotten", "throttled_in_disguise", "job_never_ends",
    "token_expired", "grant_refused", "allowance_spent", "stale_read",
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "outcome", "status", "reason", "seconds", "is_done"), LOST, ids=[row[0] for row in LOST]
)
def test_a_fault_tells_the_caller_what_it_would_in_the_wild(
    kind: str, outcome: str, status: int, reason: str, seconds: float, is_done: bool
) -> None:
    wire = Wire(fault(kind, system="fulfilment", nth=1, seconds=5.0))
    wire.ask()
    wire.run()
    assert learned(wire) == (outcome, status, reason)
    assert wire.answers[0][0] == pytest.approx(seconds)
    assert wire.exists() is is_done
    assert kind in wire.fired


def test_every_kind_that_strikes_a_call_is_tried_here() -> None:
    places = (Place.NETWORK, Place.BEFORE, Place.AFTER)
    tried = {row[0] for row in LOST} | OF_SOME
    assert tried == {kind.key for kind in CATALOGUE.values() if kind.place in places}
    assert not [
        key for key in OF_SOME if CATALOGUE[key].reach.covers("fulfilment", "put_task", write=True, keyed=False)
    ]


@pytest.mark.parametrize("kind", ["slow_lookup", "stalled_handshake"])
def test_a_slow_way_to_a_system_only_costs_time(kind: str) -> None:
    wire = Wire(fault(kind, seconds=2.0))
    wire.ask()
    wire.run()
    assert wire.answers[0][0] == pytest.approx(3.015)
    assert learned(wire) == ("ok", 201, "")


def test_a_repeated_request_is_performed_twice_and_answered_once() -> None:
    wire = Wire(fault("repeated", seconds=5.0))
    wire.ask()
    wire.run()
    assert [(each.effect, each.status) for each in wire.arrived] == [("done", 201), ("done", 200)]
    assert wire.arrived[1].at_us - START_US == 5 * SECOND_US
    assert len(wire.answers) == 1
    assert wire.world["fulfilment"].limiter.in_use == 0


@pytest.mark.parametrize(
    ("kind", "waits"),
    [("throttled_until", 40), ("throttled_in_the_past", -1), ("throttled_for_ages", 30 * 86_400), ("unavailable", 40)],
)
def test_the_history_tells_what_a_retry_after_asks_for_in_seconds(kind: str, waits: int) -> None:
    wire = Wire(fault(kind, seconds=40.0))
    wire.ask()
    wire.run()
    assert wire.attempted.retry_after_seconds == waits


def test_a_storm_spares_who_keeps_below_what_the_system_bears() -> None:
    wire = Wire(fault("retry_storm", count=2))
    for at_seconds in (0, 5, 10, 100, 105):
        wire.ask(at=float(at_seconds))
    wire.run(200.0)
    assert [attempt.outcome for attempt in wire.of(Attempted)] == ["ok", "ok", "unknown", "ok", "ok"]


@pytest.mark.parametrize("kind", ["drip_before", "drip_after"])
@pytest.mark.parametrize("seconds", [0.0, 60.0])
def test_a_reply_in_drops_outlasts_the_callers_patience(kind: str, seconds: float) -> None:
    wire = Wire(fault(kind, seconds=seconds))
    wire.ask(timeout_seconds=10.0)
    wire.run()
    assert learned(wire) == ("unknown", 0, "timeout")
    assert wire.exists() is (kind == "drip_after")


@pytest.mark.parametrize("kind", ["refused", "black_hole", "reset_before", "closed_before", "truncated_before"])
def test_a_request_that_never_arrived_leaves_no_trace_in_the_system(kind: str) -> None:
    wire = Wire(fault(kind))
    wire.ask()
    wire.run()
    assert wire.arrived == []


def test_a_swallowed_connection_never_outlasts_the_callers_patience() -> None:
    wire = Wire(fault("black_hole"))
    wire.ask(timeout_seconds=2.0)
    wire.run()
    assert CONNECT_TIMEOUT_US > 2.0 * SECOND_US
    assert wire.answers == [(2.0, Lost("connect timeout", sent=False))]


def test_a_late_request_runs_after_its_caller_has_given_up() -> None:
    wire = Wire(fault("late_arrival", seconds=7.0))
    wire.ask(timeout_seconds=10.0)
    wire.run()
    assert wire.answers[0][0] == 10.0
    assert [arrived.at_us for arrived in wire.arrived] == [START_US + 17 * SECOND_US]
    assert wire.exists()


def test_a_call_slower_than_its_timeout_is_performed_anyway() -> None:
    wire = Wire()
    wire.ask(timeout_seconds=0.5)
    wire.run()
    assert wire.answers == [(0.5, Lost("timeout", sent=True))]
    assert learned(wire) == ("unknown", 0, "timeout")
    assert [(arrived.effect, arrived.at_us) for arrived in wire.arrived] == [("done", START_US + SECOND_US)]
    assert wire.exists()


def test_a_call_leaves_its_slot_whether_or_not_its_caller_still_waits() -> None:
    wire = Wire()
    wire.ask(timeout_seconds=0.5)
    wire.ask("Q-000002-v1", at=0.1)
    wire.run()
    assert wire.world["fulfilment"].limiter.in_use == 0
    assert [attempt.outcome for attempt in wire.of(Attempted)] == ["unknown", "ok"]


def test_a_caller_that_goes_learns_nothing_and_the_work_is_done_all_the_same() -> None:
    wire = Wire()
    exchange = wire.network.send(put_task(), Patience(10 * SECOND_US), wire._learn)
    wire.time.call_at(START_US + SECOND_US // 2, wire.network.withdraw, exchange, "cancelled")
    wire.run()
    assert wire.exists()
    assert wire.answers == [(0.5, Lost("cancelled", sent=True))]
    assert (wire.attempted.outcome, wire.attempted.reason) == ("unknown", "cancelled")


# --- what systems say before they commit ----------------------------------------------------------------------------


def test_a_throttled_call_is_told_how_long_to_wait() -> None:
    wire = Wire(fault("throttled", seconds=20.0))
    wire.ask()
    wire.run()
    assert wire.attempted.retry_after_seconds == 20


def test_a_silent_throttle_does_not_say_how_long() -> None:
    wire = Wire(fault("throttled_silently"))
    wire.ask()
    wire.run()
    assert wire.attempted.retry_after_seconds == -1


def test_maintenance_refuses_writes_and_lets_reads_through() -> None:
    window = fault(
        "maintenance", system="fulfilment", start_us=START_US + 10 * SECOND_US, end_us=START_US + 60 * SECOND_US
    )
    wire = Wire(window)
    wire.ask()
    wire.ask("Q-000002-v1", at=20.0)
    wire.call(read_task(), at=20.0)
    wire.run()
    assert [attempt.status for attempt in wire.of(Attempted)] == [201, 503, 200]


def test_a_sticky_error_comes_back_under_its_key_until_the_key_changes() -> None:
    wire = Wire(fault("sticky_error", system="payment", operation="create_payment_intent", nth=1))
    payer(wire)
    wire.call(pay("k1"))
    wire.call(pay("k1"), at=10.0)
    wire.call(pay("k2"), at=20.0)
    wire.run()
    assert [(a.status, a.outcome) for a in wire.of(Attempted)] == [(500, "unknown"), (500, "unknown"), (200, "ok")]
    assert [arrived.effect for arrived in wire.arrived] == ["faulted", "replayed", "done"]


def test_a_key_in_progress_is_refused_and_works_later() -> None:
    wire = Wire(fault("key_in_progress", system="payment", operation="create_payment_intent", nth=1))
    payer(wire)
    wire.call(pay("k1"))
    wire.call(pay("k1"), at=10.0)
    wire.run()
    assert [(a.status, a.outcome) for a in wire.of(Attempted)] == [(409, "failed"), (200, "ok")]


def test_a_repeated_key_after_a_lost_reply_charges_once() -> None:
    wire = Wire(fault("lost_reply", system="payment", operation="create_payment_intent", nth=1))
    payer(wire)
    wire.call(pay("k1"))
    wire.call(pay("k1"), at=40.0)
    wire.run(90.0)
    assert [a.outcome for a in wire.of(Attempted)] == ["unknown", "ok"]
    assert [arrived.effect for arrived in wire.arrived] == ["done", "replayed"]
    assert len(wire.world["payment"].model.intents) == 1


# --- limits and load ------------------------------------------------------------------------------------------------


def test_full_slots_are_refused_with_429_at_once() -> None:
    wire = Wire(limits={"fulfilment": LimitPolicy(concurrent=2)})
    for number in range(3):
        wire.ask(f"Q-00000{number}-v1")
    wire.run()
    statuses = sorted(
        (round(at_seconds, 3), answer.status) for at_seconds, answer in wire.answers if isinstance(answer, Reply)
    )
    assert statuses[0] == (0.02, 429)
    assert [status for _, status in statuses] == [429, 201, 201]
    assert wire.world["fulfilment"].limiter.in_use == 0


def test_a_slot_is_free_again_once_its_call_is_performed() -> None:
    wire = Wire(limits={"fulfilment": LimitPolicy(concurrent=1)})
    wire.ask("Q-000001-v1")
    wire.ask("Q-000002-v1", at=1.5)
    wire.run()
    assert [a.status for a in wire.of(Attempted)] == [201, 201]


def test_a_call_that_timed_out_keeps_its_slot_until_it_is_done() -> None:
    wire = Wire(limits={"fulfilment": LimitPolicy(concurrent=1)})
    wire.ask("Q-000001-v1", timeout_seconds=0.2)
    wire.ask("Q-000002-v1", at=0.5)
    wire.ask("Q-000003-v1", at=2.0)
    wire.run()
    assert [a.status for a in wire.of(Attempted)] == [0, 429, 201]


def test_a_window_of_requests_refuses_what_exceeds_it() -> None:
    wire = Wire(limits={"fulfilment": LimitPolicy(requests=2, window_seconds=10)})
    for number in range(3):
        wire.ask(f"Q-00000{number}-v1", at=number * 2.0)
    wire.ask("Q-000009-v1", at=10.5)
    wire.run()
    assert [a.status for a in wire.of(Attempted)] == [201, 201, 429, 201]


def test_a_brownout_stretches_latency_within_its_window_only() -> None:
    slow = fault("brownout", start_us=START_US, end_us=START_US + 10 * SECOND_US, factor=8.0, share_ppm=0)
    wire = Wire(slow)
    wire.ask("Q-000001-v1")
    wire.ask("Q-000002-v1", at=20.0)
    wire.run()
    first, second = wire.of(Attempted)
    assert (first.at_us - first.sent_us, second.at_us - second.sent_us) == (8_015_000, 1_015_000)
    assert wire.fired == ["brownout"]


def test_a_busy_system_answers_more_slowly() -> None:
    wire = Wire(limits={"fulfilment": LimitPolicy(concurrent=2)})
    wire.ask("Q-000001-v1")
    wire.ask("Q-000002-v1", at=0.1)
    wire.run()
    alone, beside = sorted(wire.of(Attempted), key=lambda attempt: attempt.sent_us)
    assert alone.at_us - alone.sent_us == 1_015_000
    assert beside.at_us - beside.sent_us == 2_015_000


def test_a_fault_keeps_to_its_system_operation_and_transaction() -> None:
    wire = Wire(fault("refused", system="fulfilment", operation="request_task", txn="Q-000002"))
    wire.ask("Q-000001-v1")
    wire.ask("Q-000002-v1")
    wire.call(read_task("Q-000001-v1"), at=5.0)
    wire.run()
    outcomes = {a.number: (a.txn, a.operation, a.outcome) for a in wire.of(Attempted)}
    assert sorted(outcomes.values()) == [
        ("Q-000001", "get_task", "ok"),
        ("Q-000001", "request_task", "ok"),
        ("Q-000002", "request_task", "failed"),
    ]


def test_a_share_of_the_calls_is_struck_and_every_strike_is_recorded() -> None:
    wire = Wire(fault("refused", share_ppm=300_000))
    for number in range(200):
        wire.ask(f"Q-{number:06d}-v1", at=number * 2.0)
    wire.run(500.0)
    failed = [a.number for a in wire.of(Attempted) if a.outcome == "failed"]
    assert 40 <= len(failed) <= 80
    assert len(wire.fired) == len(failed)
