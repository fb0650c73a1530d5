"""Credit notes: a credit is posted behind the invoice that it credits, however long that one waits."""

from __future__ import annotations

from datetime import date

from domain.calendar import HOUR_US
from domain.faults import Fault
from domain.objects import Delta
from tests.stage import CORE, LIVE, OPENS_US, Stage


def seats(quantity: int) -> Delta:
    return Delta(sku=CORE, quantity=quantity, unit_minor=1200_00)


def test_a_credit_of_an_invoice_that_waits_for_the_books_waits_for_it() -> None:
    """Without that the ERP takes it for one of an invoice it never had, and the invoice is owed in full later on."""
    unposted = Fault(
        kind="forbidden", system="erp", operation="upsert_invoice", start_us=OPENS_US, end_us=OPENS_US + 20 * HOUR_US
    )
    stage = Stage(unposted)
    stage.clerks = 0
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "upsell", date(2026, 11, 30), 2, seats(20))
    stage.amends("Q-500002", LIVE, "cancel", date(2026, 11, 30), 12, seats(0), sequence=2)
    stage.act("integration", "re_drive", 24, code="AUTH.FORBIDDEN", actor="ann")
    played = stage.play(days=5)
    posted = {each.ref: each for each in played.documents("erp", "invoice") if each.ref}
    memos = [each for each in played.documents("erp", "credit_memo") if each.invoice]
    assert memos
    for invoice in played.documents("billing", "invoice"):
        assert posted[invoice.id].balance_minor == invoice.balance_minor
    assert played.broken() == {}
