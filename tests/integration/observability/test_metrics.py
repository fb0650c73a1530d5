"""Metrics of a rehearsed quarter: under the names of the specification, and equal to what the history tells."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from domain.history import Attempted, Flow
from integration.observability.metrics import Metrics
from tests.integration.rehearsed import Rehearsed, quarter

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def played() -> Rehearsed:
    return quarter()


@pytest.fixture(scope="module")
def metrics(played: Rehearsed) -> Metrics:
    assert played.watched is not None
    return played.watched.metrics


@pytest.fixture(scope="module")
def series(metrics: Metrics) -> Series:
    found: Series = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            found[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    return found


def total(series: Series, name: str, **labels: str) -> float:
    return sum(
        value for (found, told), value in series.items() if found == name and labels.items() <= dict(told).items()
    )


def known(attempt: Attempted) -> str:
    """Return what the caller makes of an attempt: a read that failed has had no effect, whatever the status."""
    return "failed" if attempt.status >= 500 and not attempt.write else attempt.outcome


def test_calls_are_as_many_as_the_history_counts(series: Series, played: Rehearsed) -> None:
    wanted = Counter((each.system, known(each)) for each in played.history.of(Attempted))
    for system, outcome in wanted:
        told = total(series, "q2c_calls_total", peer=system, outcome=outcome)
        assert told == wanted[system, outcome], (system, outcome)
    assert total(series, "q2c_call_duration_seconds_count") == sum(wanted.values())


def test_flows_begin_and_end_as_the_history_tells(series: Series, played: Rehearsed) -> None:
    ended = Counter(each.status for each in played.history.of(Flow))
    assert total(series, "q2c_flows_started_total") == ended["started"] > 100
    finished = ended["finished"] + ended["discarded"]
    assert total(series, "q2c_flows_finished_total") == finished
    assert total(series, "q2c_flow_duration_seconds_count") == finished


def test_unknown_outcomes_are_counted_and_cleared_up(series: Series, metrics: Metrics, played: Rehearsed) -> None:
    unknown = sum(1 for each in played.history.of(Attempted) if each.outcome == "unknown" and each.write)
    assert total(series, "q2c_unknown_outcomes_total") == unknown > 0
    assert total(series, "q2c_retries_total") > 0


def test_messages_that_came_again_are_counted(series: Series, played: Rehearsed) -> None:
    known = played.rehearsal.integration.duplicates
    assert sum(known.values()) > 0
    for source, count in known.items():
        assert total(series, "q2c_inbox_duplicates_total", source=source) == count


def test_money_captured_is_the_money_of_the_events(series: Series, played: Rehearsed) -> None:
    wanted: Counter[str] = Counter()
    for row in played.reader.events(type="q2c.payment.received.v1", limit=1000):
        wanted[row.body["amount"]["currency"]] += row.body["amount"]["amount_minor"]
    for currency, amount in wanted.items():
        assert total(series, "q2c_money_captured_minor_units_total", currency=currency) == amount


SPECIFIED = {
    "q2c_flows_started_total", "q2c_flows_finished_total", "q2c_flow_duration_seconds", "q2c_calls_total",
    "q2c_call_duration_seconds", "q2c_retries_total", "q2c_unknown_outcomes_total", "q2c_unknown_outcomes_open",
    "q2c_throttled_seconds_total", "q2c_breaker_open", "q2c_inbox_duplicates_total", "q2c_inbox_lag_seconds",
    "q2c_outbox_lag_seconds", "q2c_outbox_unsent", "q2c_exceptions_open", "q2c_exception_age_seconds_max",
    "q2c_parked_flows", "q2c_reconciliation_difference", "q2c_status_lag_seconds",
    "q2c_money_captured_minor_units_total", "q2c_audit_chain_head_age_seconds",
}  # fmt: skip
"""The names of the resilience specification (5.2), all of them."""
PAGE = Path(__file__).parents[3] / "docs/how-to/watch-with-opentelemetry.md"


def test_the_names_of_the_specification_are_there(metrics: Metrics) -> None:
    told = set(re.findall(r"^# TYPE (\S+) ", metrics.text().decode(), re.MULTILINE))
    assert told >= SPECIFIED


def test_the_page_names_every_metric_and_no_other(metrics: Metrics) -> None:
    of_the_relay = {"q2c_relay_backlog", "q2c_relay_lag_seconds", "q2c_relay_withheld", "q2c_relay_published"}
    told = set(re.findall(r"^# TYPE (q2c_\w+) ", metrics.text().decode(), re.MULTILINE)) | of_the_relay
    named = set(re.findall(r"`(q2c_\w+)[{`]", PAGE.read_text()))
    assert named == {name for name in told if not name.endswith("_created")}


def test_labels_name_nobody(series: Series) -> None:
    values = {value for _, labels in series for _, value in labels}
    assert not [value for value in values if "Q-0" in value or "INV" in value or value.startswith("A-")]
    assert len(series) < 1500


def test_a_reconciliation_shows_its_differences_until_the_next_one(metrics: Metrics) -> None:
    metrics.reconciled([("events-erp", "USD", -250)])
    assert b'q2c_reconciliation_difference{currency="USD",pair="events-erp"} -250.0' in metrics.text()
    metrics.reconciled([])
    assert b"q2c_reconciliation_difference{" not in metrics.text()
