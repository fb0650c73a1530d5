"""Credit notes become what the vendor shows of them."""

from __future__ import annotations

from domain.calendar import SECOND_US
from mocks.billing import resources as r
from mocks.billing.model import Billing
from mocks.billing.records import CreditNote
from mocks.billing.views.lines import lines


def credit_note(billing: Billing, record: CreditNote) -> r.CreditNote:
    """Show a credit note."""
    total = record.net_minor + record.tax_minor
    return r.CreditNote(
        id=record.id,
        customer_id=record.customer,
        subscription_id=record.subscription or None,
        reference_invoice_id=record.invoice,
        type=record.type,
        reason_code=record.reason,
        create_reason_code=record.reason,
        status=record.status,
        date=billing.seconds[record.zone][record.day],
        price_type="tax_exclusive",
        currency_code=record.currency,
        total=total,
        sub_total=total,
        amount_allocated=record.allocated_minor,
        amount_refunded=record.refunded_minor,
        amount_available=record.available_minor if record.status in ("refund_due", "refunded") else 0,
        round_off_amount=0,
        customer_notes=record.notes or None,
        voided_at=record.voided_us // SECOND_US if record.voided_us else None,
        generated_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
        resource_version=record.version,
        deleted=False,
        business_entity_id=record.entity or None,
        line_items=lines(billing, record),
        allocations=[r.Allocation(invoice_id=key, allocated_amount=amount) for key, amount in record.allocations],
        linked_refunds=[r.LinkedRefund(txn_id=key, applied_amount=amount) for key, amount in record.refunds],
    )
