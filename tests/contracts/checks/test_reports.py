"""Service levels, key figures, coverage, reconciliation, stories and the reference page, on hand-made histories."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.checks.coverage import coverage_of
from contracts.checks.facts import Facts
from contracts.checks.kpi import KPIS, KpiResult, kpi_results
from contracts.checks.page import page
from contracts.checks.reconciliation import reconcile
from contracts.checks.sla import LAST_DAYS, NORMAL, SlaResult, quantile, sla_results
from contracts.checks.story import LINES_MAX, story_of
from domain.faults import Fault
from domain.history import Case, Ending, Fired, Flow, Record
from tests.contracts.checks import build
from tests.contracts.checks.build import amended, at, attempt, check, clean, edited, history, of, walk


def _sla(records: list[Record], key: str, column: str = NORMAL) -> SlaResult:
    return next(r for r in sla_results(Facts(history(records))) if r.sla == key and r.column == column)


def _kpi(records: list[Record], key: str) -> KpiResult:
    return next(result for result in kpi_results(Facts(history(records))) if result.kpi == key)


def test_of_outages_that_overlap_the_recovery_counts_from_the_end_of_the_last() -> None:
    other = replace(build.QUOTE, id="Q-000124-v1", txn="Q-000124")
    records = [*clean(), *walk(0, "crm", "quote", other, "draft", "submitted", "approved", "accepted", cause="act")]
    down = (
        Fault(kind="refused", system="erp", start_us=at(1), end_us=at(6)),
        Fault(kind="refused", system="erp", start_us=at(5), end_us=at(8)),
        Fault(kind="refused", system="tax", start_us=at(1), end_us=at(9)),
    )
    facts = Facts(history(records, faults=down))
    result = next(result for result in kpi_results(facts) if result.kpi == "K-23")
    assert result.values == (("outage 1: erp", 120.0), ("outage 3: tax", 60.0))


def test_a_fast_booking_meets_its_service_level() -> None:
    result = _sla(clean(), "SLA-2")
    assert (result.status, result.count, result.max_seconds) == ("missed", 1, 480.0)
    assert _sla(clean(), "SLA-4").status == "met"
    assert _sla(clean(), "SLA-7").status == "unknown"


def test_a_clock_that_never_stops_counts_against_the_target() -> None:
    records = [r for r in clean() if not of("invoice", "erp")(r)]
    result = _sla(records, "SLA-4")
    assert (result.status, result.running, result.count, result.attained_percent) == ("missed", 1, 1, 0.0)


def test_the_last_three_business_days_have_their_own_column() -> None:
    late = at(60 * 24 * 29)  # 30 December 2026
    moved = [replace(record, at_us=record.at_us + late - at(0)) for record in clean()]
    result = _sla(moved, "SLA-2", LAST_DAYS)
    assert (result.count, result.target.percent, result.status) == (1, 99, "met")
    assert _sla(moved, "SLA-2").count == 0


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50), st.integers(1, 100))
@settings(max_examples=100, deadline=None)
def test_a_quantile_is_one_of_the_values_and_grows_with_its_share(ages: list[int], share: int) -> None:
    ages.sort()
    found = quantile(ages, share)
    assert found in [age / 1_000_000 for age in ages]
    assert found <= quantile(ages, 100)


def test_every_key_figure_can_be_measured_on_a_clean_and_on_an_empty_run() -> None:
    for records in (clean(), amended(), []):
        assert [result.kpi for result in kpi_results(Facts(history(records)))] == [row[0] for row in KPIS]


@pytest.mark.parametrize(
    ("key", "label", "value"),
    [
        ("K-01", "by number", 100.0),
        ("K-04", "p50", 19 * 60.0),
        ("K-05", "max", 300.0),
        ("K-07", "p50", 180.0),
        ("K-10", "close to cash", 33 * 60.0),
        ("K-10", "invoice to cash", 6 * 60.0),
        ("K-12", "touchless percent", 100.0),
        ("K-15", "captures", 0.0),
        ("K-16", "accuracy percent", 100.0),
        ("K-17", "payment success percent", 100.0),
        ("K-21", "quotes", 0.0),
        ("K-22", "differences", 0.0),
    ],
)
def test_a_key_figure_of_a_clean_run_is(key: str, label: str, value: float) -> None:
    assert _kpi(clean(), key).value(label) == pytest.approx(value)


def test_a_flow_that_was_driven_again_and_given_up_is_no_success() -> None:
    ends: tuple[Ending, ...] = ("done", "given_up", "cancelled", "done")
    driven = [
        Flow(at_us=at(minute), flow=f"f{n}", name="collect", txn="Q-000123", status=status, ending=ending)
        for n, end in enumerate(ends)
        for minute, status, ending in ((50, "parked", ""), (51, "resumed", ""), (52, "finished", end))
    ]
    assert dict(_kpi([*clean(), *driven], "K-18").values)["replay success"] == 50.0


def test_the_parts_of_close_to_cash_add_up() -> None:
    result = _kpi(clean(), "K-10")
    parts = ("quote to order", "order to invoice", "invoice to cash")
    assert sum(result.value(part) for part in parts) == pytest.approx(result.value("close to cash"))


def test_an_order_booked_after_the_cut_off_spoils_the_accuracy() -> None:
    late = edited(clean(), of("order", "erp"), business_date=build.CONTEXT.cutoff_date)
    result = _kpi(late, "K-16")
    assert (result.value("late"), result.value("late minor units USD")) == (1.0, 17_000.0)


def test_an_unknown_label_is_named() -> None:
    with pytest.raises(KeyError, match="by number"):
        _kpi(clean(), "K-01").value("nonsense")


def test_clean_books_reconcile() -> None:
    result = reconcile(Facts(history(clean())))
    assert result.is_empty, result
    (row,) = result.rows
    assert (row.entity, row.currency, row.accepted_minor, row.cash_minor) == ("US", "USD", 17_000, 18_700)


def test_money_that_did_not_arrive_shows_as_a_difference() -> None:
    records = [r for r in clean() if not of("cash", "erp")(r)]
    (row,) = reconcile(Facts(history(records))).rows
    assert ("captured - cash in ERP", 18_700) in row.differences


def test_coverage_tells_first_tries_from_retries() -> None:
    strike = Fired(at_us=at(50), fault=0, kind="error_before", system="erp", operation="put_invoice", txn="Q-000123")
    bad = {"outcome": "unknown", "status": 500}
    records: list[Record] = [
        *clean(),
        attempt(50, "r50", "erp", "put_invoice", "INV-1", **bad),
        attempt(51, "r51", "erp", "put_invoice", "INV-1", **bad),
        replace(strike, number="r50"),
        replace(strike, number="r51"),
        Case(at_us=at(52), case="C1", flow="f", txn="Q-000123", status="new", code="DEPENDENCY.TIMEOUT",
             owner="platform", opened_us=at(52), due_us=at(60)),
    ]  # fmt: skip
    found = coverage_of(Facts(history(records)))
    assert [(cell.when, cell.hits) for cell in found.cells] == [("first", 1), ("retry", 1)]
    assert found.reasons == (("DEPENDENCY.TIMEOUT", 1),)
    quote = next(states for states in found.states if states.chart == "quote")
    assert "converted" in quote.visited
    assert "declined" in quote.missed


def test_the_story_of_a_double_capture_names_the_lost_reply_and_the_new_key() -> None:
    second = replace(build.CAPTURED, id="pi_2")
    body = {"fingerprint": "same body"}
    records: list[Record] = [
        *clean(),
        attempt(32.1, "r30", "payment", "create_payment_intent", "k/1", outcome="unknown", status=0, **body),
        Fired(at_us=at(32.1), fault=0, kind="lost_reply", system="payment", operation="create_payment_intent",
              txn="Q-000123", number="r30"),
        attempt(33.5, "r31", "payment", "create_payment_intent", "k/1~2", **body),
        *walk(34, "payment", "payment", replace(build.PAYMENT, id="pi_2"), "created", "authorized"),
        build.changed(36, "payment", "payment", replace(second, status="captured"), "authorized"),
    ]  # fmt: skip
    facts = Facts(history(records))
    (violation, *_) = check("S4", records).violations
    told = [sentence for _, sentence in story_of(violation, facts)]
    assert any("the reply was lost" in sentence for sentence in told)
    assert any("under a new key, k/1~2" in sentence for sentence in told)
    assert told[-1] == violation.sentence
    assert len(told) <= LINES_MAX


def test_a_story_without_a_transaction_has_at_least_the_violation() -> None:
    wrong = build.entry(40, "GL9", "journal/x", ("1000", 5))
    (violation, *_) = check("M4", [*clean(), wrong]).violations
    assert story_of(violation, Facts(history([*clean(), wrong])))[-1][1] == violation.sentence


def test_the_reference_page_is_up_to_date() -> None:
    path = Path(__file__).parents[3] / "docs" / "reference" / "checks.md"
    assert path.read_text(encoding="utf-8") == page(), "run: python -m contracts.checks.page"
