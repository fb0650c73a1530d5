"""The dialect of the processor: Stripe-compatible v1, bearer keys, forms in, JSON out."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from domain.http import Reply, Request
from mocks.kernel.idempotency import IdempotencyPolicy
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.operations import Call, Operation, Refusal
from mocks.kernel.service import Dialect
from mocks.payment import (
    attempts,
    balance,
    bodies,
    customers,
    disputes,
    forms,
    intents,
    webhooks,
)
from mocks.payment.acts import ACTS
from mocks.payment.errors import refuse
from mocks.payment.handlers import (
    Handler,
    capture_charge,
    create_refund,
    customer_methods,
    got,
    listed,
    named_intent,
    paying,
    read_balance,
    searched,
    update_charge,
    update_record,
    written,
)
from mocks.payment.model import Processor, request_id
from mocks.payment.quirks import Quirks
from mocks.payment.records import Charge, Customer, Intent

KEY_HEADER = "idempotency-key"
KEY_LENGTH = 255


# --- manners --------------------------------------------------------------------------------------------------------


def authenticate(model: Processor, request: Request) -> Refusal | None:
    """Check the secret key, as a bearer token or as the name of a Basic pair; live keys are refused loudly."""
    strictness = model.quirks.authentication
    if strictness == "off":
        return None
    key = _key(request.headers.get("authorization", ""))
    if key.startswith(("sk_live_", "rk_live_")):
        return Refusal("live_key")
    if strictness == "verify":
        return None if key == model.quirks.secret_key else Refusal("unauthenticated")
    return None if key.startswith(("sk_test_", "rk_test_")) else Refusal("unauthenticated")


def _key(header: str) -> str:
    kind, _, text = header.partition(" ")
    if kind.lower() == "bearer":
        return text
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(text, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def decode(call: Call) -> Any:
    """Return the form (of a GET: the query) as the operation's type."""
    request = call.request
    if len(call.key) > KEY_LENGTH:
        raise Refusal("key_too_long")
    if call.operation.body is None:
        return None
    query = request.target.partition("?")[2]
    fields = forms.decode(query) if request.method in ("GET", "DELETE") else forms.decode(request.body)
    return forms.fit(fields, call.operation.body)


def finish(reply: Reply, call: Call) -> Reply:
    """Add the request's id and version to a reply; a keyed one also names the request that was executed first."""
    request, key = call.request, request_id(call.number)
    headers = {**reply.headers, "request-id": key, "stripe-version": request.headers.get("stripe-version", VERSION)}
    if request.method == "POST" and KEY_HEADER in request.headers:
        headers["idempotency-key"] = request.headers[KEY_HEADER]
        headers.setdefault("original-request", key)
    return Reply(reply.status, headers, reply.body)


VERSION = Quirks().api_version
_INTENT, _CHARGE = "/v1/payment_intents", "/v1/charges"


def _operations() -> tuple[Operation, ...]:
    return (*_customer_rows(), *_intent_rows(), *_money_rows())


def _read(name: str, path: str, handler: Handler, body: Any = bodies.EmptyBody) -> Operation:
    return Operation(name, "GET", path, handler, body, False, name.replace("_", " "))


def _post(name: str, path: str, handler: Handler, body: Any) -> Operation:
    return Operation(name, "POST", path, handler, body, True, name.replace("_", " "))


def _customer_rows() -> tuple[Operation, ...]:
    one, methods = "/v1/customers/{id}", "/v1/payment_methods"
    return (
        _post(
            "create_customer", "/v1/customers", written(lambda m, c: customers.create(m, c.body)), bodies.CustomerBody
        ),
        _read("list_customers", "/v1/customers", listed("customer"), bodies.ListQuery),
        _read("search_customers", "/v1/customers/search", searched("customer", Customer), bodies.SearchQuery),
        _read("get_customer", one, got("customer")),
        _post(
            "update_customer", one,
            written(lambda m, c: customers.update(m, m.named("customer", c.params["id"]), c.body)), bodies.CustomerBody,
        ),
        Operation(
            "delete_customer", "DELETE", one,
            written(lambda m, c: customers.delete(m, m.named("customer", c.params["id"]))), bodies.EmptyBody, True,
            "delete customer",
        ),
        _read("list_customer_payment_methods", one + "/payment_methods", customer_methods, bodies.ListQuery),
        _post(
            "create_payment_method", methods,
            written(lambda m, c: customers.create_method(m, c.body)), bodies.MethodBody,
        ),
        _read("list_payment_methods", methods, listed("payment_method"), bodies.ListQuery),
        _read("get_payment_method", methods + "/{id}", got("payment_method")),
        _post("update_payment_method", methods + "/{id}", written(update_record("payment_method")), bodies.UpdateBody),
        _post(
            "attach_payment_method", methods + "/{id}/attach",
            written(lambda m, c: customers.attach(m, c.params["id"], c.body.customer)), bodies.AttachBody,
        ),
        _post(
            "detach_payment_method", methods + "/{id}/detach",
            written(lambda m, c: customers.detach(m, m.named("payment_method", c.params["id"]))), bodies.EmptyBody,
        ),
    )  # fmt: skip


def _intent_rows() -> tuple[Operation, ...]:
    one = _INTENT + "/{id}"
    return (
        _post("create_payment_intent", _INTENT, paying(lambda m, c: intents.create(m, c.body)), bodies.IntentBody),
        _read("list_payment_intents", _INTENT, listed("payment_intent"), bodies.ListQuery),
        _read("search_payment_intents", _INTENT + "/search", searched("payment_intent", Intent), bodies.SearchQuery),
        _read("get_payment_intent", one, got("payment_intent")),
        _post(
            "update_payment_intent", one, written(lambda m, c: intents.update(m, named_intent(m, c), c.body)),
            bodies.IntentUpdate,
        ),
        _post(
            "confirm_payment_intent", one + "/confirm",
            paying(lambda m, c: intents.confirm(m, named_intent(m, c), c.body)), bodies.ConfirmBody,
        ),
        _post(
            "capture_payment_intent", one + "/capture",
            written(lambda m, c: intents.capture(m, named_intent(m, c), c.body)), bodies.CaptureBody,
        ),
        _post(
            "cancel_payment_intent", one + "/cancel",
            written(lambda m, c: intents.cancel(m, named_intent(m, c), c.body)), bodies.CancelBody,
        ),
    )  # fmt: skip


def _money_rows() -> tuple[Operation, ...]:
    dispute, movement = "/v1/disputes/{id}", "/v1/balance_transactions"
    return (
        _read("list_charges", _CHARGE, listed("charge"), bodies.ListQuery),
        _read("search_charges", _CHARGE + "/search", searched("charge", Charge), bodies.SearchQuery),
        _read("get_charge", _CHARGE + "/{id}", got("charge")),
        _post("update_charge", _CHARGE + "/{id}", written(update_charge), bodies.UpdateBody),
        _post("capture_charge", _CHARGE + "/{id}/capture", written(capture_charge), bodies.EmptyBody),
        _post("create_refund", "/v1/refunds", written(create_refund), bodies.RefundBody),
        _read("list_refunds", "/v1/refunds", listed("refund"), bodies.ListQuery),
        _read("get_refund", "/v1/refunds/{id}", got("refund")),
        _post("update_refund", "/v1/refunds/{id}", written(update_record("refund")), bodies.UpdateBody),
        _read("list_disputes", "/v1/disputes", listed("dispute"), bodies.ListQuery),
        _read("get_dispute", dispute, got("dispute")),
        _post(
            "update_dispute", dispute,
            written(lambda m, c: disputes.answer(m, m.named("dispute", c.params["id"]), c.body)), bodies.DisputeBody,
        ),
        _post(
            "close_dispute", dispute + "/close",
            written(lambda m, c: disputes.close(m, m.named("dispute", c.params["id"]), won=False)), bodies.EmptyBody,
        ),
        _read("get_balance", "/v1/balance", read_balance),
        _read("list_balance_transactions", movement, listed("balance_transaction"), bodies.ListQuery),
        _read("get_balance_transaction", movement + "/{id}", got("balance_transaction")),
        _read("list_payouts", "/v1/payouts", listed("payout"), bodies.ListQuery),
        _read("get_payout", "/v1/payouts/{id}", got("payout")),
        _read("list_events", "/v1/events", listed("event"), bodies.ListQuery),
        _read("get_event", "/v1/events/{id}", got("event")),
    )  # fmt: skip


def _idempotency(seconds: int) -> IdempotencyPolicy:
    return IdempotencyPolicy(
        header=KEY_HEADER, retention_seconds=seconds, key_length_max=KEY_LENGTH, keeps_refusals=False,
        keeps_server_errors=True, replay_header=("idempotent-replayed", "true"),
    )  # fmt: skip


def dialect(quirks: Quirks) -> Dialect:
    """Return the dialect with the limits and retention these quirks set."""
    return msgspec.structs.replace(
        DIALECT,
        limits=LimitPolicy(requests=quirks.requests_per_second),
        idempotency=_idempotency(quirks.idempotency_seconds),
    )


DIALECT = Dialect(
    system="payment",
    operations=_operations(),
    refuse=refuse,
    decode=decode,
    identity=lambda call: "",
    authenticate=authenticate,
    finish=finish,
    deliver=webhooks.deliver,
    acts=ACTS,
    agenda={
        "payout": balance.pay_out,
        "debit_decided": attempts.decide_debit,
        "push_arrives": attempts.push_arrives,
        "authenticated": attempts.authenticated,
        "authorization_expires": attempts.authorization_expires,
    },
    limits=LimitPolicy(requests=Quirks().requests_per_second),
    idempotency=_idempotency(Quirks().idempotency_seconds),
    retry_seconds=webhooks.RETRY_SECONDS,
)
