"""Debits that come back, and money that is told of late: booked once, presented again or never."""

from __future__ import annotations

from datetime import date

import pytest

from domain.faults import Fault
from domain.objects import Delta
from tests.integration.flows.one_invoice import DAY, INVOICE, TOTAL, invoices, stage_of
from tests.stage import CORE, SECOND_US, Played


def returned(code: str, *faults: Fault) -> Played:
    """Return the play of a debit that comes back on the eighth day."""
    stage = stage_of("debit", *faults)
    stage.act("payment", "return_debit", 8 * DAY, invoice=INVOICE, code=code)
    return stage.play(days=24)


def test_a_debit_that_comes_back_for_lack_of_funds_is_presented_again() -> None:
    played = returned("insufficient_funds")
    assert played.statuses("payment", "payment")[0] == "returned"
    for walk in invoices(played):
        assert walk[-3:] == ["paid", "posted", "paid"]
    assert len(played.attempts("create_payment_intent")) == 2
    assert played.cases() == {}
    assert "payment.returned" in played.events()
    assert played.broken() == {}


def test_a_payment_whose_copy_was_recorded_late_is_recorded_once() -> None:
    """A copy is on its way while billing refuses the next one; people have it tried again once the first was taken."""
    plans = (
        Fault(kind="late_arrival", system="billing", operation="record_payment", nth=1, seconds=300.0),
        Fault(kind="forbidden", system="billing", operation="record_payment", nth=1),
    )
    played = stage_of("card", *plans).play(days=4)
    (recorded,) = played.last("billing", "cash").values()
    assert recorded.document.applied == ((INVOICE, TOTAL),)
    assert played.broken() == {}


def test_tax_whose_copy_was_added_late_is_added_once() -> None:
    plans = (
        Fault(kind="repeated", system="billing", operation="add_charge", nth=1, seconds=20.0),
        Fault(kind="too_large", system="billing", operation="add_charge", nth=1),
    )
    played = stage_of("card", *plans).play(days=4)
    assert played.document("billing", "invoice").total_minor == TOTAL
    assert played.broken() == {}


@pytest.mark.parametrize("method", ["debit", "push"])
def test_money_whose_message_is_lost_is_in_the_books_half_a_day_after_it_came(method: str) -> None:
    lost = Fault(kind="loss", system="payment", operation="payment_intent.succeeded")
    played = stage_of(method, lost).play(days=10)
    taken = next(change for change in played.changes("payment", "payment") if change.document.captured_minor)
    booked = played.changes("erp", "cash")[0]
    assert 60 * SECOND_US < booked.at_us - taken.at_us < 13 * 3600 * SECOND_US
    assert played.broken() == {}


def test_a_debit_the_customer_never_authorised_is_never_presented_again() -> None:
    played = returned("debit_not_authorized")
    assert "PAYMENT.UNAUTHORIZED_RETURN" in played.cases()
    assert played.document("erp", "invoice").balance_minor == 0  # the customer gave another means of payment
    assert played.broken() == {}


def test_a_debit_of_which_a_part_is_credit_of_the_customer_comes_back_from_both() -> None:
    stage = stage_of("debit")
    stage.clerks = 0
    stage.amends(
        "Q-500001", "Q-000001", "downsell", date(2026, 12, 1), 20, Delta(sku=CORE, quantity=5, unit_minor=50_00)
    )
    stage.act("payment", "return_debit", 9 * DAY, invoice=INVOICE, code="insufficient_funds")
    played = stage.play(days=20)
    on_invoice, credit = [each.amount_minor for each in played.documents("billing", "refund")][::-1]
    assert (on_invoice + credit, 0 < on_invoice < TOTAL) == (TOTAL, True)
    assert played.document("erp", "refund").amount_minor == TOTAL
    assert played.cases() == {}
    assert played.broken() == {}


def test_a_return_is_booked_once_whatever_is_lost_and_repeated() -> None:
    faults = (
        Fault(kind="lost_reply", system="billing", nth=1, operation="remove_payment"),
        Fault(kind="lost_reply", system="billing", nth=1, operation="record_transaction_refund"),
        Fault(kind="lost_reply", system="erp", nth=1, operation="upsert_refund"),
        Fault(kind="duplicate", system="payment", operation="charge.dispute.closed", count=2),
    )
    played = returned("insufficient_funds", *faults)
    assert len(played.documents("erp", "refund")) == len(played.documents("billing", "refund")) == 1
    assert played.broken() == {}
