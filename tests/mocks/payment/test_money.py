"""Refunds, disputes, balance and payouts: what goes in comes out, to the minor unit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def read(reply: Any) -> Any:
    return json.loads(reply.body)


def code(reply: Any) -> Any:
    return read(reply)["error"].get("code")


def test_refunds_never_exceed_what_was_captured(bench: Any) -> None:
    intent = read(bench.pay())["id"]
    part = read(bench.post("/refunds", {"payment_intent": intent, "amount": 2_000}))
    assert (part["status"], part["amount"], part["payment_intent"]) == ("succeeded", 2_000, intent)
    too_much = bench.post("/refunds", {"payment_intent": intent, "amount": 10_001})
    assert (too_much.status, read(too_much)["error"]["param"]) == (400, "amount")
    assert read(bench.post("/refunds", {"payment_intent": intent}))["amount"] == 10_000
    assert code(bench.post("/refunds", {"payment_intent": intent})) == "charge_already_refunded"
    assert bench.statuses() == ["created", "authorized", "captured", "partially_refunded", "refunded"]
    assert [change.document.amount_minor for change in bench.changes("refund")] == [2_000, 10_000]
    assert bench.topics() == ["payment_intent.succeeded", "charge.refunded", "charge.refunded"]
    assert bench.arrivals()[1].txn == "Q-000123", "a refund belongs to the transaction of its payment"


def test_a_refund_needs_a_successful_charge(make_bench: Any) -> None:
    bench = make_bench()
    bench.customer("debit")
    intent = read(bench.pay("debit"))["id"]
    assert code(bench.post("/refunds", {"payment_intent": intent})) == "payment_intent_unexpected_state"
    assert code(bench.post("/refunds", {"payment_intent": "pi_none"})) == "resource_missing"
    assert code(bench.post("/refunds")) == "parameter_missing"


def test_a_partly_refunded_payment_stays_so_when_it_is_paid_out(bench: Any) -> None:
    intent = read(bench.pay())["id"]
    bench.post("/refunds", {"payment_intent": intent, "amount": 1_000})
    bench.wait(1)
    last = bench.changes("payment")[-1]
    assert (last.status, last.document.payout[:3]) == ("partially_refunded", "po_")
    payout = bench.changes("payout")[0].document
    assert (payout.gross_minor, payout.fee_minor, payout.net_minor) == (12_000, 378, 10_622)


def test_a_dispute_takes_the_funds_on_opening_and_gives_them_back_when_won(bench: Any) -> None:
    bench.pay()
    bench.wait(1)
    bench.act("open_dispute", invoice="INV-1", amount=5_000)
    bench.act("open_dispute", invoice="INV-1", amount=5_000)
    assert bench.statuses("dispute") == ["needs_response"]
    assert bench.changes("payment")[-1].document.disputed_minor == 5_000
    charge = bench.get("/charges")["data"][0]
    assert charge["disputed"] is True
    assert code(bench.post("/refunds", {"charge": charge["id"]})) == "charge_disputed"
    bench.act("close_dispute", txn="Q-000123", won=True)
    bench.act("close_dispute", txn="Q-000123", won=False)
    assert bench.statuses("dispute") == ["needs_response", "under_review", "won"]
    assert bench.statuses()[-3:] == ["settled", "disputed", "settled"]
    moves = bench.get("/balance_transactions?type=adjustment")["data"]
    assert [(move["amount"], move["fee"], move["net"]) for move in moves] == [
        (5_000, 0, 5_000),
        (-5_000, 1_500, -6_500),
    ]
    assert bench.topics()[-2:] == ["charge.dispute.created", "charge.dispute.closed"]
    bench.pay(amount=20_000)
    bench.wait(9)
    (dispute,) = bench.get("/disputes")["data"]
    assert [(row["object"], row["net"], row["status"]) for row in dispute["balance_transactions"]] == [
        ("balance_transaction", -6_500, "available"),
        ("balance_transaction", 5_000, "available"),
    ]


def test_a_lost_dispute_stays_disputed(bench: Any) -> None:
    bench.pay()
    bench.wait(1)
    bench.act("open_dispute", payment=bench.get("/payment_intents")["data"][0]["id"])
    bench.act("close_dispute", invoice="INV-1", won=False)
    assert bench.statuses("dispute") == ["needs_response", "lost"]
    assert bench.statuses()[-1] == "disputed"


def test_funds_leave_only_when_lost_if_the_quirk_says_so(make_bench: Any) -> None:
    bench = make_bench(dispute_withdraws="on_lost")
    bench.customer()
    bench.pay()
    bench.act("open_dispute", invoice="INV-1")
    assert bench.get("/balance_transactions?type=adjustment")["data"] == []
    bench.act("close_dispute", invoice="INV-1", won=False)
    assert len(bench.get("/balance_transactions?type=adjustment")["data"]) == 1


def test_a_dispute_before_the_payout_shows_once_the_payment_is_settled(bench: Any) -> None:
    bench.pay(payment_method="pm_card_createDispute")
    bench.pay()
    assert bench.statuses("dispute") == ["needs_response"]
    bench.wait(1)
    assert bench.statuses()[-3:] == ["settled", "disputed", "settled"]


def test_disputes_are_answered_and_closed_by_the_api(bench: Any) -> None:
    bench.pay(payment_method="pm_card_createDispute")
    key = bench.get("/disputes")["data"][0]["id"]
    answered = read(bench.post(f"/disputes/{key}", {"evidence[uncategorized_text]": "we delivered"}))
    assert (answered["status"], answered["evidence_details"]["submission_count"]) == ("under_review", 1)
    assert read(bench.post(f"/disputes/{key}/close"))["status"] == "lost"
    assert bench.post(f"/disputes/{key}/close").status == 400
    assert bench.statuses("dispute") == ["needs_response", "under_review", "lost"]


def test_nobody_disputes_what_was_not_charged(bench: Any) -> None:
    bench.act("open_dispute", invoice="INV-404")
    bench.act("close_dispute", txn="Q-999999", won=True)
    assert bench.changes("dispute") == []


def test_payouts_are_daily_at_two_and_per_currency(bench: Any) -> None:
    bench.pay()
    bench.pay(currency="eur")
    bench.pay(currency="jpy", amount=5_000)
    bench.wait(3)
    changes = bench.changes("payout")
    assert {change.document.currency for change in changes} == {"USD", "EUR", "JPY"}
    assert {change.at_us // 3_600_000_000 % 24 for change in changes} == {2}
    assert bench.service.due_us() is None


def test_a_negative_balance_waits_for_more(bench: Any) -> None:
    intent = read(bench.pay())["id"]
    bench.post("/refunds", {"payment_intent": intent})
    bench.wait(3)
    assert bench.changes("payout") == []
    assert bench.get("/balance")["available"][0]["amount"] == -378
    bench.pay(**{"metadata[invoice]": "INV-2"})
    bench.wait(2)
    assert bench.changes("payout")[0].document.net_minor == 12_000 - 378 - 378


def test_a_payout_can_be_paged_and_adds_up(bench: Any) -> None:
    for _ in range(5):
        bench.pay()
    bench.wait(1)
    payout = bench.get("/payouts")["data"][0]
    rows: list[Any] = []
    while True:
        cursor = f"&starting_after={rows[-1]['id']}" if rows else ""
        page = bench.get(f"/balance_transactions?payout={payout['id']}&limit=2{cursor}")
        rows += page["data"]
        if not page["has_more"]:
            break
    assert rows[0]["type"] == "payout"
    assert sum(row["net"] for row in rows) == 0
    assert payout["amount"] == sum(row["net"] for row in rows if row["type"] != "payout") == 5 * (12_000 - 378)


def test_money_may_have_to_ripen_before_it_is_paid_out(make_bench: Any) -> None:
    bench = make_bench(available_after_days=2)
    bench.customer()
    bench.pay()
    assert bench.get("/balance")["pending"][0]["amount"] == 11_622
    bench.wait(2)
    assert bench.changes("payout") == []
    bench.wait(1)
    assert len(bench.changes("payout")) == 1


STEPS = st.lists(
    st.tuples(st.sampled_from(["card", "debit", "refund", "dispute", "won", "lost", "wait"]), st.integers(100, 20_000)),
    max_size=14,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_every_minor_unit_is_conserved(make_bench: Any, steps: list[tuple[str, int]]) -> None:
    bench = make_bench()
    bench.customer("card")
    bench.customer("debit", "A-000002")
    for step, amount in steps:
        if step in ("card", "debit"):
            bench.pay(step, account="A-000001" if step == "card" else "A-000002", amount=amount)
        elif step == "wait":
            bench.wait(2)
        elif step == "refund":
            charges = bench.get("/charges")["data"]
            if charges:
                bench.post("/refunds", {"charge": charges[amount % len(charges)]["id"], "amount": amount})
        elif step == "dispute":
            bench.act("open_dispute", invoice="INV-1", amount=amount)
        else:
            bench.act("close_dispute", invoice="INV-1", won=step == "won")
    model = bench.service.model
    moved = sum(move.net for move in model.movements.values() if move.type != "payout")
    paid = sum(payout.amount for payout in model.payouts.values())
    waiting = sum(model.movements[key].net for keys in model.waiting.values() for key in keys)
    assert moved == paid + waiting
    for charge in model.charges.values():
        assert charge.refunded + charge.disputed <= charge.captured, "I-15"
    for payout in bench.changes("payout"):
        rows = [move for move in model.movements.values() if move.payout == payout.id]
        assert sum(move.net for move in rows) == 0


@pytest.mark.parametrize(
    ("method", "amount", "fee"), [("card", 50, 31), ("card", 12_000, 378), ("debit", 100_000, 500), ("debit", 100, 1)]
)
def test_fees_by_method(make_bench: Any, method: str, amount: int, fee: int) -> None:
    bench = make_bench()
    bench.customer(method)
    bench.pay(method, amount=amount)
    bench.wait(10)
    assert bench.changes("payment")[-1].document.fee_minor == fee
