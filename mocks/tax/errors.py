"""The engine's refusals in the vendor's shape: code -> (status, vendor code, number, message)."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.http import Reply
from mocks.kernel.operations import Call, Refusal, json_reply


class Row(msgspec.Struct, frozen=True):
    """One error of the vendor; `message` is used when the refusal brings no detail."""

    status: int
    code: str
    number: int
    message: str


ERRORS: dict[str, Row] = {
    # the kernel's own
    "not_found": Row(404, "EntityNotFoundError", 4, "There is nothing at this address."),
    "method_not_allowed": Row(405, "MethodNotAllowed", 48, "This address does not answer to that method."),
    "malformed": Row(400, "ValidationException", 32, "The body is not valid JSON."),
    "unauthenticated": Row(401, "AuthenticationException", 30, "The credentials are missing or not valid."),
    "throttled": Row(429, "RequestLimitExceeded", 1715, "Too many requests for this account."),
    "throttled_silently": Row(429, "RequestLimitExceeded", 1715, "Too many requests for this account."),
    "concurrency": Row(429, "RequestLimitExceeded", 1715, "Too many requests at once for this account."),
    "server_error": Row(500, "ServerError", 1, "The request could not be completed."),
    "maintenance": Row(503, "ServiceUnavailable", 2, "The service is down for maintenance."),
    "conflict_state": Row(400, "GetTaxError", 300, "The state of the document does not allow this."),
    "idempotency_mismatch": Row(400, "ValidationException", 32, "The key was used with another body."),
    "idempotency_in_progress": Row(409, "ServerError", 1, "The first request with this key is still running."),
    # the engine's
    "entity_not_found": Row(404, "EntityNotFoundError", 4, "The entity was not found."),
    "value_required": Row(400, "ValueRequiredError", 5, "A required value is missing."),
    "range": Row(400, "RangeError", 6, "A value lies outside its range."),
    "string_length": Row(400, "StringLengthError", 13, "A text is too long."),
    "validation": Row(400, "ValidationException", 32, "A value is not valid."),
    "duplicate": Row(400, "DuplicateEntry", 52, "There is one already."),
    "document_status": Row(400, "GetTaxError", 300, "DocStatus is invalid for this operation."),
    "code_conflict": Row(400, "DocumentCodeConflict", 303, "Several documents have this code: name the type."),
    "address": Row(400, "InvalidAddress", 309, "The address is incomplete or not known."),
    "refund_status": Row(400, "InvalidDocumentStatusForRefund", 700, "Only a committed document can be refunded."),
    "locked": Row(400, "CannotModifyLockedTransaction", 1100, "A locked document cannot be changed."),
    "mismatch": Row(400, "TransactionVerificationError", 302, "The document does not say what was expected."),
    "timeout": Row(504, "ServerError", 1, "The request took too long."),
}


def refuse(refusal: Refusal, call: Call | None) -> Reply:
    """Render a refusal: an `error` with its `details`, and Retry-After when the refusal asks for one."""
    row = ERRORS[refusal.code]
    message = refusal.detail or row.message
    detail: dict[str, Any] = {
        "code": row.code,
        "number": row.number,
        "message": row.message,
        "description": message,
        "faultCode": "Client" if row.status < 500 else "Server",
        "helpLink": f"/errors/{row.code}",
        "severity": "Error" if row.status < 500 else "Exception",
    }
    if refusal.field:
        detail["refersTo"] = refusal.field
    headers: dict[str, str] = {}
    wait = refusal.extra.get("retry_after_seconds", 0)
    if wait:
        headers["retry-after"] = str(wait)
    if "allow" in refusal.extra:
        headers["allow"] = refusal.extra["allow"].replace(",", ", ")
    target = "IncorrectData" if refusal.field else "HttpRequest"
    error = {"error": {"code": row.code, "message": message, "target": target, "details": [detail]}}
    return json_reply(error, row.status, headers)
