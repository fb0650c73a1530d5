"""Customers and their cards become what the vendor shows of them."""

from __future__ import annotations

import msgspec

from domain.calendar import SECOND_US
from mocks.billing import resources as r
from mocks.billing.model import Billing
from mocks.billing.records import Customer, Source, Unbilled
from mocks.kernel.tables import Table


def customer(billing: Billing, record: Customer) -> r.Customer:
    """Show a customer with what is left of its credits and payments."""
    notes = billing.open_credits.get(record.id)
    return r.Customer(
        id=record.id,
        company=record.company or None,
        first_name=record.first_name or None,
        last_name=record.last_name or None,
        email=record.email or None,
        phone=record.phone or None,
        locale=record.locale or None,
        auto_collection=record.auto_collection,
        net_term_days=record.net_term_days,
        preferred_currency_code=record.currency,
        taxability=record.taxability,
        created_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
        resource_version=record.version,
        deleted=record.deleted,
        allow_direct_debit=False,
        pii_cleared="active",
        card_status="valid" if record.source else "no_card",
        primary_payment_source_id=record.source or None,
        promotional_credits=record.promotional_minor,
        refundable_credits=sum([billing.note(key).available_minor for key in notes]) if notes else 0,
        excess_payments=record.excess_minor,
        unbilled_charges=_unbilled_of(billing, record) if billing.unbilled else 0,
        business_entity_id=record.entity or None,
        billing_address=billing.addresses[record.id],
        meta_data=msgspec.Raw(record.meta.encode()) if record.meta else None,
    )


def _unbilled_of(billing: Billing, record: Customer) -> int:
    table: Table[Unbilled] = billing.book.table("unbilled_charge")
    charges = [table[key] for keys in billing.unbilled.values() for key in keys]
    return sum([charge.line.amount_minor for charge in charges if charge.customer == record.id])


def payment_source(_billing: Billing, record: Source) -> r.PaymentSource:
    """Show a card on file."""
    card = r.Card(
        iin=record.iin, last4=record.last4, brand=record.brand, funding_type="credit", masked_number=record.masked,
        expiry_month=record.expiry_month, expiry_year=record.expiry_year,
    )  # fmt: skip
    return r.PaymentSource(
        id=record.id,
        customer_id=record.customer,
        type="card",
        status="valid",
        reference_id=f"tok_{record.id}",
        gateway="chargebee",
        gateway_account_id="gw_test",
        card=card,
        created_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
        resource_version=record.version,
        deleted=record.deleted,
    )
