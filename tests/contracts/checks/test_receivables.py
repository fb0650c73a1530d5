"""Money that goes back or will not come: each rule holds in a history where it is kept, and notices when it is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.checks.facts import Facts
from domain import objects
from domain.history import Case, Changed, Emitted, Flow, Record
from tests.contracts.checks.build import (
    CAPTURED,
    CASH,
    CREDITED,
    DAY_US,
    POSTED,
    RECORDED,
    SECOND,
    T0,
    TAXED,
    amended,
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

REFUND = objects.Refund(id="re_1", payment="pi_1", currency="USD", amount_minor=5_000, status="succeeded")
OWED = 5_000
LATER = 3_000  # minutes
BACK_ON, LOST_ON = date(2026, 12, 4), date(2026, 12, 6)


def refunded() -> list[Record]:
    """Return the clean lifecycle with a part of its payment given back, in every book."""
    reopened = replace(POSTED, status="partially_paid", balance_minor=OWED)
    due = replace(TAXED, status="partially_paid", balance_minor=OWED)
    kept = ((("200", 18_700 - OWED),), (("INV-1", 18_700 - OWED),))
    refund = replace(changed(LATER + 1, "erp", "refund", replace(REFUND, id="500", payment="300")), txn="Q-000123")
    recorded = replace(changed(LATER + 2, "billing", "refund", replace(REFUND, id="txn_2")), txn="Q-000123")
    return [
        *clean(),
        replace(changed(LATER, "payment", "refund", REFUND), txn="Q-000123"),
        changed(
            LATER, "payment", "payment",
            replace(CAPTURED, status="partially_refunded", refunded_minor=OWED, payout="po_1"), "settled",
        ),
        refund,
        changed(LATER + 1, "erp", "cash", replace(CASH, applied=kept[0]), "applied"),
        changed(LATER + 1, "erp", "invoice", reopened, "paid"),
        entry(LATER + 1, "GL6", "refund/500", ("1100", OWED), ("1050", -OWED), business_date=BACK_ON),
        recorded,
        changed(LATER + 2, "billing", "cash", replace(RECORDED, applied=kept[1]), "applied"),
        changed(LATER + 2, "billing", "invoice", due, "paid"),
    ]  # fmt: skip


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


def written_off() -> list[Record]:
    """Return the lifecycle after a refund, with what is owed again given up in billing and in the ERP."""
    given_up: dict[str, Any] = {"status": "written_off", "balance_minor": 0}
    return [
        *refunded(),
        changed(2 * LATER, "billing", "invoice", replace(TAXED, **given_up), "partially_paid"),
        changed(2 * LATER, "erp", "invoice", replace(POSTED, **given_up), "partially_paid"),
        entry(2 * LATER, "GL7", "write_off/600", ("1100", -OWED), ("6200", OWED), business_date=LOST_ON),
        _approved("write_off", {**_BY_THE_CFO, "approved_minor": OWED}),
    ]  # fmt: skip


_BY_THE_CFO: dict[str, object] = {
    "status": "written_off", "by": "cfo", "asked_by": "collections", "amount_minor": OWED, "total_minor": 18_700,
}  # fmt: skip


def _approved(name: str, result: dict[str, object]) -> Flow:
    text = json.dumps(result)
    return Flow(
        at_us=at(2 * LATER + 5), flow=f"{name}/1", name=name, txn="Q-000123", status="finished", result=text
    )  # fmt: skip


def dunned(due: date = date(2026, 12, 1)) -> list[Record]:
    """Return the lifecycle after a refund, in which the customer is reminded of what is owed again."""
    late = edited(refunded(), of("invoice", "erp"), due_date=due)
    told = Emitted(
        at_us=at(2 * LATER), type="q2c.invoice.overdue.v1", subject="INV-1", txn="Q-000123", sequence=9, id="evt_9"
    )
    return [*late, told]


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


def _loss_without_entry() -> list[Record]:
    return [record for record in written_off() if getattr(record, "id", "") != "GL7"]


def _loss_without_invoice() -> list[Record]:
    return [*clean(), entry(2 * LATER, "GL7", "write_off/600", ("1050", -OWED), ("6200", OWED))]


def _two_given_up_and_one_loss() -> list[Record]:
    """Two invoices of one deal are given up, and the ledger knows of one of them."""
    second = replace(POSTED, id="201", ref="INV-2", status="posted", balance_minor=OWED)
    given_up = replace(second, status="written_off", balance_minor=0)
    return [
        *written_off(), changed(2 * LATER, "erp", "invoice", second),
        changed(2 * LATER + 1, "erp", "invoice", given_up, "posted"),
    ]  # fmt: skip


def _two_given_up_and_two_losses() -> list[Record]:
    return [
        *_two_given_up_and_one_loss(), entry(2 * LATER + 1, "GL8", "write_off/601", ("1100", -OWED), ("6200", OWED))
    ]  # fmt: skip


def _given_up_and_still_owed() -> list[Record]:
    return edited(written_off(), of("invoice", "billing", status="written_off"), balance_minor=OWED)


def given_up_twice() -> list[Record]:
    """Return the lifecycle in which what was left of the payment went back after a write-off, and is given up too."""
    rest = 18_700 - OWED
    back = replace(REFUND, id="501", payment="300", amount_minor=rest)
    owed = {"status": "partially_paid", "balance_minor": rest}
    lost: dict[str, Any] = {"status": "written_off", "balance_minor": 0}
    return [
        *written_off(),
        changed(3 * LATER, "erp", "refund", back),
        changed(3 * LATER, "erp", "cash", replace(CASH, applied=()), "applied", "refunded"),
        changed(3 * LATER, "erp", "invoice", replace(POSTED, **owed), "written_off"),
        entry(3 * LATER, "GL8", "refund/501", ("1100", rest), ("1050", -rest)),
        changed(3 * LATER, "billing", "cash", replace(RECORDED, applied=()), "applied", "unapplied"),
        changed(3 * LATER, "billing", "invoice", replace(TAXED, **owed), "written_off"),
        changed(4 * LATER, "billing", "invoice", replace(TAXED, **lost), "partially_paid"),
        changed(4 * LATER, "erp", "invoice", replace(POSTED, **lost), "partially_paid"),
        entry(4 * LATER, "GL9", "write_off/601", ("1100", -rest), ("6200", rest)),
    ]  # fmt: skip


def _second_loss_without_entry() -> list[Record]:
    return [record for record in given_up_twice() if getattr(record, "id", "") != "GL9"]


def _billing_still_asks() -> list[Record]:
    return without(written_off(), of("invoice", "billing", status="written_off"))


def _given_up_in_part() -> list[Record]:
    """Billing has used a credit for a part of what it gave up; the memo of that credit waits, the ERP loses the rest.

    One request loses it and writes the entry.
    """
    part = CREDITED
    records = edited(written_off(), of("invoice", "erp", status="written_off"), balance_minor=part)
    records = edited(records, of("entry", "erp", "GL7"), postings=_rows(("1100", part - OWED), ("6200", OWED - part)))
    invoice = next(each for each in records if of("invoice", "erp", status="written_off")(each))
    assert isinstance(invoice, Changed)
    document = replace(invoice.document, status="partially_paid")  # type: ignore[arg-type]
    partly = replace(invoice, status="partially_paid", document=document, cause="r9")
    return [partly if each is invoice else each for each in records]


def _rows(*rows: tuple[str, int]) -> tuple[objects.Posting, ...]:
    return tuple(objects.Posting(account, minor, minor) for account, minor in rows)


def _a_part_given_up_that_billing_asks_for() -> list[Record]:
    return without(_given_up_in_part(), of("invoice", "billing", status="written_off"))


def _a_part_given_up_and_more_of_it_lost() -> list[Record]:
    return edited(_given_up_in_part(), of("entry", "erp", "GL7"), postings=_rows(("1100", -OWED), ("6200", OWED)))


def _approved_by_the_asker() -> list[Record]:
    return [*clean(), _approved("refund", {"by": "Ann ", "asked_by": "ann", "amount_minor": 1})]


def _approved_by_nobody() -> list[Record]:
    return [*clean(), _approved("reopen_period", {"by": "", "asked_by": "ann"})]


def _without(word: str) -> Callable[[], list[Record]]:
    def made() -> list[Record]:
        told = {**_BY_THE_CFO, "approved_minor": OWED}
        del told[word]
        return [*clean(), _approved("write_off", told)]

    made.__name__ = f"without_{word}"
    return made


def _more_than_was_approved() -> list[Record]:
    return [*clean(), _approved("write_off", {**_BY_THE_CFO, "approved_minor": OWED - 1})]


def _refund_of_more_than_was_approved() -> list[Record]:
    told = {"status": "succeeded", "by": "bob", "asked_by": "ann", "amount_minor": 2, "approved_minor": 1}
    return [*clean(), _approved("refund", told)]


def _refund_of_less_than_was_approved() -> list[Record]:
    told = {"status": "succeeded", "by": "bob", "asked_by": "ann", "amount_minor": 100, "approved_minor": 111}
    return [*clean(), _approved("refund", told)]


def _refund_rounded() -> list[Record]:
    told = {"status": "succeeded", "by": "bob", "asked_by": "ann", "amount_minor": 100, "approved_minor": 101}
    return [*clean(), _approved("refund", told)]


def _nothing_was_given_away() -> list[Record]:
    return [*clean(), _approved("write_off", {"status": "on_its_way", "amount_minor": 0}), *written_off()[-1:]]


def _a_large_small_difference() -> list[Record]:
    told = {"by": "tolerance", "asked_by": "integration", "amount_minor": 5_000, "total_minor": 18_700}
    return [*clean(), _approved("write_off", told)]


def _reopened(cause: str, *flows: Record) -> list[Record]:
    return [
        *clean(), period(LATER, "soft_closed", "open"), *flows,
        replace(period(LATER + 1, "open", "soft_closed"), cause=cause),
    ]  # fmt: skip


def _opened_by_a_request() -> list[Record]:
    return _reopened("r77")


def _opened_after_an_approval() -> list[Record]:
    asked = _approved("reopen_period", {"by": "eve", "asked_by": "ann"})
    return _reopened("r77", replace(asked, flow="reopen/US/2026-12/gl/1"))


def _opened_by_a_closing_that_was_given_up() -> list[Record]:
    return _reopened("r77", _closing("finished", "given_up"))


def _closing(status: str, ending: str = "") -> Flow:
    closing = replace(_approved("close_period", {}), flow="close/US/2026-12/1")
    return replace(closing, status=status, ending=ending)


def _opened_by_a_closing_that_people_have_in_hand() -> list[Record]:
    return _reopened("r77", _closing("parked"))


def _opened_beside_a_closing_that_was_done() -> list[Record]:
    return _reopened("r77", _closing("finished", "done"))


def _opened_beside_a_closing_that_nobody_had_to_look_at() -> list[Record]:
    return _reopened("r77", _closing("started"))


def _dunned_before_due() -> list[Record]:
    return dunned(due=date(2027, 2, 1))


def _dunned_after_payment() -> list[Record]:
    return edited(dunned(), of("invoice", "erp", status="partially_paid"), balance_minor=0)


def _dunned_while_disputed() -> list[Record]:
    row = next(record for record in refunded() if of("invoice", "erp", status="partially_paid")(record))
    disputed = replace(row.document, status="disputed", due_date=date(2026, 12, 1))  # type: ignore[union-attr]
    return [*dunned(), changed(LATER + 50, "erp", "invoice", disputed, "partially_paid")]


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


def _objected(*ends: tuple[float, str, str]) -> list[Record]:
    """Return what is owed again being objected to, with what became of it (minute, status of the flow, of the mark)."""
    row = next(record for record in refunded() if of("invoice", "erp", status="partially_paid")(record))
    marked = replace(row.document, status="disputed")  # type: ignore[union-attr]
    flow = Flow(
        at_us=at(LATER + 100), flow="dispute/INV-1/D-1", name="dispute_invoice", txn="Q-000123", status="started"
    )
    records = [*refunded(), flow, changed(LATER + 101, "erp", "invoice", marked, "partially_paid")]
    for minute, status, mark in ends:
        shown = changed(LATER + minute, "erp", "invoice", replace(marked, status=mark), "disputed")
        records += [shown, replace(flow, at_us=at(LATER + minute), status=status)]
    return records


def _asked(records: list[Record], code: str = "PAYMENT.DISPUTE", flow: str = "dispute/INV-1/D-1") -> list[Record]:
    case = Case(
        at_us=at(LATER + 102), case="C2", flow=flow, txn="Q-000123", status="verified", code=code,
        owner="collections", opened_us=at(LATER + 102), due_us=at(LATER + 900), actor="ann",
    )  # fmt: skip
    return [*records, case]


def _heard() -> list[Record]:
    return _asked(_objected((200, "finished", "partially_paid")))


def _taken_away_by_hand() -> list[Record]:
    return _asked(_objected((200, "finished", "disputed")), "INTEGRITY.TOTAL_MISMATCH")


def _still_open() -> list[Record]:
    return _asked(_objected((200, "resumed", "disputed")))


def _brushed_off() -> list[Record]:
    return _objected((200, "finished", "partially_paid"))


def _mark_left() -> list[Record]:
    return [
        *_asked(_objected((200, "finished", "disputed"))),
        *_objected((400, "finished", "partially_paid"))[-2:-1],  # a payment takes it away, hours later
    ]


def _settled(agreed_minor: int) -> list[Record]:
    """Return an objection that was settled for an amount, while the books give another one back."""
    told = {"status": "resolved", "outcome": "customer", "credit_note": "CN-1", "amount_minor": agreed_minor}
    flow = replace(_approved("dispute_invoice", told), flow="dispute/INV-2/D-1", txn="Q-000200")
    return _asked([*amended(), flow], flow=flow.flow)


def _settled_as_agreed() -> list[Record]:
    return _settled(CREDITED + 1)


def _more_than_was_settled() -> list[Record]:
    return _settled(CREDITED - 11)


def _refund_dated_by_another_day() -> list[Record]:
    """The money left on the fourth, the books followed on the fifth and say so."""
    late = [record for record in refunded() if record.at_us > at(LATER)]
    early = [record for record in refunded() if record.at_us <= at(LATER)]
    moved = [replace(record, at_us=record.at_us + DAY_US) for record in late]
    return edited([*early, *moved], of("entry", "erp", "GL6"), business_date=date(2026, 12, 5))


def _refund_moved_by_a_closing() -> list[Record]:
    return [*_refund_dated_by_another_day(), period(LATER + 1, "soft_closed", "open", module="ar")]


def _loss_dated_by_another_day() -> list[Record]:
    return edited(written_off(), of("entry", "erp", "GL7"), business_date=BACK_ON)


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


BREAKS: tuple[tuple[str, Callable[[], list[Record]]], ...] = (
    ("M15", _refund_not_in_erp),
    ("M15", _refund_not_in_billing),
    ("M15", _returned_debit_kept),
    ("M15", _won_dispute_not_booked),
    ("M15", _a_change_hides_a_refund),
    ("M16", _ledger_forgets_a_refund),
    ("M16", _unapplied_cash_without_account),
    ("M17", _loss_without_entry),
    ("M17", _loss_without_invoice),
    ("M17", _billing_still_asks),
    ("M17", _second_loss_without_entry),
    ("M17", _given_up_and_still_owed),
    ("M5", _given_up_and_still_owed),
    ("M17", _two_given_up_and_one_loss),
    ("M17", _a_part_given_up_that_billing_asks_for),
    ("M17", _a_part_given_up_and_more_of_it_lost),
    ("M5", _a_part_given_up_and_more_of_it_lost),
    ("P10", _without("by")),
    ("P10", _without("asked_by")),
    ("P10", _without("approved_minor")),
    ("P10", _more_than_was_approved),
    ("P10", _refund_of_more_than_was_approved),
    ("P10", _refund_of_less_than_was_approved),
    ("P10", _approved_by_the_asker),
    ("P10", _approved_by_nobody),
    ("P10", _a_large_small_difference),
    ("P10", _opened_by_a_request),
    ("P10", _opened_beside_a_closing_that_was_done),
    ("P10", _opened_beside_a_closing_that_nobody_had_to_look_at),
    ("P11", _dunned_before_due),
    ("P11", _dunned_after_payment),
    ("P11", _dunned_while_disputed),
    ("P11", _brushed_off),
    ("P11", _mark_left),
    ("P11", _more_than_was_settled),
    ("M15", _missed),
    ("M8", _refund_that_its_payment_does_not_tell),
    ("O8", _refund_dated_by_another_day),
    ("O8", _loss_dated_by_another_day),
    ("O8", _cash_used_on_another_day),
)
KEEPS = (
    ("M15", refunded),
    ("M15", _billing_names_a_change),
    ("M16", refunded),
    ("M17", written_off),
    ("M17", given_up_twice),
    ("M5", written_off),
    ("M5", given_up_twice),
    ("M17", _two_given_up_and_two_losses),
    ("M17", _given_up_in_part),
    ("M5", _given_up_in_part),
    ("P10", written_off),
    ("P10", _nothing_was_given_away),
    ("P10", _refund_rounded),
    ("P10", _opened_after_an_approval),
    ("P10", _opened_by_a_closing_that_was_given_up),
    ("P10", _opened_by_a_closing_that_people_have_in_hand),
    ("P11", dunned),
    ("P11", _heard),
    ("P11", _taken_away_by_hand),
    ("P11", _settled_as_agreed),
    ("M5", refunded),
    ("M8", refunded),
    ("L2", refunded),
    ("O8", refunded),
    ("O8", written_off),
    ("O8", _refund_moved_by_a_closing),
    ("O8", _cash_used_in_time),
)


@pytest.mark.parametrize(("key", "records"), KEEPS, ids=[f"{key}_{make.__name__}" for key, make in KEEPS])
def test_the_rule_holds_where_it_is_kept(key: str, records: Callable[[], list[Record]]) -> None:
    result = check(key, records())
    assert result.status == "holds", result
    assert result.examined > 0


@pytest.mark.parametrize(("key", "records"), BREAKS, ids=[f"{key}_{make.__name__}" for key, make in BREAKS])
def test_the_rule_notices_what_breaks_it(key: str, records: Callable[[], list[Record]]) -> None:
    result = check(key, records())
    assert result.status == "broken", result
    assert all(violation.sentence for violation in result.violations)


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


def test_an_objection_that_is_not_over_keeps_its_mark() -> None:
    assert check("P11", _still_open()).violations == ()


def test_a_payment_that_is_in_no_book_may_be_said_to_be_missed() -> None:
    assert not [each for each in check("M15", _missed_for_a_reason()).violations if "no book" in each.sentence]


def test_a_refund_in_the_last_moment_is_not_judged_yet() -> None:
    late = [replace(record, at_us=T0 + 29 * DAY_US + 23 * 3600 * 1_000_000) for record in _refund_not_in_erp()[-9:]]
    result = check("M15", [*clean(), *late, attempt(1, "r99", "erp", "read_order")])
    assert result.violations == ()


def test_a_loss_has_the_day_on_which_billing_gave_its_invoice_up_whosever_transaction_it_is_in_the_books() -> None:
    """A contract's invoice is booked under the contract, and drawn under the amendment that brought it about."""

    def booked_later(cause: str) -> str:
        *others, billing, erp, loss, agreed = written_off()
        late_us, other = loss.at_us + 2 * 24 * 60 * 60_000_000, "Q-900001"
        erp, loss = (replace(each, at_us=late_us, txn=other) for each in (erp, loss))
        return check("O8", [*others, billing, agreed, replace(erp, cause="r90"), replace(loss, cause=cause)]).status

    assert (booked_later("r90"), booked_later("r91")) == ("holds", "broken")
