"""Bodies of calls on invoices, credit notes and transactions."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mocks.billing.bodies.customers import TransactionRow
from mocks.billing.bodies.subscriptions import ChargeItemRow, ChargeRow
from mocks.billing.bodies.words import Body, Custom, Name, OnOff, Positive, Seconds, Text


class AddCharge(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/add_charge.

    `reference_line_item_id` is ours, not the vendor's: with it the amount is taken off, as the tax of what a net
    invoice credits (quirk `nets_changes`).
    """

    amount: Positive
    description: Annotated[str, Meta(min_length=1, max_length=250)]
    comment: Text = ""
    date_from: Seconds | None = None
    date_to: Seconds | None = None
    subscription_id: str = ""
    reference_line_item_id: str = ""


class CloseInvoice(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/close."""

    comment: Text = ""
    invoice_note: Text = ""
    invoice_date: Seconds | None = None
    remove_general_note: bool = False


class Comment(Body, frozen=True, kw_only=True):
    """A body with a remark only."""

    comment: Text = ""
    void_reason_code: Name = ""


class RecordPayment(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/record_payment, and record_refund of a credit note."""

    transaction: TransactionRow
    comment: Text = ""
    refund_reason_code: str = ""
    customer_notes: Text = ""


class NoteReason(Body, frozen=True, kw_only=True):
    """credit_note[...] of a refund."""

    reason_code: Annotated[str, Meta(max_length=100)] = ""
    create_reason_code: Annotated[str, Meta(max_length=100)] = ""


class RecordInvoiceRefund(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/record_refund."""

    transaction: TransactionRow
    credit_note: NoteReason = NoteReason()
    comment: Text = ""
    customer_notes: Text = ""


class RefundInvoice(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/refund."""

    refund_amount: Positive | None = None
    credit_note: NoteReason = NoteReason()
    comment: Text = ""
    customer_notes: Text = ""


class RefundNote(Body, frozen=True, kw_only=True):
    """POST /credit_notes/{id}/refund."""

    refund_amount: Positive | None = None
    refund_reason_code: str = ""
    customer_notes: Text = ""


class RefundTransaction(Body, frozen=True, kw_only=True):
    """POST /transactions/{id}/refund."""

    amount: Positive | None = None
    comment: Text = ""


class TransactionKey(Body, frozen=True, kw_only=True):
    """transaction[id]."""

    id: str


class RemovePayment(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/remove_payment."""

    transaction: TransactionKey


class NoteRow(Body, frozen=True, kw_only=True):
    """One row of line_items of a credit note."""

    reference_line_item_id: str
    amount: Positive | None = None
    description: str = ""
    quantity: Positive | None = None
    unit_amount: Positive | None = None
    date_from: Seconds | None = None
    date_to: Seconds | None = None
    entity_type: str = ""
    entity_id: str = ""


class CreateNote(Body, frozen=True, kw_only=True):
    """POST /credit_notes."""

    reference_invoice_id: str
    type: Literal["adjustment", "refundable"]
    customer_id: str = ""
    currency_code: str = ""
    total: Positive | None = None
    reason_code: Annotated[str, Meta(max_length=100)] = "other"
    create_reason_code: Annotated[str, Meta(max_length=100)] = ""
    date: Seconds | None = None
    customer_notes: Text = ""
    comment: Text = ""
    line_items: tuple[NoteRow, ...] = ()


class CreateInvoice(Body, frozen=True, kw_only=True):
    """POST /invoices/create_for_charge_items_and_charges."""

    customer_id: str = ""
    subscription_id: str = ""
    currency_code: str = ""
    item_prices: tuple[ChargeItemRow, ...] = ()
    charges: tuple[ChargeRow, ...] = ()
    po_number: Annotated[str, Meta(max_length=100)] = ""
    coupon_ids: tuple[str, ...] = ()
    coupon: str = ""
    invoice_date: Seconds | None = None
    net_term_days: Annotated[int, Meta(ge=0, le=365)] | None = None
    auto_collection: OnOff | None = None
    payment_source_id: str = ""
    create_pending_invoice: bool | None = None
    invoice_note: Text = ""
    custom: Custom = msgspec.field(default_factory=dict)


class CollectInvoice(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/collect_payment."""

    amount: Positive | None = None
    payment_source_id: str = ""
    authorization_transaction_id: str = ""
    comment: Text = ""
    payment_initiator: str = ""


class NoteKey(Body, frozen=True, kw_only=True):
    """One row of credit_notes[...]."""

    id: str


class ApplyCredits(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/apply_credits; without rows all open credits are used."""

    credit_notes: tuple[NoteKey, ...] = ()
    comment: Text = ""


class PaymentRow(Body, frozen=True, kw_only=True):
    """One row of transactions[...]."""

    id: str
    amount: Positive | None = None


class ApplyPayments(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/apply_payments; without rows all excess payments are used."""

    transactions: tuple[PaymentRow, ...] = ()
    comment: Text = ""


class Pdf(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/pdf and /credit_notes/{id}/pdf."""

    disposition_type: Literal["attachment", "inline"] = "attachment"
