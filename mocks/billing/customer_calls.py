"""Calls on customers: create, change, record money that pays no invoice yet."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from domain.http import Reply
from mocks.billing import bodies as f
from mocks.billing import payments
from mocks.billing.model import Billing
from mocks.billing.records import Address, Customer
from mocks.billing.views import shown
from mocks.kernel.codec import Undecodable, decode_json
from mocks.kernel.operations import Call, Refusal


def create_customer(billing: Billing, call: Call) -> Reply:
    """Create a customer; the legal entity comes from business_entity_id or meta_data.entity."""
    body: f.CreateCustomer = call.body
    key = body.id or f"cust_{billing.desk.next('customer'):08d}"
    if billing.book.get("customer", key) is not None:
        raise Refusal("duplicate_entry", f"the value {key} is already present", field="id")
    meta = meta_of(body.meta_data)
    entity = body.business_entity_id or str(meta.get("entity", "") or body.custom.get("cf_entity", ""))
    customer = billing.save_customer(
        Customer(
            id=key,
            company=body.company or f"{body.first_name} {body.last_name}".strip(),
            currency=body.preferred_currency_code,
            entity=entity,
            zone=billing.zone_of(entity),
            net_term_days=body.net_term_days,
            meta=body.meta_data,
            created_us=billing.book.now_us,
            updated_us=billing.book.now_us,
            address=_address(body.billing_address),
        )
    )
    billing.announce("customer_created", (("customer", customer),), call.txn)
    return shown(billing, ("customer", customer))


def _address(body: f.AddressBody) -> Address:
    return Address(body.line1, body.city, body.state_code or body.state, body.zip, body.country)


def meta_of(text: str) -> dict[str, Any]:
    """Return the meta_data of a request; refuse what is no JSON object."""
    if not text:
        return {}
    try:
        found = decode_json(text.encode())
    except Undecodable:
        found = None
    if not isinstance(found, dict):
        raise Refusal("param_wrong_value", "expected a JSON object", field="meta_data")
    return found


def update_customer(billing: Billing, call: Call) -> Reply:
    """Change what is given of a customer."""
    body: f.UpdateCustomer = call.body
    customer = billing.customer(call.params["id"])
    if body.meta_data:
        meta_of(body.meta_data)
    return _customer(
        billing,
        replace(
            customer,
            company=customer.company if body.company is None else body.company,
            net_term_days=customer.net_term_days if body.net_term_days is None else body.net_term_days,
            meta=customer.meta if body.meta_data is None else body.meta_data,
        ),
    )


def update_billing_info(billing: Billing, call: Call) -> Reply:
    """Replace the billing address of a customer."""
    body: f.UpdateBilling = call.body
    return _customer(billing, replace(billing.customer(call.params["id"]), address=_address(body.billing_address)))


def _customer(billing: Billing, customer: Customer) -> Reply:
    customer = replace(customer, updated_us=billing.book.now_us, version=customer.version + 1)
    billing.save_customer(customer)
    billing.announce("customer_changed", (("customer", customer),), "")
    return shown(billing, ("customer", customer))


def record_excess_payment(billing: Billing, call: Call) -> Reply:
    """Record money that pays no invoice yet."""
    row = call.body.transaction
    if row.amount is None:
        raise Refusal("param_wrong_value", "cannot be blank", field="transaction[amount]")
    customer, payment = payments.record_excess(
        billing, call.params["id"], row.amount, row.payment_method, row.reference_number, row.date
    )
    return shown(billing, ("customer", customer), ("transaction", payment))
