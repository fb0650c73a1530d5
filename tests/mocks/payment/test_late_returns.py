"""Debits that come back after they had succeeded, and disputes that nobody answers in time."""

from __future__ import annotations

import json
from typing import Any

import pytest


def read(reply: Any) -> Any:
    return json.loads(reply.body)


@pytest.fixture
def paid(make_bench: Any) -> Any:
    """A bench on which a debit has succeeded and been paid out."""
    bench = make_bench()
    bench.customer("debit")
    bench.pay("debit")
    bench.wait(8)
    return bench


def test_a_debit_that_comes_back_is_a_dispute_that_is_lost_from_the_start(paid: Any) -> None:
    paid.act("return_debit", invoice="INV-1", code="insufficient_funds")
    assert paid.statuses("dispute") == ["needs_response", "lost"]
    assert paid.statuses()[-1] == "returned"
    (dispute,) = paid.get("/disputes")["data"]
    assert (dispute["status"], dispute["reason"], dispute["amount"]) == ("lost", "insufficient_funds", 12_000)
    assert paid.topics()[-2:] == ["charge.dispute.created", "charge.dispute.closed"]


def test_the_money_and_a_fee_leave_the_balance(paid: Any) -> None:
    paid.act("return_debit", txn="Q-000123")
    (move,) = paid.get("/balance_transactions?type=adjustment")["data"]
    assert (move["amount"], move["fee"], move["net"]) == (-12_000, 400, -12_400)


def test_it_comes_back_once_and_only_what_was_left(paid: Any) -> None:
    charge = paid.get("/charges")["data"][0]
    paid.post("/refunds", {"charge": charge["id"], "amount": 2_000})
    for _ in range(2):
        paid.act("return_debit", invoice="INV-1")
    (dispute,) = paid.get("/disputes")["data"]
    assert dispute["amount"] == 10_000


def test_nothing_comes_back_of_a_debit_that_is_still_on_its_way(make_bench: Any) -> None:
    bench = make_bench()
    bench.customer("debit")
    bench.pay("debit")
    bench.act("return_debit", invoice="INV-1")
    assert bench.get("/disputes")["data"] == []


def test_a_card_is_never_returned(make_bench: Any) -> None:
    bench = make_bench()
    bench.customer()
    bench.pay()
    bench.act("return_debit", invoice="INV-1")
    assert bench.get("/disputes")["data"] == []


def test_a_return_cannot_be_contested(paid: Any) -> None:
    paid.act("return_debit", invoice="INV-1")
    (dispute,) = paid.get("/disputes")["data"]
    reply = paid.post(f"/disputes/{dispute['id']}", {"evidence[uncategorized_text]": "we are right", "submit": "true"})
    assert reply.status == 400


@pytest.mark.parametrize(("answers", "status"), [(False, "lost"), (True, "under_review")])
def test_a_dispute_that_nobody_answers_is_lost_at_its_deadline(make_bench: Any, answers: bool, status: str) -> None:
    bench = make_bench()
    bench.customer()
    bench.pay()
    bench.wait(1)
    bench.act("open_dispute", invoice="INV-1")
    (dispute,) = bench.get("/disputes")["data"]
    if answers:
        bench.post(f"/disputes/{dispute['id']}", {"evidence[uncategorized_text]": "here", "submit": "true"})
    bench.wait(15)
    assert bench.get(f"/disputes/{dispute['id']}")["status"] == status
