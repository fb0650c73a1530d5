"""The platform's refusals in the vendor's shape: code -> (status, type, api_error_code, message)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from domain.http import Reply
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import Call, Refusal

JSON: Mapping[str, str] = MappingProxyType({"content-type": "application/json;charset=utf-8"})
INVALID, FAILED = "invalid_request", "operation_failed"


class Row(msgspec.Struct, frozen=True):
    """One error of the vendor; `message` is used when the refusal brings no detail."""

    status: int
    type: str
    code: str
    message: str


ERRORS: dict[str, Row] = {
    # the kernel's own
    "not_found": Row(404, INVALID, "resource_not_found", "There is nothing at this address"),
    "method_not_allowed": Row(405, INVALID, "http_method_not_supported", "This address does not take that method"),
    "malformed": Row(400, INVALID, "invalid_request", "The body is not a valid form"),
    "unauthenticated": Row(401, INVALID, "api_authentication_failed", "The api key is missing or wrong"),
    "throttled": Row(429, FAILED, "api_request_limit_exceeded", "Too many requests for this site"),
    "throttled_silently": Row(429, FAILED, "api_request_limit_exceeded", "Too many requests for this site"),
    "concurrency": Row(429, FAILED, "request_blocked", "Too many requests at once for this site"),
    "forbidden": Row(403, INVALID, "api_authorization_failed", "This api key may not do that"),
    "server_error": Row(500, FAILED, "internal_error", "The request failed inside the platform"),
    "maintenance": Row(503, FAILED, "internal_temporary_error", "The platform is not available for a while"),
    "conflict_state": Row(409, INVALID, "invalid_state_for_request", "The state of the resource does not allow this"),
    "idempotency_mismatch": Row(400, INVALID, "invalid_request", "The idempotency key belongs to another request"),
    "idempotency_in_progress": Row(
        409, FAILED, "request_in_progress", "The first request with this idempotency key is still running"
    ),
    # the platform's
    "resource_not_found": Row(404, INVALID, "resource_not_found", "The resource is not known"),
    "param_wrong_value": Row(400, INVALID, "param_wrong_value", "A parameter has a value that is not allowed"),
    "duplicate_entry": Row(400, INVALID, "duplicate_entry", "The id is taken"),
    "invalid_state_for_request": Row(
        409, INVALID, "invalid_state_for_request", "The state of the resource does not allow this"
    ),
    "payment_processing_failed": Row(
        400, "payment", "payment_processing_failed", "The payment was not taken by the gateway"
    ),
    "no_payment_source": Row(400, INVALID, "payment_method_not_present", "There is no payment source to charge"),
    "resource_limit_exceeded": Row(400, INVALID, "resource_limit_exceeded", "There are too many of these"),
    "not_enabled": Row(400, INVALID, "configuration_incompatible", "The site is not configured for this"),
    "not_owned": Row(403, INVALID, "api_authorization_failed", "This site does not let the API change that"),
}


def refuse(refusal: Refusal, call: Call | None) -> Reply:
    """Render a refusal as one flat object, with Retry-After when the refusal asks for one."""
    row = ERRORS[refusal.code]
    message = refusal.detail or row.message
    body: dict[str, Any] = {
        "message": f"{refusal.field} : {message}" if refusal.field else message,
        "type": row.type,
        "api_error_code": row.code,
    }
    if refusal.field:
        body["param"] = refusal.field
    body["error_code"] = row.code
    body["error_msg"] = message
    body["http_status_code"] = row.status
    headers = dict(JSON)
    if refusal.extra.get("retry_after_seconds"):
        headers["retry-after"] = str(refusal.extra["retry_after_seconds"])
    if "allow" in refusal.extra:
        headers["allow"] = refusal.extra["allow"]
    return Reply(row.status, headers, encode_json(body))
