"""Cash: application order, balances through refunds and chargebacks, parents; and dunning by age."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.cash import (
    Balance,
    CashEvent,
    OpenInvoice,
    Tolerance,
    apply_payment,
    consolidate,
    discount_parts,
)
from domain.dunning import STANDARD, THREE_STEPS, earliest_unpaid, profile
from domain.postings import ChargebackPolicy

FEW = settings(max_examples=100)
JANUARY, FEBRUARY, MARCH = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)
OPEN = [OpenInvoice("b", 500, FEBRUARY), OpenInvoice("a", 300, JANUARY), OpenInvoice("c", 200, MARCH)]
BALANCES = st.lists(st.integers(0, 10**6), max_size=6)


def test_an_exact_match_wins_over_the_oldest() -> None:
    result = apply_payment(200, OPEN)
    assert [(part.invoice, part.amount_minor) for part in result.applied] == [("c", 200)]


def test_otherwise_the_oldest_due_is_paid_first() -> None:
    result = apply_payment(400, OPEN)
    assert [(part.invoice, part.amount_minor) for part in result.applied] == [("a", 300), ("b", 100)]
    assert result.unapplied_minor == 0


def test_an_overpayment_stays_on_account() -> None:
    assert apply_payment(1100, OPEN).unapplied_minor == 100
    assert apply_payment(50, []).unapplied_minor == 50


def test_a_small_shortfall_is_written_off() -> None:
    result = apply_payment(99950, [OpenInvoice("a", 100000, JANUARY)], Tolerance())
    assert result.applied[0].write_off_minor == 50
    assert apply_payment(99000, [OpenInvoice("a", 100000, JANUARY)], Tolerance()).applied[0].write_off_minor == 0


@FEW
@given(st.integers(0, 10**6), BALANCES)
def test_a_payment_is_conserved_and_never_over_applied(amount: int, balances: list[int]) -> None:
    invoices = [OpenInvoice(str(place), balance, JANUARY) for place, balance in enumerate(balances)]
    result = apply_payment(amount, invoices)
    by_invoice = {invoice.invoice: invoice.balance_minor for invoice in invoices}
    assert sum(part.amount_minor for part in result.applied) + result.unapplied_minor == amount
    assert all(0 < part.amount_minor <= by_invoice[part.invoice] for part in result.applied)


def test_a_balance_follows_what_was_processed() -> None:
    balance = Balance(24995)
    opens = []
    for event in (CashEvent.CAPTURE, CashEvent.CHARGEBACK, CashEvent.CHARGEBACK_REVERSAL):
        balance = balance.after(event, 1000)
        opens.append(balance.open_minor)
    assert opens == [23995, 24995, 23995]


def test_a_refund_reopens_unless_it_adjusts() -> None:
    paid = Balance(3000).after(CashEvent.CAPTURE, 3000)
    assert paid.after(CashEvent.REFUND, 1000).open_minor == 1000
    assert paid.after(CashEvent.REFUND_WITH_ADJUSTMENT, 1000).open_minor == 0
    with pytest.raises(ValueError, match="0 or more"):
        paid.after(CashEvent.REFUND, -1)


@FEW
@given(st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from(list(ChargebackPolicy)))
def test_a_chargeback_that_is_won_leaves_no_trace(invoice: int, amount: int, policy: ChargebackPolicy) -> None:
    paid = Balance(invoice).after(CashEvent.CAPTURE, amount)
    opened = paid.after(CashEvent.CHARGEBACK, amount, policy)
    assert opened.after(CashEvent.CHARGEBACK_REVERSAL, amount, policy) == paid
    lost = opened.after(CashEvent.CHARGEBACK_LOST, amount, policy)
    assert lost.open_minor == invoice
    assert lost.held_minor == 0


def test_an_early_discount_splits_in_proportion() -> None:
    assert discount_parts(1180, 10000, [1800]) == (1000, (180,))


def test_children_settle_when_the_parent_pays() -> None:
    draft = consolidate([24995, 2995])
    assert (draft.total_minor, draft.balance_minor) == (27990, 0)
    posted = msgspec.structs.replace(draft, posted=True)
    assert posted.balance_minor == 27990
    assert msgspec.structs.replace(posted, paid_minor=27990).children_open() == (0, 0)
    assert msgspec.structs.replace(posted, paid_minor=25000).children_open() == (0, 2990)


@FEW
@given(st.lists(st.integers(-(10**6), 10**6), max_size=6), st.integers(0, 10**6))
def test_what_children_owe_is_what_their_parent_owes(children: list[int], paid: int) -> None:
    posted = msgspec.structs.replace(consolidate(children), posted=True)
    paying = msgspec.structs.replace(posted, paid_minor=min(paid, max(posted.total_minor, 0)))
    assert sum(paying.children_open()) == max(paying.balance_minor, 0), "a child's credit pays for the others"
    assert min(paying.children_open(), default=0) >= 0


def test_stages_count_from_the_earliest_unpaid_invoice() -> None:
    since = earliest_unpaid([(JANUARY, 0), (FEBRUARY, 10), (MARCH, 10)])
    assert since == FEBRUARY
    ages = [29, 30, 40, 49, 50]
    assert [THREE_STEPS.stage(since, FEBRUARY + timedelta(days=age)) for age in ages] == [
        "current",
        "OD1",
        "OD2",
        "OD2",
        "OD3",
    ]
    assert THREE_STEPS.next_change(since, FEBRUARY + timedelta(days=30)) == FEBRUARY + timedelta(days=40)
    assert THREE_STEPS.next_change(since, FEBRUARY + timedelta(days=50)) is None


def test_paying_everything_ends_dunning() -> None:
    assert STANDARD.stage(None, MARCH) == "current"
    assert STANDARD.next_change(None, MARCH) is None
    assert STANDARD.stage(JANUARY, JANUARY + timedelta(days=61)) == "collections"


def test_small_debts_are_not_dunned() -> None:
    limits = profile({"OD1": 30}, {"EUR": 1000})
    assert not limits.dunned({"EUR": 999})
    assert limits.dunned({"EUR": 1000})
    assert limits.dunned({"EUR": 5, "USD": 1})
    assert not limits.dunned({"USD": 0})
