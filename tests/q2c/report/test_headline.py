"""The numbers that matter, and the words for key figures and their targets."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from contracts.checks.kpi import KPIS, KpiResult
from q2c.report.headline import figures
from q2c.report.targets import TARGETS, figure, label_of
from tests.contracts.checks.build import clean, of, without
from tests.q2c.report.examples import OUTAGE, broken, gathered, troubled


def test_figures_turn_bad_with_what_they_count() -> None:
    signed, twins, money, _ = figures(broken())
    assert (signed.value, signed.tone) == ("1 of 1", "good")
    assert twins.tone == "bad"
    assert int(twins.value) >= 1
    assert money.label == "Money differences (faults)"


def test_an_outage_that_is_never_made_up_for_says_never() -> None:
    stuck = figures(gathered(without(clean(), of("subscription", "billing")), faults=(OUTAGE,)))[3]
    assert (stuck.label, stuck.value, stuck.tone) == ("Billing caught up", "never", "bad")
    assert stuck.note == "still waiting: 1 item, booked, not in billing"


def test_without_an_outage_the_time_to_book_takes_its_place() -> None:
    figure_of = figures(gathered(clean()))[3]
    assert (figure_of.label, figure_of.value) == ("From signature to booking, median", "8 min")


def test_an_outage_is_over_when_the_backlog_is_what_it_was() -> None:
    caught_up = figures(troubled())[3]
    assert (caught_up.value, caught_up.tone) == ("in 1 min", "good")


@pytest.mark.parametrize(
    ("unit", "label", "value", "said"),
    [
        ("percent", "by number", 85.34, "85.3 %"),
        ("seconds", "p95", 225.0, "3 min 45 s"),
        ("minor units", "USD", 123_456.0, "1,234.56 USD"),
        ("mixed", "touchless percent", 99.83, "99.8 %"),
        ("mixed", "oldest hours", 1.5, "1 h 30 min"),
        ("mixed", "erp p95 seconds", 2.0, "2.0 s"),
        ("count", "orders", 3.0, "3"),
        ("mixed", "per order", 0.012, "0.01"),
        ("days", "USD", 8.24, "8.2 d"),
        ("mixed", "late minor units USD", 123_456, "1,234.56 USD"),
        ("mixed", "late minor units JPY", 1_234, "1,234 JPY"),
    ],
)
def test_a_key_figure_is_said_in_its_unit(unit: str, label: str, value: float, said: str) -> None:
    assert figure(unit, label, value) == said


def test_a_label_does_not_repeat_the_unit() -> None:
    assert label_of("mixed", "touchless percent") == "touchless"
    assert label_of("percent", "by value") == "by value"
    assert label_of("mixed", "late minor units USD") == "late"


def test_targets_name_known_figures_and_can_be_missed() -> None:
    assert set(TARGETS) <= {key for key, *_ in KPIS}
    late = KpiResult(kpi="K-16", title="", unit="mixed", values=(("late", 1.0),), count=5)
    assert not TARGETS["K-16"][1](late)
    assert TARGETS["K-16"][1](replace(late, values=(("late", 0.0),)))
