"""What the engines play, seen in small models whose outcome can be said beforehand."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
import simpy

from domain.calendar import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from simulator.whatif import process
from simulator.whatif.durations import Duration
from simulator.whatif.model import Batch, Breaker, Budget, Known, Limit, Model, Repair, Retry, Route, Shift, Sla, Step
from simulator.whatif.outcome import Outcome
from simulator.whatif.rows import Collected
from simulator.whatif.trouble import Brownout, Death, Faults, Window
from tests.simulator.whatif.simple import at_once, call, erp, model


def _stays(outcome_of: object, seed: int = 1) -> list[int]:
    """Return how long each lifecycle of a model took, in whole seconds, by the order of their ends."""
    collected = Collected()
    process.run(outcome_of, seed, collected)  # type: ignore[arg-type]
    return [int(row[3]) // SECOND_US for row in collected.rows]


def _run(*args: object, **more: object) -> Outcome:
    return process.run(model(*args, **more), 1)  # type: ignore[arg-type]


def test_calls_wait_for_the_only_slot_in_the_order_of_coming() -> None:
    assert _stays(model(arrivals=at_once(3))) == [10, 20, 30]


def test_a_real_queue_serves_as_the_plain_one_does() -> None:
    plain = model(arrivals=at_once(7, every_us=SECOND_US))
    real = model(stations=(erp(discipline="priority"),), arrivals=at_once(7, every_us=SECOND_US))
    assert _stays(plain) == _stays(real)


def test_lower_lanes_go_first() -> None:
    late, early = call(lane=1, mark="late", share=0.5, choice="c"), call(lane=0, share=0.5, share_from=0.5, choice="c")
    outcome = _run(late, early, stations=(erp(discipline="priority"),), arrivals=at_once(40),
                   slas=(Sla(name="late", begins="in", ends="late", bound_us=1),
                         Sla(name="all", begins="in", ends="out", bound_us=1)))  # fmt: skip
    count = outcome.sla("late").stopped
    assert 5 < count < 35
    # the first call takes the free slot before anybody waits; of the others, the lane 0 ones go first
    assert outcome.sla("late").mean_us > outcome.sla("all").mean_us * 1.2


def test_a_waiting_caller_gives_up_and_a_running_call_is_abandoned_but_done() -> None:
    outcome = _run(call(timeout_us=12 * SECOND_US, idempotent=False), arrivals=at_once(2))
    erp_ = outcome.station("erp").counts
    # the second starts at 10 s and is given up at 12 s; its repeats (13 s, 27 s) find the slot busy with abandoned work
    assert erp_["abandoned"] == 3
    assert outcome.routes[0].counts["dead_letters"] == 1
    assert outcome.routes[0].counts["duplicates"] == 3, outcome.totals


def test_a_caller_with_a_pool_of_its_own_waits_without_losing_patience() -> None:
    outcome = _run(call(timeout_us=12 * SECOND_US), stations=(erp(patience="start"),), arrivals=at_once(5))
    assert outcome.totals["gave_up"] == outcome.totals["abandoned"] == 0
    assert outcome.sla("whole").longest_us == 50 * SECOND_US


def test_an_outage_rejects_and_the_last_one_struck_tells_how_long_it_drained() -> None:
    outage = Window(from_us=0, until_us=2 * SECOND_US)
    outcome = _run(stations=(erp(outages=(outage,)),), arrivals=at_once(3))
    found = outcome.outages[0]
    assert (found.struck, found.recovered, found.peak) == (3, 3, 3)
    # rejected after 20 ms, again at 1.02 s, then at 3.04 s the first of three calls of ten seconds begins
    assert found.drain_us == outcome.sla("whole").longest_us - 2 * SECOND_US
    assert outcome.station("erp").counts["rejected"] == 6


def test_an_outage_that_hangs_costs_the_timeout_and_one_that_kills_costs_the_work() -> None:
    hangs = Window(from_us=0, until_us=SECOND_US, kind="hangs")
    assert _stays(model(call(timeout_us=15 * SECOND_US), stations=(erp(outages=(hangs,)),))) == [15 + 1 + 10]
    kills = Window(from_us=4 * SECOND_US, until_us=5 * SECOND_US, kind="kills")
    outcome = _run(stations=(erp(outages=(kills,)),))
    assert outcome.station("erp").counts["killed"] == 1
    assert outcome.routes[0].counts["repeats"] == 0


def test_a_brownout_makes_work_slower() -> None:
    slow = Brownout(from_us=0, until_us=SECOND_US, factor=3.0)
    assert _stays(model(stations=(erp(brownouts=(slow,)),), arrivals=at_once(1))) == [30]


def test_load_makes_work_slower() -> None:
    busy = erp(slots=4, load_slots=4)
    # the second of two at once meets one of four slots in use: 10 s / (1 - 1/4)
    assert _stays(model(stations=(busy,), arrivals=at_once(2))) == [10, 13]


@pytest.mark.parametrize("discipline", ["fifo", "priority"])
def test_a_caller_who_waits_for_a_lost_answer_keeps_a_slot_and_makes_no_work_slower(discipline: str) -> None:
    faults = Faults(lost=1.0, until_us=15 * SECOND_US)
    lossy = erp(slots=4, load_slots=4, faults=faults, abandoned="frees", discipline=discipline)
    tried = call(timeout_us=MINUTE_US)
    assert _stays(model(tried, stations=(lossy,), arrivals=at_once(2, every_us=20 * SECOND_US))) == [10, 60 + 1 + 10]


def test_a_bucket_refuses_and_a_pace_waits() -> None:
    refuses = erp(slots=0, limits=(Limit(requests=1, per_us=3 * SECOND_US),))
    outcome = _run(stations=(refuses,), arrivals=at_once(2))
    assert outcome.station("erp").counts["refused"] == 2  # at once, and again a second later
    paces = erp(slots=0, limits=(Limit(requests=1, per_us=3 * SECOND_US, excess="wait"),))
    assert _stays(model(stations=(paces,), arrivals=at_once(3))) == [10, 13, 16]


def test_a_quota_is_used_up_until_the_next_window() -> None:
    quota = erp(slots=0, limits=(Limit(requests=2, per_us=HOUR_US, kind="window"),))
    patient = call(retry=Retry(attempts=9, base_us=10 * MINUTE_US, cap_us=10 * MINUTE_US, jitter="none"))
    stays = _stays(model(patient, stations=(quota,), arrivals=at_once(3)))
    assert stays[:2] == [10, 10]
    assert stays[2] >= 3600


def test_a_batch_begins_at_its_instants_only() -> None:
    batch = erp(slots=0, batch=Batch(opens_us=MINUTE_US, closes_us=HOUR_US, cycle_us=10 * MINUTE_US))
    assert _stays(model(stations=(batch,), arrivals=at_once(2, every_us=2 * MINUTE_US))) == [70, 11 * 60 - 120 + 10]


def test_shifts_open_and_close_a_station_and_running_work_goes_on() -> None:
    shifts = (Shift(from_us=0, slots=0), Shift(from_us=MINUTE_US, slots=1), Shift(from_us=65 * SECOND_US, slots=0),
              Shift(from_us=2 * MINUTE_US, slots=1))  # fmt: skip
    assert _stays(model(stations=(erp(slots=0, shifts=shifts),), arrivals=at_once(2))) == [70, 130]


def test_a_budget_makes_retries_wait_and_a_breaker_makes_everybody_wait() -> None:
    outage = Window(from_us=0, until_us=10 * SECOND_US)
    tight = erp(slots=0, outages=(outage,), budget=Budget(percent=0, per_minute=1, saved_max=1))
    stays = _stays(model(stations=(tight,), arrivals=at_once(2)))
    assert max(stays) >= 60  # only one retry a minute is affordable
    guarded = erp(slots=0, outages=(outage,), breaker=Breaker(calls_min=2, open_us=20 * SECOND_US))
    outcome = _run(stations=(guarded,), arrivals=at_once(5, every_us=SECOND_US))
    counts = outcome.station("erp").counts
    assert counts["opened"] == 1
    assert counts["held"] >= 3
    assert outcome.totals["dead_letters"] == 0


def test_a_slow_call_from_before_an_outage_is_no_probe() -> None:
    outage = Window(from_us=SECOND_US, until_us=100 * SECOND_US, kind="hangs", hang_us=5 * SECOND_US)
    guard = Breaker(calls_min=2, open_us=20 * SECOND_US)
    slow = erp(slots=0, service=Duration.fixed(30 * SECOND_US), outages=(outage,), breaker=guard)
    outcome = _run(stations=(slow,), arrivals=at_once(3, every_us=SECOND_US))
    # open at 7 s; the first call is back at 30 s, between a probe and its end; probes hang at 27 and 72 s
    assert outcome.station("erp").counts["opened"] == 3
    assert outcome.sla("whole").longest_us > 2 * MINUTE_US


def _pinged(ping_us: int, **more: object) -> Model:
    """Return a model whose breaker opens at the second failure, for 20 s first, and is probed by a ping."""
    guard = Breaker(calls_min=2, open_us=20 * SECOND_US, probe="ping")
    asked = model(stations=(erp(slots=0, breaker=guard, **more),), arrivals=at_once(2))
    ping = Step(name="ping", station="erp", service=Duration.fixed(ping_us), exhausted="skip")
    return msgspec.structs.replace(asked, routes=(*asked.routes, Route(name="ping", steps=(ping,))))


def test_an_open_breaker_is_probed_by_a_ping_and_who_waits_goes_after_it() -> None:
    outage = Window(from_us=0, until_us=10 * SECOND_US)
    assert _stays(_pinged(3 * SECOND_US, outages=(outage,))) == [20 + 3 + 10, 20 + 3 + 10]


def test_an_open_breaker_is_probed_though_nobody_waits() -> None:
    outage = Window(from_us=0, until_us=100 * SECOND_US)
    asked = _pinged(SECOND_US, outages=(outage,))
    hasty = msgspec.structs.replace(asked.routes[0], steps=(call(retry=Retry(), exhausted="skip"),))
    counts = process.run(msgspec.structs.replace(asked, routes=(hasty, asked.routes[1])), 1).station("erp").counts
    assert counts["opened"] == 3  # after 20 ms, and by pings after 20 and 60 s; the one after 140 s is good
    assert counts["calls"] == 2 + 3


@pytest.mark.parametrize(
    ("faults", "seconds"),
    [(Faults(lost=1.0, until_us=12 * SECOND_US), 15 + 3), (Faults(after=1.0, until_us=5 * SECOND_US), 10 + 3),
     (Faults(before=1.0, until_us=5 * SECOND_US), 10 + 3 + 1 + 10), (Faults(throttled=1.0, until_us=1), 1 + 10)],
)  # fmt: skip
def test_an_outcome_that_nobody_knows_is_looked_up_before_the_call_is_made_again(faults: Faults, seconds: int) -> None:
    careful = call(timeout_us=15 * SECOND_US, looks=Duration.fixed(3 * SECOND_US))
    outcome = _run(careful, stations=(erp(slots=0, faults=faults),))
    assert outcome.sla("whole").longest_us // SECOND_US == seconds
    assert outcome.totals["repeats"] == 0


def test_an_answer_that_nothing_is_there_is_not_lost() -> None:
    asked = call(timeout_us=30 * SECOND_US, exhausted="skip", fruitless=0.5)
    stays = _stays(model(asked, stations=(erp(slots=0, faults=Faults(lost=1.0)),), arrivals=at_once(200)))
    assert set(stays) == {10, 3 * 30 + 3}
    assert stays.count(10) == pytest.approx(100, abs=25)


def test_a_look_up_has_attempts_of_its_own() -> None:
    outage = Window(from_us=10 * SECOND_US, until_us=14 * SECOND_US)
    careful = call(timeout_us=15 * SECOND_US, looks=Duration.fixed(3 * SECOND_US))
    stations = (erp(slots=0, faults=Faults(before=1.0, until_us=5 * SECOND_US), outages=(outage,), refusal_us=1),)
    # looked up in vain at 10, 11 and 13 s, given to a clerk for five minutes, looked up, and made again
    assert _stays(model(careful, stations=stations)) == [13 + 300 + 3 + 1 + 10]


def test_a_process_that_dies_hears_no_answer_and_asks_again() -> None:
    died = Death(at_us=5 * SECOND_US, lasts_us=30 * SECOND_US)
    outcome = _run(stations=(erp(slots=0),), arrivals=at_once(2, every_us=20 * SECOND_US), deaths=(died,))
    assert outcome.sla("whole").total_us == (45 + 25) * SECOND_US  # both go when it is back, at 35 s
    assert outcome.totals["repeats"] == 1


def test_a_process_may_die_at_a_call() -> None:
    died = Death(calls=2, lasts_us=30 * SECOND_US)
    assert _stays(model(stations=(erp(slots=0),), arrivals=at_once(2, every_us=2 * SECOND_US), deaths=(died,))) == [
        2 + 30 + 10, 30 + 10,
    ]  # fmt: skip


def test_a_process_that_died_has_forgotten_its_tokens_and_its_breakers() -> None:
    died = Death(at_us=15 * SECOND_US, lasts_us=5 * SECOND_US)
    token = call(finds=Known(name="token", in_memory=True))
    assert sorted(_stays(model(token, arrivals=at_once(3, every_us=10 * SECOND_US), deaths=(died,)))) == [0, 10, 10]
    outage = Window(from_us=0, until_us=10 * SECOND_US)
    guard = Breaker(calls_min=2, open_us=MINUTE_US)
    guarded = erp(slots=0, outages=(outage,), breaker=guard)
    assert _stays(model(stations=(guarded,), arrivals=at_once(2))) == [60 + 10, 60 + 10 + 10]
    assert _stays(model(stations=(guarded,), arrivals=at_once(2), deaths=(died,))) == [20 + 10, 20 + 10]


@pytest.mark.parametrize(("repeat_by_us", "seconds"), [(0, 20 + 10), (19 * SECOND_US, 20 + 3 + 10)])
def test_a_call_that_may_have_left_long_ago_is_looked_up_before_it_is_made(repeat_by_us: int, seconds: int) -> None:
    died = Death(at_us=15 * SECOND_US, lasts_us=5 * SECOND_US)
    outage = Window(from_us=0, until_us=10 * SECOND_US)
    guarded = erp(slots=0, outages=(outage,), breaker=Breaker(calls_min=1, open_us=MINUTE_US))
    careful = call(looks=Duration.fixed(3 * SECOND_US), repeat_by_us=repeat_by_us)
    assert _stays(model(careful, stations=(guarded,), deaths=(died,))) == [seconds]


def test_people_go_on_working_while_the_process_is_dead() -> None:
    died = Death(at_us=SECOND_US, lasts_us=30 * SECOND_US)
    assert _stays(model(call("clerks"), deaths=(died,))) == [300]


def test_what_is_lost_is_lost_and_what_is_dead_is_mended() -> None:
    broken = erp(faults=Faults(before=1.0))
    lost = _run(call(exhausted="lost"), stations=(broken,), arrivals=at_once(4))
    assert lost.routes[0].counts["lost"] == 4
    assert lost.routes[0].amount_lost == 4_000
    assert lost.sla("whole").attained == 0.0
    skipped = _run(call(exhausted="skip"), stations=(broken,), arrivals=at_once(4))
    assert skipped.routes[0].counts["fallbacks"] == skipped.sla("whole").stopped == 4
    invalid = _run(call(invalid_share=1.0), arrivals=at_once(4))
    assert invalid.routes[0].counts["dead_letters"] == invalid.station("clerks").counts["mended"] == 4


def test_a_reply_that_never_comes_doubles_the_work_of_a_naive_caller_only() -> None:
    lossy = erp(slots=0, faults=Faults(lost=0.3))
    naive = _run(call(timeout_us=15 * SECOND_US, idempotent=False), stations=(lossy,), arrivals=at_once(200))
    careful = _run(call(timeout_us=15 * SECOND_US), stations=(lossy,), arrivals=at_once(200))
    assert naive.routes[0].counts["duplicates"] == careful.routes[0].counts["repeats"] > 40
    assert careful.routes[0].counts["duplicates"] == 0
    assert naive.routes[0].amount_doubled == 1_000 * naive.routes[0].counts["duplicates"]


@pytest.mark.parametrize("faults", [Faults(lost=1.0), Faults(after=1.0), Faults()])
def test_a_mark_says_when_the_work_was_done_and_not_when_its_caller_learned_of_it(faults: Faults) -> None:
    done = call(mark="booked", timeout_us=30 * SECOND_US, exhausted="skip")
    booked = Sla(name="booked", begins="in", ends="booked", bound_us=MINUTE_US)
    stations = (erp(faults=faults, slots=0, travel_us=SECOND_US),)
    outcome = process.run(model(done, stations=stations, slas=(booked,)), 1)
    assert outcome.sla("booked").longest_us == 10 * SECOND_US


@pytest.mark.parametrize(
    ("faults", "seconds"),
    [(Faults(broken=1.0), 3), (Faults(throttled=1.0), 3), (Faults(before=1.0), 30 + 3),
     (Faults(unheard=1.0), 3 * 60 + 3), (Faults(lost=1.0), 3 * 60 + 3)],
)  # fmt: skip
def test_each_fault_costs_its_caller_what_it_costs(faults: Faults, seconds: int) -> None:
    tried = call(timeout_us=MINUTE_US, exhausted="skip")  # three times, with pauses of one and two seconds
    outcome = _run(tried, stations=(erp(faults=faults, slots=0, refusal_us=1),))
    assert outcome.sla("whole").longest_us // SECOND_US == seconds
    assert outcome.routes[0].counts["repeats"] == (2 if faults.lost else 0)


def test_faults_end_when_systems_heal() -> None:
    ill = erp(slots=0, faults=Faults(lost=1.0, until_us=HOUR_US))
    tried = call(timeout_us=15 * SECOND_US, exhausted="skip")
    assert _stays(model(tried, stations=(ill,), arrivals=at_once(2, every_us=HOUR_US))) == [15 + 1 + 15 + 2 + 15, 10]


def test_from_an_instant_on_nobody_takes_a_step() -> None:
    held = Step(name="held back", pause=Duration.fixed(MINUTE_US), until_us=HOUR_US)
    assert _stays(model(held, arrivals=at_once(3, every_us=HOUR_US // 2))) == [60, 60, 0]


def test_an_outbox_lets_the_route_go_on() -> None:
    assert _stays(model(call(mode="outbox"), Step(name="on", pause=Duration.fixed(SECOND_US)))) == [1]


def test_clocks_started_before_the_cut_off_and_stopped_after_it_are_late() -> None:
    outcome = _run(arrivals=at_once(4, every_us=SECOND_US, cutoff_us=25 * SECOND_US))
    sla = outcome.sla("whole")
    assert (sla.due, sla.made, sla.late, sla.amount_late) == (4, 2, 2, 2_000)


@pytest.mark.parametrize(("cutoff_us", "count"), [(0, 2), (5 * SECOND_US, 1), (9 * SECOND_US, 0)])
def test_a_window_by_the_cut_off_ends_with_that_of_each_lifecycle(cutoff_us: int, count: int) -> None:
    last = Sla(
        name="last", begins="in", ends="out", bound_us=1, since_us=SECOND_US, until_us=3 * SECOND_US, by_cutoff=True
    )
    arrivals = at_once(4, at_us=SECOND_US // 2, every_us=SECOND_US, cutoff_us=cutoff_us)
    sla = _run(slas=(last,), arrivals=arrivals, stations=(erp(slots=0),)).sla("last")
    assert sla.started == sla.stopped == count


def test_answers_from_outside_take_their_time_after_the_clerk() -> None:
    slow = Repair(station="clerks", outside_share=1.0, outside=Duration.fixed(HOUR_US))
    assert _stays(model(call(invalid_share=1.0), repair=slow)) == [300 + 3600 + 10]


def test_a_series_adds_up_to_the_work_done() -> None:
    outcome = _run(arrivals=at_once(500))
    station = outcome.station("erp")
    assert station.busy_us == 5_000 * SECOND_US
    assert station.utilisation[0] == pytest.approx(1.0)
    assert station.series["queue_max"][0] == 499
    assert sum(station.series["waiting_us"]) == sum(10 * SECOND_US * place for place in range(500))


def test_other_simpy_processes_share_the_clock() -> None:
    seen: list[int] = []

    def watch(env: simpy.Environment) -> Iterator[simpy.Event]:
        for _ in range(3):
            yield env.timeout(7 * SECOND_US)
            seen.append(int(env.now))

    played = process.run(model(arrivals=at_once(3)), 1, hooks=(lambda env: env.process(watch(env)),))  # type: ignore[arg-type, func-returns-value, return-value]
    assert seen == [7 * SECOND_US, 14 * SECOND_US, 21 * SECOND_US]
    assert played == process.run(model(arrivals=at_once(3)), 1)


def test_what_is_known_is_not_asked_for_until_it_is_forgotten() -> None:
    token = call(finds=Known(name="token", lasts_us=MINUTE_US))
    assert _stays(model(token, arrivals=at_once(5, every_us=30 * SECOND_US))) == [10, 0, 10, 0, 10]


def test_steps_share_what_they_find_out_about_each_of_many() -> None:
    customers = Known(name="customers", of=7)
    asked = _run(call(finds=customers), call(finds=customers, choice="who"), arrivals=at_once(200))
    assert asked.stations[0].counts["calls"] == 7
    apart = _run(call(finds=customers, share=0.5, choice="who"), arrivals=at_once(200))
    assert apart.stations[0].counts["calls"] == 7


@pytest.mark.parametrize(
    ("days", "began", "over"),
    [("business", (4, 12), (7, 9)), ("business", (5, 12), (7, 9)), ("business", (1, 12), (2, 9)),
     ("calendar", (4, 12), (7, 9)), ("calendar", (3, 8), (4, 9))],
)  # fmt: skip
def test_banks_rest_at_weekends(days: str, began: tuple[int, int], over: tuple[int, int]) -> None:
    began_us, over_us = (day * DAY_US + hour * HOUR_US for day, hour in (began, over))
    step = Step(name="a debit", pause=Duration.fixed(DAY_US + 9 * HOUR_US), days=days)  # type: ignore[arg-type]
    monday_us = 4 * DAY_US  # the epoch is a Thursday
    played = model(step, arrivals=at_once(1, at_us=began_us), end_us=9 * DAY_US, origin_us=monday_us)
    assert _stays(played) == [(over_us - began_us) // SECOND_US]


def test_what_a_bank_does_today_is_not_over_before_it_began() -> None:
    step = Step(name="a debit", pause=Duration.fixed(9 * HOUR_US), days="calendar")
    for began_us, seconds in ((8 * HOUR_US, 3600), (10 * HOUR_US, 0)):
        assert _stays(model(step, arrivals=at_once(1, at_us=began_us), end_us=DAY_US)) == [seconds]
    hasty = Step(name="money", pause=Duration.fixed(9 * HOUR_US), days="calendar", at_once_us=2 * MINUTE_US)
    assert _stays(model(hasty, arrivals=at_once(1, at_us=10 * HOUR_US), end_us=DAY_US)) == [120]
