"""Payments and refunds become what the vendor shows of them."""

from __future__ import annotations

from domain.calendar import SECOND_US
from mocks.billing import resources as r
from mocks.billing.model import Billing
from mocks.billing.records import Transaction


def transaction(billing: Billing, record: Transaction) -> r.Transaction:
    """Show a transaction."""
    is_payment = record.type == "payment"
    return r.Transaction(
        id=record.id,
        customer_id=record.customer,
        subscription_id=record.subscription or None,
        payment_source_id=record.source or None,
        payment_method=record.method,
        reference_number=record.reference or None,
        gateway=record.gateway,
        gateway_account_id="gw_test" if record.source else None,
        id_at_gateway=f"gw_{record.id}" if record.source else None,
        masked_card_number=record.masked or None,
        type=record.type,
        date=record.date_us // SECOND_US,
        amount=record.amount_minor,
        amount_unused=record.unused_minor if is_payment else None,
        status=record.status,
        error_code=record.error_code or None,
        error_text=record.error_text or None,
        currency_code=record.currency,
        exchange_rate=1,
        updated_at=(record.updated_us or record.created_us) // SECOND_US,
        voided_at=record.voided_us // SECOND_US if record.voided_us else None,
        resource_version=record.version,
        deleted=record.deleted,
        refunded_txn_id=record.refunded or None,
        linked_invoices=_linked_invoices(billing, record) if is_payment else None,
        linked_refunds=_linked_refunds(billing, record) if is_payment else None,
        linked_credit_notes=_refunded_notes(billing, record) if record.note else None,
    )


def _linked_invoices(billing: Billing, record: Transaction) -> list[r.LinkedInvoice]:
    found = []
    for key, amount in record.applied:
        owner = billing.invoice(key)
        found.append(
            r.LinkedInvoice(
                invoice_id=key, applied_amount=amount, applied_at=record.date_us // SECOND_US,
                invoice_date=billing.seconds[owner.zone][owner.day], invoice_total=owner.total_minor,
                invoice_status=owner.status,
            )
        )  # fmt: skip
    return found


def _linked_refunds(billing: Billing, record: Transaction) -> list[r.LinkedRefund]:
    return [
        r.LinkedRefund(
            txn_id=key, txn_status="success", txn_amount=amount, txn_date=billing.transaction(key).date_us // SECOND_US
        )
        for key, amount in record.refunds
    ]


def _refunded_notes(billing: Billing, record: Transaction) -> list[r.LinkedNote]:
    note = billing.note(record.note)
    return [
        r.LinkedNote(
            cn_id=note.id, applied_amount=record.amount_minor, cn_reason_code=note.reason,
            cn_create_reason_code=note.reason, cn_date=billing.seconds[note.zone][note.day], cn_total=note.total_minor,
            cn_status=note.status, cn_reference_invoice_id=note.invoice,
        )
    ]  # fmt: skip
