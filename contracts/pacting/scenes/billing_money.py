"""What the integration asks the billing platform of payments, credit notes and refunds."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from contracts.pacting.scene import Scene, Values
from contracts.pacting.stage import OPENS_US, TODAY
from contracts.pacting.states.billing import PAYMENT
from contracts.pacting.states.ground import ACCOUNT, NUMBER
from domain.calendar import DAY_US, HOUR_US
from integration.effects import Call
from integration.systems import billing
from integration.systems.billing import CreditNote, receivables

_scene = partial(Scene, "billing")


def _unused(values: Values) -> Call:
    part = billing.Unused(values["line"], 100_00, TODAY + timedelta(days=100), TODAY + timedelta(days=173))
    return billing.credit_unused(values["invoice"], False, [part], "pause Q-500001-v1", "q2c/pause/1", NUMBER)


def _tax_note(values: Values) -> Call:
    note = CreditNote(
        id=values["note"], reference_invoice_id=values["invoice"], customer_id=ACCOUNT, status="refund_due",
        type="refundable", currency_code="USD", date=0, total=100_00, line_items=[],
    )  # fmt: skip
    return billing.credit_tax(note, False, [(values["tax_line"], 7_25)], "q2c/CN-1/tax", NUMBER)


SCENES = (
    _scene(
        "a payment is recorded", "a due invoice",
        makes=lambda values: billing.record_payment(
            values["invoice"], PAYMENT, 536_25, TODAY, "q2c/INV-1/paid", NUMBER
        ),
        read=receivables.money_of,
    ),
    _scene(
        "a payment of a paid invoice is refused", "a paid invoice",
        makes=lambda values: billing.record_payment(
            values["invoice"], "pi_2", 536_25, TODAY, "q2c/INV-1/paid/2", NUMBER
        ),
        fails="rejected",
    ),
    _scene(
        "money beyond what is due is recorded", "a customer in billing",
        makes=lambda _: billing.record_excess(ACCOUNT, PAYMENT, 10_00, TODAY, "q2c/excess/1", NUMBER),
        read=receivables.transaction_of,
    ),
    _scene(
        "what was paid of an invoice is read", "a paid invoice",
        makes=lambda values: receivables.read_money(values["invoice"], NUMBER), read=receivables.money_of,
    ),
    _scene(
        "a payment is read", "a paid invoice",
        makes=lambda values: receivables.read_transaction(values["transaction"], NUMBER),
        read=receivables.transaction_of,
    ),
    _scene(
        "payments are looked for by the processor's id", "a paid invoice",
        makes=lambda _: receivables.transactions_named(PAYMENT, NUMBER), page=receivables.transaction_page,
    ),
    _scene(
        "a payment is taken off an invoice", "a paid invoice",
        makes=lambda values: receivables.remove_payment(
            values["invoice"], values["transaction"], "q2c/remove/1", NUMBER
        ),
        read=receivables.money_of,
    ),
    _scene(
        "a payment is put on an invoice", "an unused payment",
        makes=lambda values: receivables.apply_payment(
            values["invoice"], values["transaction"], 536_25, "q2c/apply/1", NUMBER
        ),
        read=receivables.money_of,
    ),
    _scene(
        "a chargeback of a payment is recorded", "an unused payment",
        makes=lambda values: receivables.record_refund(
            values["transaction"], 536_25, "dp_1", "chargeback", TODAY, "q2c/chargeback/1", NUMBER
        ),
        read=receivables.transaction_of,
    ),
    _scene(
        "lines of an invoice are credited", "a paid invoice",
        makes=lambda values: receivables.credit_lines(
            values["invoice"], [(values["line"], 100_00)], "RF-1", "q2c/RF-1", NUMBER
        ),
        read=billing.credit_note_of,
    ),
    _scene(
        "more than a line is worth is refused", "a paid invoice",
        makes=lambda values: receivables.credit_lines(
            values["invoice"], [(values["line"], 9_999_99)], "RF-2", "q2c/RF-2", NUMBER
        ),
        fails="rejected",
    ),
    _scene("unused days are credited", "a paid invoice", makes=_unused, read=billing.credit_note_of),
    _scene("the tax of a credit note is credited", "a credit note", makes=_tax_note, read=billing.credit_note_of),
    _scene(
        "a credit note is read", "a credit note", makes=lambda values: billing.read_credit_note(values["note"], NUMBER),
        read=billing.credit_note_of,
    ),
    _scene(
        "the credit notes of an invoice are listed", "a credit note",
        makes=lambda values: billing.credit_notes_of(values["invoice"], NUMBER), page=billing.credit_note_page,
    ),
    _scene(
        "credit notes are swept", "a credit note",
        makes=lambda _: billing.recent_credit_notes(OPENS_US - DAY_US), page=billing.credit_note_page,
    ),
    _scene(
        "the refund of a credit note is recorded", "a credit note",
        makes=lambda values: receivables.record_note_refund(
            values["note"], 100_00, "re_1", TODAY, "q2c/CN-1/refund", NUMBER
        ),
        read=billing.credit_note_of,
    ),
    _scene(
        "a credit note is used for an invoice", "an unused credit note",
        makes=lambda values: receivables.use_credits(values["invoice"], [values["note"]], "q2c/credits/1", NUMBER),
        read=receivables.money_of,
    ),
    _scene(
        "what is due is given up", "a due invoice",
        makes=lambda values: receivables.write_off(values["invoice"], "uncollectible", "q2c/writeoff/1", NUMBER),
        read=receivables.money_of,
    ),
    _scene(
        "reminders of an invoice stop", "a due invoice",
        makes=lambda values: receivables.stop_dunning(values["invoice"], "disputed", "q2c/dunning/1", NUMBER),
        read=receivables.money_of,
    ),
    _scene(
        "reminders of an invoice go on", "an invoice nobody is reminded of",
        makes=lambda values: receivables.resume_dunning(values["invoice"], "settled", "q2c/dunning/2", NUMBER),
        read=receivables.money_of,
    ),
    _scene(
        "the invoices of a month are listed", "a due invoice",
        makes=lambda _: receivables.closed_between(TODAY, TODAY + timedelta(days=30)), read=receivables.page_of,
    ),
    _scene(
        "invoices that changed are swept", "a due invoice",
        makes=lambda _: receivables.changed_since(OPENS_US - HOUR_US), page=receivables.changed_page,
    ),
)  # fmt: skip
