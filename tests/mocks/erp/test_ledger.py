"""Journals, periods, rates and recognition."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.calendar import Interval
from domain.charts.chart import IllegalTransition
from domain.revenue import daily_by_month
from mocks.erp import Quirks
from mocks.erp.ledger import postings_of
from mocks.erp.rates import Rate, Rates
from mocks.erp.schedules import spread

PATH = "journalEntry/eid:po_1"


def journal(debit: float = 970.0, fee: float = 30.0, credit: float = 1000.0, **changes: Any) -> dict[str, Any]:
    lines = [
        {"account": {"id": "1000"}, "debit": debit, "memo": "po_1"},
        {"account": {"id": "6100"}, "debit": fee, "memo": "po_1"},
        {"account": {"id": "1050"}, "credit": credit, "memo": "po_1"},
    ]
    body = {"subsidiary": {"id": "US"}, "currency": {"refName": "USD"}, "tranDate": "2026-12-12", "memo": "po_1"}
    return {**body, "line": {"items": lines}, **changes}


def test_a_payout_is_a_balanced_journal_posted_once(bench: Any) -> None:
    first, again = bench.put(PATH, journal()), bench.put(PATH, journal())
    assert first.headers["location"] == again.headers["location"]
    (entry,) = [change.document for change in bench.changes("entry")]
    assert entry.source == "journal/po_1"
    assert [(row.account, row.amount_minor) for row in entry.postings] == [
        ("1000", 97_000),
        ("6100", 3_000),
        ("1050", -100_000),
    ]
    assert bench.get(PATH)["tranId"] == "JE-US-000001"
    assert bench.refused("PUT", PATH, journal(960.0, 40.0)) == (400, "USER_ERROR", "line")


def test_wrong_journals_are_refused(bench: Any) -> None:
    assert bench.refused("PUT", PATH, journal(credit=999.99)) == (400, "USER_ERROR", "line")
    body = journal()
    body["line"]["items"][0]["account"] = {"id": "9999"}
    assert bench.refused("PUT", PATH, body) == (400, "INVALID_KEY_OR_REF", "line.items[0].account")
    body["line"]["items"][0]["account"] = {"id": "1100"}
    assert bench.refused("PUT", PATH, body) == (400, "USER_ERROR", "line.items[0].account")
    body = journal()
    body["line"]["items"][0]["credit"] = 970.0
    assert bench.refused("PUT", PATH, body) == (400, "USER_ERROR", "line.items[0]")
    assert bench.refused("PUT", PATH, journal(subsidiary=None)) == (400, "USER_ERROR", "subsidiary")
    assert bench.refused("PUT", PATH, {**journal(), "line": {"items": []}}) == (400, "USER_ERROR", "line")


def test_a_closed_receivables_period_refuses_invoices_and_still_takes_journals(bench: Any) -> None:
    bench.act("close_period", entity="US", module="ar", name="2026-12", status="soft_closed")
    assert bench.refused("PUT", "invoice/eid:inv_1", bench.invoice()) == (400, "USER_ERROR", "tranDate")
    assert bench.refused("PUT", "customerPayment/eid:pi_1", bench.payment(5.0, 0)) == (400, "USER_ERROR", "tranDate")
    assert bench.put(PATH, journal()).status == 204
    bench.act("close_period", entity="US", module="gl", name="2026-12")
    assert bench.refused("PUT", "journalEntry/eid:po_2", journal()) == (400, "USER_ERROR", "tranDate")
    bench.act("reopen_period", entity="US", module="gl", name="2026-12")
    assert bench.put("journalEntry/eid:po_2", journal()).status == 204
    assert bench.statuses("period", "US/gl/2026-12") == ["open", "soft_closed", "closed", "open"]


def test_orders_are_not_postings_and_ignore_closed_periods(bench: Any) -> None:
    bench.act("close_period", entity="US", module="ar", name="2026-12")
    assert bench.put("salesOrder/eid:Q-000123-v1", bench.order()).status == 204


def test_by_policy_a_closed_date_moves_to_the_next_open_period_and_is_remembered(make: Any) -> None:
    bench = make(Quirks(closed_period="next_open"))
    bench.act("close_period", entity="US", module="ar", name="2026-12")
    assert bench.put("invoice/eid:inv_1", bench.invoice()).status == 204
    entry = bench.changes("entry")[-1].document
    assert (entry.business_date, entry.period, entry.original_date) == (date(2027, 1, 1), "2027-01", date(2026, 12, 10))
    assert bench.get("invoice/eid:inv_1")["tranDate"] == "2027-01-01"
    assert bench.put("invoice/eid:inv_1", bench.invoice()).status == 204
    assert len(bench.changes("entry")) == 1


def test_an_account_may_open_a_period_with_its_first_posting_but_none_that_was_closed(make: Any) -> None:
    bench = make(Quirks(opens_periods=True))
    assert bench.put("invoice/eid:inv_1", bench.invoice(tranDate="2029-02-28")).status == 204
    assert bench.statuses("period", "US/ar/2029-02") == ["open"]
    bench.act("close_period", entity="US", module="ar", name="2029-02")
    late = bench.invoice(tranDate="2029-02-27")
    assert bench.refused("PUT", "invoice/eid:inv_2", late) == (400, "USER_ERROR", "tranDate")


def test_a_locked_period_stays_locked(bench: Any) -> None:
    bench.act("close_period", entity="US", module="gl", name="2026-10", status="locked")
    with pytest.raises(IllegalTransition):
        bench.act("reopen_period", entity="US", module="gl", name="2026-10")
    with pytest.raises(ValueError, match="no period"):
        bench.act("close_period", entity="US", module="ar", name="2031-01")


@pytest.mark.parametrize("total", [100_001, -100_001, 1, 0, 99_999_999])
@pytest.mark.parametrize("term", [(date(2026, 12, 10), date(2027, 12, 10)), (date(2028, 2, 1), date(2028, 2, 29))])
def test_integer_schedules_are_those_of_the_domain(total: int, term: tuple[date, date]) -> None:
    expected = [(part.posted_on, part.amount_minor) for part in daily_by_month(total, Interval(*term))]
    assert list(spread(total, *term)) == expected


def test_recognition_moves_what_is_due_from_deferred_to_revenue_once(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    december = spread(120_000, date(2026, 12, 10), date(2027, 12, 10))[0][1]
    for _ in range(2):
        bench.act("recognise_revenue", entity="US", name="2026-12")
    balances = bench.erp.ledger.trial_balance("US")
    assert balances["2200"] == (december - 120_000, december - 120_000)
    assert balances["4000"] == (-30_000 - december, -30_000 - december)
    (entry,) = [row.document for row in bench.changes("entry") if row.document.source.startswith("revenue/")]
    assert entry.business_date == date(2026, 12, 31)


def test_recognition_on_the_agenda_waits_for_the_month_to_end(make: Any) -> None:
    bench = make(Quirks(recognises_revenue=True))
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.service.tick(bench.now_us)
    assert [row for row in bench.changes("entry") if row.document.source.startswith("revenue/US")] == []
    bench.service.tick(bench.now_us + 23 * 86_400_000_000)
    assert len([row for row in bench.changes("entry") if row.document.source.startswith("revenue/US")]) == 1


def test_rates_are_the_latest_of_the_day_and_are_never_inverted() -> None:
    rates = Rates()
    rates.add("a", "EUR", "USD", "1.1", date(2026, 12, 1))
    rates.add("c", "EUR", "USD", "1.3", date(2026, 12, 20))
    rates.add("b", "EUR", "USD", "1.2", date(2026, 12, 10))
    rates.add("b2", "EUR", "USD", "1.25", date(2026, 12, 10))
    found = [rates.find("EUR", "USD", date(2026, 12, day)) for day in (1, 9, 10, 19, 20)]
    assert [rate.id for rate in found if rate is not None] == ["a", "a", "b2", "b2", "c"]
    assert rates.find("USD", "EUR", date(2026, 12, 5)) is None
    assert rates.find("EUR", "USD", date(2026, 11, 30)) is None


def test_conversion_rounds_half_away_from_zero_across_exponents() -> None:
    rates = Rates()
    rates.add("yen", "JPY", "USD", "0.00645", date(2026, 1, 1))
    rate = rates.require("JPY", "USD", date(2026, 12, 1))
    assert (rate.convert(1_000), rate.convert(100), rate.convert(-100)) == (645, 65, -65)
    assert Rate("", "1").convert(7) == 7


@pytest.mark.parametrize("rate", [Rate("", "1"), Rate("R1", "1.1", 11, 10)])
def test_a_document_of_nothing_posts_nothing_in_whatever_currency(rate: Rate) -> None:
    assert postings_of((("1000", 0), ("1050", 0)), rate) == ()
    assert [row.base_minor for row in postings_of((("1000", 5), ("1050", -5), ("6100", 0)), rate)] in ([5, -5], [6, -6])
