"""Reminders and objections: who is reminded owes it, and an objection is heard before its mark is taken away."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from domain.history import Case, Emitted, Flow, Record
from tests.contracts.checks.build import CREDITED, amended, at, changed, check, edited, of
from tests.contracts.checks.doctored import Break, keeps, named, notices
from tests.contracts.checks.receivables import LATER, approved, refunded


def dunned(due: date = date(2026, 12, 1)) -> list[Record]:
    """Return the lifecycle after a refund, in which the customer is reminded of what is owed again."""
    late = edited(refunded(), of("invoice", "erp"), due_date=due)
    told = Emitted(
        at_us=at(2 * LATER), type="q2c.invoice.overdue.v1", subject="INV-1", txn="Q-000123", sequence=9, id="evt_9"
    )
    return [*late, told]


def _dunned_before_due() -> list[Record]:
    return dunned(due=date(2027, 2, 1))


def _dunned_after_payment() -> list[Record]:
    return edited(dunned(), of("invoice", "erp", status="partially_paid"), balance_minor=0)


def _dunned_while_disputed() -> list[Record]:
    row = next(record for record in refunded() if of("invoice", "erp", status="partially_paid")(record))
    disputed = replace(row.document, status="disputed", due_date=date(2026, 12, 1))  # type: ignore[union-attr]
    return [*dunned(), changed(LATER + 50, "erp", "invoice", disputed, "partially_paid")]


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
    flow = replace(approved("dispute_invoice", told), flow="dispute/INV-2/D-1", txn="Q-000200")
    return _asked([*amended(), flow], flow=flow.flow)


def _settled_as_agreed() -> list[Record]:
    return _settled(CREDITED + 1)


def _more_than_was_settled() -> list[Record]:
    return _settled(CREDITED - 11)


BREAKS: tuple[tuple[str, Break], ...] = (
    ("P11", _dunned_before_due),
    ("P11", _dunned_after_payment),
    ("P11", _dunned_while_disputed),
    ("P11", _brushed_off),
    ("P11", _mark_left),
    ("P11", _more_than_was_settled),
)
KEEPS: tuple[tuple[str, Break], ...] = (
    ("P11", dunned),
    ("P11", _heard),
    ("P11", _taken_away_by_hand),
    ("P11", _settled_as_agreed),
)


@pytest.mark.parametrize(("key", "made"), named(KEEPS))
def test_the_rule_holds_where_it_is_kept(key: str, made: Break) -> None:
    keeps(key, made)


@pytest.mark.parametrize(("key", "spoil"), named(BREAKS))
def test_the_rule_notices_what_breaks_it(key: str, spoil: Break) -> None:
    notices(key, spoil)


def test_an_objection_that_is_not_over_keeps_its_mark() -> None:
    assert check("P11", _still_open()).violations == ()
