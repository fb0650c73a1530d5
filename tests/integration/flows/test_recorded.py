"""Cash is put into the books once, whatever is lost or refused on the way."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest

from integration.effects import Sleep
from integration.flow import Flow, FlowContext
from integration.flows.applying import booked, keep_excess
from integration.flows.applying import recorded as recorded_in_billing
from integration.flows.collecting import Paid
from integration.flows.refunds import off_note
from integration.flows.taken import Taken
from integration.outcomes import Answer, Begun, Failed, Slept, Unknown
from integration.settings import Settings
from integration.systems.billing import BillingInvoice
from integration.systems.billing.receivables import Money
from integration.systems.billing.shapes import CreditNote
from integration.systems.erp import Posting
from integration.systems.payment import Intent

CONTEXT = FlowContext("invoice/INV-1", "bill", "Q-1", Settings())
DAY = date(2026, 11, 30)
INVOICE = BillingInvoice("INV-1", "A-1", "paid", "USD", date=0, total=100, amount_due=0, line_items=[])
INTENT = Intent("pi_1", "succeeded", amount=200, currency="usd", amount_received=200)
POSTING = Posting(
    id="INV-1", customer="A-1", entity="US", currency="USD", txn="Q-1", business_date=DAY, lines=(), taxes=(),
)  # fmt: skip


def begun(program: Any) -> tuple[Any, Any]:
    flow = Flow("invoice/INV-1", program)
    return flow, flow.resume(Begun("invoice/INV-1", "bill", {}))


def recorded(*amounts: int) -> Answer:
    rows = [{"transaction": {"id": f"t{n}", "type": "payment", "amount": each}} for n, each in enumerate(amounts)]
    return Answer(200, json.dumps({"list": rows}).encode(), 1)


@pytest.mark.parametrize(("amounts", "is_sent_again"), [((100, 100), False), ((100,), True)])
def test_an_excess_whose_answer_is_lost_is_looked_up_by_all_that_was_recorded(
    amounts: tuple[int, ...], is_sent_again: bool
) -> None:
    """The part on the invoice may be worth as much as the excess: an amount alone tells them not apart."""
    flow, call = begun(keep_excess(CONTEXT, INVOICE, INTENT, 100, DAY, "Q-1"))
    assert call.operation == "record_excess_payment"
    assert flow.resume(Unknown("timeout", at_us=1)).operation == "list_transactions"
    effect = flow.resume(recorded(*amounts))
    assert isinstance(effect, Sleep) is is_sent_again
    if is_sent_again:
        again = flow.resume(Slept())
        assert (again.operation, again.key) == (call.operation, call.key)


@pytest.mark.parametrize(("open_major", "expected"), [(2.0, "Park"), (0.5, "Call")])
def test_cash_that_the_books_refuse_goes_again_only_as_what_the_invoice_still_takes(
    open_major: float, expected: str
) -> None:
    flow, first = begun(booked(CONTEXT, POSTING, Paid(INTENT, 1, 1), 200))
    asked = flow.resume(Failed("rejected", 400, "USER_ERROR", "The invoice is open for less", at_us=1))
    assert asked.operation == "read_invoice"
    shown = {"id": "7", "total": 2.0, "amountRemaining": open_major}
    effect: Any = flow.resume(Answer(200, json.dumps(shown).encode(), 1))
    if open_major == 2.0:  # it may have been posted unheard, and gone back since
        assert effect.operation == "read_payment"
        effect = flow.resume(Failed("rejected", 404, "NONEXISTENT_ID", at_us=1))
    assert type(effect).__name__ == expected
    if expected == "Call":
        assert (effect.operation, effect.key) == (first.operation, first.key)
        assert effect.body != first.body


def test_what_is_due_is_not_learned_from_a_copy_that_lags() -> None:
    """Billing refuses a payment, and the copy that is asked next knows the invoice without its tax."""
    seen = BillingInvoice("INV-1", "A-1", "paid", "USD", date=0, total=200, amount_due=200, line_items=[],
                          resource_version=3)  # fmt: skip
    flow, call = begun(recorded_in_billing(CONTEXT, seen, INTENT, DAY, "Q-1"))
    assert (call.operation, "transaction[amount]=200" in unquote(call.body.decode())) == ("record_payment", True)
    assert flow.resume(Failed("rejected", 400, "param_wrong_value", "more than is due", at_us=1)).operation == (
        "list_transactions"
    )
    asked = flow.resume(recorded())
    shown = {"id": "INV-1", "customer_id": "A-1", "status": "payment_due", "currency_code": "USD", "date": 0,
             "total": 100, "amount_due": 100, "line_items": [], "resource_version": 2}  # fmt: skip
    assert asked.operation == "read_invoice"
    assert isinstance(flow.resume(Answer(200, json.dumps({"invoice": shown}).encode(), 1)), Sleep)
    assert flow.resume(Slept()).operation == "read_invoice"


def test_what_a_payment_has_left_due_is_not_learned_from_a_copy_that_lags() -> None:
    """The reply is lost and the payment is there; sales would be shown what was due before it."""
    seen = BillingInvoice("INV-1", "A-1", "payment_due", "USD", date=0, total=200, amount_due=200, line_items=[],
                          resource_version=3)  # fmt: skip
    flow, _ = begun(recorded_in_billing(CONTEXT, seen, INTENT, DAY, "Q-1"))
    assert flow.resume(Unknown("timeout", at_us=1)).operation == "list_transactions"
    assert flow.resume(recorded(200)).operation == "read_invoice"
    before = {**msgspec.to_builtins(seen), "status": "payment_due"}
    assert isinstance(flow.resume(Answer(200, json.dumps({"invoice": before}).encode(), 1)), Sleep)
    assert flow.resume(Slept()).operation == "read_invoice"
    flow.resume(Answer(200, json.dumps({"invoice": {**before, "amount_due": 0, "resource_version": 4}}).encode(), 1))
    assert flow.result.invoice.amount_due == 0


@pytest.mark.parametrize(("left_minor", "is_sent_again"), [(0, False), (1, False), (101, True)])
def test_a_credit_that_was_paid_back_but_for_a_cent_is_not_paid_back_again(
    left_minor: int, is_sent_again: bool
) -> None:
    seen = CreditNote("CN-1", "INV-1", "A-1", "refund_due", "refundable", "USD", 0, 101, [], amount_available=101)
    money = Money("INV-1", "A-1", "paid", "USD", 101, 0)
    flow, call = begun(off_note(CONTEXT, Taken(INTENT, money, (), 1), seen, 100, "re_1", DAY))
    assert call.operation == "record_refund"
    assert flow.resume(Unknown("timeout", at_us=1)).operation == "read_credit_note"
    now = {**msgspec.to_builtins(seen), "status": "refund_due", "amount_available": left_minor}
    effect = flow.resume(Answer(200, json.dumps({"credit_note": now}).encode(), 1))
    assert isinstance(effect, Sleep) is is_sent_again
