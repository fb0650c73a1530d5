"""Refusals in NetSuite's shape: a problem document with `o:errorDetails`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.http import Reply
from mocks.erp.restlets import RESTLET_PATH
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import Call, Refusal

ERROR_TYPE = "application/vnd.oracle.resource+json; type=error; charset=UTF-8"
_RFC = "https://www.rfc-editor.org/rfc/rfc9110.html#section-"


class Row(msgspec.Struct, frozen=True, gc=False):
    """One kind of refusal: HTTP status, title, section of the RFC, vendor code and what it says by default."""

    status: int
    title: str
    section: str
    code: str
    detail: str


def _bad(code: str, detail: str) -> Row:
    return Row(400, "Bad Request", "15.5.1", code, detail)


_LIMIT = Row(429, "Too Many Requests", "15.5", "CONCURRENCY_LIMIT_EXCEEDED", "Too many requests at once: try later.")

ROWS: Mapping[str, Row] = {
    "invalid_content": _bad("INVALID_CONTENT", "The body does not fit the record."),
    "malformed": _bad("INVALID_CONTENT", "The request body is not JSON."),
    "invalid_reference": _bad("INVALID_KEY_OR_REF", "Invalid reference key."),
    "user_error": _bad("USER_ERROR", "The record cannot be saved."),
    "conflict_state": _bad("USER_ERROR", "The status of the record does not allow this."),
    "duplicate": _bad("DUP_RCRD", "A record with this external id exists already."),
    "invalid_parameter": _bad("INVALID_PARAMETER", "Invalid query parameter."),
    "invalid_header": _bad("INVALID_HEADER", "A required header is missing or has an invalid value."),
    "idempotency_duplicate": _bad("IDEMPOTENCY_ERROR", "A request with this idempotency key was made already."),
    "idempotency_mismatch": _bad("IDEMPOTENCY_ERROR", "A request with this idempotency key was made already."),
    "idempotency_in_progress": _bad("IDEMPOTENCY_ERROR", "A request with this idempotency key is running."),
    "unauthenticated": Row(401, "Unauthorized", "15.5.2", "INVALID_LOGIN", "Invalid login attempt."),
    "forbidden": Row(403, "Forbidden", "15.5.4", "INSUFFICIENT_PERMISSION", "The role may not change this."),
    "missing_record": Row(404, "Not Found", "15.5.5", "NONEXISTENT_ID", "The record does not exist."),
    "not_found": Row(404, "Not Found", "15.5.5", "INVALID_URL", "There is no resource at this address."),
    "method_not_allowed": Row(
        405, "Method Not Allowed", "15.5.6", "METHOD_NOT_ALLOWED", "The resource does not support this method."
    ),
    "throttled": _LIMIT,
    "throttled_silently": _LIMIT,
    "concurrency": _LIMIT,
    "throttled_in_disguise": _bad(
        "SSS_REQUEST_LIMIT_EXCEEDED", "The maximum number of requests is reached: try later."
    ),
    "row_locked": _bad("RCRD_HAS_BEEN_CHANGED", "The record has been changed since it was read."),
    "script_error": _bad("SSS_SCRIPT_ERROR", "The script failed."),
    "server_error": Row(500, "Internal Server Error", "15.6.1", "UNEXPECTED_ERROR", "An unexpected error occurred."),
    "maintenance": Row(503, "Service Unavailable", "15.6.4", "SERVICE_UNAVAILABLE", "The account is being maintained."),
}
_OAUTH = {
    "oauth_invalid_request": (400, "invalid_request"),
    "oauth_invalid_client": (401, "invalid_client"),
    "oauth_unsupported": (400, "unsupported_grant_type"),
    "invalid_grant": (400, "invalid_grant"),
}


def refuse(refusal: Refusal, call: Call | None) -> Reply:
    """Return the reply for a refusal, with its path or header in the field the vendor uses for it."""
    if call is not None and refusal.code == "malformed" and call.operation.name == "token":
        refusal = Refusal("oauth_invalid_request", refusal.detail)
    if refusal.code in _OAUTH:
        status, error = _OAUTH[refusal.code]
        denial = {"error": error, "error_description": refusal.detail}
        return Reply(status, {"content-type": "application/json"}, encode_json(denial))
    if call is not None and call.request.target.startswith(RESTLET_PATH):
        return _script_error(refusal)
    row = ROWS[refusal.code]
    detail: dict[str, Any] = {"detail": refusal.detail or row.detail, "o:errorCode": row.code}
    if refusal.field:
        detail[_WHERE.get(refusal.code, "o:errorPath")] = refusal.field
    elif row.status in (404, 405) and call is not None:
        detail["o:errorUrl"] = call.request.target
    body = {"type": _RFC + row.section, "title": row.title, "status": row.status, "o:errorDetails": [detail]}
    return Reply(row.status, _headers(refusal), encode_json(body))


def _script_error(refusal: Refusal) -> Reply:
    """Return a refusal as RESTlets show it: too many at once is a 400 here."""
    status, code, default = _SCRIPT.get(refusal.code, (400, "UNEXPECTED_ERROR", "An unexpected error occurred."))
    error = {"code": refusal.extra.get("script_code", code), "message": refusal.detail or default}
    headers = {"content-type": "application/json; charset=utf-8"}
    if refusal.extra.get("retry_after_seconds"):
        headers["retry-after"] = str(refusal.extra["retry_after_seconds"])
    if refusal.extra.get("allow"):
        headers["allow"] = refusal.extra["allow"].replace(",", ", ")
    return Reply(status, headers, encode_json({"error": error}))


_TOO_MANY = (400, "SSS_REQUEST_LIMIT_EXCEEDED", "The maximum number of requests at once is reached: try later.")
_SCRIPT: Mapping[str, tuple[int, str, str]] = {
    "throttled": _TOO_MANY,
    "throttled_silently": _TOO_MANY,
    "concurrency": _TOO_MANY,
    "throttled_in_disguise": _TOO_MANY,
    "unauthenticated": (403, "INVALID_LOGIN_ATTEMPT", "Invalid login attempt."),
    "malformed": (400, "INVALID_RETURN_DATA_FORMAT", "The body is not what its content type says."),
    "method_not_allowed": (405, "SSS_INVALID_HTTP_METHOD", "The script does not support this method."),
    "server_error": (500, "UNEXPECTED_ERROR", "An unexpected error occurred."),
    "maintenance": (503, "SERVICE_UNAVAILABLE", "The account is being maintained."),
    "script_error": (400, "SSS_SCRIPT_ERROR", "The script failed."),
}
_WHERE = {
    "invalid_parameter": "o:errorQueryParam",
    "invalid_header": "o:errorHeader",
    "idempotency_duplicate": "o:errorHeader",
    "idempotency_mismatch": "o:errorHeader",
    "idempotency_in_progress": "o:errorHeader",
}


def _headers(refusal: Refusal) -> dict[str, str]:
    headers = {"content-type": ERROR_TYPE}
    extra = refusal.extra
    if extra.get("retry_after_seconds"):
        headers["retry-after"] = str(extra["retry_after_seconds"])
    if extra.get("location"):
        headers["location"] = extra["location"]
    if extra.get("allow"):
        headers["allow"] = extra["allow"].replace(",", ", ")
    if refusal.code == "unauthenticated":
        headers["www-authenticate"] = 'Bearer realm="NetSuite"'
    return headers
