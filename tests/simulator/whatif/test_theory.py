"""The engines against queueing theory: intervals over replications cover the formulas, which are within a percent."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from domain.calendar import HOUR_US, SECOND_US
from simulator.whatif import compiled, process, theory
from simulator.whatif.durations import Duration
from simulator.whatif.model import Arrivals, Model, Piece, Route, Sla, Station, Step
from simulator.whatif.outcome import Outcome

Run = Callable[[Model, int], Outcome]
_STUDENT_99 = 2.861  # of 20 values
_REPLICATIONS = 20


def _engine() -> Run:
    if not compiled.AVAILABLE:
        pytest.skip("the precise tests need the kernel")
    from simulator.whatif import compiled_run

    return compiled_run.run


def _queue(slots: int, a_second: float, service: Duration, hours: int, discipline: str = "fifo") -> Model:
    """Return one station that is looked at when it has settled."""
    end_us = hours * HOUR_US
    return Model(
        name="queue",
        stations=(Station(name="erp", service=service, slots=slots, discipline=discipline),),  # type: ignore[arg-type]
        routes=(Route(name="call", steps=(Step(name="work", station="erp"),), begins="in", ends="out"),),
        arrivals=(
            Arrivals(
                name="calls",
                route="call",
                pieces=(Piece(from_us=0, until_us=end_us, expected=a_second * hours * 3600),),
            ),
        ),
        slas=(Sla(name="stay", begins="in", ends="out", bound_us=SECOND_US, since_us=HOUR_US // 4),),
        end_us=end_us + 12 * HOUR_US,
        bucket_us=end_us + 12 * HOUR_US,
    )


def _stays(run: Run, model: Model) -> list[float]:
    """Return the mean stay of each replication, in microseconds."""
    return [run(model, seed).sla("stay").mean_us for seed in range(_REPLICATIONS)]


def _assert_covers(values: list[float], truth: float, within: float = 0.01) -> None:
    mean = math.fsum(values) / len(values)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values))
    assert abs(mean - truth) <= _STUDENT_99 * spread, f"{mean} +- {_STUDENT_99 * spread} does not cover {truth}"
    assert abs(mean / truth - 1) <= within, f"{mean} is {mean / truth - 1:.2%} off {truth}"


@pytest.mark.parametrize(
    ("slots", "a_second", "seconds", "hours", "discipline"),
    [(5, 1.5, 2.35, 8, "fifo"), (5, 1.5, 2.35, 8, "priority"), (15, 5.0, 2.35, 2, "fifo"), (8, 3.0, 1.57, 2, "fifo")],
)
def test_an_exponential_queue_waits_as_erlang_says(
    slots: int, a_second: float, seconds: float, hours: int, discipline: str
) -> None:
    mean_us = seconds * SECOND_US
    model = _queue(slots, a_second, Duration.exponential(mean_us), hours, discipline)
    wait_us = theory.mmc_wait_us(a_second / SECOND_US, mean_us, slots)
    _assert_covers(_stays(_engine(), model), wait_us + mean_us)


def test_the_share_that_waits_is_erlang_c() -> None:
    model, run = _queue(5, 1.5, Duration.exponential(2.35 * SECOND_US), 12), _engine()
    stations = [run(model, seed).station("erp") for seed in range(_REPLICATIONS)]
    shares = [station.waited / station.counts["calls"] for station in stations]
    assert theory.erlang_c(1.5 * 2.35, 5) == pytest.approx(0.3858, abs=5e-5)
    _assert_covers(shares, theory.erlang_c(1.5 * 2.35, 5))


@pytest.mark.parametrize(
    "service", [Duration.lognormal_mean(700_000, 0.8), Duration.gamma(700_000, 0.5), Duration.fixed(700_000)]
)
def test_a_single_server_waits_as_pollaczek_and_khinchine_say(service: Duration) -> None:
    wait_us = theory.mg1_wait_us(1.0 / SECOND_US, service.mean_us, service.variation)
    _assert_covers(_stays(_engine(), _queue(1, 1.0, service, 16)), wait_us + service.mean_us)


def test_an_overloaded_station_works_at_its_throughput_and_drains_as_the_sum_says() -> None:
    service = Duration.exponential(2.353 * SECOND_US)
    model = _queue(15, 0.0001, service, 1)
    run_of_invoices = Arrivals(name="run", route="call", at_us=0, count=20_000)
    model = Model(**{name: getattr(model, name) for name in model.__struct_fields__} | {"arrivals": (run_of_invoices,)})
    ends = [_engine()(model, seed).last_us for seed in range(_REPLICATIONS)]
    assert theory.throughput(15, service.mean_us) * HOUR_US == pytest.approx(22_949, abs=1)
    # the last calls run out one by one: a service time times H(15) / 15 is lost at the end, with exponential service
    tail_us = service.mean_us * (sum(1 / left for left in range(1, 16)) - 1) / 15
    _assert_covers([float(end) for end in ends], theory.drain_us(20_000, 0.0, 15, service.mean_us) + tail_us)


def test_little_holds_on_every_queue() -> None:
    model = _queue(5, 1.8, Duration.lognormal_mean(2.35 * SECOND_US, 1.0), 2)
    for seed in range(3):
        outcome = _engine()(model, seed)
        station = outcome.station("erp")
        there_us = station.busy_us + sum(station.series["waiting_us"])
        stays = outcome.routes[0].counts["finished"]
        whole = Model(**{name: getattr(model, name) for name in model.__struct_fields__} | {"slas": (_whole(),)})
        assert there_us == _engine()(whole, seed).sla("stay").total_us
        assert stays == station.counts["done"]


def _whole() -> Sla:
    return Sla(name="stay", begins="in", ends="out", bound_us=SECOND_US)


def test_the_simpy_engine_meets_erlang_too() -> None:
    mean_us = 2.35 * SECOND_US
    model = _queue(5, 1.5, Duration.exponential(mean_us), 1)
    wait_us = theory.mmc_wait_us(1.5 / SECOND_US, mean_us, 5)
    _assert_covers(_stays(process.run, model), wait_us + mean_us, within=0.05)


def test_a_queue_that_only_grows_has_no_wait_in_theory() -> None:
    with pytest.raises(ValueError, match="grows for ever"):
        theory.erlang_c(5.0, 5)
    with pytest.raises(ValueError, match="grows for ever"):
        theory.mg1_wait_us(1.0, 1.5, 1.0)
    assert math.isinf(theory.drain_us(100, 2.0, 1, 1.0))


def test_the_formulas_give_the_examples_of_the_books() -> None:
    assert theory.erlang_c(5 * 2.35, 15) == pytest.approx(0.2826, abs=5e-5)
    assert theory.mmc_wait_us(5 / SECOND_US, 2.35 * SECOND_US, 15) / SECOND_US == pytest.approx(0.2043, abs=5e-5)
    assert theory.mmc_wait_us(3 / SECOND_US, 1.57 * SECOND_US, 8) / SECOND_US == pytest.approx(0.0611, abs=5e-5)
    assert theory.little(1.5, 2.0) == 3.0
