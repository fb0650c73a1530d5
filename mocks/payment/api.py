"""The dialect of the processor: Stripe-compatible v1, bearer keys, forms in, JSON out."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

import msgspec

from domain.http import Reply, Request
from mocks.kernel.idempotency import IdempotencyPolicy
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.operations import Call, Operation, Refusal, json_reply
from mocks.kernel.service import Dialect
from mocks.payment import (
    attempts,
    balance,
    bodies,
    customers,
    disputes,
    expand,
    forms,
    intents,
    listing,
    refunds,
    render,
    search,
    webhooks,
)
from mocks.payment.acts import ACTS
from mocks.payment.errors import payment_failed, refuse
from mocks.payment.model import Processor, changed, merged, request_id
from mocks.payment.quirks import Quirks
from mocks.payment.records import Charge, Customer, Event, Intent

KEY_HEADER = "idempotency-key"
KEY_LENGTH = 255
Handler = Callable[[Processor, Call], Reply]


# --- replies --------------------------------------------------------------------------------------------------------


def _body(model: Processor, record: Any) -> dict[str, Any]:
    return render.event(record, model.quirks.api_version) if type(record) is Event else render.shown(record)


def _reply(model: Processor, call: Call, record: Any) -> Reply:
    body = _body(model, record)
    if call.body is not None and call.body.expand:
        body = expand.expand(model, body, call.body.expand)
    return json_reply(body)


def _list_reply(model: Processor, call: Call, records: list[Any], more: bool) -> Reply:
    rows = [_body(model, record) for record in records]
    body = {"object": "list", "data": rows, "has_more": more, "url": call.request.target.partition("?")[0]}
    return json_reply(expand.expand(model, body, call.body.expand))


def _get(kind: str) -> Handler:
    def handle(model: Processor, call: Call) -> Reply:
        return _reply(model, call, model.named(kind, call.params["id"]))

    return handle


def _list(kind: str) -> Handler:
    def handle(model: Processor, call: Call) -> Reply:
        return _list_reply(model, call, *listing.chosen(model, kind, call.body))

    return handle


def _search(kind: str, record_type: type) -> Handler:
    def handle(model: Processor, call: Call) -> Reply:
        body: bodies.SearchQuery = call.body
        if not 1 <= body.limit <= 100:
            raise Refusal("parameter_invalid_integer", "limit must be from 1 to 100.", field="limit")
        found = search.run(model, kind, search.parse(body.query, record_type))
        start = int(body.page) if body.page and body.page.isdigit() else 0
        rows = [_body(model, record) for record in found[start : start + body.limit]]
        more = start + body.limit < len(found)
        reply = {
            "object": "search_result",
            "data": rows,
            "has_more": more,
            "next_page": str(start + body.limit) if more else None,
            "url": call.request.target.partition("?")[0],
        }
        return json_reply(expand.expand(model, reply, body.expand))

    return handle


def _write(change: Callable[[Processor, Call], Any]) -> Handler:
    """Return the handler of a write: it tells the model the key, and expands what comes out."""

    def handle(model: Processor, call: Call) -> Reply:
        _require_expandable(model, call)
        model.key = call.key
        record = change(model, call)
        return _reply(model, call, record)

    return handle


def _paying(change: Callable[[Processor, Call], Intent]) -> Handler:
    """Return the handler of a write that may be declined: 402, though the intent has changed."""

    def handle(model: Processor, call: Call) -> Reply:
        _require_expandable(model, call)
        model.key = call.key
        intent = change(model, call)
        call.txn = call.txn or intent.txn
        if intent.failure is not None and intent.status == "requires_payment_method":
            return payment_failed(intent)
        return _reply(model, call, intent)

    return handle


def _require_expandable(model: Processor, call: Call) -> None:
    """Refuse an expansion that cannot be before anything changes; only the first level is known by then."""
    kind = call.operation.path.split("/")[2].rstrip("s")
    for path in call.body.expand if call.body is not None else ():
        parts = path.split(".")
        place = kind if len(parts) == 1 or (kind, parts[0]) in expand.EXPANDABLE else f"{kind}.{parts[0]}"
        name = parts[0] if place == kind else parts[1]
        if (place, name) not in expand.EXPANDABLE or len(parts) > expand.DEPTH:
            raise Refusal("not_expandable", f"This property cannot be expanded ({path}).", field="expand")


# --- what is done ---------------------------------------------------------------------------------------------------


def _intent(model: Processor, call: Call) -> Intent:
    found: Intent = model.named("payment_intent", call.params["id"])
    return found


def _create_refund(model: Processor, call: Call) -> Any:
    refund = refunds.create(model, call.body)
    call.txn = call.txn or model.intents[refund.intent].txn
    return refund


def _update_charge(model: Processor, call: Call) -> Any:
    charge: Charge = model.named("charge", call.params["id"])
    after = changed(
        charge,
        metadata=merged(charge.metadata, call.body.metadata),
        description=charge.description if call.body.description is None else call.body.description,
    )
    model.charges[charge.id] = after
    return after


def _capture_charge(model: Processor, call: Call) -> Any:
    charge: Charge = model.named("charge", call.params["id"])
    intent = intents.capture(model, model.intents[charge.intent], bodies.CaptureBody())
    return model.charges[intent.charge]


def _update_record(kind: str) -> Callable[[Processor, Call], Any]:
    def update(model: Processor, call: Call) -> Any:
        record = model.named(kind, call.params["id"])
        after = changed(record, metadata=merged(record.metadata, call.body.metadata))
        model.tables[kind][record.id] = after
        return after

    return update


def _balance(model: Processor, call: Call) -> Reply:
    sums = balance.totals(model)
    available = [{"amount": amount, "currency": currency} for currency, (amount, _) in sums.items()]
    pending = [{"amount": amount, "currency": currency} for currency, (_, amount) in sums.items()]
    return json_reply({"object": "balance", "available": available, "pending": pending, "livemode": False})


def _customer_methods(model: Processor, call: Call) -> Reply:
    customer: Customer = model.named("customer", call.params["id"])
    query = msgspec.structs.replace(call.body, customer=customer.id)
    return _list_reply(model, call, *listing.chosen(model, "payment_method", query))


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
            "create_customer", "/v1/customers", _write(lambda m, c: customers.create(m, c.body)), bodies.CustomerBody
        ),
        _read("list_customers", "/v1/customers", _list("customer"), bodies.ListQuery),
        _read("search_customers", "/v1/customers/search", _search("customer", Customer), bodies.SearchQuery),
        _read("get_customer", one, _get("customer")),
        _post(
            "update_customer", one,
            _write(lambda m, c: customers.update(m, m.named("customer", c.params["id"]), c.body)), bodies.CustomerBody,
        ),
        Operation(
            "delete_customer", "DELETE", one,
            _write(lambda m, c: customers.delete(m, m.named("customer", c.params["id"]))), bodies.EmptyBody, True,
            "delete customer",
        ),
        _read("list_customer_payment_methods", one + "/payment_methods", _customer_methods, bodies.ListQuery),
        _post(
            "create_payment_method", methods, _write(lambda m, c: customers.create_method(m, c.body)), bodies.MethodBody
        ),
        _read("list_payment_methods", methods, _list("payment_method"), bodies.ListQuery),
        _read("get_payment_method", methods + "/{id}", _get("payment_method")),
        _post("update_payment_method", methods + "/{id}", _write(_update_record("payment_method")), bodies.UpdateBody),
        _post(
            "attach_payment_method", methods + "/{id}/attach",
            _write(lambda m, c: customers.attach(m, c.params["id"], c.body.customer)), bodies.AttachBody,
        ),
        _post(
            "detach_payment_method", methods + "/{id}/detach",
            _write(lambda m, c: customers.detach(m, m.named("payment_method", c.params["id"]))), bodies.EmptyBody,
        ),
    )  # fmt: skip


def _intent_rows() -> tuple[Operation, ...]:
    one = _INTENT + "/{id}"
    return (
        _post("create_payment_intent", _INTENT, _paying(lambda m, c: intents.create(m, c.body)), bodies.IntentBody),
        _read("list_payment_intents", _INTENT, _list("payment_intent"), bodies.ListQuery),
        _read("search_payment_intents", _INTENT + "/search", _search("payment_intent", Intent), bodies.SearchQuery),
        _read("get_payment_intent", one, _get("payment_intent")),
        _post(
            "update_payment_intent", one, _write(lambda m, c: intents.update(m, _intent(m, c), c.body)),
            bodies.IntentUpdate,
        ),
        _post(
            "confirm_payment_intent", one + "/confirm",
            _paying(lambda m, c: intents.confirm(m, _intent(m, c), c.body)), bodies.ConfirmBody,
        ),
        _post(
            "capture_payment_intent", one + "/capture",
            _write(lambda m, c: intents.capture(m, _intent(m, c), c.body)), bodies.CaptureBody,
        ),
        _post(
            "cancel_payment_intent", one + "/cancel",
            _write(lambda m, c: intents.cancel(m, _intent(m, c), c.body)), bodies.CancelBody,
        ),
    )  # fmt: skip


def _money_rows() -> tuple[Operation, ...]:
    dispute, movement = "/v1/disputes/{id}", "/v1/balance_transactions"
    return (
        _read("list_charges", _CHARGE, _list("charge"), bodies.ListQuery),
        _read("search_charges", _CHARGE + "/search", _search("charge", Charge), bodies.SearchQuery),
        _read("get_charge", _CHARGE + "/{id}", _get("charge")),
        _post("update_charge", _CHARGE + "/{id}", _write(_update_charge), bodies.UpdateBody),
        _post("capture_charge", _CHARGE + "/{id}/capture", _write(_capture_charge), bodies.EmptyBody),
        _post("create_refund", "/v1/refunds", _write(_create_refund), bodies.RefundBody),
        _read("list_refunds", "/v1/refunds", _list("refund"), bodies.ListQuery),
        _read("get_refund", "/v1/refunds/{id}", _get("refund")),
        _post("update_refund", "/v1/refunds/{id}", _write(_update_record("refund")), bodies.UpdateBody),
        _read("list_disputes", "/v1/disputes", _list("dispute"), bodies.ListQuery),
        _read("get_dispute", dispute, _get("dispute")),
        _post(
            "update_dispute", dispute,
            _write(lambda m, c: disputes.answer(m, m.named("dispute", c.params["id"]), c.body)), bodies.DisputeBody,
        ),
        _post(
            "close_dispute", dispute + "/close",
            _write(lambda m, c: disputes.close(m, m.named("dispute", c.params["id"]), won=False)), bodies.EmptyBody,
        ),
        _read("get_balance", "/v1/balance", _balance),
        _read("list_balance_transactions", movement, _list("balance_transaction"), bodies.ListQuery),
        _read("get_balance_transaction", movement + "/{id}", _get("balance_transaction")),
        _read("list_payouts", "/v1/payouts", _list("payout"), bodies.ListQuery),
        _read("get_payout", "/v1/payouts/{id}", _get("payout")),
        _read("list_events", "/v1/events", _list("event"), bodies.ListQuery),
        _read("get_event", "/v1/events/{id}", _get("event")),
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
