from __future__ import annotations

import pytest

from simulator.experiments.bottlenecks import aftermaths, resources
from simulator.experiments.fans import LEVELS, fan, fans
from tests.simulator.experiments.outcomes import HOUR_US, outage, outcome, station

CALM = (0.5, 0.5, 0.5, 0.0, 0.0, 0.0)


def test_what_saturates_first_stands_on_top_with_its_hour() -> None:
    runs = [
        outcome(origin_us=100 * HOUR_US, stations=(station("crm", (0, 0, 1, 1, 0, 0)), station("erp")))
        for _ in range(3)
    ]
    first, second = resources(runs, 0.95)
    assert (first.station, first.first, first.saturated, first.saturated_us) == ("erp", 3, 3, 101 * HOUR_US)
    assert (second.station, second.first, second.saturated, second.saturated_us) == ("crm", 0, 3, 102 * HOUR_US)
    assert (first.busiest.mean, first.busiest_us) == (1.0, 101 * HOUR_US)


def test_a_full_station_that_nothing_waits_for_is_no_bottleneck() -> None:
    (found,) = resources([outcome(stations=(station(queue=0),))] * 2, 0.95)
    assert (found.saturated, found.first) == (0, 0)


def test_some_runs_saturate_and_others_do_not() -> None:
    runs = [outcome(), outcome(stations=(station(busy=CALM),)), outcome(stations=(station(busy=CALM),))]
    (found,) = resources(runs, 0.95)
    assert (found.saturated, found.first) == (1, 1)
    assert found.utilisation.count == 3


def test_what_an_outage_left_behind_is_told_with_those_that_never_drained() -> None:
    runs = [
        outcome(outages=(outage(drained_us=3 * HOUR_US),)),
        outcome(outages=(outage(drained_us=4 * HOUR_US),)),
        outcome(outages=(outage(recovered=1),)),
    ]
    (found,) = aftermaths(runs, 0.95)
    assert found.drain_seconds is not None
    assert (found.drain_seconds.mean, found.never, found.count) == (5400.0, 1, 3)


def test_outages_that_chance_drew_are_not_told_as_one() -> None:
    assert aftermaths([outcome(), outcome(outages=())], 0.95) == ()


def test_a_fan_lies_between_the_runs_it_is_made_of() -> None:
    found = fan("q", "o", 0, HOUR_US, [[float(i), 10.0] for i in range(101)])
    assert [row[0] for row in found.rows] == [pytest.approx(level * 100) for level in LEVELS]
    assert {row[1] for row in found.rows} == {10.0}
    assert found.middle == (50.0, 10.0)


def test_what_waits_is_what_began_and_has_not_ended() -> None:
    found = {(each.quantity, each.of): each for each in fans([outcome(), outcome()])}
    assert found[("waiting", "SLA-2")].middle == (1, 3, 2, 1, 1, 1)
    assert found[("utilisation", "erp")].middle[:3] == (0.5, 1.0, 0.96)
    assert found[("queue", "erp")].middle[:3] == (0.0, 2.0, 2.0)
