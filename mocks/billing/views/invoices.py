"""Invoices become what the vendor shows of them: with their discounts, payments and credit notes."""

from __future__ import annotations

from msgspec.structs import replace

from domain.calendar import SECOND_US
from mocks.billing import resources as r
from mocks.billing.model import Billing
from mocks.billing.records import Invoice
from mocks.billing.views.lines import lines


def invoice(billing: Billing, record: Invoice) -> r.Invoice:
    """Show an invoice; a pending one has no number yet."""
    seconds = billing.seconds[record.zone]
    due = 0 if record.status == "voided" else record.due_minor
    total = record.net_minor + record.tax_minor
    dunning = record.dunning != "current"
    return r.Invoice(
        id=record.id,
        po_number=record.reference or None,
        customer_id=record.customer,
        subscription_id=record.subscription or None,
        recurring=record.recurring,
        status=record.status,
        price_type="tax_exclusive",
        date=seconds[record.day],
        due_date=seconds[record.due_day],
        net_term_days=(record.due_day - record.day).days,
        currency_code=record.currency,
        total=total,
        sub_total=total + sum([row[2] for row in record.discounts]) if record.discounts else total,
        tax=0,
        amount_paid=record.paid_minor,
        amount_adjusted=record.adjusted_minor,
        credits_applied=record.credits_minor,
        write_off_amount=record.written_off_minor,
        amount_due=due,
        amount_to_collect=due,
        round_off_amount=0,
        first_invoice=record.first,
        has_advance_charges=False,
        term_finalized=True,
        is_gifted=False,
        generated_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
        resource_version=record.version,
        deleted=record.deleted,
        business_entity_id=record.entity or None,
        line_items=_discounted(billing, record) if record.discounts else lines(billing, record),
        linked_payments=_linked_payments(billing, record) if record.payments else [],
        applied_credits=_applied_credits(billing, record) if record.credits else [],
        adjustment_credit_notes=_linked_notes(billing, record, "adjustment") if record.notes else [],
        issued_credit_notes=_linked_notes(billing, record, "refundable") if record.notes else [],
        dunning_attempts=[],
        linked_orders=[],
        billing_address=billing.addresses[record.customer],
        invoice_number=record.number or None,
        paid_at=record.paid_us // SECOND_US if record.paid_us else None,
        voided_at=record.voided_us // SECOND_US if record.voided_us else None,
        line_item_discounts=_line_discounts(record) if record.discounts else None,
        discounts=_discounts(record) if record.discounts else None,
        dunning_status=dunning_status(record) or None,
        cf_dunning_stage=record.dunning if dunning else None,
    )


def _linked_payments(billing: Billing, record: Invoice) -> list[r.LinkedPayment]:
    found = []
    for key, amount in record.payments:
        payment = billing.transaction(key)
        at = payment.date_us // SECOND_US
        found.append(
            r.LinkedPayment(
                txn_id=key, applied_amount=amount, applied_at=at, txn_status=payment.status, txn_date=at,
                txn_amount=payment.amount_minor,
            )
        )  # fmt: skip
    return found


def _applied_credits(billing: Billing, record: Invoice) -> list[r.LinkedNote]:
    return [
        r.LinkedNote(cn_id=key, applied_amount=amount, cn_status=billing.note(key).status)
        for key, amount in record.credits
        if key
    ]


def _linked_notes(billing: Billing, record: Invoice, type_: str) -> list[r.LinkedNote]:
    """Show the credit notes of an invoice of one type."""
    found = []
    for key in record.notes:
        note = billing.note(key)
        if note.type == type_:
            found.append(
                r.LinkedNote(
                    cn_id=key, cn_reason_code=note.reason, cn_create_reason_code=note.reason,
                    cn_date=billing.seconds[note.zone][note.day], cn_total=note.total_minor, cn_status=note.status,
                )
            )  # fmt: skip
    return found


def _discounted(billing: Billing, record: Invoice) -> list[r.LineItem]:
    """Show the lines of an invoice with coupons: each before its discount, and the discount apart."""
    taken: dict[str, int] = {}
    for line, _, amount in record.discounts:
        taken[line] = taken.get(line, 0) + amount
    shown = []
    for item in lines(billing, record):
        off = taken.get(item.id, 0)
        whole = replace(item, amount=item.amount + off, discount_amount=off, item_level_discount_amount=0)
        shown.append(whole if off else item)
    return shown


def _line_discounts(record: Invoice) -> list[r.LineDiscount]:
    return [
        r.LineDiscount(
            line_item_id=line, discount_type="document_level_coupon", discount_amount=amount, coupon_id=coupon,
            entity_id=coupon,
        )
        for line, coupon, amount in record.discounts
    ]  # fmt: skip


def _discounts(record: Invoice) -> list[r.Discount]:
    totals: dict[str, int] = {}
    for _, coupon, amount in record.discounts:
        totals[coupon] = totals.get(coupon, 0) + amount
    return [
        r.Discount(amount=amount, entity_type="document_level_coupon", entity_id=coupon, description=coupon)
        for coupon, amount in totals.items()
    ]


def dunning_status(record: Invoice) -> str:
    """Return the vendor's word for how the dunning of an invoice goes; empty when there is none."""
    if record.dunning_stopped:
        return "stopped"
    if record.dunning == "current":
        return ""
    return "exhausted" if record.status == "not_paid" else "in_progress"
