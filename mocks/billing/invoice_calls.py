"""Calls on invoices and credit notes: complete, close, pay, adjust, write off."""

from __future__ import annotations

from domain.http import Reply
from mocks.billing import credit_notes, invoices, payments
from mocks.billing import bodies as f
from mocks.billing.model import Billing
from mocks.billing.views import shown
from mocks.kernel.operations import Call


def add_charge(billing: Billing, call: Call) -> Reply:
    """Add an ad-hoc charge, such as a tax, to a pending invoice."""
    body: f.AddCharge = call.body
    return shown(billing, ("invoice", invoices.add_charge(billing, call.params["id"], body.amount, body.description)))


def close_invoice(billing: Billing, call: Call) -> Reply:
    """Close a pending invoice."""
    return shown(billing, ("invoice", invoices.close(billing, call.params["id"])))


def void_invoice(billing: Billing, call: Call) -> Reply:
    """Void an invoice."""
    return shown(billing, ("invoice", invoices.void(billing, call.params["id"])))


def write_off_invoice(billing: Billing, call: Call) -> Reply:
    """Write an open invoice off."""
    invoice, note = invoices.write_off(billing, call.params["id"])
    return shown(billing, ("invoice", invoice), ("credit_note", note))


def record_payment(billing: Billing, call: Call) -> Reply:
    """Record that an invoice was paid elsewhere."""
    row = call.body.transaction
    invoice, payment = payments.record(
        billing, call.params["id"], row.amount, row.payment_method, row.reference_number, row.date
    )
    return shown(billing, ("invoice", invoice), ("transaction", payment))


def remove_payment(billing: Billing, call: Call) -> Reply:
    """Take a payment off an invoice again."""
    invoice, payment = payments.remove(billing, call.params["id"], call.body.transaction.id)
    return shown(billing, ("invoice", invoice), ("transaction", payment))


def stop_dunning(billing: Billing, call: Call) -> Reply:
    """Stop the dunning of an invoice."""
    return shown(billing, ("invoice", invoices.hold_dunning(billing, call.params["id"], True)))


def resume_dunning(billing: Billing, call: Call) -> Reply:
    """Resume the dunning of an invoice."""
    return shown(billing, ("invoice", invoices.hold_dunning(billing, call.params["id"], False)))


def create_credit_note(billing: Billing, call: Call) -> Reply:
    """Create a credit note by hand."""
    body: f.CreateNote = call.body
    note = credit_notes.create(
        billing,
        body.reference_invoice_id,
        body.type,
        body.create_reason_code or body.reason_code,
        body.total,
        [(row.reference_line_item_id, row.amount) for row in body.line_items],
        body.customer_notes,
    )
    return shown(billing, ("credit_note", note), ("invoice", billing.invoice(note.invoice)))


def record_refund(billing: Billing, call: Call) -> Reply:
    """Record that a refundable credit was paid back."""
    row = call.body.transaction
    note, refund = payments.record_refund(
        billing, call.params["id"], row.amount, row.payment_method, row.reference_number, row.date
    )
    return shown(billing, ("credit_note", note), ("transaction", refund))
