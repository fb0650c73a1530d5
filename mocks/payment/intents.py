"""Payment intents: creating, confirming, capturing and cancelling them. Checks come first, changes last."""

from __future__ import annotations

import msgspec

from domain.currency import EXPONENTS
from domain.http import Reply
from mocks.kernel.operations import Call, Operation, Refusal
from mocks.payment import attempts, methods, views
from mocks.payment.bodies import (
    BalanceBody,
    CancelBody,
    CaptureBody,
    ConfirmBody,
    IncrementBody,
    IntentBody,
    IntentUpdate,
    MicrodepositsBody,
)
from mocks.payment.customers import charged
from mocks.payment.errors import payment_failed
from mocks.payment.model import Processor, changed, merged
from mocks.payment.queries import OwnedQuery
from mocks.payment.records import Intent, Method
from mocks.payment.rows import alter, answer, find, page, prepare, read, row
from mocks.payment.statuses import METHODS

MINIMA = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50, "cad": 50, "aud": 50, "chf": 50, "sek": 300, "sgd": 50}
MAXIMUM = 99_999_999_999
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
_REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")


def create(model: Processor, body: IntentBody) -> Intent:
    """Create an intent, and confirm it when asked to; a decline leaves it in requires_payment_method."""
    currency = _currency(body.currency)
    require_amount(body.amount, currency)
    customer = charged(model, body.customer)
    method = _method(model, body)
    types = _types(body, method)
    _require_usable(method, types, customer.id if customer else "")
    if body.capture_method not in ("automatic", "automatic_async", "manual"):
        raise Refusal("parameter_invalid", f"Invalid capture_method: {body.capture_method}", field="capture_method")
    if body.confirm and method is None:
        raise _no_method()
    metadata = merged({}, body.metadata)
    description = body.description or ""
    ref, txn = model.correlate(metadata, description)
    intent = Intent(
        id=model.new_id("pi"),
        created=model.now,
        amount=body.amount,
        currency=currency,
        status="requires_payment_method" if method is None else "requires_confirmation",
        customer=customer.id if customer else "",
        method=method.id if method else "",
        kind=METHODS[method.type if method else types[0]],
        types=types,
        manual_capture=body.capture_method == "manual",
        attempt=1,
        description=description,
        statement_descriptor=body.statement_descriptor or "",
        receipt_email=body.receipt_email or "",
        shipping=body.shipping,
        automatic=_automatic(body),
        setup_future_usage=body.setup_future_usage or "",
        metadata=metadata,
        ref=ref,
        txn=txn,
    )
    if method is not None and method.id not in model.methods:
        methods.keep(model, method)
    model.desk.book.know(intent.id, txn)
    model.emit("payment_intent.created", intent, txn)
    if body.confirm and method is not None:
        return attempts.confirm(model, intent, method, _is_off_session(body.off_session))
    attempts.keep(model, intent)
    model.show(intent, intent.status)
    return intent


def update(model: Processor, intent: Intent, body: IntentUpdate) -> Intent:
    """Change an intent: money and method only while it is not confirmed, metadata and description at any time."""
    fixed = (body.amount, body.currency, body.payment_method, body.customer, body.payment_method_types)
    if any(value is not None for value in fixed):
        require_status(intent, OPEN, "update")
    amount = intent.amount if body.amount is None else body.amount
    currency = intent.currency if body.currency is None else _currency(body.currency)
    require_amount(amount, currency)
    customer = charged(model, body.customer or intent.customer or None)
    types = tuple(body.payment_method_types) if body.payment_method_types else intent.types
    chosen = body.payment_method or intent.method
    method = methods.method_for(model, chosen, "payment_method") if chosen else None
    methods.require_types(types)
    _require_usable(method, types, customer.id if customer else "")
    metadata = merged(intent.metadata, body.metadata)
    if method is not None and method.id not in model.methods:
        methods.keep(model, method)
    status = "requires_confirmation" if body.payment_method and method is not None else intent.status
    after: Intent = changed(
        intent, amount=amount, currency=currency, customer=customer.id if customer else "", types=types, status=status,
        method=method.id if method else "", metadata=metadata,
        description=intent.description if body.description is None else body.description,
        receipt_email=intent.receipt_email if body.receipt_email is None else body.receipt_email,
        shipping=intent.shipping if body.shipping is None else body.shipping or None,
        statement_descriptor=(
            intent.statement_descriptor if body.statement_descriptor is None else body.statement_descriptor
        ),
    )  # fmt: skip
    attempts.keep(model, after)
    if after.amount != intent.amount:
        model.show(after)
    return after


def confirm(model: Processor, intent: Intent, body: ConfirmBody) -> Intent:
    """Confirm an intent; after a decline this is a new attempt, and a new payment in the history."""
    require_status(intent, ("requires_payment_method", "requires_confirmation"), "confirm")
    chosen = body.payment_method or intent.method
    if not chosen:
        raise _no_method(intent)
    if intent.status == "requires_payment_method" and not body.payment_method:
        raise _no_method(intent)
    method = methods.method_for(model, chosen, "payment_method")
    types = tuple(body.payment_method_types) if body.payment_method_types else intent.types
    methods.require_types(types)
    _require_usable(method, types, intent.customer)
    if method.id not in model.methods:
        methods.keep(model, method)
    if body.capture_method is not None:
        intent = changed(intent, manual_capture=body.capture_method == "manual")
    return attempts.confirm(model, changed(intent, types=types), method, _is_off_session(body.off_session))


def capture(model: Processor, intent: Intent, body: CaptureBody) -> Intent:
    """Capture what was authorised, or less; the rest is released."""
    require_status(intent, ("requires_capture",), "capture")
    amount = intent.capturable if body.amount_to_capture is None else body.amount_to_capture
    if not 0 < amount <= intent.capturable:
        text = f"amount_to_capture must be from 1 to the capturable amount of {intent.capturable}."
        raise Refusal("parameter_invalid", text, field="amount_to_capture")
    metadata = merged(intent.metadata, body.metadata)
    return attempts.captured(model, changed(intent, metadata=metadata), amount)


def cancel(model: Processor, intent: Intent, body: CancelBody) -> Intent:
    """Cancel an intent that has not moved money."""
    require_status(intent, (*OPEN, "requires_capture"), "cancel")
    reason = body.cancellation_reason or ""
    if reason and reason not in _REASONS:
        raise Refusal("parameter_invalid", f"Invalid cancellation_reason: {reason}", field="cancellation_reason")
    return attempts.cancelled(model, intent, reason)


def increment(model: Processor, intent: Intent, body: IncrementBody) -> Intent:
    """Raise what is authorised to a new total."""
    require_status(intent, ("requires_capture",), "increment the authorization of")
    if body.amount <= intent.amount:
        text = f"The amount must be greater than the authorised {intent.amount}."
        raise Refusal("parameter_invalid", text, field="amount")
    metadata = merged(intent.metadata, body.metadata)
    after: Intent = changed(intent, amount=body.amount, capturable=body.amount, metadata=metadata)
    charge = model.charges[intent.charge]
    model.charges[charge.id] = changed(charge, amount=body.amount)
    attempts.keep(model, after)
    model.show(after)
    model.emit("payment_intent.amount_capturable_updated", after, after.txn)
    return after


def apply_balance(model: Processor, intent: Intent, body: BalanceBody) -> Intent:
    """Pay an intent from what the customer has transferred: its transfer is taken to have arrived."""
    require_status(intent, ("requires_action",), "apply a customer balance to")
    if intent.kind != "push":
        raise Refusal("unexpected_state", "Only a bank transfer is paid from a balance.", intent=intent)
    attempts.push_arrives(model, intent.id)
    return model.intents[intent.id]


def verify(model: Processor, intent: Intent, body: MicrodepositsBody) -> Intent:
    """Prove a bank account by what was deposited on it; any two amounts, or a code, will do."""
    if intent.status != "requires_action" or intent.kind != "debit":
        raise Refusal("unexpected_state", "This PaymentIntent waits for no microdeposits.", intent=intent)
    return attempts.verified(model, intent)


def require_status(intent: Intent, allowed: tuple[str, ...], verb: str) -> None:
    """Raise Refusal unless the intent is in one of the states from which the caller's verb is possible."""
    if intent.status not in allowed:
        text = f"This PaymentIntent is {intent.status}: you cannot {verb} it. Allowed: {', '.join(allowed)}."
        raise Refusal("unexpected_state", text, intent=intent)


def require_amount(amount: int, currency: str) -> None:
    """Raise Refusal for an amount outside what the currency allows."""
    if amount < 1:
        raise Refusal("parameter_invalid_integer", "This value must be greater than or equal to 1.", field="amount")
    if amount < MINIMA.get(currency, 1):
        raise Refusal("amount_too_small", f"The amount must be at least {MINIMA[currency]} {currency}.", field="amount")
    if amount > MAXIMUM:
        raise Refusal("amount_too_large", f"The amount must be at most {MAXIMUM} {currency}.", field="amount")


def _is_off_session(text: str | None) -> bool:
    return text not in (None, "false", "False", "0", "")


def _automatic(body: IntentBody) -> str:
    automatic = body.automatic_payment_methods
    return (automatic.allow_redirects or "always") if automatic is not None and automatic.enabled else ""


def _currency(text: str) -> str:
    if text.upper() not in EXPONENTS or len(text) != 3:
        raise Refusal("parameter_invalid", f"Invalid currency: {text}.", field="currency")
    return text.lower()


def _method(model: Processor, body: IntentBody) -> Method | None:
    if body.payment_method:
        return methods.method_for(model, body.payment_method, "payment_method")
    if body.payment_method_data is not None:
        made = methods.made(model, body.payment_method_data)
        return msgspec.structs.replace(made, customer=body.customer or "")
    return None


def _types(body: IntentBody, method: Method | None) -> tuple[str, ...]:
    named = body.payment_method_types or body.allowed_payment_method_types
    if named:
        types = tuple(named)
        methods.require_types(types)
        return types
    return (method.type,) if method is not None else ("card",)


def _require_usable(method: Method | None, types: tuple[str, ...], customer: str) -> None:
    if method is None:
        return
    if method.type not in types:
        text = f"A payment method of type {method.type} is not among this PaymentIntent's types: {', '.join(types)}."
        raise Refusal("parameter_invalid", text, field="payment_method")
    if method.customer and method.customer != customer:
        text = f"The payment method {method.id} belongs to another customer than this PaymentIntent."
        raise Refusal("parameter_invalid", text, field="payment_method")


def _no_method(intent: Intent | None = None) -> Refusal:
    text = "You cannot confirm this PaymentIntent because it is missing a payment method."
    if intent is None:
        return Refusal("unexpected_state", text)
    return Refusal("unexpected_state", text, intent=intent)


# --- calls ----------------------------------------------------------------------------------------------------------


def _paid(model: Processor, call: Call, intent: Intent) -> Reply:
    """Return the answer to an attempt: 402 when it was declined, though the intent has changed."""
    call.txn = call.txn or intent.txn
    if intent.failure is not None and intent.status == "requires_payment_method":
        return payment_failed(intent)
    return answer(model, call, intent)


def _create(model: Processor, call: Call) -> Reply:
    prepare(model, call, _KIND)
    return _paid(model, call, create(model, call.body))


def _confirm(model: Processor, call: Call) -> Reply:
    prepare(model, call, _KIND)
    return _paid(
        model, call, confirm(model, model.named(_KIND, call.params["id"], "confirm_payment_intent"), call.body)
    )


_KIND, _ALL, _ONE = "payment_intent", "/v1/payment_intents", "/v1/payment_intents/{id}"
_VIEW = views.PaymentIntent
ROWS: tuple[Operation, ...] = (
    row("create_payment_intent", "POST", _ALL, _create, IntentBody, _VIEW),
    page("list_payment_intents", _ALL, _KIND, OwnedQuery),
    find("search_payment_intents", _ALL + "/search", _KIND),
    read("get_payment_intent", _ONE, _KIND, _VIEW),
    alter("update_payment_intent", _ONE, _KIND, IntentUpdate, update, _VIEW),
    row("confirm_payment_intent", "POST", _ONE + "/confirm", _confirm, ConfirmBody, _VIEW),
    alter("capture_payment_intent", _ONE + "/capture", _KIND, CaptureBody, capture, _VIEW),
    alter("cancel_payment_intent", _ONE + "/cancel", _KIND, CancelBody, cancel, _VIEW),
    alter("increment_authorization", _ONE + "/increment_authorization", _KIND, IncrementBody, increment, _VIEW),
    alter("apply_customer_balance", _ONE + "/apply_customer_balance", _KIND, BalanceBody, apply_balance, _VIEW),
    alter("verify_microdeposits", _ONE + "/verify_microdeposits", _KIND, MicrodepositsBody, verify, _VIEW),
)
