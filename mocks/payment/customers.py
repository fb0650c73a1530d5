"""Customers and their payment methods."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from domain import objects
from mocks.kernel.operations import Refusal
from mocks.payment.bodies import CardBody, CustomerBody, MethodBody, MethodData
from mocks.payment.model import Processor, changed, merged
from mocks.payment.records import Behaviour, Customer, Method
from mocks.payment.statuses import METHODS

TEST_METHODS: Mapping[str, Behaviour] = {
    "pm_card_visa": Behaviour(),
    "pm_card_mastercard": Behaviour(),
    "pm_card_chargeDeclined": Behaviour(hard=True, decline_code="generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": Behaviour(hard=True, decline_code="insufficient_funds"),
    "pm_card_chargeDeclinedLostCard": Behaviour(hard=True, decline_code="lost_card"),
    "pm_card_authenticationRequired": Behaviour(challenge=True),
    "pm_card_createDispute": Behaviour(dispute=True),
}
"""What the vendor's test methods do; using one makes a method of one's own [K]."""
_TEST_CARDS: Mapping[str, str] = {
    "4242424242424242": "pm_card_visa",
    "4000000000000002": "pm_card_chargeDeclined",
    "4000000000009995": "pm_card_chargeDeclinedInsufficientFunds",
    "4000000000009987": "pm_card_chargeDeclinedLostCard",
    "4000002500003155": "pm_card_authenticationRequired",
    "4000000000000259": "pm_card_createDispute",
}


def create(model: Processor, body: CustomerBody, key: str = "", currency: str = "", ref: str = "") -> Customer:
    """Create a customer; a payment method given with it is attached."""
    metadata = merged({}, body.metadata)
    method = method_for(model, body.payment_method, "payment_method") if body.payment_method else None
    chosen = body.invoice_settings.default_payment_method if body.invoice_settings else None
    if chosen and (method is None or chosen != method.id):
        model.referred("payment_method", chosen, "invoice_settings[default_payment_method]")
    customer = Customer(
        id=key or model.new_id("cus"),
        created=model.now,
        name=body.name or "",
        email=body.email or "",
        phone=body.phone or "",
        description=body.description or "",
        currency=currency.lower(),
        default_method=chosen or (method.id if method else ""),
        metadata=metadata,
    )
    if method is not None:
        keep_method(model, changed(method, customer=customer.id))
    keep(model, customer, ref)
    return customer


def update(model: Processor, customer: Customer, body: CustomerBody) -> Customer:
    """Change a customer; a field that is not given stays."""
    settings = body.invoice_settings
    chosen = settings.default_payment_method if settings is not None else None
    if chosen:
        method: Method = model.referred("payment_method", chosen, "invoice_settings[default_payment_method]")
        if method.customer != customer.id:
            field = "invoice_settings[default_payment_method]"
            raise Refusal("parameter_invalid", f"The payment method {chosen} is not attached to this customer.", field)
    given = {name: getattr(body, name) for name in ("name", "email", "phone", "description")}
    fields = {name: value for name, value in given.items() if value is not None}
    default = customer.default_method if chosen is None else chosen
    after: Customer = changed(
        customer, **fields, default_method=default, metadata=merged(customer.metadata, body.metadata)
    )
    keep(model, after)
    return after


def delete(model: Processor, customer: Customer) -> Customer:
    """Delete a customer: it can still be read, but no longer be charged."""
    after: Customer = changed(customer, deleted=True)
    keep(model, after)
    return after


def keep(model: Processor, customer: Customer, ref: str = "") -> None:
    """Keep a customer and write it into the history."""
    model.customers[customer.id] = customer
    model.index.note("customer", customer.id, customer.metadata)
    shown = objects.Customer(
        id=customer.id,
        ref=ref or customer.metadata.get("account", ""),
        name=customer.name,
        currency=customer.currency.upper(),
    )
    status = "deleted" if customer.deleted else "active"
    model.desk.book.put("customer", customer.id, None, shown, status)


# --- payment methods ------------------------------------------------------------------------------------------------


def create_method(model: Processor, body: MethodBody | MethodData) -> Method:
    """Create a payment method that belongs to nobody yet."""
    method = new_method(model, body)
    keep_method(model, method)
    return method


def new_method(model: Processor, body: MethodBody | MethodData) -> Method:
    """Return a payment method as described, not kept yet."""
    if body.type not in METHODS:
        raise Refusal("parameter_invalid", f"Invalid type: {body.type}", field="type")
    if body.type == "card" and body.card is None:
        raise Refusal("parameter_missing", "Missing required param: card.", field="card")
    if body.type == "us_bank_account" and body.us_bank_account is None:
        raise Refusal("parameter_missing", "Missing required param: us_bank_account.", field="us_bank_account")
    behaviour = _card_behaviour(body.card) if body.type == "card" and body.card else Behaviour()
    metadata = merged({}, body.metadata) if isinstance(body, MethodBody) else {}
    return Method(
        id=model.new_id("pm"), created=model.now, type=body.type, behaviour=behaviour, metadata=metadata
    )  # fmt: skip


def _card_behaviour(card: CardBody) -> Behaviour:
    if card.token is not None:
        name = "pm_card_" + card.token.removeprefix("tok_")
        if name not in TEST_METHODS:
            raise Refusal("reference_missing", f"No such token: '{card.token}'", field="card[token]")
        return TEST_METHODS[name]
    number = (card.number or "").replace(" ", "")
    if number not in _TEST_CARDS:
        raise Refusal("parameter_invalid", "Only the processor's test card numbers are taken.", field="card[number]")
    return TEST_METHODS[_TEST_CARDS[number]]


def method_for(model: Processor, key: str, field: str) -> Method:
    """Return a payment method by id; a test method's name makes a new one, which is kept by whoever uses it."""
    if key in TEST_METHODS and key not in model.methods:
        return Method(id=model.new_id("pm"), created=model.now, type="card", behaviour=TEST_METHODS[key])
    found: Method = model.referred("payment_method", key, field)
    return found


def keep_method(model: Processor, method: Method) -> None:
    """Keep a payment method."""
    model.methods[method.id] = method


def attach(model: Processor, key: str, customer: str) -> Method:
    """Attach a payment method to a customer; one that has another owner is refused."""
    model.referred("customer", customer, "customer")
    method = method_for(model, key, "payment_method") if key in TEST_METHODS else model.named("payment_method", key)
    if method.customer and method.customer != customer:
        raise Refusal("method_in_use", "The payment method is attached to another customer.", field="payment_method")
    after: Method = changed(method, customer=customer)
    keep_method(model, after)
    return after


def detach(model: Processor, method: Method) -> Method:
    """Take a payment method from its customer; it is no default any more."""
    if not method.customer:
        raise Refusal("method_in_use", "The payment method is not attached to a customer.")
    customer = model.customers[method.customer]
    if customer.default_method == method.id:
        keep(model, changed(customer, default_method=""))
    after: Method = changed(method, customer="")
    keep_method(model, after)
    return after


def behave(model: Processor, key: str, behaviour: Behaviour) -> None:
    """Let a payment method behave otherwise from now on, its count of declines starting anew."""
    method = model.methods[key]
    seen = model.desk.next(f"confirmed {key}") - 1
    declines = behaviour.declines + seen + 1 if behaviour.declines else 0
    keep_method(model, changed(method, behaviour=msgspec.structs.replace(behaviour, declines=declines)))
