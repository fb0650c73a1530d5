"""Payment methods: cards, bank accounts and transfers, and how each behaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import structs

from domain.http import Reply
from mocks.kernel.operations import Call, Operation, Refusal
from mocks.payment import listing, views
from mocks.payment.bodies import AttachBody, CardBody, EmptyBody, MethodBody, MethodData, MethodUpdate
from mocks.payment.model import Processor, merged
from mocks.payment.parts import BillingDetails
from mocks.payment.queries import MethodQuery
from mocks.payment.records import Behaviour, Customer, Method
from mocks.payment.rows import alter, answer, answer_list, make, page, prepare, read, row
from mocks.payment.statuses import METHODS

TEST_METHODS: Mapping[str, Behaviour] = {
    "pm_card_visa": Behaviour(),
    "pm_card_visa_debit": Behaviour(),
    "pm_card_mastercard": Behaviour(),
    "pm_card_amex": Behaviour(),
    "pm_card_chargeDeclined": Behaviour(hard=True, decline_code="generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": Behaviour(hard=True, decline_code="insufficient_funds"),
    "pm_card_chargeDeclinedLostCard": Behaviour(hard=True, decline_code="lost_card"),
    "pm_card_chargeDeclinedExpiredCard": Behaviour(hard=True, decline_code="expired_card"),
    "pm_card_chargeDeclinedIncorrectCvc": Behaviour(hard=True, decline_code="incorrect_cvc"),
    "pm_card_chargeDeclinedProcessingError": Behaviour(hard=True, decline_code="processing_error"),
    "pm_card_chargeCustomerFail": Behaviour(hard=True, decline_code="generic_decline"),
    "pm_card_authenticationRequired": Behaviour(challenge=True),
    "pm_card_createDispute": Behaviour(dispute=True),
}
"""What the vendor's test methods do; using one makes a method of one's own [K]."""
_TEST_CARDS: Mapping[str, str] = {
    "4242424242424242": "pm_card_visa",
    "4000056655665556": "pm_card_visa_debit",
    "5555555555554444": "pm_card_mastercard",
    "378282246310005": "pm_card_amex",
    "4000000000000002": "pm_card_chargeDeclined",
    "4000000000009995": "pm_card_chargeDeclinedInsufficientFunds",
    "4000000000009987": "pm_card_chargeDeclinedLostCard",
    "4000000000000069": "pm_card_chargeDeclinedExpiredCard",
    "4000000000000127": "pm_card_chargeDeclinedIncorrectCvc",
    "4000000000000119": "pm_card_chargeDeclinedProcessingError",
    "4000000000000341": "pm_card_chargeCustomerFail",
    "4000002500003155": "pm_card_authenticationRequired",
    "4000000000000259": "pm_card_createDispute",
}


def create(model: Processor, body: MethodBody | MethodData) -> Method:
    """Create a payment method that belongs to nobody yet."""
    method = made(model, body)
    keep(model, method)
    return method


def made(model: Processor, body: MethodBody | MethodData) -> Method:
    """Return a payment method as described, not kept yet."""
    if body.type not in METHODS:
        raise Refusal("parameter_invalid", f"Invalid type: {body.type}", field="type")
    card = body.card if body.type == "card" else None
    if body.type == "card" and card is None:
        raise Refusal("parameter_missing", "Missing required param: card.", field="card")
    if body.type == "us_bank_account" and body.us_bank_account is None:
        raise Refusal("parameter_missing", "Missing required param: us_bank_account.", field="us_bank_account")
    return Method(
        id=model.new_id("pm"),
        created=model.now,
        type=body.type,
        behaviour=_card_behaviour(card) if card is not None else Behaviour(),
        billing_details=body.billing_details or BillingDetails(),
        exp_month=(card.exp_month if card is not None else None) or 12,
        exp_year=(card.exp_year if card is not None else None) or 2034,
        last4=(card.number or "")[-4:] or "4242" if card is not None else "4242",
        metadata=merged({}, body.metadata),
    )


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


def require_types(types: Sequence[str]) -> None:
    """Raise Refusal for a type of method there is not."""
    for index, name in enumerate(types):
        if name not in METHODS:
            text = f"The payment method type {name} is invalid."
            raise Refusal("parameter_invalid", text, field=f"payment_method_types[{index}]")


def method_for(model: Processor, key: str, field: str) -> Method:
    """Return a payment method by id; a test method's name makes a new one, which is kept by whoever uses it."""
    if key not in model.methods:
        behaviour = TEST_METHODS.get("pm_card_" + key[4:] if key.startswith("tok_") else key)
        if behaviour is not None:
            return Method(id=model.new_id("pm"), created=model.now, type="card", behaviour=behaviour)
    found: Method = model.referred("payment_method", key, field)
    return found


def keep(model: Processor, method: Method) -> None:
    """Keep a payment method."""
    model.methods[method.id] = method


def attach(model: Processor, method: Method, body: AttachBody) -> Method:
    """Attach a payment method to a customer; one that has another owner is refused."""
    model.referred("customer", body.customer, "customer")
    if method.customer and method.customer != body.customer:
        raise Refusal("method_in_use", "The payment method is attached to another customer.", field="payment_method")
    after = structs.replace(method, customer=body.customer)
    keep(model, after)
    model.emit("payment_method.attached", after)
    return after


def update(model: Processor, method: Method, body: MethodUpdate) -> Method:
    """Change whose payment method it is, when its card expires, and its metadata."""
    card = body.card
    after = structs.replace(
        method,
        billing_details=body.billing_details or method.billing_details,
        exp_month=(card.exp_month if card is not None else None) or method.exp_month,
        exp_year=(card.exp_year if card is not None else None) or method.exp_year,
        metadata=merged(method.metadata, body.metadata),
    )
    keep(model, after)
    model.emit("payment_method.updated", after, "", method)
    return after


def behave(model: Processor, key: str, behaviour: Behaviour) -> None:
    """Let a payment method behave otherwise from now on, its count of declines starting anew."""
    method = model.methods[key]
    seen = model.desk.next(f"confirmed {key}") - 1
    declines = behaviour.declines + seen + 1 if behaviour.declines else 0
    keep(model, structs.replace(method, behaviour=structs.replace(behaviour, declines=declines)))


# --- calls ----------------------------------------------------------------------------------------------------------


def _attach(model: Processor, call: Call) -> Reply:
    """Attach the method that the path names; a test method's name makes one of one's own."""
    prepare(model, call, "payment_method")
    key = call.params["id"]
    method = method_for(model, key, "id") if key in TEST_METHODS else model.named("payment_method", key, "attach")
    return answer(model, call, attach(model, method, call.body))


def _of_customer(model: Processor, call: Call) -> Reply:
    customer: Customer = model.named("customer", call.params["id"])
    query = structs.replace(call.body, customer=customer.id)
    return answer_list(model, call, "payment_method", listing.chosen(model, "payment_method", query))


def _one_of_customer(model: Processor, call: Call) -> Reply:
    model.named("customer", call.params["customer"])
    method: Method = model.named("payment_method", call.params["id"])
    if method.customer != call.params["customer"]:
        raise Refusal("resource_missing", f"No such PaymentMethod: '{method.id}'", field="id")
    return answer(model, call, method)


_ALL, _ONE, _OWNED = "/v1/payment_methods", "/v1/payment_methods/{id}", "/v1/customers/{id}/payment_methods"
_KIND, _VIEW = "payment_method", views.PaymentMethod
ROWS: tuple[Operation, ...] = (
    make("create_payment_method", _ALL, _KIND, MethodBody, create, _VIEW),
    page("list_payment_methods", _ALL, _KIND, MethodQuery),
    read("get_payment_method", _ONE, _KIND, _VIEW),
    alter("update_payment_method", _ONE, _KIND, MethodUpdate, update, _VIEW),
    row("attach_payment_method", "POST", _ONE + "/attach", _attach, AttachBody, _VIEW),
    row("list_customer_payment_methods", "GET", _OWNED, _of_customer, MethodQuery),
    row(
        "get_customer_payment_method", "GET", "/v1/customers/{customer}/payment_methods/{id}", _one_of_customer,
        EmptyBody, _VIEW,
    ),
)  # fmt: skip
