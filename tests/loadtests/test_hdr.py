"""HDR percentiles: exact to three digits, and histograms of several workers add up."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("hdrh", reason="the load tests need the extra: pip install 'q2c-harness[load]'")

from loadtests.hdr import Histograms


@given(
    millis=st.lists(st.integers(1, 3_600_000), min_size=1, max_size=60), percent=st.sampled_from([50.0, 99.0, 100.0])
)
@settings(max_examples=30, deadline=None)
def test_a_percentile_is_that_of_the_sorted_values(millis: list[int], percent: float) -> None:
    found = Histograms()
    for each in millis:
        found.note("act", each / 1000)
    rank = max(1, int(percent / 100 * len(millis) + 0.5))
    assert found.quantile_seconds("act", percent) == pytest.approx(sorted(millis)[rank - 1] / 1000, rel=0.002)


def test_what_workers_took_adds_up_and_is_taken_once() -> None:
    one, other, whole = Histograms(), Histograms(), Histograms()
    for number in range(1, 101):
        (one if number % 2 else other).note("act", number / 1000)
    whole.add(one.take())
    whole.add(other.take())
    assert one.take() == {}
    assert whole.count("act") == 100
    assert whole.quantile_seconds("act", 99) == pytest.approx(0.099, rel=0.002)


def test_what_is_longer_than_an_hour_counts_as_an_hour() -> None:
    found = Histograms()
    found.note("act", 10_000)
    assert found.quantile_seconds("act", 100) == pytest.approx(3600, rel=0.002)


def test_a_histogram_is_written_as_plotters_read_it(tmp_path: Path) -> None:
    found = Histograms()
    found.note("crm: accept quote", 0.25)
    found.write(tmp_path)
    lines = (tmp_path / "crm__accept_quote.hgrm").read_text(encoding="ascii").splitlines()
    assert lines[0].split() == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
    assert float(lines[2].split()[0]) == pytest.approx(250, rel=0.002)
