"""Credit memos over the wire: they mirror the invoice, reduce it first and never exceed it."""

from __future__ import annotations

from typing import Any

from mocks.erp import Quirks

PATH = "creditMemo/eid:cn_1"


def test_a_credit_memo_reduces_the_open_invoice_and_mirrors_its_posting(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    assert bench.put(PATH, bench.memo()).status == 204
    assert bench.get("invoice/eid:inv_1")["amountRemaining"] == 1499.4
    assert bench.get(PATH)["status"]["id"] == "fullyApplied"
    assert bench.statuses("credit_memo") == ["posted", "applied"]
    entry = bench.changes("entry")[-1].document
    assert [(row.account, row.amount_minor) for row in entry.postings] == [
        ("1100", -10_710),
        ("2200", 10_000),
        ("2100", 710),
    ]
    document = bench.changes("credit_memo")[-1].document
    assert (document.ref, document.txn, document.invoice) == ("cn_1", "Q-000123", "1000001")
    schedule = bench.changes("revenue_schedule")[-1].document
    assert (schedule.total_minor, schedule.invoice) == (-10_000, document.id)


def test_the_credit_of_a_paid_invoice_waits_to_be_refunded(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.put("customerPayment/eid:pi_1", bench.payment(1606.5))
    bench.put(PATH, bench.memo())
    assert (bench.get(PATH)["amountRemaining"], bench.get(PATH)["status"]["id"]) == (107.1, "open")
    assert bench.get("customer/eid:A-000001")["balance"] == -107.1


def test_credit_beyond_what_is_open_is_split(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.put("customerPayment/eid:pi_1", bench.payment(1600.0))
    bench.put(PATH, bench.memo())
    assert bench.get("invoice/eid:inv_1")["status"]["id"] == "paidInFull"
    assert bench.get(PATH)["amountRemaining"] == 100.6
    assert bench.statuses("credit_memo") == ["posted", "partially_applied"]


def test_repetition_is_harmless_and_change_is_refused(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    body = bench.memo()
    del body["item"]["items"][0]["custcol_period_start"], body["item"]["items"][0]["custcol_period_end"]
    first, again = bench.put(PATH, body), bench.put(PATH, body)
    assert first.headers["location"] == again.headers["location"]
    assert len(bench.erp.credit_memos.records) == 1
    assert bench.refused("PUT", PATH, bench.memo(amount=101.0)) == (400, "USER_ERROR", "item")


def test_credits_never_exceed_the_invoice_neither_net_nor_tax(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.put(PATH, bench.memo(amount=1000.0, tax=71.0))
    assert bench.refused("PUT", "creditMemo/eid:cn_2", bench.memo(amount=500.01, tax=0)) == (400, "USER_ERROR", "item")
    assert bench.refused("PUT", "creditMemo/eid:cn_2", bench.memo(amount=500.0, tax=35.51)) == (
        400,
        "USER_ERROR",
        "taxDetails",
    )
    assert bench.put("creditMemo/eid:cn_2", bench.memo(amount=500.0, tax=35.5)).status == 204
    assert bench.get("invoice/eid:inv_1")["status"]["id"] == "paidInFull"


def test_the_invoice_must_exist_unless_it_may_predate_the_migration(bench: Any, make: Any) -> None:
    strict = make(Quirks(credits_before_migration=False))
    assert strict.refused("PUT", PATH, strict.memo()) == (400, "INVALID_KEY_OR_REF", "createdFrom")
    bench.put("customer/eid:A-000009", {"companyName": "New", "subsidiary": {"id": "US"}})
    of_new = bench.memo(entity={"externalId": "A-000009"})
    assert bench.refused("PUT", PATH, of_new) == (400, "INVALID_KEY_OR_REF", "createdFrom")
    assert bench.put(PATH, bench.memo()).status == 204
    assert bench.put(PATH, bench.memo()).status == 204
    assert bench.changes("credit_memo")[-1].document.invoice == ""
    assert bench.get(PATH)["amountRemaining"] == 107.1


def test_a_foreign_credit_uses_the_rate_of_its_invoice_and_leaves_no_residue(bench: Any) -> None:
    bench.act("create_customer", account="A-000003", name="Chat", entity="US", currency="EUR")
    bench.act("add_rate", rate_id="fx-1", **{"from": "EUR", "to": "USD"}, rate="1.08765", date="2026-12-01")
    bench.act("add_rate", rate_id="fx-2", **{"from": "EUR", "to": "USD"}, rate="1.3", date="2026-12-15")
    owner = {"entity": {"externalId": "A-000003"}, "currency": {"refName": "EUR"}}
    bench.put("invoice/eid:inv_1", bench.invoice(333.33, 33.37, **owner))
    bench.put("creditMemo/eid:cn_1", bench.memo(111.11, 11.11, **owner))
    bench.put("creditMemo/eid:cn_2", bench.memo(522.22, 22.26, **owner))
    assert bench.get("invoice/eid:inv_1")["amountRemaining"] == 0
    assert bench.erp.ledger.balances["US", "EUR", "1100"] == [0, 0]
    assert {change.document.rate_id for change in bench.changes("entry")} == {"fx-1"}


def reopened(bench: Any) -> None:
    """Post an invoice that was paid, then credited, and whose payment went back."""
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.put("customerPayment/eid:pi_1", bench.payment(1606.5))
    bench.put(PATH, bench.memo())
    row = {"doc": {"externalId": "pi_1"}, "amount": 1606.5}
    bench.put("customerRefund/eid:re_1", {"customer": {"externalId": "A-000001"}, "apply": {"items": [row]}})


def applied(amount: float) -> dict[str, Any]:
    return {"apply": {"items": [{"doc": {"externalId": "inv_1"}, "apply": True, "amount": amount}]}}


def test_what_is_left_of_a_memo_is_applied_later_and_only_once(bench: Any) -> None:
    reopened(bench)
    entries = len(bench.changes("entry"))
    for _ in range(2):
        assert bench.call("PATCH", PATH, applied(107.1)).status == 204
    assert (bench.get(PATH)["amountRemaining"], bench.get(PATH)["status"]["id"]) == (0.0, "fullyApplied")
    assert bench.get("invoice/eid:inv_1")["amountRemaining"] == 1499.4
    assert bench.get("customer/eid:A-000001")["balance"] == 1499.4
    assert bench.statuses("credit_memo") == ["posted", "applied"]
    assert len(bench.changes("entry")) == entries  # receivables on both sides


def test_a_memo_is_applied_in_parts_and_shows_to_what(bench: Any) -> None:
    reopened(bench)
    for amount in (50.0, 80.0):
        bench.call("PATCH", PATH, applied(amount))
    assert bench.get(PATH)["amountRemaining"] == 27.1
    (row,) = bench.get(f"{PATH}/apply")["items"]
    assert bench.get(f"{PATH}/apply/1")["amount"] == 80.0
    assert row["links"]


def test_no_more_of_a_memo_is_applied_than_is_left_and_nothing_is_taken_back(bench: Any) -> None:
    reopened(bench)
    bench.call("PATCH", PATH, applied(50.0))
    for amount in (107.11, 49.99):
        assert bench.refused("PATCH", PATH, applied(amount)) == (400, "USER_ERROR", "apply.items[0].amount")
