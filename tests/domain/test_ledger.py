"""Ledger: every posting balances, reversals undo, exchange differences land where they belong."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import postings
from domain.ledger import (
    ACCOUNT_NAMES,
    Account,
    Entry,
    Line,
    Unbalanced,
    Writer,
    differences,
    is_balanced,
    trial_balance,
)
from domain.postings import ChargebackPolicy, Document

FEW = settings(max_examples=100)
AMOUNT = st.integers(0, 10**12)
TAXES = st.dictionaries(st.sampled_from(["CA", "SF", "DE"]), st.integers(0, 10**9), max_size=3)
USD = Document(entity="US", currency="USD", source="test")

ROWS: list[Callable[[int, int, dict[str, int]], list[Entry | None]]] = [
    lambda a, b, t: [postings.invoice_posted(USD, a, t)],
    lambda a, b, t: [postings.invoice_posted(USD, a, t, Account.CONTRACT_ASSET)],
    lambda a, b, t: [postings.invoice_with_gross_discount(USD, a + b, b, t)],
    lambda a, b, t: [postings.revenue_recognised(USD, a, "po-1")],
    lambda a, b, t: [postings.card_captured(USD, a), postings.settled(USD, a + b, b)],
    lambda a, b, t: [postings.received_unmatched(USD, a), postings.applied(USD, a)],
    lambda a, b, t: [postings.early_payment(USD, a, b, t)],
    lambda a, b, t: [postings.early_payment_in_base("US", "INR", a, b, sum(t.values()))],
    lambda a, b, t: [postings.received_in_currency(USD, a, a, b)],
    lambda a, b, t: list(postings.revalued(USD, a, b)),
    lambda a, b, t: [postings.credit_memo_posted(USD, a, t)],
    lambda a, b, t: [postings.refunded(USD, a), postings.refunded_with_adjustment(USD, a, t)],
    lambda a, b, t: [postings.chargeback_opened(USD, a, b), postings.chargeback_won(USD, a)],
    lambda a, b, t: [postings.chargeback_lost(USD, a, ChargebackPolicy.ON_LOST, Account.BAD_DEBT)],
    lambda a, b, t: [postings.debit_returned(USD, a), postings.written_off(USD, b)],
    lambda a, b, t: list(postings.intercompany("US", "DE", "USD", a)),
    lambda a, b, t: [postings.commission_accrued(USD, a, "partner-1")],
]


@FEW
@given(AMOUNT, AMOUNT, TAXES, st.sampled_from(ROWS))
def test_every_posting_balances_per_entity_and_currency(
    a: int, b: int, taxes: dict[str, int], row: Callable[[int, int, dict[str, int]], list[Entry | None]]
) -> None:
    for entry in row(a, b, taxes):
        assert entry is not None
        assert is_balanced(entry)
        assert differences([entry, entry.reversed("undo")]) == {}
        assert not any(trial_balance([entry, entry.reversed("undo")]).values())


def test_a_credit_memo_undoes_its_invoice() -> None:
    taxes = {"CA": 725}
    invoice = postings.invoice_posted(USD, 10000, taxes)
    memo = postings.credit_memo_posted(USD, 10000, taxes)
    assert invoice.amount(Account.RECEIVABLE) == 10725
    assert not any(trial_balance([invoice, memo]).values())


def test_a_gross_discount_shows_beside_the_full_sale() -> None:
    entry = postings.invoice_with_gross_discount(USD, 10000, 1000, {})
    assert (entry.amount(Account.RECEIVABLE), entry.amount(Account.DISCOUNTS)) == (9000, 1000)
    assert entry.amount(Account.REVENUE) == -10000


def test_what_remains_after_the_discount_is_exchange_loss() -> None:
    entry = postings.early_payment_in_base("IN", "INR", 500000, 420000, 50000)
    assert entry.amount(Account.REALISED_FX) == 30000
    gain = postings.early_payment_in_base("IN", "INR", 500000, 480000, 50000)
    assert gain.amount(Account.REALISED_FX) == -30000


def test_an_early_payment_gives_up_net_and_tax() -> None:
    entry = postings.early_payment(USD, 10620, 1000, {"IN": 180})
    assert entry.amount(Account.TAX_PAYABLE, "IN") == 180
    assert entry.amount(Account.RECEIVABLE) == -11800


def test_a_foreign_receipt_realises_only_in_base() -> None:
    entry = postings.received_in_currency(USD, 10000, 9200, 9000)
    assert entry.base_amount(Account.REALISED_FX) == 200
    assert entry.amount(Account.REALISED_FX) == 0


def test_a_revaluation_reverses_the_next_day() -> None:
    month_end, next_day = postings.revalued(USD, 9200, 9500)
    assert month_end.base_amount(Account.RECEIVABLE) == 300 == -next_day.base_amount(Account.RECEIVABLE)


def test_a_chargeback_reopens_on_open_or_on_lost() -> None:
    opened = postings.chargeback_opened(USD, 5000, 1500)
    assert opened.amount(Account.RECEIVABLE) == 5000
    assert opened.amount(Account.PROCESSOR_CLEARING) == -6500
    assert postings.chargeback_lost(USD, 5000) is None
    later = ChargebackPolicy.ON_LOST
    held = postings.chargeback_opened(USD, 5000, 0, later)
    lost = postings.chargeback_lost(USD, 5000, later)
    assert lost is not None
    assert held.amount(Account.RECEIVABLE) == 0
    balance = trial_balance([held, lost])
    assert balance["US", Account.DISPUTED_FUNDS, "USD"] == 0
    assert balance["US", Account.RECEIVABLE, "USD"] == 5000


def test_an_unbalanced_entry_is_refused() -> None:
    writer = Writer("US", "wrong", "USD")
    writer.debit(Account.BANK, 100)
    writer.credit(Account.RECEIVABLE, 99)
    with pytest.raises(Unbalanced, match="off by"):
        writer.entry()
    with pytest.raises(ValueError, match="one side"):
        Line(account=Account.BANK, currency="USD", debit_minor=1, credit_minor=1)


def test_entities_balance_each_on_their_own() -> None:
    selling, delivering = postings.intercompany("US", "DE", "USD", 700)
    assert (selling.entity, delivering.entity) == ("US", "DE")
    assert selling.amount(Account.INTERCOMPANY) == -700 == -delivering.amount(Account.INTERCOMPANY)


def test_the_chart_of_accounts_is_numbered_once() -> None:
    assert len({account.value for account in Account}) == len(Account)
    assert ACCOUNT_NAMES[Account.DEFERRED_REVENUE] == "Deferred revenue"
