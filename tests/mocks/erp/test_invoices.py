"""Invoices over the wire: one posting, gapless numbers, immutability, revenue schedules, opening items."""

from __future__ import annotations

from datetime import date
from typing import Any

from domain.calendar import Interval
from domain.objects import Entry
from domain.revenue import daily_by_month

PATH = "invoice/eid:inv_1"


def entries(bench: Any) -> list[Entry]:
    return [change.document for change in bench.changes("entry")]


def test_posting_an_invoice_posts_ar_tax_and_deferred_revenue_at_once(bench: Any) -> None:
    reply = bench.put(PATH, bench.invoice())
    assert (reply.status, reply.headers["location"].rsplit("/", 2)[-2]) == (204, "invoice")
    shown = bench.get(PATH)
    assert (shown["tranId"], shown["status"]["id"]) == ("INV-US-000001", "open")
    assert (shown["total"], shown["amountRemaining"], shown["taxTotal"]) == (1606.5, 1606.5, 106.5)
    (entry,) = entries(bench)
    assert [(row.account, row.amount_minor) for row in entry.postings] == [
        ("1100", 160_650),
        ("2200", -120_000),
        ("4000", -30_000),
        ("2100", -10_650),
    ]
    assert (entry.source, entry.period, entry.rate, entry.rate_id) == ("invoice/1000001", "2026-12", "1", "")
    assert all(row.amount_minor == row.base_minor for row in entry.postings)
    document = bench.changes("invoice")[-1].document
    assert (document.ref, document.txn, document.net_minor) == ("inv_1", "Q-000123", 150_000)
    assert (document.taxes[0].jurisdiction, document.due_date) == ("US-NY", date(2027, 1, 9))


def test_repeating_the_put_posts_nothing_again(bench: Any) -> None:
    first, again = bench.put(PATH, bench.invoice()), bench.put(PATH, bench.invoice())
    assert first.headers["location"] == again.headers["location"]
    assert len(entries(bench)) == 1
    assert len(bench.changes("invoice")) == 1


def test_a_posted_invoice_is_immutable(bench: Any) -> None:
    bench.put(PATH, bench.invoice())
    assert bench.refused("PUT", PATH, bench.invoice(amount=1300.0)) == (400, "USER_ERROR", "item")
    assert bench.refused("PUT", PATH, bench.invoice(tax=1.0)) == (400, "USER_ERROR", "item")
    assert bench.refused("PUT", PATH, bench.invoice(tranDate="2026-12-11")) == (400, "USER_ERROR", "item")


def test_numbers_are_gapless_per_entity_even_after_refusals(bench: Any) -> None:
    bench.act("create_customer", account="A-000002", name="Bolt", entity="UK", currency="GBP")
    for number in range(1, 4):
        bench.put(f"invoice/eid:inv_{number}", bench.invoice())
        bench.refused("PUT", f"invoice/eid:bad_{number}", bench.invoice(entity={"externalId": "A-000404"}))
        bench.refused("PUT", f"invoice/eid:late_{number}", bench.invoice(tranDate="2026-09-30"))
    british = {"entity": {"externalId": "A-000002"}, "subsidiary": {"id": "UK"}, "currency": {"refName": "GBP"}}
    bench.put("invoice/eid:inv_uk", bench.invoice(**british))
    numbers = [change.document.number for change in bench.changes("invoice")]
    assert numbers == ["INV-US-000001", "INV-US-000002", "INV-US-000003", "INV-UK-000001"]


def test_a_recurring_line_is_scheduled_over_its_service_period_to_the_cent(bench: Any) -> None:
    bench.put(PATH, bench.invoice(amount=1000.01))
    (schedule,) = [change.document for change in bench.changes("revenue_schedule")]
    term = Interval(date(2026, 12, 10), date(2027, 12, 10))
    expected = [(part.posted_on, part.amount_minor) for part in daily_by_month(100_001, term)]
    assert list(schedule.slices) == expected
    assert sum(amount for _, amount in schedule.slices) == schedule.total_minor == 100_001
    assert (schedule.invoice, schedule.line) == ("1000001", "1")


def test_an_item_whose_revenue_is_earned_at_posting_is_never_deferred(bench: Any) -> None:
    bench.act("create_item", sku="CORE", item="ITM-CORE", kind="recurring", revenue_rule="at_posting")
    bench.put(PATH, bench.invoice())
    assert bench.changes("revenue_schedule") == []
    assert "2200" not in {row.account for row in entries(bench)[0].postings}


def test_an_invoice_of_nothing_is_paid_at_once_and_posts_nothing(bench: Any) -> None:
    body = bench.invoice()
    body["item"]["items"] = [{**body["item"]["items"][1], "amount": 0, "rate": 0}]
    bench.put(PATH, {**body, "taxDetails": {"items": []}})
    assert bench.get(PATH)["status"]["id"] == "paidInFull"
    assert entries(bench) == []


def test_a_foreign_invoice_posts_base_amounts_at_a_named_rate_and_the_last_line_takes_the_residual(bench: Any) -> None:
    bench.act("create_customer", account="A-000003", name="Chat", entity="US", currency="EUR")
    euro = bench.invoice(333.0, 10.01, entity={"externalId": "A-000003"}, currency={"refName": "EUR"})
    assert bench.refused("PUT", PATH, euro) == (400, "USER_ERROR", "exchangeRate")
    bench.act("add_rate", rate_id="fx-1", **{"from": "EUR", "to": "USD"}, rate="1.08765", date="2026-12-01")
    bench.act("add_rate", rate_id="fx-2", **{"from": "EUR", "to": "USD"}, rate="1.2", date="2026-12-11")
    bench.put(PATH, euro)
    (entry,) = entries(bench)
    assert (entry.rate, entry.rate_id, entry.base_currency, entry.currency) == ("1.08765", "fx-1", "USD", "EUR")
    assert [(row.amount_minor, row.base_minor) for row in entry.postings] == [
        (64_301, 69_937),
        (-33_300, -36_219),
        (-30_000, -32_630),
        (-1_001, -1_088),  # by itself it would round to 1,089
    ]
    assert sum(row.base_minor for row in entry.postings) == 0


def test_a_yen_invoice_has_no_minor_units(bench: Any) -> None:
    bench.act("create_customer", account="A-000004", name="Daruma", entity="JP", currency="JPY")
    yen = {"entity": {"externalId": "A-000004"}, "subsidiary": {"id": "JP"}, "currency": {"refName": "JPY"}}
    assert bench.refused("PUT", PATH, bench.invoice(1200.5, 150, **yen))[1] == "INVALID_CONTENT"
    bench.put(PATH, bench.invoice(120_000, 12_030, **yen))
    assert bench.get(PATH)["total"] == 132_330
    assert bench.changes("invoice")[-1].document.total_minor == 132_330


def test_an_open_item_of_the_past_is_ar_without_touching_cash(bench: Any) -> None:
    bench.act(
        "open_item", account="A-000001", id="inv_old", date="2026-08-15", due_date="2026-09-14", amount_minor=50_000,
        balance_minor=20_000,
    )  # fmt: skip
    shown = bench.get("invoice/eid:inv_old")
    assert (shown["amountRemaining"], shown["dueDate"]) == (200.0, "2026-09-14")
    assert bench.erp.ledger.trial_balance("US") == {"1100": (20_000, 20_000), "3000": (-20_000, -20_000)}
    assert entries(bench)[0].original_date == date(2026, 8, 15)
    assert bench.get("customer/eid:A-000001")["custentity_credit_status"] == "warning"


def test_a_paid_open_item_with_lines_can_be_credited_like_any_invoice(bench: Any) -> None:
    line = {
        "sku": "CORE", "quantity": 10, "unit_minor": 10_000, "amount_minor": 100_000, "months": 12,
        "period_start": "2026-06-01", "period_end": "2027-06-01",
    }  # fmt: skip
    tax = {"jurisdiction": "US-NY", "base_minor": 100_000, "amount_minor": 8_000}
    bench.act(
        "open_item", account="A-000001", id="inv_1", date="2026-06-01", lines=[line], taxes=[tax], balance_minor=0
    )
    assert bench.get(PATH)["status"]["id"] == "paidInFull"
    assert bench.put("creditMemo/eid:cn_1", bench.memo()).status == 204
    assert bench.get("creditMemo/eid:cn_1")["amountRemaining"] == 107.1
