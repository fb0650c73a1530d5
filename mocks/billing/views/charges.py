"""Charges that wait for an invoice, and usages, become what the vendor shows of them."""

from __future__ import annotations

from domain.calendar import SECOND_US
from mocks.billing import resources as r
from mocks.billing.model import Billing
from mocks.billing.records import Unbilled, Usage


def usage(_billing: Billing, record: Usage) -> r.Usage:
    """Show what was used."""
    return r.Usage(
        id=record.id,
        usage_date=record.at_us // SECOND_US,
        subscription_id=record.subscription,
        item_price_id=record.item_price,
        quantity=str(record.quantity),
        source="api",
        note=record.note or None,
        invoice_id=record.invoice or None,
        line_item_id=record.line or None,
        created_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
        resource_version=record.version,
    )


def unbilled_charge(billing: Billing, record: Unbilled) -> r.UnbilledCharge:
    """Show a charge that waits for an invoice."""
    line, seconds = record.line, billing.seconds[record.zone]
    key = billing.price_keys.get((line.sku, record.currency, 0))
    listed = billing.prices.get(key or "")
    return r.UnbilledCharge(
        id=record.id,
        customer_id=record.customer,
        subscription_id=record.subscription,
        date_from=seconds[line.period_start] if line.period_start else 0,
        date_to=seconds[line.period_end] if line.period_end else 0,
        unit_amount=line.unit_minor,
        pricing_model=listed.model if listed is not None else "flat_fee",
        quantity=line.quantity,
        amount=line.amount_minor,
        currency_code=record.currency,
        discount_amount=0,
        description=line.sku,
        entity_type="charge_item_price" if key else "adhoc",
        entity_id=key,
        is_voided=False,
        deleted=record.deleted,
        created_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
    )
