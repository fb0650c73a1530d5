"""Deaths of the process: those there is room for come evenly, and whoever signs meanwhile is noticed afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from domain.faults import Fault
from scenarios.library import find
from scenarios.scale import scaled
from scenarios.timeline import build
from simulator.replay.deaths import RESTART_SECONDS, Death, deaths_within, mishaps
from simulator.replay.modelled import model_of, orders_of
from simulator.replay.outcome import Fit
from simulator.whatif.engine import simulate
from simulator.whatif.validity import check

MINUTE_US = 60_000_000


@dataclass(frozen=True)
class Played:
    """As much of a timeline as deaths need: ten minutes."""

    faults: tuple[Fault, ...]
    start_us: int = 0
    heal_us: int = 10 * MINUTE_US


def crash(seconds: float = 30.0, times: float = 1.0, kind: str = "crash") -> Fault:
    return Fault(kind=kind, seconds=seconds, factor=times)


def test_deaths_come_evenly_over_the_load() -> None:
    found = deaths_within(Played((crash(), crash(kind="pause"))), speed=2.0)  # type: ignore[arg-type]
    assert [each.at_seconds for each in found] == [100.0, 200.0]
    assert [each.back_seconds for each in found] == [130.0, 230.0]


def test_a_process_is_away_for_half_of_the_load_at_most() -> None:
    played = Played((crash(200), crash(50, times=3), crash(90), crash(90, kind="throttled")))
    assert [each.fault.seconds for each in deaths_within(played, 1.0)] == [200]  # type: ignore[arg-type]
    assert len(mishaps(played)) == 3  # type: ignore[arg-type]


def test_the_mishaps_of_the_process_are_found_among_the_faults_of_a_scenario() -> None:
    assert [fault.kind for fault in mishaps(build(scaled(find("quarter_end"), orders=30, subscriptions=2)))] == [
        "crash", "crash_after", "crash",
    ]  # fmt: skip


def test_a_fault_that_does_not_say_how_long_has_the_process_away_for_half_a_minute() -> None:
    assert Death(crash(0.0), 10.0).back_seconds == 10.0 + RESTART_SECONDS


def test_the_model_of_a_replay_has_the_whole_time_for_which_its_process_is_away() -> None:
    timeline = build(scaled(find("quarter_end_spike"), orders=60, subscriptions=5))
    model = model_of(timeline, 600.0, Fit(), [Death(crash(10, times=3), 50.0), Death(crash(), 100.0)])
    assert [(each.at_us, each.lasts_us) for each in model.deaths] == [
        (50_000_000, 30_000_000),
        (100_000_000, 30_000_000),
    ]
    check(model)


def test_an_order_that_is_signed_while_the_process_is_away_is_not_booked_before_it_is_back() -> None:
    timeline = build(scaled(find("quarter_end_spike"), orders=600, subscriptions=20))
    signed_us = [order.at_us for order in orders_of(timeline, 60.0)]
    away = Death(crash(300.0), signed_us[len(signed_us) // 2] / 1e6)
    calm, dead = (simulate(model_of(timeline, 60.0, Fit(), deaths), 1).sla("SLA-2") for deaths in ((), (away,)))
    assert dead.total_us - calm.total_us > 290_000_000  # the one in the middle alone waits for so long
    assert dead.stopped == calm.stopped
