"""Money that goes back: refunds, disputes and cash that is used are in every book, and on their day."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from contracts.checks.facts import Facts
from domain import objects
from domain.history import Case, Changed, Flow, Record
from tests.contracts.checks.build import (
    CAPTURED,
    DAY_US,
    SECOND,
    T0,
    at,
    attempt,
    changed,
    check,
    clean,
    edited,
    entry,
    history,
    of,
    period,
    without,
)
from tests.contracts.checks.doctored import Break, keeps, named, notices
from tests.contracts.checks.receivables import BACK_ON, LATER, OWED, refunded


def _named_after_a_change(*systems: str) -> list[Record]:
    """Return the lifecycle after a refund, in which systems name the money after a change of the contract."""
    change = changed(25, "billing", "invoice", SECOND)
    return [
        replace(each, txn="Q-000200")
        if isinstance(each, Changed) and each.kind in ("cash", "refund") and each.system in systems
        else each
        for each in [*refunded(), change]
    ]


def _billing_names_a_change() -> list[Record]:
    return _named_after_a_change("billing")


def _a_change_hides_a_refund() -> list[Record]:
    return without(_named_after_a_change("billing", "payment"), of("refund", "billing"))


def _refund_not_in_erp() -> list[Record]:
    return without(refunded(), of("refund", "erp"))


def _refund_not_in_billing() -> list[Record]:
    return without(refunded(), of("refund", "billing"))


def _returned_debit_kept() -> list[Record]:
    lost = replace(CAPTURED, status="returned", method="debit", disputed_minor=18_700)
    return [*clean(), changed(LATER, "payment", "payment", lost, "settled")]


def _won_dispute_not_booked() -> list[Record]:
    """The money came back to the processor, the books gave it back and never took it in again."""
    back = edited(refunded(), of("payment", "payment", status="partially_refunded"), refunded_minor=0)
    dispute = objects.Dispute(
        id="du_1", payment="pi_1", currency="USD", amount_minor=OWED, fee_minor=1_500, status="won"
    )
    return [*back, replace(changed(LATER + 9, "payment", "dispute", dispute), txn="Q-000123")]


def _ledger_forgets_a_refund() -> list[Record]:
    return [record for record in refunded() if getattr(record, "id", "") != "GL6"]


def _unapplied_cash_without_account() -> list[Record]:
    return edited(clean(), of("cash", "erp"), applied=(("200", 18_000),))


def _missed() -> list[Record]:
    """Return a lifecycle with a case that says that its payment is in no book."""
    case = Case(
        at_us=at(LATER), case="C1", flow="refund/R-1", txn="Q-000123", status="new", opened_us=at(LATER),
        code="DATA_QUALITY.MAPPING_MISSING", owner="data steward", due_us=at(LATER + 60),
        detail="payment pi_1 is in no book: billing or the ERP does not know it",
    )  # fmt: skip
    return [*refunded(), case]


def _missed_for_a_reason() -> list[Record]:
    return without(_missed(), of("cash", "erp"))


def _refund_dated_by_another_day() -> list[Record]:
    """The money left on the fourth, the books followed on the fifth and say so."""
    late = [record for record in refunded() if record.at_us > at(LATER)]
    early = [record for record in refunded() if record.at_us <= at(LATER)]
    moved = [replace(record, at_us=record.at_us + DAY_US) for record in late]
    return edited([*early, *moved], of("entry", "erp", "GL6"), business_date=date(2026, 12, 5))


def _refund_moved_by_a_closing() -> list[Record]:
    return [*_refund_dated_by_another_day(), period(LATER + 1, "soft_closed", "open", module="ar")]


def _used_cash(day: date) -> list[Record]:
    """What was left of the payment is used two days later."""
    used = entry(LATER, "GL8", "cash/300", ("2150", 700), ("1100", -700), business_date=day)
    return [*clean(), used]


def _cash_used_on_another_day() -> list[Record]:
    return _used_cash(date(2026, 12, 2))


def _cash_used_in_time() -> list[Record]:
    return _used_cash(BACK_ON)


def _refund_that_its_payment_does_not_tell() -> list[Record]:
    return edited(refunded(), of("refund", "payment"), amount_minor=OWED + 1)


BREAKS: tuple[tuple[str, Break], ...] = (
    ("M15", _refund_not_in_erp),
    ("M15", _refund_not_in_billing),
    ("M15", _returned_debit_kept),
    ("M15", _won_dispute_not_booked),
    ("M15", _a_change_hides_a_refund),
    ("M16", _ledger_forgets_a_refund),
    ("M16", _unapplied_cash_without_account),
    ("M15", _missed),
    ("M8", _refund_that_its_payment_does_not_tell),
    ("O8", _refund_dated_by_another_day),
    ("O8", _cash_used_on_another_day),
)
KEEPS: tuple[tuple[str, Break], ...] = (
    ("M15", refunded),
    ("M15", _billing_names_a_change),
    ("M16", refunded),
    ("M5", refunded),
    ("M8", refunded),
    ("L2", refunded),
    ("O8", refunded),
    ("O8", _refund_moved_by_a_closing),
    ("O8", _cash_used_in_time),
)


@pytest.mark.parametrize(("key", "made"), named(KEEPS))
def test_the_rule_holds_where_it_is_kept(key: str, made: Break) -> None:
    keeps(key, made)


@pytest.mark.parametrize(("key", "spoil"), named(BREAKS))
def test_the_rule_notices_what_breaks_it(key: str, spoil: Break) -> None:
    notices(key, spoil)


def test_a_balance_is_judged_even_when_money_went_back() -> None:
    wrong = edited(refunded(), of("invoice", "erp", status="partially_paid"), balance_minor=OWED - 100)
    assert check("M5", wrong).status == "broken"


def test_a_refund_whose_booking_people_have_in_hand_is_not_judged() -> None:
    parked = Flow(at_us=at(LATER + 5), flow="refund/R-1", name="refund", txn="Q-000123", status="parked")
    assert check("M15", [*_refund_not_in_erp(), parked]).violations == ()


def test_a_dispute_that_people_have_in_hand_is_not_judged_whatever_its_flow_knows_of_the_order() -> None:
    parked = Flow(at_us=at(LATER + 10), flow="chargeback/du_1", name="chargeback", txn="", status="parked")
    assert check("M15", [*_won_dispute_not_booked(), parked]).violations == ()
    assert "Q-000123" in Facts(history([*_won_dispute_not_booked(), parked])).excused, "no other rule judges it either"
    other = replace(parked, flow="chargeback/du_2")
    assert check("M15", [*_won_dispute_not_booked(), other]).status == "broken"


def test_a_payment_that_is_in_no_book_may_be_said_to_be_missed() -> None:
    assert not [each for each in check("M15", _missed_for_a_reason()).violations if "no book" in each.sentence]


def test_a_refund_in_the_last_moment_is_not_judged_yet() -> None:
    late = [replace(record, at_us=T0 + 29 * DAY_US + 23 * 3600 * 1_000_000) for record in _refund_not_in_erp()[-9:]]
    result = check("M15", [*clean(), *late, attempt(1, "r99", "erp", "read_order")])
    assert result.violations == ()
