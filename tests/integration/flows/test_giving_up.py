"""Giving up at every step: whichever call of a cash flow is refused and cancelled, nothing is left half done.

Each flow is driven by hand over a small book of answers. The kth call is refused for good; the person at every case
says "cancel". What has been done by then has to be nothing, undone, or carried through to the end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from integration.effects import All, Assign, Call, Emit, Lookup, Now, Park, Receive, Sleep, Start
from integration.flow import Flow, FlowContext
from integration.flows.catalogue import PROGRAMS
from integration.outcomes import (
    Answer,
    Begun,
    Failed,
    Instant,
    Launched,
    Mapped,
    Published,
    Received,
    Resumed,
    Slept,
)
from integration.settings import Settings

NOW_US = 1_796_047_200_000_000  # 2026-11-30T14:00Z
DAY_US = 86_400_000_000
INTENT = {
    "id": "pi_1", "status": "succeeded", "amount": 1000, "amount_received": 1000, "currency": "usd",
    "payment_method_types": ["card"], "metadata": {"invoice": "INV-1", "txn": "Q-000001", "attempt": "1"},
}  # fmt: skip
INVOICE = {
    "id": "INV-1", "customer_id": "A-1", "status": "paid", "currency_code": "USD", "date": 1_795_996_800, "total": 1000,
    "amount_due": 0, "amount_paid": 1000, "business_entity_id": "US", "subscription_id": "Q-000001",
    "line_items": [{"id": "li_1", "amount": 1000, "entity_type": "plan_item_price", "entity_id": "X-USD-12"}],
    "linked_payments": [{"txn_id": "txn_1", "applied_amount": 1000}],
}  # fmt: skip
RECORDED = {
    "id": "txn_1", "type": "payment", "amount": 1000, "reference_number": "pi_1",
    "linked_invoices": [{"invoice_id": "INV-1", "applied_amount": 1000}],
}  # fmt: skip
OPEN_ROW = {
    "externalid": "INV-1", "duedate": "2026-09-01", "foreignamountunpaid": "10.00", "currency": "USD",
    "account": "A-1", "subsidiary": "US",
}  # fmt: skip
NOTE = {
    "id": "CN-1", "reference_invoice_id": "INV-1", "customer_id": "A-1", "status": "refund_due", "type": "refundable",
    "currency_code": "USD", "date": 1_795_996_800, "total": 1000, "line_items": [], "subscription_id": "Q-000001",
    "customer_notes": "Refund R-1",
}  # fmt: skip


class Play:
    """Drives one flow: answers its calls, refuses the kth for ever, and cancels at every case.

    `done` lists the writes that took effect, as operation and body; `undo` says which write takes which one back.
    """

    def __init__(self, name: str, arguments: dict[str, Any], answers: Mapping[str, Any], refuse: int) -> None:
        self.answers, self.refuse = answers, refuse
        self.calls: list[Call] = []
        self.done: list[str] = []
        self.cases: list[str] = []
        self.now_us = NOW_US
        self._refused: tuple[str, str, bytes] | None = None
        context = FlowContext(flow_id=f"{name}/1", name=name, txn="Q-000001", settings=Settings())
        flow = Flow(context.flow_id, PROGRAMS[name](context, arguments))
        outcome: Any = Begun(context.flow_id, name, arguments)
        for _ in range(3000):
            effect = flow.resume(outcome)
            if effect is None:
                break
            outcome = self.perform(effect)
        else:
            raise AssertionError(f"{name} does not end: {self.cases[-4:]}")
        self.result = flow.result

    def perform(self, effect: Any) -> Any:
        """Return what becomes of an effect."""
        assert not isinstance(effect, All), "no cash flow has branches"
        if isinstance(effect, Call):
            return self._called(effect)
        if isinstance(effect, Sleep | Receive):
            seconds = effect.seconds if isinstance(effect, Sleep) else effect.timeout_seconds
            self.now_us += int(seconds * 1_000_000)
            return Slept() if isinstance(effect, Sleep) else Received(None)
        if isinstance(effect, Park):
            self.cases.append(effect.code)
            is_wanted = effect.code in ("POLICY.APPROVAL_REQUIRED", "PAYMENT.DISPUTE")
            return Resumed("ann", "retry" if is_wanted else "cancel", "done by hand", self.now_us)
        others: dict[type, Callable[[], Any]] = {
            Emit: lambda: Published("1"),
            Start: lambda: Launched(effect.flow_id, True),
            Now: lambda: Instant(self.now_us),
            Lookup: lambda: Mapped(None),
            Assign: lambda: Mapped(effect.value),
        }
        return others[type(effect)]()

    def _called(self, call: Call) -> Answer | Failed:
        key = (call.operation, call.target, call.body)
        if key != self._refused:
            self.calls.append(call)
        if len(self.calls) == self.refuse:
            self._refused = self._refused or key
        if key == self._refused:
            return Failed("rejected", status=422, code="REFUSED", at_us=self.now_us)
        if call.write:
            self.done.append(_said(call))
        found = self.answers[call.operation]
        body = found(call, self) if callable(found) else found
        if isinstance(body, Failed):
            return body
        return Answer(200, json.dumps(body).encode(), self.now_us)


def _said(call: Call) -> str:
    """Return what a write does, in short."""
    if call.operation == "restlet_post":
        told = json.loads(call.body)
        script = call.target.partition("q2c_")[2].partition("&")[0]
        return " ".join([script, *[told[name] for name in ("module", "status", "level") if name in told]])
    if call.operation == "update_invoice":
        return f"mark {'on' if json.loads(call.body)['custbody_dispute'] else 'off'}"
    return call.operation


def _period(call: Call, play: Play) -> Any:
    """Answer as the ERP's scripts do, from what has been done so far."""
    script = call.target.partition("q2c_")[2].partition("&")[0]
    if script == "period":
        moves = [json.loads(c.body) for c in play.calls if c.write and "q2c_period" in c.target]
        done = {m["module"]: m["status"] for m in moves if f"period {m['module']} {m['status']}" in play.done}
        first = "closed" if "2026-10" in call.target else "open"
        return {"ar": done.get("ar", first), "gl": done.get("gl", first)}
    if script == "close_checklist":
        return {"currencies": [], "unrecognised_minor": 0}
    if script == "credit_hold":
        return {"account": "A-1", "status": "hard_hold", "reason": "dunning"}
    return {}


def _suiteql(call: Call, play: Play) -> Any:
    query = json.loads(call.body)["q"]
    if "JOIN customer" in query:
        is_paid = play.now_us > NOW_US + 20 * DAY_US
        return {"items": [] if is_paid else [OPEN_ROW], "hasMore": False}
    return {"items": [{"externalid": "INV-1"}], "hasMore": False}


def _transaction(call: Call, play: Play) -> Any:
    if call.target.endswith("txn_9"):
        return {"transaction": {"id": "txn_9", "type": "refund", "amount": 1000, "reference_number": "re_1"}}
    return {"transaction": RECORDED}


def _money(call: Call, play: Play) -> Any:
    return {"invoice": INVOICE}


def _open_money(call: Call, play: Play) -> Any:
    done = (*play.done, call.operation)
    is_lost = "write_off_invoice" in done
    lost = {"amount_due": 0, "write_off_amount": 1000} if is_lost else {"amount_due": 1000, "write_off_amount": 0}
    stops, resumes = done.count("stop_dunning"), done.count("resume_dunning")
    dunning = {"dunning_status": "stopped"} if stops > resumes else {}
    owed = {"status": "payment_due", "amount_paid": 0, "linked_payments": [], "resource_version": stops + resumes}
    return {"invoice": {**INVOICE, **owed, **lost, **dunning}}


_DISPUTE = {
    "id": "du_1",
    "status": "lost",
    "amount": 1000,
    "currency": "usd",
    "payment_intent": "pi_1",
    "reason": "fraudulent",
    "created": 1790000000,
}
ANSWERS: dict[str, Any] = {
    "read_payment_intent": INTENT,
    "search_payment_intents": {"data": [INTENT]},
    "read_invoice": _money,
    "read_transaction": _transaction,
    "list_transactions": lambda call, play: {"list": [{"transaction": RECORDED}] if "pi_1" in call.target else []},
    "read_payment": {"id": "1"},
    "list_refunds": {"data": []},
    "create_refund": {
        "id": "re_1",
        "amount": 1000,
        "status": "succeeded",
        "created": 1790000000,
        "metadata": {"request": "R-1"},
    },
    "remove_payment": {"invoice": {**INVOICE, "linked_payments": []}},
    "apply_payments": {},
    "record_transaction_refund": {},
    "upsert_refund": {},
    "upsert_payment": {},
    "upsert_credit_memo": {},
    "write_off_invoice": _open_money,
    "update_invoice": {},
    "stop_dunning": _open_money,
    "resume_dunning": _open_money,
    "create_credit_note": {},
    "record_refund": {},
    "list_credit_notes": {"list": [{"credit_note": NOTE}]},
    "read_credit_note": {"credit_note": NOTE},
    "read_credit_memo": {"id": "5", "total": 10.0, "amountRemaining": 10.0},
    "get_dispute": _DISPUTE,
    "list_balance_transactions": {"data": [], "has_more": False},
    "restlet_get": _period,
    "restlet_post": _period,
    "suiteql": _suiteql,
    "list_invoices": {"list": [{"invoice": INVOICE}]},
}
OPEN = {
    **ANSWERS,
    "read_invoice": lambda call, play: (
        {"id": "7", "total": 10.0, "amountRemaining": 10.0} if call.system == "erp" else _open_money(call, play)
    ),
    "search_payment_intents": {"data": []},
}

REFUND = {
    "request": "R-1", "payment": "pi_1", "amount_minor": 0, "adjust": False, "reason": "duplicate",
    "requested_by": "support", "approved_by": "",
}  # fmt: skip
WRITE_OFF = {
    "request": "W-1",
    "invoice": "INV-1",
    "reason": "bankrupt",
    "requested_by": "collections",
    "approved_by": "",
}
OBJECTION = {"request": "D-1", "invoice": "INV-1", "amount_minor": 0, "reason": "wrong", "opened_by": "customer"}
CLOSING = {"entity": "US", "period": "2026-11", "round": 1, "requested_by": "controller"}
REOPENING = {**CLOSING, "period": "2026-10", "module": "ar", "reason": "late", "approved_by": "cfo"}
DUNNING = {"account": "A-1", "number": 1, "since": ""}


def _all_or_nothing(*steps: str) -> Callable[[Play], str]:
    """Return a judge: none of these writes was done, or the case says that people completed the rest."""

    def judge(play: Play) -> str:
        done = [step for step in steps if step in play.done]
        if not done or len(done) == len(steps):
            return ""
        return (
            "" if play.result.get("completed") == "by hand" else f"only {done} of {steps} were done, and nobody knows"
        )

    return judge


def _in_pairs(on: str, off: str) -> Callable[[Play], str]:
    """Return a judge: what was switched on was switched off again, or tried to be."""

    def judge(play: Play) -> str:
        tried = [_said(call) for call in play.calls if call.write]
        return "" if on not in play.done or off in tried else f"{on} was done and never {off}"

    return judge


def _did(play: Play, move: Mapping[str, str]) -> bool:
    return f"period {move['module']} {move['status']}" in play.done


def _closed_or_open(play: Play) -> str:
    if play.result.get("status") == "closed":
        return ""
    tried = [json.loads(call.body) for call in play.calls if call.write and "q2c_period" in call.target]
    closed = {each["module"] for each in tried if each["status"] != "open" and _did(play, each)}
    opened = {each["module"] for each in tried if each["status"] == "open"}
    return "" if closed <= opened else f"{closed - opened} stayed closed"


CASES: tuple[tuple[str, str, dict[str, Any], Mapping[str, Any], Callable[[Play], str]], ...] = (
    ("refund", "refund", REFUND, ANSWERS,
     _all_or_nothing("create_refund", "remove_payment", "record_transaction_refund", "upsert_refund")),
    ("refund with a credit", "refund", {**REFUND, "adjust": True}, ANSWERS,
     _all_or_nothing("create_refund", "upsert_refund")),
    ("chargeback", "chargeback", {"dispute": "du_1"}, ANSWERS,
     _all_or_nothing("remove_payment", "record_transaction_refund", "upsert_refund")),
    ("write-off", "write_off", WRITE_OFF, OPEN, _all_or_nothing("write_off_invoice", "upsert_credit_memo")),
    ("objection marks", "dispute_invoice", OBJECTION, OPEN, _in_pairs("mark on", "mark off")),
    ("objection reminders", "dispute_invoice", OBJECTION, OPEN, _in_pairs("stop_dunning", "resume_dunning")),
    ("dunning", "dunning", DUNNING, ANSWERS, _in_pairs("credit_hold hard", "credit_hold none")),
    ("closing", "close_period", CLOSING, ANSWERS, _closed_or_open),
    ("reopening", "reopen_period", REOPENING, ANSWERS, lambda play: ""),
)  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "answers", "judge"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_giving_up_at_any_step_leaves_nothing_half_done(
    name: str, arguments: dict[str, Any], answers: Mapping[str, Any], judge: Callable[[Play], str]
) -> None:
    undisturbed = Play(name, arguments, answers, refuse=0)
    assert not undisturbed.result.get("completed"), undisturbed.result
    steps = len(undisturbed.calls)
    assert steps >= 2
    for refuse in range(1, steps + 1):
        play = Play(name, arguments, answers, refuse)
        problem = judge(play)
        assert not problem, f"step {refuse} of {steps} ({play.calls[refuse - 1].operation}): {problem}"
        assert play.cases, f"nobody heard that step {refuse} was refused"


def test_the_harness_notices_a_refund_that_stops_half_way() -> None:
    play = Play("refund", REFUND, ANSWERS, refuse=0)
    play.done.remove("upsert_refund")
    assert CASES[0][4](play)


def test_people_hear_of_a_refund_whose_credit_is_never_posted() -> None:
    """The flow of the credit was given up by somebody who knew nothing of the refund that waits for it."""
    absent = {**ANSWERS, "read_credit_memo": lambda call, play: Failed("rejected", status=404, at_us=play.now_us)}
    play = Play("refund", {**REFUND, "adjust": True}, absent, refuse=0)
    assert play.cases == ["POLICY.APPROVAL_REQUIRED", "CONFLICT.STATE"]
    assert DAY_US < play.now_us - NOW_US <= 2 * DAY_US
    assert (play.result["status"], "create_refund" in play.done) == ("given_up", False)


def test_people_hear_of_a_credit_whose_invoice_is_never_closed() -> None:
    """The flow of the invoice was given up before it closed it: its tax will never be known by waiting."""
    pending = {**ANSWERS, "read_invoice": {"invoice": {**INVOICE, "status": "pending"}}}
    play = Play("credit", {"credit_note": "CN-1"}, pending, refuse=0)
    assert play.cases == ["CONFLICT.STATE"]
    assert DAY_US < play.now_us - NOW_US <= 2 * DAY_US
    assert (play.result["status"], play.done) == ("given_up", [])


def test_refusing_an_approval_costs_nothing() -> None:
    class Refusing(Play):
        def perform(self, effect: Any) -> Any:
            if isinstance(effect, Park):
                return Resumed("cfo", "cancel", "no", self.now_us)
            return super().perform(effect)

    for name, arguments, answers in (("refund", REFUND, ANSWERS), ("write_off", WRITE_OFF, OPEN)):
        play = Refusing(name, arguments, answers, refuse=0)
        assert play.done == []
        assert play.result["status"] == "given_up"
