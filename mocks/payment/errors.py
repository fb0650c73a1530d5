"""The processor's refusals in the vendor's shape: code -> (status, type, vendor code, message)."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.http import Reply
from mocks.kernel.operations import Call, Refusal, json_reply
from mocks.payment import render, views
from mocks.payment.parts import Shape
from mocks.payment.records import Failure, Intent

_INVALID, _API, _IDEMPOTENCY = "invalid_request_error", "api_error", "idempotency_error"


class Row(msgspec.Struct, frozen=True):
    """One error of the vendor; `message` is used when the refusal brings no detail."""

    status: int
    type: str
    code: str
    message: str


ERRORS: dict[str, Row] = {
    # the kernel's own
    "not_found": Row(404, _INVALID, "", "Unrecognized request URL."),
    "method_not_allowed": Row(405, _INVALID, "", "This URL does not answer to that method."),
    "malformed": Row(400, _INVALID, "", "The request body is not a form."),
    "unauthenticated": Row(401, _INVALID, "", "No valid API key was provided."),
    "throttled": Row(429, _INVALID, "rate_limit", "Too many requests in too short a time."),
    "throttled_silently": Row(429, _INVALID, "rate_limit", "Too many requests in too short a time."),
    "concurrency": Row(429, _INVALID, "lock_timeout", "Another request is using this object."),
    "row_locked": Row(429, _INVALID, "lock_timeout", "Another request is using this object."),
    "forbidden": Row(403, _INVALID, "", "This API key does not have the permission."),
    "server_error": Row(500, _API, "", "Something went wrong on the server."),
    "maintenance": Row(503, _API, "", "The service is down for maintenance."),
    "conflict_state": Row(400, _INVALID, "payment_intent_unexpected_state", "The state does not allow this."),
    "idempotency_mismatch": Row(
        400, _IDEMPOTENCY, "", "This idempotency key was used before with other parameters: use another key."
    ),
    "idempotency_in_progress": Row(
        409, _IDEMPOTENCY, "idempotency_key_in_use", "A request with this idempotency key is still running."
    ),
    # the processor's
    "key_too_long": Row(400, _IDEMPOTENCY, "", "An idempotency key takes at most 255 characters."),
    "live_key": Row(401, _INVALID, "", "Live keys are never accepted here: use a test key."),
    "resource_missing": Row(404, _INVALID, "resource_missing", "There is no such object."),
    "reference_missing": Row(400, _INVALID, "resource_missing", "There is no such object."),
    "parameter_unknown": Row(400, _INVALID, "parameter_unknown", "Received an unknown parameter."),
    "parameter_missing": Row(400, _INVALID, "parameter_missing", "A required parameter is missing."),
    "parameter_invalid_integer": Row(400, _INVALID, "parameter_invalid_integer", "This must be an integer."),
    "parameter_invalid": Row(400, _INVALID, "", "This value is not valid."),
    "amount_too_small": Row(400, _INVALID, "amount_too_small", "The amount is below the minimum of its currency."),
    "amount_too_large": Row(400, _INVALID, "amount_too_large", "The amount is above the maximum."),
    "unexpected_state": Row(400, _INVALID, "payment_intent_unexpected_state", "The state does not allow this."),
    "charge_already_captured": Row(400, _INVALID, "charge_already_captured", "The charge is captured already."),
    "balance_insufficient": Row(400, _INVALID, "balance_insufficient", "The balance is too small for this."),
    "payout_not_cancelable": Row(400, _INVALID, "payouts_not_allowed", "The payout cannot be canceled."),
    "invoice_not_editable": Row(400, _INVALID, "invoice_not_editable", "The invoice can no longer be changed."),
    "invoice_no_customer_line_items": Row(400, _INVALID, "invoice_no_customer_line_items", "Nothing to invoice."),
    "invoice_upcoming_none": Row(404, _INVALID, "invoice_upcoming_none", "No upcoming invoices."),
    "invoice_unexpected_state": Row(400, _INVALID, "", "The invoice's status does not allow this."),
    "invoice_payment_intent_requires_action": Row(
        402, "card_error", "invoice_payment_intent_requires_action", "The payment needs the customer's action."
    ),
    "no_payment_method": Row(400, _INVALID, "resource_missing", "The customer has no default payment method."),
    "coupon_expired": Row(400, _INVALID, "coupon_expired", "The coupon is used up or out of date."),
    "clock_advancing": Row(429, _INVALID, "test_clock_advancing", "The test clock is advancing."),
    "subscription_unexpected_state": Row(400, _INVALID, "", "The subscription's status does not allow this."),
    "setup_intent_unexpected_state": Row(
        400, _INVALID, "setup_intent_unexpected_state", "The state does not allow it."
    ),
    "quote_unexpected_state": Row(400, _INVALID, "", "The quote's status does not allow this."),
    "credit_note_invalid": Row(400, _INVALID, "", "The credit note does not fit its invoice."),
    "url_invalid": Row(400, _INVALID, "url_invalid", "The URL is not valid."),
    "unknown_version": Row(400, _INVALID, "", "There is no such API version."),
    "resource_already_exists": Row(400, _INVALID, "resource_already_exists", "There is such an object already."),
    "charge_already_refunded": Row(400, _INVALID, "charge_already_refunded", "The charge is refunded already."),
    "charge_disputed": Row(400, _INVALID, "charge_disputed", "The charge is disputed and cannot be refunded."),
    "charge_not_refundable": Row(400, _INVALID, "", "Only a successful charge can be refunded."),
    "refund_unexpected_state": Row(400, _INVALID, "", "The refund cannot be canceled any more."),
    "dispute_closed": Row(400, _INVALID, "", "The dispute is closed already."),
    "not_expandable": Row(400, _INVALID, "", "This property cannot be expanded."),
    "method_in_use": Row(400, _INVALID, "payment_method_unexpected_state", "The payment method belongs to a customer."),
}


class ErrorView(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """An error on the wire; what does not apply is left out."""

    charge: str = ""
    code: str = ""
    decline_code: str = ""
    message: str = ""
    network_decline_code: str | None = None
    param: str = ""
    payment_intent: views.PaymentIntent | None = None
    request_log_url: str = ""
    setup_intent: Any = None
    type: str


class Failed(Shape, frozen=True, kw_only=True):
    """The body of every refusal."""

    error: ErrorView


def refuse(refusal: Refusal, call: Call | None) -> Reply:
    """Render a refusal as an `error` object; a refused state carries the intent it is about."""
    row = ERRORS[refusal.code]
    about = refusal.extra.get("intent")
    error = ErrorView(
        type=row.type,
        message=refusal.detail or row.message,
        code=row.code,
        param=refusal.field if row.type == _INVALID else "",
        payment_intent=render.intent(about) if about is not None else None,
    )
    headers: dict[str, str] = {}
    wait = refusal.extra.get("retry_after_seconds", 0)
    if wait:
        headers["retry-after"] = str(wait)
    if "allow" in refusal.extra:
        headers["allow"] = refusal.extra["allow"].replace(",", ", ")
    if row.status == 429:
        headers["stripe-rate-limited-reason"] = "global-rate" if row.code == "rate_limit" else "resource-specific"
    return json_reply(Failed(error=error), row.status, headers)


def payment_failed(intent: Intent) -> Reply:
    """Render a decline: 402 with the intent that now asks for another payment method."""
    return json_reply(Failed(error=declined(intent.failure, intent.charge, render.intent(intent))), 402)


def declined(failure: Failure | None, charge: str = "", intent: views.PaymentIntent | None = None) -> ErrorView:
    """Return the error of a decline."""
    assert failure is not None, "only what was declined is rendered as an error"
    return ErrorView(
        charge=charge, code=failure.code, decline_code=failure.decline_code, message=failure.message,
        network_decline_code=failure.network_code or None, payment_intent=intent, type=failure.type,
    )  # fmt: skip
