"""Tests of integration.limits: pure state machines that never let more through than they promise."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import MINUTE_US, SECOND_US
from integration.limits import BUSY, NEVER_US, Breaker, Gate, RetryBudget, TokenBucket, TokenCache
from integration.outcomes import Answer, Failed, Unknown
from integration.settings import BreakerSettings, BudgetSettings, Settings, SystemLimits
from integration.system import Token

OK, DOWN = Answer(200), Failed("unavailable", 503)
GAPS = st.lists(st.integers(0, 3 * SECOND_US), min_size=1, max_size=120)


@settings(max_examples=100)
@given(st.integers(2, 200), st.integers(1, 60), GAPS)
def test_no_window_ever_holds_more_than_the_share_of_the_licence(requests: int, window: int, gaps: list[int]) -> None:
    bucket, now_us, taken = TokenBucket(SystemLimits(requests=requests, window_seconds=window)), 0, []
    for gap in gaps:
        now_us += gap // 10
        now_us += bucket.wait_us(now_us)
        bucket.take(now_us)
        taken.append(now_us)
    for start in taken:
        inside = [at for at in taken if start <= at < start + window * SECOND_US]
        assert len(inside) <= max(1, requests * 80 // 100)


def test_a_bucket_keeps_up_a_pace_near_the_share() -> None:
    bucket, now_us = TokenBucket(SystemLimits(requests=100)), 0
    for _ in range(720):
        now_us += bucket.wait_us(now_us)
        bucket.take(now_us)
    assert now_us <= 10 * SECOND_US


def test_a_bucket_without_a_licence_never_waits() -> None:
    bucket = TokenBucket(SystemLimits())
    for _ in range(1000):
        assert bucket.wait_us(0) == 0
        bucket.take(0)


def test_a_gate_lets_four_fifths_of_the_licence_in_at_once() -> None:
    gate = Gate("erp", Settings(limits={"erp": SystemLimits(concurrent=15)}), 0)
    assert [gate.admit(0) for _ in range(13)] == [0] * 12 + [BUSY]


STEPS = st.tuples(st.integers(0, 90 * SECOND_US), st.booleans(), st.none() | st.integers(0, 2))


@settings(max_examples=200)
@given(st.integers(1, 5), st.lists(STEPS, max_size=100))
def test_an_open_breaker_lets_one_probe_at_a_time_through_and_only_the_probe_decides(
    calls_min: int, steps: list[tuple[int, bool, int | None]]
) -> None:
    """Each step either lets a call go (no place given) or takes the one at a place in flight back, good or not."""
    breaker, now_us = Breaker(BreakerSettings(calls_min=calls_min)), 0
    in_flight: list[tuple[int, bool]] = []
    for gap, good, place in steps:
        now_us += gap
        was, opening = breaker.state, breaker.opening
        if place is None and breaker.wait_us(now_us) == 0:
            breaker.take(now_us)
            in_flight.append((opening, was == "open"))
            assert breaker.state == ("half_open" if was == "open" else "closed")
        elif place is not None and in_flight:
            went, is_probe = in_flight.pop(place % len(in_flight))
            closed = breaker.note(now_us, good, went)
            assert closed == (is_probe and good)
            decides = is_probe or (was == "closed" and went == opening)
            assert decides or (breaker.state, breaker.opening) == (was, opening)
        assert breaker.wait_us(now_us) <= 900 * SECOND_US
        assert (breaker.state == "half_open") == any(is_probe for _, is_probe in in_flight)
        assert (breaker.wait_us(now_us) == BUSY) == (breaker.state == "half_open")


def test_a_slow_call_from_before_an_outage_is_not_taken_for_its_probe() -> None:
    gate = Gate("billing", Settings(limits={}), 0)
    breaker = gate.breaker
    slow_calls = [gate.admit(0), gate.admit(0)]
    assert slow_calls == [0, 0]
    for second in range(1, 5):
        assert gate.admit(second * SECOND_US) == 0
        gate.done(second * SECOND_US, Unknown("timeout"), 0)
    assert gate.admit(5 * SECOND_US) == 0
    gate.done(5 * SECOND_US, Unknown("timeout"), 0)
    assert (breaker.state, breaker.opening) == ("open", 1)
    now_us = breaker.probe_us
    assert gate.admit(now_us) == 0
    gate.done(now_us + 1, Unknown("timeout"), 0)
    gate.done(now_us + 2, Failed("throttled", 429), 0)
    assert breaker.state == "half_open"
    assert gate.done(now_us + 3, OK, 1)
    assert breaker.state == "closed"


def test_a_breaker_opens_at_half_errors_in_a_minute_and_forgets_older_ones() -> None:
    breaker = Breaker(BreakerSettings(calls_min=4))
    for second in range(3):
        breaker.note(second * SECOND_US, False, 0)
    for second in range(100, 104):
        breaker.note(second * SECOND_US, True, 0)
    assert breaker.state == "closed"
    for second in range(104, 107):
        breaker.note(second * SECOND_US, False, 0)
    assert breaker.state == "closed"
    breaker.note(107 * SECOND_US, False, 0)
    assert breaker.state == "open"


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 20 * SECOND_US), st.booleans()), max_size=200))
def test_a_breaker_opens_only_for_what_failed_within_its_window(calls: list[tuple[int, bool]]) -> None:
    breaker, now_us, seen = Breaker(BreakerSettings()), 0, []
    for gap, good in calls:
        now_us += gap
        seen.append((now_us, good))
        breaker.note(now_us, good, 0)
        latest = [was_good for at_us, was_good in seen if at_us > now_us - MINUTE_US]
        if breaker.state == "open":
            assert not good
            assert len(latest) >= 5
            assert latest.count(False) > 0
            return
        recent = [was_good for at_us, was_good in seen if at_us > now_us - 15 * SECOND_US]
        assert len(recent) < 5 or not all(not was_good for was_good in latest)


def test_probes_grow_rarer_up_to_a_quarter_of_an_hour() -> None:
    breaker, now_us, pauses = Breaker(BreakerSettings(calls_min=1)), 0, []
    breaker.note(now_us, False, breaker.opening)
    for _ in range(7):
        pauses.append(breaker.wait_us(now_us) // SECOND_US)
        now_us = breaker.probe_us
        breaker.take(now_us)
        breaker.note(now_us, False, breaker.opening)
    assert pauses == [60, 120, 240, 480, 900, 900, 900]


@settings(max_examples=100)
@given(
    st.integers(1, 50), st.integers(1, 20), st.lists(st.tuples(st.integers(0, SECOND_US), st.booleans()), max_size=300)
)
def test_retries_never_exceed_what_was_earned(percent: int, per_minute: int, calls: list[tuple[int, bool]]) -> None:
    budget, now_us, firsts, retries = RetryBudget(BudgetSettings(percent, per_minute), 0), 0, 0, 0
    for gap, retry in calls:
        now_us += gap
        if not retry:
            budget.firsts += 1
            firsts += 1
        elif budget.wait_us(now_us) == 0:
            budget.take(now_us)
            retries += 1
        assert retries * 100 <= percent * firsts + 100 * per_minute * (1 + now_us / MINUTE_US)


def test_a_spent_budget_says_exactly_how_long_to_wait() -> None:
    budget = RetryBudget(BudgetSettings(percent=10, per_minute_min=6), 0)
    while budget.wait_us(0) == 0:
        budget.take(0)
    wait_us = budget.wait_us(0)
    assert wait_us == 10 * SECOND_US
    assert budget.wait_us(wait_us - 1) == 1
    assert budget.wait_us(wait_us) == 0


def test_a_retry_after_holds_the_whole_system() -> None:
    gate = Gate("erp", Settings(limits={}), 0)
    assert gate.admit(0) == 0
    gate.done(SECOND_US, Failed("throttled", 429, retry_after_seconds=120), 0)
    assert gate.admit(SECOND_US) == 120 * SECOND_US
    assert gate.admit(121 * SECOND_US - 1) == 1
    assert gate.admit(121 * SECOND_US) == 0


def test_an_absurd_retry_after_is_capped() -> None:
    gate = Gate("erp", Settings(limits={}), 0)
    gate.admit(0)
    gate.done(0, Unknown("status 502", retry_after_seconds=10**9), 0)
    assert gate.held_until_us == 3600 * SECOND_US


def test_a_full_gate_is_busy_until_a_call_comes_back() -> None:
    gate = Gate("erp", Settings(limits={"erp": SystemLimits(concurrent=2, share_percent=100)}), 0)
    assert [gate.admit(0), gate.admit(0), gate.admit(0)] == [0, 0, BUSY]
    gate.done(1, OK, 0)
    assert gate.admit(1) == 0


def test_a_refusal_of_one_request_does_not_open_the_breaker_but_silence_does() -> None:
    gate = Gate("erp", Settings(limits={}), 0)
    for _ in range(20):
        gate.admit(0)
        gate.done(0, Failed("rejected", 422), 0)
    assert gate.breaker.state == "closed"
    for _ in range(20):
        gate.admit(0)
        gate.done(0, Unknown("timeout"), 0)
        if gate.breaker.state == "open":
            break
    assert gate.breaker.state == "open"


def test_a_throttled_probe_says_nothing_of_health() -> None:
    breaker = Breaker(BreakerSettings(calls_min=1))
    breaker.note(0, False, 0)
    breaker.take(60 * SECOND_US)
    breaker.forget_probe(60 * SECOND_US, 1)
    assert (breaker.state, breaker.wait_us(60 * SECOND_US)) == ("open", 60 * SECOND_US)


def test_a_token_is_good_until_shortly_before_its_end_and_a_refused_one_is_dropped_once() -> None:
    cache = TokenCache(margin_seconds=60, fixed={"version": "3"}, needs_token=True)
    assert cache.stale_us == 0
    cache.store(Token({"authorization": "one"}, 3600), 0)
    one = cache.headers
    assert (one, cache.stale_us) == ({"version": "3", "authorization": "one"}, 3540 * SECOND_US)
    cache.store(Token({"authorization": "two"}, 3600), 0)
    cache.refuse(one)
    assert (cache.headers["authorization"], cache.stale_us) == ("two", 3540 * SECOND_US)
    cache.refuse(cache.headers)
    assert cache.stale_us == 0


def test_fixed_headers_never_grow_stale() -> None:
    cache = TokenCache(margin_seconds=60, fixed={"authorization": "Basic"}, needs_token=False)
    assert (cache.headers, cache.stale_us) == ({"authorization": "Basic"}, NEVER_US)


@given(st.integers(1, 40), st.integers(1, 100), st.integers(1, 10))
def test_workers_share_a_licence_and_together_stay_within_it(requests: int, concurrent: int, workers: int) -> None:
    limits = SystemLimits(requests=requests + workers, window_seconds=10, concurrent=concurrent)
    gates = [Gate("erp", Settings(limits={"erp": limits}), 0) for _ in range(workers)]
    for gate in gates:
        gate.share(workers)
    slots = sum(gate.slots for gate in gates)
    assert slots <= max(workers, concurrent * 80 // 100)
    taken = 0
    for gate in gates:
        now_us = 0
        while now_us < 10 * SECOND_US:
            wait_us = gate.bucket.wait_us(now_us)
            now_us += wait_us
            if now_us < 10 * SECOND_US:
                gate.bucket.take(now_us)
                taken += 1
    assert taken <= max(workers, (requests + workers) * 80 // 100)


def test_a_worker_that_is_alone_again_has_the_whole_share() -> None:
    gate = Gate("erp", Settings(), 0)
    alone = gate.slots
    gate.share(3)
    assert gate.slots == alone // 3
    gate.share(1)
    assert gate.slots == alone
