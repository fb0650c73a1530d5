"""What a log says becomes a scenario: arrivals in their season, systems, people; and the file that is written loads."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from domain.calendar import SECOND_US, instant_us, midnight_us, zone_named
from domain.draws import Draws
from scenarios import loader, seasons
from scenarios.seasons import second_of_day
from simulator.calibration.arrivals import Arrivals, arrivals, percents, quarter_of, week_of
from simulator.calibration.estimate import estimate, most_at_once
from simulator.calibration.observations import DONE, FAILED, TIMED_OUT, Call, Observations, Work
from simulator.calibration.scenario_file import written

START, END, ZONE = date(2026, 10, 1), date(2026, 12, 31), "Europe/Berlin"


def begun(pattern: str, count: int, seed: int = 1) -> list[int]:
    """Draw the instants of a quarter's orders from a preset."""
    draws, season = Draws(seed), seasons.named(pattern, START, END)
    found = []
    for number in range(count):
        day = season.day(draws.unit("day", number))
        second = int(second_of_day(draws.unit("second", number), season.hours(day)))
        at = datetime(day.year, day.month, day.day, tzinfo=zone_named(ZONE)) + timedelta(seconds=second)
        found.append(instant_us(at))
    return sorted(found)


def seen_from(at_us: list[int], first: date, last: date) -> Arrivals:
    """Return what a log of these days tells of orders."""
    start_us, end_us = midnight_us(first, ZONE), midnight_us(last + timedelta(days=1), ZONE) - 1
    inside = [each for each in at_us if start_us <= each <= end_us]
    return arrivals(inside, ZONE, (START, END), (start_us, end_us))


@pytest.mark.parametrize("pattern", seasons.PATTERN_NAMES)
def test_the_preset_that_orders_come_from_is_found_again(pattern: str) -> None:
    whole = seen_from(begun(pattern, 3_000), START, END)
    assert (whole.start, whole.end, whole.nearest) == (START, END, pattern)
    assert whole.apart < 0.05
    assert whole.own is not None
    assert whole.own.weeks[12] == pytest.approx(seasons.WEEK_WEIGHTS[pattern][12], abs=3)
    assert sum(whole.own.weeks) == pytest.approx(100, abs=1e-9)
    assert whole.off_days == 0


def test_a_part_of_a_quarter_is_made_a_whole_one_by_its_preset() -> None:
    found = seen_from(begun("severe", 4_000), date(2026, 12, 10), END)
    assert (found.nearest, found.own) == ("severe", None)
    assert found.per_quarter == pytest.approx(4_000, rel=0.06)


def test_without_an_order_in_the_quarter_there_are_no_arrivals() -> None:
    with pytest.raises(ValueError, match="found no lifecycle from 2025-01-01"):
        arrivals(begun("mild", 5), ZONE, (date(2025, 1, 1), date(2025, 3, 31)), (0, 1))
    with pytest.raises(ValueError, match="found no lifecycle that began"):
        arrivals([], ZONE, None, (0, 1))


@pytest.mark.parametrize(
    ("day", "quarter"),
    [
        (date(2026, 2, 28), (date(2026, 1, 1), date(2026, 3, 31))),
        (date(2024, 5, 1), (date(2024, 4, 1), date(2024, 6, 30))),
        (date(2026, 12, 31), (date(2026, 10, 1), date(2026, 12, 31))),
    ],
)
def test_the_calendar_quarter_of_a_day(day: date, quarter: tuple[date, date]) -> None:
    assert quarter_of(day) == quarter


def test_weeks_are_counted_back_from_the_last_day() -> None:
    assert [week_of(day, START, END) for day in (START, date(2026, 12, 24), date(2026, 12, 25), END)] == [0, 11, 12, 12]


def test_percentages_add_up_to_a_hundred() -> None:
    assert percents([1, 1, 1]) == (33.34, 33.33, 33.33)


def test_the_most_that_go_on_together_are_counted() -> None:
    assert most_at_once([(0, 10), (5, 15), (10, 20), (12, 13)]) == 3
    assert most_at_once([]) == 0


# --- the estimate and its file --------------------------------------------------------------------------------------


def observations(calls: int = 400) -> Observations:
    """Return a log of ERP calls (some failed, some given up after four seconds) and of clerks at work."""
    draws, first_us = Draws(3), midnight_us(date(2026, 12, 1), ZONE)
    made = []
    for number in range(calls):
        seconds = draws.lognormal(1.8, 6.0, "took", number)
        outcome = TIMED_OUT if seconds > 4 else FAILED if draws.chance(0.02, "failed", number) else DONE
        took_us = round(min(seconds, 4.0) * SECOND_US)
        made.append(Call("erp", first_us + number * 60 * SECOND_US, took_us, outcome, True, number % 10 == 0))
    opens = datetime(2026, 12, 1, 9, tzinfo=zone_named(ZONE))
    work = [
        Work(f"p{number % 3}", instant_us(opens + timedelta(minutes=11 * (number % 45))),
             round(draws.lognormal(1500, 4000, "touch", number)) * SECOND_US)
        for number in range(90)
    ]  # fmt: skip
    return Observations(
        source="logs/our.csv", calls=tuple(made), work=tuple(work), begun_us=tuple(begun("severe", 900)),
        unknown=(("Mainframe", 7),),
    )  # fmt: skip


def test_systems_and_people_are_estimated_from_what_was_measured() -> None:
    found = estimate(observations(), ZONE, (START, END))
    (erp,) = found.systems
    assert erp.writes is not None
    assert erp.writes.best.curve.quantile(0.95) == pytest.approx(6.0, rel=0.2)
    assert erp.timeout_seconds == pytest.approx(4.0)
    assert erp.failed == pytest.approx(0.02 * 400, abs=8)
    assert (erp.repeats, erp.told) == (40, 400)
    assert found.people is not None
    assert (found.people.people, found.people.opens_hour) == (3, 9)
    assert found.people.touch is not None
    assert found.people.touch.best.curve.quantile(0.5) == pytest.approx(1500, rel=0.2)
    assert any("'Mainframe' (7 times)" in note for note in found.notes)


def test_calls_that_a_gateway_ended_early_do_not_tell_how_long_callers_wait() -> None:
    calls = tuple(replace(call, duration_us=SECOND_US) if call.outcome == TIMED_OUT else call
                  for call in observations().calls)  # fmt: skip
    found = estimate(replace(observations(), calls=calls), ZONE, (START, END))
    assert found.systems[0].timed_out > 0
    assert found.systems[0].timeout_seconds is None
    assert any("erp: how long callers wait" in note for note in found.notes)
    assert "timeout:" not in written(found, "measured")


def test_the_written_scenario_loads_and_says_what_was_found() -> None:
    found = estimate(observations(), ZONE, (START, END))
    text = written(found, "measured")
    scenario = loader.parse(text, "measured.yaml")
    assert scenario.systems.erp.timeout == timedelta(seconds=4)
    assert scenario.systems.erp.p95 / timedelta(seconds=1) == pytest.approx(6.0, rel=0.2)
    assert scenario.systems.erp.distribution == "lognormal"
    assert scenario.people.clerks >= 3
    assert scenario.world.orders_per_quarter == pytest.approx(900, abs=1)
    assert scenario.world.entities[0].zone == ZONE
    assert not isinstance(scenario.world.quarter.pattern, str)
    assert [(fault.kind, fault.system) for fault in scenario.faults] == [("error_before", "erp")]
    measured = [line for line in text.splitlines() if "p50:" in line or "p95:" in line or "kind:" in line]
    assert len(measured) == 4
    assert all("[yours, n = " in line for line in measured)


def test_too_little_becomes_a_note_and_no_figure() -> None:
    few = Observations(source="few.csv", calls=observations(5).calls)
    found = estimate(few, ZONE)
    text = written(found, "few")
    assert "erp: 5 calls are too few" in "\n".join(found.notes)
    assert "p50" not in text
    assert loader.parse(text).name == "few"
    assert sum(line.startswith("# Not known:") for line in text.splitlines()) == len(found.notes) == 3
