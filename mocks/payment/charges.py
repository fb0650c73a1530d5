"""Charges: attempts to move money, as the dialect's older calls make and change them."""

from __future__ import annotations

from msgspec import structs

from domain.http import Reply
from mocks.kernel.operations import Call, Operation, Refusal
from mocks.payment import intents, views
from mocks.payment.bodies import CaptureBody, ChargeBody, ChargeCaptureBody, ChargeUpdate, IntentBody
from mocks.payment.errors import payment_failed
from mocks.payment.model import Processor, merged
from mocks.payment.queries import ChargeQuery
from mocks.payment.records import Charge, Customer
from mocks.payment.rows import alter, answer, find, page, prepare, read, row


def _create(model: Processor, call: Call) -> Reply:
    """Charge at once: 402 when the card is declined."""
    prepare(model, call, "charge")
    body: ChargeBody = call.body
    source = body.source or _default_source(model, body)
    asked = IntentBody(
        amount=body.amount, currency=body.currency, customer=body.customer, payment_method=source, confirm=True,
        capture_method="automatic" if body.capture else "manual", description=body.description,
        metadata=body.metadata, receipt_email=body.receipt_email, shipping=body.shipping,
        statement_descriptor=body.statement_descriptor,
    )  # fmt: skip
    intent = intents.create(model, asked)
    call.txn = call.txn or intent.txn
    if intent.failure is not None and intent.status == "requires_payment_method":
        return payment_failed(intent)
    return answer(model, call, model.charges[intent.charge])


def _default_source(model: Processor, body: ChargeBody) -> str:
    if body.customer:
        customer: Customer = model.referred("customer", body.customer, "customer")
        if customer.method:
            return customer.method
    raise Refusal("parameter_missing", "Must provide source or customer.", field="source")


def update(model: Processor, charge: Charge, body: ChargeUpdate) -> Charge:
    """Change the metadata and the description of a charge."""
    after = structs.replace(
        charge,
        metadata=merged(charge.metadata, body.metadata),
        description=charge.description if body.description is None else body.description,
    )
    model.charges[charge.id] = after
    model.emit("charge.updated", after, "", charge)
    return after


def capture(model: Processor, charge: Charge, body: ChargeCaptureBody) -> Charge:
    """Capture a charge by way of its intent."""
    if charge.status != "succeeded" or charge.captured:
        raise Refusal("charge_already_captured", field="charge")
    intent = intents.capture(model, model.intents[charge.intent], CaptureBody(amount_to_capture=body.amount))
    return model.charges[intent.charge]


_ALL, _ONE, _VIEW = "/v1/charges", "/v1/charges/{id}", views.Charge
ROWS: tuple[Operation, ...] = (
    row("create_charge", "POST", _ALL, _create, ChargeBody, _VIEW),
    page("list_charges", _ALL, "charge", ChargeQuery),
    find("search_charges", _ALL + "/search", "charge"),
    read("get_charge", _ONE, "charge", _VIEW),
    alter("update_charge", _ONE, "charge", ChargeUpdate, update, _VIEW),
    alter("capture_charge", _ONE + "/capture", "charge", ChargeCaptureBody, capture, _VIEW),
)
