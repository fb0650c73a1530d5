"""Credits of an invoice that is owed again are used for it before anything of it is given up."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from domain.faults import Fault
from domain.objects import Delta
from integration.effects import Call
from integration.flow import FlowContext
from integration.flows.credits_used import apply_memos, credits_of
from integration.outcomes import Answer, Outcome
from integration.settings import Settings
from integration.systems.billing import TAX_REASON, CreditNote
from integration.systems.billing.receivables import REFUND_REASON
from tests.integration.flows.alone import result_of
from tests.integration.flows.one_invoice import DAY, INVOICE, TOTAL, invoices, stage_of
from tests.stage import CORE, DAY_US, OPENS_US, Played


def note(number: int, reason: str, remark: str = "", status: str = "refund_due") -> CreditNote:
    return CreditNote(
        f"CN-{number}", "INV-1", "A-1", status, "refundable", "USD", 1, 100, [], reason_code=reason,
        customer_notes=remark, amount_available=100,
    )  # fmt: skip


def test_a_note_and_that_of_its_tax_are_one_credit() -> None:
    notes = [
        note(1, "subscription_change"),
        note(2, TAX_REASON, "Tax of CN-1"),
        note(3, REFUND_REASON, "Dispute D-1"),  # the invoice was paid while people decided: nobody pays it back
    ]
    assert [each.id for each in credits_of(notes)] == ["CN-1", "CN-2", "CN-3"]


def test_what_a_refund_is_to_pay_back_is_left_alone() -> None:
    notes = [
        note(1, REFUND_REASON, "Refund R-1"),
        note(2, TAX_REASON, "Tax of CN-1"),
        note(3, "other", status="voided"),
    ]
    assert credits_of(notes) == []


def lost(*faults: Fault) -> Played:
    """Return the play of a paid and then credited invoice, whose payment a bank takes back for good."""
    stage = stage_of("card", *faults)
    fewer = Delta(sku=CORE, quantity=5, unit_minor=50_00)
    stage.amends("Q-500001", "Q-000001", "downsell", date(2026, 12, 2), 40, fewer)
    stage.act("payment", "open_dispute", 2.5 * DAY, invoice=INVOICE)
    stage.act("payment", "close_dispute", 6 * DAY, invoice=INVOICE, won=False)
    return stage.play(days=20)


def credited_half_way() -> Played:
    """Return the play of a dispute that billing books at once and the ERP a day later, with a credit in between."""
    day_us = OPENS_US + 5 * DAY_US // 2
    refused = Fault(kind="forbidden", system="erp", operation="upsert_refund", start_us=day_us, end_us=day_us + DAY_US)
    stage = stage_of("card", refused)
    stage.clerks = 0
    fewer = Delta(sku=CORE, quantity=5, unit_minor=50_00)
    stage.amends("Q-500001", "Q-000001", "downsell", date(2026, 12, 4), 3 * DAY, fewer)
    stage.act("payment", "open_dispute", 2.5 * DAY, invoice=INVOICE)
    stage.act("integration", "re_drive", 4 * DAY, code="AUTH.FORBIDDEN", decision="retry", actor="ann")
    return stage.play(days=10)


def test_a_credit_that_comes_between_the_two_books_of_a_dispute_is_applied_in_both() -> None:
    played = credited_half_way()
    memo = played.document("erp", "credit_memo")
    assert memo.total_minor > 0
    assert {each.balance_minor for each in played.documents("billing", "credit_memo")} == {memo.balance_minor} == {0}
    assert played.document("erp", "invoice").balance_minor == TOTAL - memo.total_minor
    assert played.broken() == {}


@pytest.mark.parametrize(("available_minor", "applied"), [(0, [30.0]), (2000, [10.0]), (3000, [])])
def test_a_memo_is_applied_as_far_as_billing_has_used_its_credit_whatever_else_is_on_its_way(
    available_minor: int, applied: list[float]
) -> None:
    """The ERP has 100.00 open of what billing has seen paid: the cash comes, and only the credit is to be applied."""
    credit = {**msgspec.to_builtins(note(1, "other")), "total": 3000, "amount_available": available_minor}
    told: dict[str, Any] = {
        "read_invoice": {"invoice": {**_INVOICE, "amount_due": 0}, "id": "7", "total": 100.0, "amountRemaining": 100.0},
        "list_credit_notes": {"list": [{"credit_note": credit}]},
        "read_credit_memo": {"id": "8", "total": 30.0, "amountRemaining": 30.0},
    }
    asked = []

    def outcome_of(effect: Any) -> Outcome:
        assert isinstance(effect, Call), effect
        if effect.write:
            asked.append(msgspec.json.decode(effect.body)["apply"]["items"][0]["amount"])
        return Answer(200, msgspec.json.encode(told.get(effect.operation, {})))

    context = FlowContext("memos/INV-1/du_1", "apply_memos", "Q-1", Settings())
    assert result_of(apply_memos(context, {"invoice": "INV-1"}), outcome_of) == {"invoice": "INV-1"}
    assert asked == applied


_INVOICE = {"id": "INV-1", "customer_id": "A-1", "status": "paid", "currency_code": "USD", "total": 10_000}


@pytest.mark.parametrize(
    "faults",
    [
        (),
        (Fault(kind="error_after", system="billing", operation="apply_credits"),),
        (Fault(kind="error_after", system="erp", operation="update_credit_memo"),),
        (Fault(kind="stale_read", system="billing", operation="list_credit_notes", seconds=1800.0),),
    ],
)
def test_of_a_lost_dispute_only_what_the_credits_leave_is_written_off(faults: tuple[Fault, ...]) -> None:
    played = lost(*faults)
    memo = played.document("erp", "credit_memo")
    assert memo.total_minor > 0
    assert {each.balance_minor for each in played.documents("billing", "credit_memo")} == {memo.balance_minor} == {0}
    assert [walk[-1] for walk in invoices(played)] == ["written_off", "written_off"]
    rows = next(each.postings for each in played.versions("erp", "entry") if each.source.startswith("write_off/"))
    assert {row.account: row.amount_minor for row in rows}["1100"] == memo.total_minor - TOTAL
    assert played.broken() == {}
