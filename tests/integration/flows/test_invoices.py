"""Invoices from billing to the bank: declines, returns, late money, and credits that come in between."""

from __future__ import annotations

from datetime import date
from typing import Any

from domain.faults import Fault
from domain.objects import Delta
from tests.stage import CORE, DAY_US, OPENS_US, Played, Stage


def paying(method: str, days: float, *faults: Fault, clerks: int = 6, **behaviour: Any) -> Played:
    """Return the play of one order whose customer pays in a certain way."""
    stage = Stage(*faults)
    stage.clerks = clerks
    stage.customer(method, **behaviour)
    stage.signs("Q-000001")
    return stage.play(days=days)


def paid_after_days(played: Played) -> float:
    """Return how long it took until billing showed its only invoice as paid."""
    paid = next(change for change in played.changes("billing", "invoice") if change.status == "paid")
    return (paid.at_us - OPENS_US) / DAY_US


def test_a_soft_decline_is_tried_again_days_later_and_paid() -> None:
    played = paying("card", 5, declines=1, decline_code="insufficient_funds")
    assert played.statuses("payment", "payment") == ["failed", "settled"]
    assert 3.0 < paid_after_days(played) < 3.3
    assert played.cases() == {}
    assert played.broken() == {}


def test_each_try_has_a_key_of_its_own() -> None:
    played = paying("card", 9, declines=2, decline_code="try_again_later")
    keys = [attempt.key for attempt in played.attempts("create_payment_intent")]
    assert len(set(keys)) == 3
    assert all(key.endswith(f"/pay/{number}") for number, key in enumerate(keys, 1))


def test_a_hard_decline_becomes_a_case_and_a_new_method_pays() -> None:
    played = paying("card", 3, declines=99, decline_code="expired_card", hard=True)
    case = played.cases()["PAYMENT.HARD_DECLINE"]
    assert [step.status for step in case][-2:] == ["resolved", "verified"]
    assert "expired_card" in case[0].detail
    assert played.statuses("payment", "payment") == ["failed", "settled"]
    assert played.statuses("billing", "invoice") == played.statuses("erp", "invoice") == ["paid"]
    assert played.broken() == {}


def test_what_is_charged_again_is_what_is_due_although_billing_shows_what_was() -> None:
    """A copy that lags shows the invoice without its tax."""
    lagging = Fault(kind="stale_read", system="billing", operation="read_invoice", seconds=600.0, share_ppm=1_000_000)
    played = paying("card", 3, lagging, declines=99, decline_code="expired_card", hard=True)
    failed, paid = played.documents("payment", "payment")
    assert paid.amount_minor == failed.amount_minor
    assert played.statuses("billing", "invoice") == played.statuses("erp", "invoice") == ["paid"]
    assert played.broken() == {}


def test_without_people_a_hard_decline_is_never_tried_again() -> None:
    played = paying("card", 6, clerks=0, declines=99, decline_code="expired_card", hard=True)
    assert played.statuses("payment", "payment") == ["failed"]
    assert played.statuses("billing", "invoice") == ["posted"]


def test_a_debit_takes_days_to_settle() -> None:
    played = paying("debit", 8)
    assert played.walk("payment", "payment")[:3] == ["created", "submitted", "processing"]
    assert 1.0 < paid_after_days(played) < 7.0
    assert played.statuses("erp", "invoice") == ["paid"]
    assert played.broken() == {}


def test_a_message_that_tells_success_is_not_asked_about() -> None:
    played = paying("debit", 8)
    assert played.statuses("payment", "payment")[0] in ("captured", "settled")
    assert played.attempts("get_payment_intent") == []
    assert played.document("crm", "mirror").invoice_status == "paid"
    assert [mirror.invoice_status for mirror in played.versions("crm", "mirror")] == ["", "posted", "paid"]


def test_a_message_that_tells_a_failure_is_asked_about() -> None:
    played = paying("debit", 8, returned=True)
    assert len(played.attempts("get_payment_intent")) >= 1


def test_an_amount_below_the_processors_minimum_is_written_off_and_nobodys_case() -> None:
    stage = Stage()
    stage.customer()
    stage.signs("Q-000001", lines=((CORE, 1, 40, 12),))
    played = stage.play(days=3)
    assert played.attempts("create_payment_intent") == []
    assert played.statuses("billing", "invoice") == played.statuses("erp", "invoice") == ["written_off"]
    loss = played.versions("erp", "entry")[-1]
    assert [row.account for row in loss.postings] == ["1100", "6200"]
    assert 0 < loss.postings[1].amount_minor < 50
    last = played.document("crm", "mirror")
    assert (last.order_status, last.invoice_status) == ("fulfilled", "written_off")
    assert played.cases() == {}
    assert played.broken() == {}


def test_a_returned_debit_is_presented_again_and_never_counted_as_paid() -> None:
    played = paying("debit", 8, returned=True)
    assert played.walk("payment", "payment", "pi_000000000000000000000001") == [
        "created", "submitted", "processing", "failed",
    ]  # fmt: skip
    assert played.statuses("billing", "invoice") == played.statuses("erp", "invoice") == ["posted"]
    assert played.documents("erp", "cash") == []
    assert len(played.attempts("create_payment_intent")) >= 2


def credited(pays_after_days: int, days: float) -> Played:
    """Return the play of an order paid by wire, half of which is credited on the second day."""
    stage = Stage()
    stage.customer("push", pays_after_days=pays_after_days)
    stage.signs("Q-000001")
    half = Delta(sku=CORE, quantity=5, unit_minor=50_00)
    stage.amends("Q-500001", "Q-000001", "downsell", date(2026, 12, 1), 20, half)
    return stage.play(days=days)


def test_a_credit_of_an_unpaid_invoice_lowers_what_is_due_in_billing_and_erp() -> None:
    played = credited(pays_after_days=60, days=4)
    invoice = played.documents("billing", "invoice")[0]
    posted = next(each for each in played.documents("erp", "invoice") if each.ref == invoice.id)
    notes = played.documents("billing", "credit_memo")
    memo = played.document("erp", "credit_memo")
    assert invoice.balance_minor == posted.balance_minor == invoice.total_minor - sum(n.total_minor for n in notes)
    assert memo.total_minor == sum(note.total_minor for note in notes)
    assert memo.tax_minor == sum(note.tax_minor for note in notes) > 0
    returned = [each for each in played.documents("tax", "tax_document") if each.kind == "return"]
    assert [-each.tax_minor for each in returned] == [memo.tax_minor]
    assert "credit_memo.issued" in played.events()
    assert played.broken() == {}


def test_money_beyond_what_a_credit_left_due_stays_as_the_customers_credit() -> None:
    played = credited(pays_after_days=5, days=9)
    first = played.documents("billing", "invoice")[0]
    wire = next(each for each in played.documents("payment", "payment") if each.ref == first.id)
    recorded = [each for each in played.documents("billing", "cash") if each.ref == wire.id]
    taken = sum(amount for each in recorded for _, amount in each.applied)
    assert sum(each.amount_minor for each in recorded) == wire.captured_minor
    assert 0 < taken < wire.captured_minor
    assert sorted(each.status for each in recorded) == ["applied", "unapplied"]
    (cash,) = (each for each in played.documents("erp", "cash") if each.ref == wire.id)
    assert (cash.amount_minor, sum(amount for _, amount in cash.applied)) == (wire.captured_minor, taken)
    assert set(played.statuses("billing", "invoice")) == set(played.statuses("erp", "invoice")) == {"paid"}
    assert played.broken() == {}


def test_a_lost_reply_of_a_payment_charges_once() -> None:
    lost = Fault(kind="lost_reply", system="payment", operation="create_payment_intent", nth=1)
    played = paying("card", 2, lost)
    assert next(attempt.outcome for attempt in played.attempts("create_payment_intent")) == "unknown"
    assert played.statuses("payment", "payment") == ["settled"]
    assert played.statuses("billing", "invoice") == ["paid"]
    assert played.broken() == {}


def test_a_tax_document_whose_answer_was_lost_is_adopted() -> None:
    played = paying("card", 2, Fault(kind="error_after", system="tax", nth=1))
    assert played.statuses("tax", "tax_document") == ["committed"]
    assert played.statuses("billing", "invoice") == ["paid"]
    assert played.broken() == {}


def test_a_lost_message_of_an_invoice_is_found_by_the_sweep() -> None:
    played = paying("card", 2, Fault(kind="loss", system="billing", operation="invoice_generated"))
    assert played.delivered("invoice_generated") == []
    assert played.statuses("billing", "invoice") == played.statuses("erp", "invoice") == ["paid"]


def test_a_lost_message_of_a_debit_is_made_up_for_by_asking() -> None:
    played = paying("debit", 9, Fault(kind="loss", system="payment"))
    assert played.statuses("billing", "invoice") == ["paid"]


def test_a_payout_is_posted_against_clearing() -> None:
    played = paying("card", 4)
    payout = played.document("payment", "payout")
    entries = [each for each in played.documents("erp", "entry") if each.source.startswith("journal")]
    posted = {posting.account: posting.amount_minor for entry in entries for posting in entry.postings}
    assert posted == {"1000": payout.net_minor, "6100": payout.fee_minor, "1050": -payout.gross_minor}
