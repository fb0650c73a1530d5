"""Calls on invoices and credit notes: complete, close, pay, adjust, write off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from domain.calendar import SECOND_US
from domain.http import Reply
from domain.objects import Line
from mocks.billing import bodies as f
from mocks.billing import coupons, credit_notes, gateway, invoices, payments
from mocks.billing.customer_calls import money_of
from mocks.billing.documents import OPEN_STATUSES
from mocks.billing.items import charged
from mocks.billing.model import Billing, quote_number
from mocks.billing.records import Customer, Invoice
from mocks.billing.resources import Download
from mocks.billing.views import reply, shown
from mocks.kernel.operations import Call, Refusal


def add_charge(billing: Billing, call: Call) -> Reply:
    """Add an ad-hoc charge, such as a tax, to a pending invoice."""
    body: f.AddCharge = call.body
    invoice = invoices.add_charge(
        billing, call.params["id"], body.amount, body.description, body.reference_line_item_id
    )  # fmt: skip
    return shown(billing, ("invoice", invoice))


def close_invoice(billing: Billing, call: Call) -> Reply:
    """Close a pending invoice."""
    return shown(billing, ("invoice", gateway.automatic(billing, invoices.close(billing, call.params["id"]))))


def void_invoice(billing: Billing, call: Call) -> Reply:
    """Void an invoice."""
    return shown(billing, ("invoice", invoices.void(billing, call.params["id"])))


def write_off_invoice(billing: Billing, call: Call) -> Reply:
    """Write an open invoice off."""
    invoice, note = invoices.write_off(billing, call.params["id"])
    return shown(billing, ("invoice", invoice), ("credit_note", note))


def record_payment(billing: Billing, call: Call) -> Reply:
    """Record that an invoice was paid elsewhere."""
    body: f.RecordPayment = call.body
    if body.transaction.status != "success":
        raise Refusal("param_wrong_value", "failed payments are not kept here", field="transaction[status]")
    invoice, payment = payments.record(billing, call.params["id"], money_of(body.transaction))
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
        [_wish(billing, body.reference_invoice_id, *each) for each in enumerate(body.line_items)],
        body.customer_notes,
    )
    return shown(billing, ("credit_note", note), ("invoice", billing.invoice(note.invoice)))


def _wish(billing: Billing, invoice: str, index: int, row: f.NoteRow) -> credit_notes.Wish:
    """Return what a row wants credited: an amount, or units at a price."""
    amount = row.amount if row.amount is not None else (row.unit_amount or 0) * (row.quantity or 1)
    if not amount:
        raise Refusal("param_wrong_value", "cannot be blank", field=f"line_items[amount][{index}]")
    zone = billing.invoice(invoice).zone
    start, end = (None if at is None else billing.day_at(at, zone) for at in (row.date_from, row.date_to))
    return credit_notes.Wish(row.reference_line_item_id, amount, start, end)


def record_refund(billing: Billing, call: Call) -> Reply:
    """Record that a refundable credit was paid back."""
    note, refund = payments.record_refund(billing, call.params["id"], money_of(call.body.transaction))
    return shown(billing, ("credit_note", note), ("transaction", refund))


# --- invoices of charges ----------------------------------------------------------------------------------------------


def create_invoice(billing: Billing, call: Call) -> Reply:
    """Make an invoice of one-time charges, of the catalogue or ad hoc."""
    body: f.CreateInvoice = call.body
    customer = _payer(billing, body)
    if body.currency_code and body.currency_code != customer.currency:
        raise Refusal("param_wrong_value", f"the customer is in {customer.currency}", field="currency_code")
    wanted = [*body.coupon_ids, *([body.coupon] if body.coupon else [])]
    coupons.require(billing, wanted, customer.currency)
    lines = lines_of(billing, customer, body.item_prices, body.charges)
    auto = body.auto_collection or customer.auto_collection
    if auto == "on":
        gateway.require_collectable(billing, customer, body.payment_source_id)
    taken: Any = coupons.take_off(billing, wanted, lines) if wanted else (lines, ())
    coupons.redeem(billing, wanted)
    invoice = invoices.one_off(
        billing,
        customer,
        body.subscription_id,
        taken[0],
        discounts=taken[1],
        txn=quote_number(body.po_number, *body.custom.values()),
        reference=body.po_number,
        net_term_days=body.net_term_days,
        day=None if body.invoice_date is None else billing.day_at(body.invoice_date, customer.zone),
        pending=bool(body.create_pending_invoice),
        auto_collection=auto,
        source=body.payment_source_id,
    )
    return shown(billing, ("invoice", gateway.automatic(billing, invoice)))


def _payer(billing: Billing, body: f.CreateInvoice) -> Customer:
    if body.subscription_id:
        subscription = billing.subscription(body.subscription_id)
        return billing.customer(body.customer_id or subscription.customer)
    if not body.customer_id:
        raise Refusal("param_wrong_value", "cannot be blank", field="customer_id")
    return billing.customer(body.customer_id)


def lines_of(
    billing: Billing, customer: Customer, rows: Sequence[f.ChargeItemRow], charges: Sequence[f.ChargeRow]
) -> tuple[Line, ...]:  # fmt: skip
    """Return lines of one-time charges, of the catalogue or ad hoc; refuse none at all."""
    found = []
    for index, row in enumerate(rows):
        listed, unit_minor, full_minor = charged(billing, customer.currency, row, index)
        found.append((listed.sku, row.quantity, unit_minor, full_minor))
    found.extend([(row.description, 1, row.amount, row.amount) for row in charges])
    if not found:
        raise Refusal("param_wrong_value", "give charges or item prices", field="charges[amount][0]")
    return tuple(
        [
            Line(
                id=invoices.next_line_id(billing), sku=sku, kind="one_time", quantity=quantity, unit_minor=unit_minor,
                amount_minor=full_minor, list_unit_minor=unit_minor,
            )
            for sku, quantity, unit_minor, full_minor in found
        ]
    )  # fmt: skip


def collect_payment(billing: Billing, call: Call) -> Reply:
    """Collect an open invoice from a card on file."""
    body: f.CollectInvoice = call.body
    invoice, payment = gateway.collect(billing, call.params["id"], body.amount, body.payment_source_id)
    return shown(billing, ("invoice", invoice), ("transaction", payment))


def apply_credits(billing: Billing, call: Call) -> Reply:
    """Use refundable credits of the customer for an open invoice: those named, or all."""
    body: f.ApplyCredits = call.body
    invoice = billing.invoice(call.params["id"])
    invoices.require(invoice, OPEN_STATUSES, "apply credits to")
    keys = [row.id for row in body.credit_notes] or list(billing.open_credits.get(invoice.customer, ()))
    for index, key in enumerate(keys):
        note = billing.note(key)
        if note.customer != invoice.customer or note.status != "refund_due":
            raise Refusal("param_wrong_value", f"{key} has nothing to give", field=f"credit_notes[id][{index}]")
    if not keys:
        raise Refusal("invalid_state_for_request", f"customer {invoice.customer} has no refundable credits")
    for key in keys:
        invoice = invoices.use_credit(billing, invoice, billing.note(key))
    billing.announce("invoice_updated", (("invoice", invoice),), invoice.txn)
    return shown(billing, ("invoice", invoice))


def apply_payments(billing: Billing, call: Call) -> Reply:
    """Use excess payments of the customer for an open invoice: those named, or all."""
    wanted = [(row.id, row.amount) for row in call.body.transactions]
    return shown(billing, ("invoice", payments.apply(billing, call.params["id"], wanted)))


def invoice_pdf(billing: Billing, call: Call) -> Reply:
    """Tell where the invoice could be downloaded as a PDF; there is nothing to download there."""
    return _download(billing, f"invoices/{billing.invoice(call.params['id']).id}")


def credit_note_pdf(billing: Billing, call: Call) -> Reply:
    """Tell where the credit note could be downloaded as a PDF; there is nothing to download there."""
    return _download(billing, f"credit_notes/{billing.note(call.params['id']).id}")


def _download(billing: Billing, path: str) -> Reply:
    until = billing.book.now_us // SECOND_US + 3600
    return reply({"download": Download(download_url=f"https://localhost/{path}.pdf", valid_till=until)})


# --- refunds ----------------------------------------------------------------------------------------------------------


def refund_invoice(billing: Billing, call: Call) -> Reply:
    """Give back what was paid of an invoice through the gateway, with a credit note."""
    body: f.RefundInvoice = call.body
    invoice = billing.invoice(call.params["id"])
    gateway.online_payment(billing, invoice)
    amount = _refundable(billing, invoice, body.refund_amount, "refund_amount")
    note = _note(billing, invoice, amount, body.credit_note, body.customer_notes)
    note, refund = gateway.refund_note(billing, note.id, amount)
    return shown(
        billing, ("invoice", billing.invoice(invoice.id)), ("transaction", refund), ("credit_note", note)
    )  # fmt: skip


def record_invoice_refund(billing: Billing, call: Call) -> Reply:
    """Record that what was paid of an invoice was given back elsewhere, with a credit note."""
    body: f.RecordInvoiceRefund = call.body
    invoice = billing.invoice(call.params["id"])
    amount = _refundable(billing, invoice, body.transaction.amount, "transaction[amount]")
    note = _note(billing, invoice, amount, body.credit_note, body.customer_notes)
    note, refund = payments.record_refund(
        billing, note.id, replace(money_of(body.transaction), amount_minor=amount)
    )  # fmt: skip
    return shown(
        billing, ("invoice", billing.invoice(invoice.id)), ("transaction", refund), ("credit_note", note)
    )  # fmt: skip


def _refundable(billing: Billing, invoice: Invoice, amount: int | None, field: str) -> int:
    charged = credit_notes.charged_lines(billing, invoice)
    left = sum([line.amount_minor - billing.credited.get(line.id, 0) for line in charged])
    most = min(invoice.paid_minor, left)
    if not most:
        raise Refusal("invalid_state_for_request", f"nothing is left to refund of invoice {invoice.id}")
    if amount is not None and amount > most:
        raise Refusal("param_wrong_value", f"only {most} can be refunded of {invoice.id}", field=field)
    return most if amount is None else amount


def _note(billing: Billing, invoice: Invoice, amount: int, why: f.NoteReason, notes: str) -> Any:
    reason = why.create_reason_code or why.reason_code or "other"
    return credit_notes.create(billing, invoice.id, credit_notes.REFUNDABLE, reason, amount, [], notes)


def refund_credit_note(billing: Billing, call: Call) -> Reply:
    """Pay a refundable credit note back to the card its invoice was paid with."""
    body: f.RefundNote = call.body
    note, refund = gateway.refund_note(billing, call.params["id"], body.refund_amount)
    return shown(billing, ("credit_note", note), ("transaction", refund))


def void_credit_note(billing: Billing, call: Call) -> Reply:
    """Void a credit note of which nothing was used."""
    note = credit_notes.void(billing, call.params["id"])
    return shown(billing, ("credit_note", note))


def refund_transaction(billing: Billing, call: Call) -> Reply:
    """Give back what is unused of a payment."""
    return shown(
        billing, ("transaction", gateway.refund_payment(billing, call.params["id"], call.body.amount))
    )  # fmt: skip


def void_transaction(billing: Billing, call: Call) -> Reply:
    """Void a payment: what it paid is due again."""
    return shown(billing, ("transaction", gateway.void_payment(billing, call.params["id"])))
