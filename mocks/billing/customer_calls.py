"""Calls on customers: create, change, delete, what they have on file, and their money that pays no invoice yet."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.calendar import SECOND_US
from domain.http import Reply
from mocks.billing import bodies as f
from mocks.billing import gateway, payments
from mocks.billing import resources as r
from mocks.billing.model import Billing
from mocks.billing.payments import Money
from mocks.billing.records import Address, Customer, Source
from mocks.billing.views import reply, show, shown
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
    customer = Customer(
        id=key,
        company=body.company or f"{body.first_name} {body.last_name}".strip(),
        currency=body.preferred_currency_code,
        entity=entity,
        zone=billing.zone_of(entity),
        net_term_days=body.net_term_days,
        meta=body.meta_data,
        created_us=billing.book.now_us,
        updated_us=billing.book.now_us,
        address=address_of(body.billing_address),
        first_name=body.first_name,
        last_name=body.last_name,
        email=body.email,
        phone=body.phone,
        locale=body.locale,
        taxability=body.taxability,
        auto_collection=body.auto_collection,
        custom=tuple(body.custom.items()),
    )
    if body.card is not None:
        gateway.require_test_card(body.card.number)
    customer = billing.save_customer(customer)
    billing.announce("customer_created", (("customer", customer),), call.txn)
    if body.card is not None or body.token_id:
        _add_source(billing, customer, body.card, body.token_id, True)
        customer = billing.customer(key)
    return shown(billing, ("customer", customer))


def _add_source(
    billing: Billing, customer: Customer, card: f.CardBody | None, token: str, primary: bool
) -> Source:  # fmt: skip
    if card is None:
        return gateway.token_source(billing, customer, token, primary)
    return gateway.card_source(billing, customer, card.number, (card.expiry_year, card.expiry_month), primary)


def address_of(body: f.AddressBody) -> Address:
    """Return the address of a request."""
    return Address(
        line1=body.line1, city=body.city, state_code=body.state_code or body.state, zip=body.zip,
        country=body.country, state=body.state, line2=body.line2, line3=body.line3, first_name=body.first_name,
        last_name=body.last_name, company=body.company, email=body.email, phone=body.phone,
    )  # fmt: skip


def meta_of(text: str) -> dict[str, Any]:
    """Return the meta_data of a request; refuse what is no JSON object."""
    if not text:
        return {}
    try:
        found = decode_json(text.encode())
    except (Undecodable, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refusal("param_wrong_value", "expected a JSON object", field="meta_data")
    return found


_KEPT = ("company", "first_name", "last_name", "email", "phone", "locale", "net_term_days", "auto_collection",
         "taxability")  # fmt: skip


def update_customer(billing: Billing, call: Call) -> Reply:
    """Change what is given of a customer."""
    body: f.UpdateCustomer = call.body
    customer = billing.customer(call.params["id"])
    changes = {name: value for name in _KEPT if (value := getattr(body, name)) is not None}
    if body.meta_data is not None:
        meta_of(body.meta_data)
        changes["meta"] = body.meta_data
    if body.custom:
        changes["custom"] = tuple({**dict(customer.custom), **body.custom}.items())
    return _changed(billing, billing.touch_customer(customer, **changes))


def update_billing_info(billing: Billing, call: Call) -> Reply:
    """Replace the billing address of a customer."""
    body: f.UpdateBilling = call.body
    customer = billing.customer(call.params["id"])
    return _changed(billing, billing.touch_customer(customer, address=address_of(body.billing_address)))


def _changed(billing: Billing, customer: Customer) -> Reply:
    billing.announce("customer_changed", (("customer", customer),), "")
    return shown(billing, ("customer", customer))


def delete_customer(billing: Billing, call: Call) -> Reply:
    """Delete a customer that has no running subscription."""
    customer = billing.customer(call.params["id"])
    for subscription in billing.book.table("subscription").values():
        if subscription.customer == customer.id and subscription.status not in ("cancelled", "expired", "renewed"):
            detail = f"customer {customer.id} has the subscription {subscription.id}, which is {subscription.status}"
            raise Refusal("invalid_state_for_request", detail)
    customer = billing.touch_customer(customer, deleted=True)
    billing.announce("customer_deleted", (("customer", customer),), "")
    return shown(billing, ("customer", customer))


# --- money ------------------------------------------------------------------------------------------------------------


def money_of(row: f.TransactionRow) -> Money:
    """Return what transaction[...] of a request tells."""
    return Money(
        amount_minor=row.amount, method=row.payment_method, reference=row.reference_number, date_seconds=row.date
    )  # fmt: skip


def record_excess_payment(billing: Billing, call: Call) -> Reply:
    """Record money that pays no invoice yet."""
    customer, payment = payments.record_excess(billing, call.params["id"], money_of(call.body.transaction))
    return shown(billing, ("customer", customer), ("transaction", payment))


def record_transaction_refund(billing: Billing, call: Call) -> Reply:
    """Record that what is unused of a payment was given back elsewhere."""
    refund = payments.record_payment_refund(billing, call.params["id"], money_of(call.body.transaction))
    return shown(billing, ("transaction", refund))


def collect_payment(billing: Billing, call: Call) -> Reply:
    """Collect money from a card of a customer, for invoices or to stay as excess."""
    body: f.CollectFromCustomer = call.body
    customer = billing.customer(call.params["id"])
    if body.amount is None:
        raise Refusal("param_wrong_value", "cannot be blank", field="amount")
    if body.card is not None or body.token_id:
        primary = body.replace_primary_payment_source
        source = _add_source(billing, customer, body.card, body.token_id, primary)
    else:
        source = gateway.require_source(billing, customer, body.payment_source_id)
    payment = gateway.collect_excess(billing, billing.customer(customer.id), body.amount, source)
    for row in body.invoice_allocations:
        payments.apply(billing, row.invoice_id, [(payment.id, row.allocation_amount)])
    payment = billing.transaction(payment.id)
    return shown(billing, ("customer", billing.customer(customer.id)), ("transaction", payment))


def add_promotional_credits(billing: Billing, call: Call) -> Reply:
    """Give a customer promotional credits."""
    return _credits(billing, call, call.params.get("id", ""), 1)


def deduct_promotional_credits(billing: Billing, call: Call) -> Reply:
    """Take promotional credits of a customer back."""
    return _credits(billing, call, "", -1)


def _credits(billing: Billing, call: Call, key: str, sign: int) -> Reply:
    body: f.AddCredits = call.body
    customer = billing.customer(key or body.customer_id)
    if body.currency_code and body.currency_code != customer.currency:
        raise Refusal("param_wrong_value", f"the customer is in {customer.currency}", field="currency_code")
    balance = customer.promotional_minor + sign * body.amount
    if balance < 0:
        raise Refusal("param_wrong_value", f"only {customer.promotional_minor} are left", field="amount")
    customer = billing.touch_customer(customer, promotional_minor=balance)
    credit = r.PromotionalCredit(
        id=f"pc_{billing.desk.next('promotional credit'):08d}",
        customer_id=customer.id,
        type="increment" if sign > 0 else "decrement",
        amount=body.amount,
        currency_code=customer.currency,
        description=body.description,
        credit_type=body.credit_type,
        reference=body.reference or None,
        closing_balance=balance,
        created_at=billing.book.now_us // SECOND_US,
    )
    billing.book.keep("promotional_credit", credit.id, credit)
    topic = "promotional_credits_added" if sign > 0 else "promotional_credits_deducted"
    billing.announce(topic, (("customer", customer), ("promotional_credit", credit)), "")
    return shown(billing, ("customer", customer), ("promotional_credit", credit))


# --- payment sources --------------------------------------------------------------------------------------------------


def create_card(billing: Billing, call: Call) -> Reply:
    """Keep a test card of a customer."""
    body: f.CreateCard = call.body
    customer = billing.customer(body.customer_id)
    return _added(billing, _add_source(billing, customer, body.card, "", body.replace_primary_payment_source))


def create_using_token(billing: Billing, call: Call) -> Reply:
    """Keep the card behind a token."""
    body: f.CreateFromToken = call.body
    customer = billing.customer(body.customer_id)
    return _added(billing, _add_source(billing, customer, None, body.token_id, body.replace_primary_payment_source))


def _added(billing: Billing, source: Source) -> Reply:
    return shown(billing, ("customer", billing.customer(source.customer)), ("payment_source", source))


def read_payment_source(billing: Billing, call: Call) -> Reply:
    """Show a payment source."""
    return shown(billing, ("payment_source", billing.source(call.params["id"])))


def delete_payment_source(billing: Billing, call: Call) -> Reply:
    """Delete a payment source."""
    source = billing.source(call.params["id"])
    customer = gateway.drop_source(billing, source)
    gone = msgspec.structs.replace(source, deleted=True)
    return reply(
        {"customer": show(billing, "customer", customer), "payment_source": show(billing, "payment_source", gone)}
    )
