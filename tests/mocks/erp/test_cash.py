"""Payments and refunds over the wire: applications, unapplied cash, FX, reopened invoices."""

from __future__ import annotations

from typing import Any

import pytest

PATH = "customerPayment/eid:pi_1"


def postings(bench: Any) -> list[tuple[str, int, int]]:
    entry = bench.changes("entry")[-1].document
    return [(row.account, row.amount_minor, row.base_minor) for row in entry.postings]


@pytest.mark.parametrize(("method", "account"), [("card", "1050"), ("debit", "1050"), ("push", "1000")])
def test_a_payment_clears_its_invoice_through_the_account_of_its_method(bench: Any, method: str, account: str) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    assert bench.put(PATH, bench.payment(1606.5, custbody_method=method)).status == 204
    assert bench.get("invoice/eid:inv_1")["status"]["id"] == "paidInFull"
    assert postings(bench) == [(account, 160_650, 160_650), ("1100", -160_650, -160_650)]
    document = bench.changes("cash")[-1].document
    assert (document.ref, document.txn, document.applied, document.status) == (
        "pi_1",
        "Q-000123",
        (("1000001", 160_650),),
        "applied",
    )


def test_a_part_payment_leaves_the_rest_open(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.put(PATH, bench.payment(1000.0))
    assert bench.get("invoice/eid:inv_1")["amountRemaining"] == 606.5
    assert bench.statuses("invoice") == ["posted", "partially_paid"]


def test_repetition_posts_nothing_again_and_another_amount_is_refused(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    first, again = bench.put(PATH, bench.payment(1000.0)), bench.put(PATH, bench.payment(1000.0))
    assert first.headers["location"] == again.headers["location"]
    assert len(bench.changes("cash")) == 1
    assert bench.refused("PUT", PATH, bench.payment(1001.0)) == (400, "USER_ERROR", "payment")


def test_over_application_is_refused(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    assert bench.refused("PUT", PATH, bench.payment(2000.0, 1606.51)) == (400, "USER_ERROR", "apply.items[0].amount")
    assert bench.refused("PUT", PATH, bench.payment(1000.0, 1000.01)) == (400, "USER_ERROR", "apply.items[0].amount")
    assert bench.refused("PUT", PATH, bench.payment(0)) == (400, "USER_ERROR", "payment")
    twice = bench.payment(1700.0)
    twice["apply"]["items"] = [{"doc": {"externalId": "inv_1"}, "amount": 900.0}] * 2
    assert bench.refused("PUT", PATH, twice) == (400, "USER_ERROR", "apply.items[1].amount")


def test_what_is_not_applied_stays_unapplied_until_it_is(bench: Any) -> None:
    bench.put(PATH, bench.payment(2000.0, 0))
    assert postings(bench) == [("1050", 200_000, 200_000), ("2150", -200_000, -200_000)]
    assert bench.get("customer/eid:A-000001")["balance"] == -2000.0
    bench.put("invoice/eid:inv_1", bench.invoice())
    later = bench.payment(2000.0, 1606.5)
    assert bench.put(PATH, later).status == 204
    assert postings(bench) == [("2150", 160_650, 160_650), ("1100", -160_650, -160_650)]
    assert bench.get(PATH)["unapplied"] == 393.5
    before = len(bench.changes("entry"))
    bench.put(PATH, later)
    assert len(bench.changes("entry")) == before
    assert bench.refused("PUT", PATH, bench.payment(2000.0, 1000.0)) == (400, "USER_ERROR", "apply.items[0].amount")


def test_automatic_application_prefers_the_exact_match_then_the_oldest(bench: Any) -> None:
    for number, amount in ((1, 300.0), (2, 200.0), (3, 700.0)):
        due = f"2027-01-0{9 - number}"
        bench.put(f"invoice/eid:inv_{number}", bench.invoice(amount, 0, dueDate=due))
    automatic = bench.payment(600.0, 0, autoApply=True)
    bench.put("customerPayment/eid:pi_1", {**automatic, "apply": None})
    assert bench.get("invoice/eid:inv_1")["status"]["id"] == "paidInFull"
    bench.put("customerPayment/eid:pi_2", {**automatic, "payment": 1200.0, "apply": None})
    assert bench.get("invoice/eid:inv_3")["amountRemaining"] == 0
    assert bench.get("invoice/eid:inv_2")["amountRemaining"] == 300.0


def test_a_payment_pays_only_invoices_of_its_customer(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.act("create_customer", account="A-000002", name="Bolt", entity="US", currency="USD")
    stranger = bench.payment(10.0, customer={"externalId": "A-000002"})
    assert bench.refused("PUT", PATH, stranger) == (400, "INVALID_KEY_OR_REF", "apply.items[0].doc")
    assert bench.refused("PUT", PATH, bench.payment(10.0, custbody_method="barter")) == (
        400,
        "INVALID_CONTENT",
        "custbody_method",
    )


def test_the_difference_between_two_rates_is_realised_fx(bench: Any) -> None:
    bench.act("create_customer", account="A-000003", name="Chat", entity="US", currency="EUR")
    for number, rate in ((10, "1.10"), (11, "1.05")):
        bench.act(
            "add_rate", rate_id=f"fx-{number}", **{"from": "EUR", "to": "USD"}, rate=rate, date=f"2026-12-{number}"
        )
    owner = {"externalId": "A-000003"}
    bench.put("invoice/eid:inv_1", bench.invoice(700.0, 0, entity=owner, currency={"refName": "EUR"}))
    bench.put(PATH, bench.payment(1000.0, customer=owner, currency={"refName": "EUR"}))
    assert postings(bench) == [("1050", 100_000, 105_000), ("1100", -100_000, -110_000), ("7000", 0, 5_000)]
    assert bench.erp.ledger.balances["US", "EUR", "1100"] == [0, 0]


def test_a_transform_pays_the_whole_invoice(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    path = "invoice/eid:inv_1/!transform/customerPayment"
    assert bench.call("POST", path, {"externalId": "pi_7", "tranDate": "2026-12-12"}).status == 204
    assert bench.get("customerPayment/eid:pi_7")["payment"] == 1606.5


def refund(source: str, amount: float | None) -> dict[str, Any]:
    row: dict[str, Any] = {"doc": {"externalId": source}}
    if amount is not None:
        row["amount"] = amount
    return {"customer": {"externalId": "A-000001"}, "tranDate": "2026-12-21", "apply": {"items": [row]}}


def test_refunding_a_credit_memo_pays_out_what_is_left_of_it(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.put(PATH, bench.payment(1606.5))
    bench.put("creditMemo/eid:cn_1", bench.memo())
    assert bench.refused("PUT", "customerRefund/eid:re_1", refund("cn_1", 107.11))[1:] == (
        "USER_ERROR",
        "apply.items[0].amount",
    )
    assert bench.put("customerRefund/eid:re_1", refund("cn_1", 107.1)).status == 204
    assert bench.put("customerRefund/eid:re_1", refund("cn_1", 107.1)).status == 204
    assert postings(bench) == [("1100", 10_710, 10_710), ("1050", -10_710, -10_710)]
    assert bench.statuses("credit_memo")[-1] == "refunded"
    assert bench.get("customer/eid:A-000001")["balance"] == 0
    assert bench.get("customerRefund/eid:re_1")["total"] == 107.1


def test_refunding_a_payment_without_adjustment_reopens_its_invoice(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.put(PATH, bench.payment(1700.0, 1606.5))
    bench.put("customerRefund/eid:re_1", refund("pi_1", 500.0))
    assert postings(bench) == [("2150", 9_350, 9_350), ("1100", 40_650, 40_650), ("1050", -50_000, -50_000)]
    assert bench.get("invoice/eid:inv_1")["amountRemaining"] == 406.5
    assert bench.statuses("invoice") == ["posted", "paid", "partially_paid"]
    assert bench.refused("PUT", "customerRefund/eid:re_2", refund("pi_1", 1200.01))[1] == "USER_ERROR"
    bench.put("customerRefund/eid:re_2", refund("pi_1", None))
    assert bench.get("invoice/eid:inv_1")["amountRemaining"] == 1606.5
    assert bench.statuses("cash")[-1] == "refunded"
    assert bench.refused("PUT", "customerRefund/eid:re_2", refund("pi_1", 1.0)) == (400, "USER_ERROR", "apply")
