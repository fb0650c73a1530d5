"""How long calls take: keyed draws from a lognormal, reads and writes apart, stretched by load."""

from __future__ import annotations

from statistics import median, quantiles

import pytest

from mocks.kernel.luck import MASK, stirred
from simulator.latency import DEFAULTS, LOAD_FACTOR_MAX, Latency, LatencyTable, load_factor

TABLE = LatencyTable({})


def drawn(system: str, write: bool, count: int = 2000) -> list[float]:
    return [TABLE.service_us(system, write, 1.0, stirred(1, number)) / 1e6 for number in range(count)]


@pytest.mark.parametrize("system", ["crm", "erp", "billing", "tax", "payment", "fulfilment"])
def test_the_median_and_the_95th_percentile_are_those_of_the_calibration(system: str) -> None:
    seconds, wanted = drawn(system, write=True), DEFAULTS[system]
    assert median(seconds) == pytest.approx(wanted.p50_seconds, rel=0.1)
    assert quantiles(seconds, n=20)[-1] == pytest.approx(wanted.p95_seconds, rel=0.2)


def test_reads_have_a_row_of_their_own_where_there_is_one() -> None:
    assert median(drawn("erp", write=False)) == pytest.approx(DEFAULTS["erp.read"].p50_seconds, rel=0.1)
    assert drawn("crm", write=False, count=10) == drawn("crm", write=True, count=10)


def test_a_scenarios_row_replaces_the_default() -> None:
    table = LatencyTable({"erp.write": Latency(7.0, 7.0)})
    assert table.service_us("erp", True, 1.0, 1) == 7_000_000
    assert table.service_us("erp", False, 1.0, 1) == TABLE.service_us("erp", False, 1.0, 1)


def test_equal_luck_takes_equally_long_and_other_luck_another_time() -> None:
    again = LatencyTable({})
    assert TABLE.service_us("erp", True, 1.0, stirred(1, 1)) == again.service_us("erp", True, 1.0, stirred(1, 1))
    assert TABLE.service_us("erp", True, 1.0, stirred(1, 1)) != TABLE.service_us("erp", True, 1.0, stirred(1, 2))


@pytest.mark.parametrize("luck", [0, 1, MASK, 1 << 63])
def test_the_least_and_the_greatest_luck_still_take_a_time(luck: int) -> None:
    assert 1 <= TABLE.service_us("erp", True, 1.0, luck) < 10**10


def test_a_factor_stretches_a_call() -> None:
    once = TABLE.service_us("erp", True, 1.0, stirred(1, 1))
    assert TABLE.service_us("erp", True, 3.0, stirred(1, 1)) == pytest.approx(3 * once, abs=2)


@pytest.mark.parametrize(
    ("in_use", "slots", "factor"), [(0, 0, 1.0), (7, 0, 1.0), (0, 10, 1.0), (5, 10, 2.0), (9, 10, 10.0), (10, 10, 10.0)]
)
def test_load_slows_a_system_down_as_a_queue_would_but_at_most_tenfold(in_use: int, slots: int, factor: float) -> None:
    assert load_factor(in_use, slots) == pytest.approx(factor)
    assert load_factor(in_use, slots) <= LOAD_FACTOR_MAX
