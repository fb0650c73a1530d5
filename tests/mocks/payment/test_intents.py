"""Payment intents by method: what callers see and what the history tells."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.calendar import local_datetime


def read(reply: Any) -> Any:
    return json.loads(reply.body)


def error(reply: Any) -> Any:
    return read(reply)["error"]


def test_a_card_payment_is_captured_at_once_and_settled_by_the_payout(bench: Any) -> None:
    reply = bench.pay()
    intent = read(reply)
    assert (reply.status, intent["status"], intent["amount_received"]) == (200, "succeeded", 12_000)
    bench.wait(1)
    assert bench.statuses() == ["created", "authorized", "captured", "settled"]
    document = bench.changes("payment")[-1].document
    assert (document.ref, document.txn, document.method, document.currency) == ("INV-1", "Q-000123", "card", "USD")
    assert (document.captured_minor, document.fee_minor) == (12_000, 378)
    assert bench.changes("payment")[0].document.captured_minor == 0
    assert bench.topics() == ["payment_intent.succeeded", "payout.paid"]


def test_a_decline_is_402_and_leaves_the_intent_open(make_bench: Any) -> None:
    bench = make_bench()
    bench.customer(declines=1)
    reply = bench.pay()
    problem = error(reply)
    assert (reply.status, problem["type"], problem["code"]) == (402, "card_error", "card_declined")
    assert problem["decline_code"] == "insufficient_funds"
    assert problem["payment_intent"]["status"] == "requires_payment_method"
    assert problem["payment_intent"]["last_payment_error"]["charge"] == problem["charge"]
    assert bench.statuses() == ["created", "failed"]
    assert bench.topics() == ["payment_intent.payment_failed"]
    assert bench.get(f"/charges/{problem['charge']}")["status"] == "failed"


def test_confirming_a_declined_intent_again_is_a_new_payment(make_bench: Any) -> None:
    bench = make_bench()
    bench.customer(declines=1)
    key = error(bench.pay())["payment_intent"]["id"]
    assert error(bench.post(f"/payment_intents/{key}/confirm"))["code"] == "payment_intent_unexpected_state"
    again = bench.post(f"/payment_intents/{key}/confirm", {"payment_method": "pm_A000001", "off_session": "true"})
    assert read(again)["status"] == "succeeded"
    assert bench.statuses(key=key) == ["created", "failed"]
    assert bench.statuses(key=f"{key}.2") == ["created", "authorized", "captured"]


def test_a_hard_decline_stays_until_the_method_changes(make_bench: Any) -> None:
    bench = make_bench()
    bench.customer(decline_code="stolen_card")
    assert [error(bench.pay())["decline_code"] for _ in range(3)] == ["stolen_card"] * 3
    bench.act("set_behaviour", payment_method="pm_A000001", declines=1)
    assert [bench.pay().status for _ in range(2)] == [402, 200]


def test_nobody_of_an_account_that_there_is_not_behaves_otherwise(make_bench: Any) -> None:
    bench = make_bench()
    with pytest.raises(ValueError, match="account 'A-9'; there are: none"):
        bench.act("set_behaviour", account="A-9", declines=1)
    bench.customer()
    bench.act("set_behaviour", account="A-000001", declines=1)
    assert [bench.pay().status for _ in range(2)] == [402, 200]
    with pytest.raises(ValueError, match=r"account 'A-9'; there are: A-000001$"):
        bench.act("set_behaviour", account="A-9", declines=1)


def test_a_payment_method_that_there_is_not_does_not_behave_otherwise(make_bench: Any) -> None:
    bench = make_bench()
    with pytest.raises(ValueError, match="no payment method 'pm_9'; there are: none"):
        bench.act("set_behaviour", payment_method="pm_9", declines=1)
    bench.customer()
    with pytest.raises(ValueError, match=r"no payment method 'pm_9'; there are: pm_\w+$"):
        bench.act("set_behaviour", payment_method="pm_9", declines=1)


def test_a_bank_debit_is_decided_after_one_to_four_business_days(make_bench: Any) -> None:
    bench = make_bench()
    bench.customer("debit")
    intent = read(bench.pay("debit"))
    assert intent["status"] == "processing"
    assert bench.statuses() == ["created", "submitted", "processing"]
    due_us = bench.service.due_us()
    assert 1 <= (due_us - bench.now_us) / 86_400e6 + 0.5 < 5
    assert local_datetime(due_us, "UTC").weekday() < 5
    bench.wait(7)
    assert bench.statuses() == ["created", "submitted", "processing", "succeeded", "settled"]
    assert bench.topics() == ["payment_intent.processing", "payment_intent.succeeded", "payout.paid"]
    assert bench.changes("payment")[-1].document.fee_minor == 96


def test_a_debit_on_friday_is_not_decided_on_a_weekend(make_bench: Any) -> None:
    bench = make_bench(debit_days_min=1, debit_days_max=1)
    bench.customer("debit")
    bench.wait(4)
    bench.pay("debit")
    assert local_datetime(bench.service.due_us(), "UTC").weekday() == 0


def test_a_returned_debit_fails_with_the_networks_code(make_bench: Any) -> None:
    bench = make_bench()
    bench.customer("debit", returned=True, decline_code="account_closed")
    key = read(bench.pay("debit"))["id"]
    bench.wait(7)
    intent = bench.get(f"/payment_intents/{key}")
    assert intent["status"] == "requires_payment_method"
    assert intent["last_payment_error"]["network_decline_code"] == "R02"
    assert bench.statuses() == ["created", "submitted", "processing", "failed"]
    assert bench.topics() == ["payment_intent.processing", "payment_intent.payment_failed"]
    assert bench.changes("payout") == []


def test_a_push_payment_exists_once_its_money_is_there(make_bench: Any) -> None:
    bench = make_bench()
    bench.customer("push", pays_after_days=5)
    intent = read(bench.pay("push"))
    assert (intent["status"], intent["next_action"]["type"]) == (
        "requires_action",
        "display_bank_transfer_instructions",
    )
    assert bench.changes("payment") == []
    due = local_datetime(bench.service.due_us(), "UTC")
    assert (due.weekday(), 9 <= due.hour < 17) == (0, True)
    bench.wait(10)
    assert bench.statuses() == ["received", "identified", "applied"]
    assert bench.topics() == ["payment_intent.succeeded"]
    assert bench.changes("payout") == [], "push money goes to the bank, not through the balance"
    assert bench.changes("payment")[-1].txn == "Q-000123"


def test_a_push_payer_may_never_pay_and_a_cancelled_intent_gets_nothing(make_bench: Any) -> None:
    bench = make_bench()
    bench.customer("push", pays_after_days=-1)
    bench.customer("push", "A-000002", pays_after_days=1)
    bench.pay("push")
    key = read(bench.pay("push", account="A-000002"))["id"]
    assert read(bench.post(f"/payment_intents/{key}/cancel"))["status"] == "canceled"
    bench.wait()
    assert bench.changes("payment") == []


def test_a_manual_capture_may_take_less_and_expires(bench: Any) -> None:
    first = read(bench.pay(capture_method="manual"))
    assert (first["status"], first["amount_capturable"]) == ("requires_capture", 12_000)
    too_much = bench.post(f"/payment_intents/{first['id']}/capture", {"amount_to_capture": 12_001})
    assert (too_much.status, error(too_much)["param"]) == (400, "amount_to_capture")
    taken = read(bench.post(f"/payment_intents/{first['id']}/capture", {"amount_to_capture": 5_000}))
    assert (taken["status"], taken["amount_received"]) == ("succeeded", 5_000)
    second = read(bench.pay(capture_method="manual"))["id"]
    bench.wait(8)
    assert bench.get(f"/payment_intents/{second}")["status"] == "canceled"
    assert bench.statuses(key=second) == ["created", "authorized", "voided"]


def test_an_intent_can_be_made_first_and_confirmed_later(bench: Any) -> None:
    made = read(bench.pay(confirm=None, payment_method=None))
    assert made["status"] == "requires_payment_method"
    changed = bench.post(f"/payment_intents/{made['id']}", {"amount": 500, "payment_method": "pm_A000001"})
    assert (read(changed)["status"], read(changed)["amount"]) == ("requires_confirmation", 500)
    assert read(bench.post(f"/payment_intents/{made['id']}/confirm"))["status"] == "succeeded"
    assert bench.statuses() == ["created", "created", "authorized", "captured"]
    late = bench.post(f"/payment_intents/{made['id']}", {"amount": 600})
    assert error(late)["payment_intent"]["id"] == made["id"]
    assert read(bench.post(f"/payment_intents/{made['id']}", {"metadata[note]": "x"}))["metadata"]["note"] == "x"


@pytest.mark.parametrize(
    ("method", "status", "code"),
    [
        ("pm_card_visa", 200, None),
        ("pm_card_chargeDeclined", 402, "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", 402, "insufficient_funds"),
        ("pm_card_authenticationRequired", 402, "authentication_required"),
    ],
)
def test_the_vendors_test_methods_behave(bench: Any, method: str, status: int, code: str | None) -> None:
    reply = bench.pay(payment_method=method)
    assert reply.status == status
    assert code is None or error(reply)["decline_code"] == code


def test_an_authentication_takes_its_time_when_the_customer_is_there(bench: Any) -> None:
    intent = read(bench.pay(payment_method="pm_card_authenticationRequired", off_session="false"))
    assert intent["status"] == "requires_action"
    bench.wait(0.1)
    assert bench.get(f"/payment_intents/{intent['id']}")["status"] == "succeeded"
    assert bench.statuses() == ["created", "requires_action", "authorized", "captured"]


def test_a_succeeded_intent_can_neither_be_confirmed_nor_cancelled(bench: Any) -> None:
    key = read(bench.pay())["id"]
    for verb in ("confirm", "cancel", "capture"):
        reply = bench.post(f"/payment_intents/{key}/{verb}")
        assert (reply.status, error(reply)["code"]) == (400, "payment_intent_unexpected_state")
    assert bench.statuses() == ["created", "authorized", "captured"]


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"amount": None}, "parameter_missing", "amount"),
        ({"amount": "12.5"}, "parameter_invalid_integer", "amount"),
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 10**12}, "amount_too_large", "amount"),
        ({"currency": "xxx"}, None, "currency"),
        ({"customer": "cus_none"}, "resource_missing", "customer"),
        ({"payment_method": "pm_none"}, "resource_missing", "payment_method"),
        ({"payment_method_types[]": "us_bank_account"}, None, "payment_method"),
        ({"payment_method_types[]": "barter"}, None, "payment_method_types[0]"),
        ({"customer": None}, None, "payment_method"),
        ({"payment_method": None}, "payment_intent_unexpected_state", None),
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"automatic_payment_methods[enabled]": "true", "automatic_payment_methods[x]": 1}, "parameter_unknown",
         "automatic_payment_methods[x]"),
        ({"capture_method": "never"}, None, "capture_method"),
        ({"expand[]": "amount"}, None, "expand"),
        ({"expand[]": "latest_charge.balance_transaction.fee"}, None, "expand"),
        ({"expand[]": "customer.invoice_settings"}, None, "expand"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_happens(
    bench: Any, changes: Any, code: str | None, param: str | None
) -> None:
    reply = bench.pay(**changes)
    problem = error(reply)
    assert (reply.status, problem["type"]) == (400, "invalid_request_error")
    assert (problem.get("code"), problem.get("param")) == (code, param)
    assert bench.changes("payment") == []
    assert bench.service.model.intents == {}
    assert bench.service.model.charges == {}


def test_a_transaction_is_found_in_other_fields_too(bench: Any) -> None:
    bench.pay(**{"metadata[txn]": None, "metadata[order_id]": "Q-000777-v1", "metadata[invoice]": None})
    document = bench.changes("payment")[0].document
    assert (document.txn, document.ref) == ("Q-000777", "Q-000777-v1")
