"""What the integration asks the ERP of invoices, cash, periods and credit."""

from __future__ import annotations

from datetime import date
from functools import partial

from msgspec.structs import replace

from contracts.pacting.scene import Scene
from contracts.pacting.stage import TODAY
from contracts.pacting.states.erp import INVOICE, MEMO, NOTE, PAYMENT, POSTING, paper
from contracts.pacting.states.ground import ACCOUNT, NUMBER
from integration.systems import erp
from integration.systems.erp import receivables

_LATE = replace(POSTING, business_date=date(2026, 11, 30))

_scene = partial(Scene, "erp")


SCENES = (
    _scene("an invoice is posted", "a fulfilled order", makes=lambda _: erp.put_invoice(POSTING)),
    _scene("an invoice is posted again", "a posted invoice", makes=lambda _: erp.put_invoice(POSTING)),
    _scene(
        "a posting into a closed period is refused", "a closed period", makes=lambda _: erp.put_invoice(_LATE),
        fails="rejected", code=erp.USER_ERROR,
    ),
    _scene("a credit memo is posted", "a posted invoice", makes=lambda _: erp.put_credit_memo(MEMO)),
    _scene(
        "a payment is posted", "a posted invoice",
        makes=lambda _: erp.put_cash(PAYMENT, INVOICE, POSTING, 536_25, 536_25, "card", TODAY),
    ),
    _scene(
        "a payout is posted", "a customer in the ERP",
        makes=lambda _: erp.put_settlement("po_1", "US", "USD", 536_25, 15_85, TODAY),
    ),
    _scene(
        "the seller's side of what another entity delivers is posted", "a customer in the ERP",
        makes=lambda _: erp.put_intercompany(INVOICE, "US", "USD", 500_00, True, TODAY, NUMBER),
    ),
    _scene(
        "a refund is posted", "a posted and paid invoice",
        makes=lambda _: receivables.put_refund(paper("re_1"), PAYMENT, 536_25, "card"),
    ),
    _scene(
        "money that came back is posted", "a posted invoice",
        makes=lambda _: receivables.put_recovery(paper("dp_1-won"), INVOICE, 536_25, 536_25, "card"),
    ),
    _scene(
        "a write-off is posted", "a posted invoice",
        makes=lambda _: receivables.put_write_off(paper("WO-1"), INVOICE, 100_00, "uncollectible"),
    ),
    _scene(
        "a credit memo is applied", "an unused credit memo",
        makes=lambda _: receivables.apply_memo(NOTE, INVOICE, 100_00, "USD", NUMBER),
    ),
    _scene(
        "a dispute is noted", "a posted invoice", makes=lambda _: receivables.mark_dispute(INVOICE, "quality", NUMBER)
    ),
    _scene(
        "a posted invoice is read", "a posted invoice", makes=lambda _: receivables.read_invoice(INVOICE, NUMBER),
        read=receivables.posted_invoice,
    ),
    _scene(
        "a posted invoice that is not there is read", "nothing is there",
        makes=lambda _: receivables.read_invoice("INV-9999999", NUMBER), fails="rejected",
    ),
    _scene(
        "a posted payment is read", "a posted and paid invoice", makes=lambda _: receivables.read_cash(PAYMENT, NUMBER)
    ),
    _scene(
        "a posted credit memo is read", "a posted credit memo", makes=lambda _: receivables.read_memo(NOTE, NUMBER),
        read=receivables.posted_memo,
    ),
    _scene(
        "what a credit memo is applied to is read", "a posted credit memo",
        makes=lambda _: receivables.read_applied_memo(NOTE, NUMBER), read=receivables.posted_memo,
    ),
    _scene(
        "overdue invoices are listed", "a posted invoice", makes=lambda _: receivables.overdue(date(2027, 1, 15)),
        page=receivables.open_page,
    ),
    _scene(
        "the open invoices of an account are listed", "a posted invoice",
        makes=lambda _: receivables.open_of(ACCOUNT, NUMBER), page=receivables.open_page,
    ),
    _scene(
        "no invoice of an account is open", "a posted and paid invoice",
        makes=lambda _: receivables.open_of(ACCOUNT, NUMBER), page=receivables.open_page,
    ),
    _scene(
        "posted invoices are listed", "a posted invoice", makes=lambda _: receivables.posted_since("US", TODAY),
        page=receivables.posted_page,
    ),
    _scene(
        "posted credit memos are listed", "a posted credit memo",
        makes=lambda _: receivables.posted_since("US", TODAY, table="creditmemo"), page=receivables.posted_page,
    ),
    _scene(
        "a period's standing is asked for", "a posted invoice",
        makes=lambda _: receivables.period_standing("US", "2026-12"), read=receivables.period_of,
    ),
    _scene(
        "a period is closed softly", "a fulfilled order",
        makes=lambda _: receivables.move_period("US", "ar", "2026-11", "soft_closed", "q2c/US/2026-11/ar"),
        read=receivables.period_of,
    ),
    _scene(
        "a period nobody has is refused", "a fulfilled order",
        makes=lambda _: receivables.move_period("US", "ar", "1999-01", "closed", "q2c/US/1999-01/ar"), fails="rejected",
    ),
    _scene(
        "the figures of a closing are asked for", "a posted invoice",
        makes=lambda _: receivables.close_checklist("US", "2026-12"), read=receivables.checklist_of,
    ),
    _scene(
        "revenue is recognised", "a posted invoice",
        makes=lambda _: receivables.recognise_revenue("US", "2026-12", "q2c/US/2026-12/recognise"),
    ),
    _scene(
        "the credit of an account is held", "a customer in the ERP",
        makes=lambda _: receivables.hold_credit(ACCOUNT, "soft", "dunning", "q2c/A-000001/hold", NUMBER),
        read=receivables.credit_of,
    ),
)  # fmt: skip
