"""Money that goes back is taken from whatever holds it, once, whoever else moves it and wherever people try again."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.faults import Fault
from domain.objects import Delta
from integration.flows.giving_back import parts_of
from integration.flows.taken import Taken
from integration.systems.billing.receivables import LinkedPayment, Money, Transaction
from integration.systems.payment import Intent
from tests.integration.flows.one_invoice import DAY, INVOICE, TOTAL, stage_of
from tests.stage import CORE, OPENS_US, Played, Stage

HELD = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=4)


def taken_of(held: list[tuple[int, int]]) -> Taken:
    """Return a payment that billing holds in these transactions: (unused, on the invoice) each."""
    rows = [Transaction(f"t{n}", "payment", sum(row), "pi_1", row[0]) for n, row in enumerate(held)]
    linked = [LinkedPayment(f"t{n}", row[1]) for n, row in enumerate(held) if row[1]]
    money = Money("INV-1", "A-1", "paid", "USD", total=5000, amount_due=0, linked_payments=linked)
    return Taken(Intent("pi_1", "succeeded", amount=1, currency="usd"), money, tuple(rows), 0)


@given(HELD, st.integers(1, 9000))
def test_what_no_invoice_uses_goes_first_and_nobody_gives_more_than_he_has(
    held: list[tuple[int, int]], amount: int
) -> None:
    taken = taken_of(held)
    parts = parts_of(taken, taken.transactions, amount)
    assert sum(part.minor for part in parts) == min(amount, sum(map(sum, held)))
    for part in parts:
        unused, applied = held[int(part.transaction.id[1:])]
        assert part.unused_minor <= unused
        assert part.applied_minor <= applied
    if any(part.applied_minor for part in parts):
        assert sum(part.unused_minor for part in parts) == sum(unused for unused, _ in held)


def stage_without_clerks(method: str = "card", *faults: Fault) -> Stage:
    """Return a stage on which nobody decides anything but who is told to."""
    stage = stage_of(method, *faults)
    stage.clerks = 0
    return stage


def open_in_both(played: Played) -> tuple[int, int]:
    """Return what is open of the invoice in billing and in the ERP."""
    return played.document("billing", "invoice").balance_minor, played.document("erp", "invoice").balance_minor


@pytest.mark.parametrize("seconds_before", [0.5, 2.0, 4.0, 8.0])
def test_a_dispute_and_a_refund_of_one_payment_are_both_booked_whoever_is_first(seconds_before: float) -> None:
    begun = stage_without_clerks()
    begun.act("integration", "refund", 2 * DAY, "Q-000001", percent=40, approved_by="cfo")
    booked = begun.play(days=3).changes("erp", "refund")[0].at_us
    stage = stage_without_clerks()
    stage.act("integration", "refund", 2 * DAY, "Q-000001", percent=40, approved_by="cfo")
    opened = (booked - OPENS_US) / 3.6e9 - seconds_before / 3600
    stage.act("payment", "open_dispute", opened, invoice=INVOICE)
    played = stage.play(days=4)
    assert open_in_both(played) == (TOTAL, TOTAL)
    for system in ("billing", "erp"):
        assert sorted(each.amount_minor for each in played.documents(system, "refund")) == [21_740, 32_610]
    assert list(played.cases()) == ["PAYMENT.DISPUTE"]
    assert played.broken() == {}


@pytest.mark.parametrize("operation", ["remove_payment", "record_transaction_refund", "apply_payments"])
def test_what_is_refused_for_another_reason_than_a_move_goes_to_people(operation: str) -> None:
    stage = stage_of("card", Fault(kind="key_mismatch", system="billing", operation=operation, nth=1))
    stage.act("integration", "refund", 2 * DAY, "Q-000001", percent=40, approved_by="cfo")
    played = stage.play(days=6)
    assert [attempt.status for attempt in played.attempts(operation)] == [400, 200]
    assert len(played.cases()) == 1
    assert open_in_both(played) == (21_740, 21_740)
    assert played.broken() == {}


def test_money_of_a_won_dispute_is_on_its_invoice_in_both_books_although_lists_lag() -> None:
    lagging = Fault(kind="stale_read", system="billing", operation="list_transactions", seconds=1800.0)
    stage = stage_of("card", lagging)
    stage.act("payment", "open_dispute", 2.5 * DAY, invoice=INVOICE)
    stage.act("payment", "close_dispute", 6 * DAY, invoice=INVOICE, won=True)
    played = stage.play(days=10)
    assert open_in_both(played) == (0, 0)
    assert played.document("billing", "invoice").status == played.document("erp", "invoice").status == "paid"
    assert played.broken() == {}


def test_an_invoice_is_shown_as_paid_when_only_money_goes_back_that_it_has_not_used() -> None:
    stage = stage_without_clerks("debit")
    fewer = Delta(sku=CORE, quantity=5, unit_minor=50_00)
    stage.amends("Q-500001", "Q-000001", "downsell", date(2026, 12, 2), 40, fewer)  # while the bank still decides
    stage.act("integration", "refund", 9 * DAY, "Q-000001", percent=10, approved_by="cfo")
    played = stage.play(days=11)
    assert open_in_both(played) == (0, 0)
    shown = [each for each in played.versions("crm", "mirror") if each.id == "Q-000001-v1"][-1]
    assert (shown.invoice_status, shown.invoice_balance_minor, shown.payment_status) == ("paid", 0, "refunded")
    assert played.broken() == {}
