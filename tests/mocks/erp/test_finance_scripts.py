"""Scripts of a finance team, write-offs and disputed invoices: what closes, what is held, what is given up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.http import Request

PATH = "/app/site/hosting/restlet.nl"
LOSS = "creditMemo/eid:inv_1.loss"


def ask(bench: Any, script: str, method: str = "GET", **fields: Any) -> tuple[int, Any]:
    """Call one of the scripts; return status and answer."""
    query = f"?script=customscript_q2c_{script}&deploy=1"
    if method == "GET":
        query += "".join(f"&{name}={value}" for name, value in fields.items())
    headers = {"authorization": "Bearer test", "content-type": "application/json"}
    body = json.dumps(fields).encode() if method == "POST" else b""
    reply = bench.service.handle(Request("erp", method, PATH + query, headers, body), bench.now_us, "r").reply
    return reply.status, json.loads(reply.body)


def move(bench: Any, module: str, status: str, period: str = "2026-11") -> tuple[int, Any]:
    return ask(bench, "period", "POST", entity="US", module=module, period=period, status=status)


# --- periods --------------------------------------------------------------------------------------------------------


def test_a_period_moves_along_its_chart_and_a_repetition_changes_nothing(bench: Any) -> None:
    assert move(bench, "ar", "soft_closed") == (
        200, {"entity": "US", "period": "2026-11", "ar": "soft_closed", "gl": "open"}
    )  # fmt: skip
    before = len(bench.changes("period"))
    assert move(bench, "ar", "soft_closed")[0] == 200
    assert len(bench.changes("period")) == before
    assert move(bench, "ar", "closed")[1]["ar"] == "closed"
    assert ask(bench, "period", entity="US", period="2026-11")[1]["gl"] == "open"


@pytest.mark.parametrize(
    ("first", "then"), [("closed", "soft_closed"), ("locked", "open"), ("open", "shut"), ("closed", "future")]
)
def test_a_period_does_not_go_where_its_chart_does_not_lead(bench: Any, first: str, then: str) -> None:
    if first != "open":
        move(bench, "gl", first)
    status, answer = move(bench, "gl", then)
    assert (status, answer["error"]["code"]) == (400, "USER_ERROR")


def test_what_does_not_exist_is_told_in_the_shape_of_scripts(bench: Any) -> None:
    assert ask(bench, "period", entity="US", period="1999-01")[1]["error"]["code"] == "RCRD_DSNT_EXIST"
    assert ask(bench, "period", entity="US")[1]["error"]["code"] == "SSS_MISSING_REQD_ARGUMENT"
    assert ask(bench, "credit_hold", "POST", account="none", level="soft", reason="x")[0] == 400


def test_a_closed_period_refuses_postings_and_a_reopened_one_takes_them(bench: Any) -> None:
    move(bench, "ar", "closed", "2026-12")
    assert bench.refused("PUT", "invoice/eid:inv_1", bench.invoice())[1] == "USER_ERROR"
    move(bench, "ar", "open", "2026-12")
    assert bench.put("invoice/eid:inv_1", bench.invoice()).status == 204


def test_the_checklist_compares_documents_with_their_control_accounts(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.put("customerPayment/eid:pi_1", bench.payment(1700.0, 1606.5))
    _, found = ask(bench, "close_checklist", entity="US", period="2026-12")
    (row,) = found["currencies"]
    assert row["receivable_minor"] == row["receivable_control_minor"] == 0
    assert row["unapplied_minor"] == row["unapplied_control_minor"] == 9_350


def test_the_revenue_run_leaves_nothing_of_the_period_unrecognised(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    assert ask(bench, "close_checklist", entity="US", period="2026-12")[1]["unrecognised_minor"] > 0
    for _ in range(2):
        assert ask(bench, "recognise", "POST", entity="US", period="2026-12")[1]["unrecognised_minor"] == 0
    revenue = [row.document for row in bench.changes("entry") if row.document.source.startswith("revenue/")]
    assert [entry.period for entry in revenue] == ["2026-12"]


# --- holds ----------------------------------------------------------------------------------------------------------


def hold(bench: Any, level: str, reason: str = "dunning") -> Any:
    return ask(bench, "credit_hold", "POST", account="A-000001", level=level, reason=reason)[1]


def test_a_hold_for_a_reason_ends_only_for_that_reason(bench: Any) -> None:
    assert hold(bench, "hard") == {"account": "A-000001", "status": "hard_hold", "reason": "dunning"}
    assert hold(bench, "none", "fraud")["status"] == "hard_hold"
    assert hold(bench, "none") == {"account": "A-000001", "status": "clear", "reason": ""}
    assert hold(bench, "none")["status"] == "clear"


def test_a_hold_of_a_person_is_left_alone(bench: Any) -> None:
    bench.act("place_hold", account="A-000001", level="soft")
    assert hold(bench, "hard") == {"account": "A-000001", "status": "soft_hold", "reason": ""}
    assert hold(bench, "none")["status"] == "soft_hold"
    bench.act("release_hold", account="A-000001")
    assert hold(bench, "none")["status"] == "clear"


def test_a_person_who_takes_a_hold_over_owns_it(bench: Any) -> None:
    hold(bench, "hard")
    bench.act("place_hold", account="A-000001", level="hard")
    assert hold(bench, "none")["status"] == "hard_hold"


# --- write-offs -----------------------------------------------------------------------------------------------------


def loss(amount: float, **changes: Any) -> dict[str, Any]:
    row = {"line": 1, "item": {"externalId": "BAD-DEBT"}, "quantity": 1, "rate": amount, "amount": amount}
    head = {"entity": {"externalId": "A-000001"}, "createdFrom": {"externalId": "inv_1"}, "tranDate": "2026-12-10"}
    return {**head, "item": {"items": [row]}, **changes}


def test_a_write_off_is_a_loss_and_no_credit(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    assert bench.put(LOSS, loss(1606.5)).status == 204
    assert bench.statuses("invoice") == ["posted", "written_off"]
    assert bench.changes("credit_memo") == []
    entry = bench.changes("entry")[-1].document
    assert entry.source.startswith("write_off/")
    assert [(row.account, row.amount_minor) for row in entry.postings] == [("1100", -160_650), ("6200", 160_650)]
    assert bench.put(LOSS, loss(1606.5)).status == 204  # a repetition
    assert len(bench.changes("entry")) == 2


def test_a_part_can_be_given_up_and_no_more_than_is_open(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.put("customerPayment/eid:pi_1", bench.payment(1600.0))
    assert bench.refused("PUT", LOSS, loss(6.51))[1] == "USER_ERROR"
    assert bench.put(LOSS, loss(6.5)).status == 204
    assert bench.statuses("invoice")[-1] == "written_off"


def test_a_payment_refunded_after_a_write_off_is_owed_again(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.put("customerPayment/eid:pi_1", bench.payment(1600.0))
    assert bench.put(LOSS, loss(6.5)).status == 204
    back = {"customer": {"externalId": "A-000001"}, "tranDate": "2026-12-10"}
    rows = {"items": [{"doc": {"externalId": "pi_1"}, "amount": 100.0}]}
    assert bench.put("customerRefund/eid:re_1", {**back, "apply": rows}).status == 204
    assert bench.statuses("invoice")[-2:] == ["written_off", "partially_paid"]
    assert bench.changes("invoice")[-1].document.balance_minor == 10_000


def test_a_write_off_names_its_invoice(bench: Any) -> None:
    assert bench.refused("PUT", LOSS, loss(5.0, createdFrom=None))[1] == "USER_ERROR"


# --- disputed invoices ----------------------------------------------------------------------------------------------


def mark(bench: Any, reason: str) -> Any:
    return bench.call("PATCH", "invoice/eid:inv_1", {"custbody_dispute": reason})


def test_a_disputed_invoice_is_marked_until_it_is_settled(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    assert mark(bench, "wrong price").status == 204
    assert bench.get("invoice/eid:inv_1")["custbody_dispute"] == "wrong price"
    rows = bench.sql("SELECT externalid FROM invoice WHERE custbody_dispute IS NOT NULL")["items"]
    assert [row["externalid"] for row in rows] == ["inv_1"]
    mark(bench, "")
    mark(bench, "")
    assert bench.statuses("invoice") == ["posted", "disputed", "posted"]


def test_money_for_a_disputed_invoice_settles_it_step_by_step(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    mark(bench, "wrong price")
    bench.put("customerPayment/eid:pi_1", bench.payment(600.0))
    bench.put("customerPayment/eid:pi_2", bench.payment(1006.5))
    assert bench.statuses("invoice") == ["posted", "disputed", "disputed", "partially_paid", "paid"]


def test_a_paid_invoice_is_not_disputed_any_more(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.put("customerPayment/eid:pi_1", bench.payment(1606.5))
    assert bench.refused("PATCH", "invoice/eid:inv_1", {"custbody_dispute": "late"})[1] == "USER_ERROR"
