"""Refusals as the vendor words them: an array of errors, each with a code and the fields at fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from domain.http import Reply
from mocks.crm import async_forms
from mocks.kernel.operations import Call, Refusal, json_reply

_BUSY = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
# code: (HTTP status, errorCode, what is said when nothing more is known). Source: the vendor's public documentation.
_FAULT = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
    "<soapenv:Fault><faultcode>{code}</faultcode><faultstring>{code}: {words}</faultstring><detail>"
    '<sf:LoginFault xsi:type="sf:LoginFault"><sf:exceptionCode>{code}</sf:exceptionCode>'
    "<sf:exceptionMessage>{words}</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault>"
    "</soapenv:Body></soapenv:Envelope>"
)
ROWS: Mapping[str, tuple[int, str, str]] = {
    "unauthenticated": (401, "INVALID_SESSION_ID", "Session expired or invalid"),
    "allowance_spent": (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "not_found": (404, "NOT_FOUND", "The requested resource does not exist"),
    "deleted": (404, "ENTITY_IS_DELETED", "entity is deleted"),
    "method_not_allowed": (405, "METHOD_NOT_ALLOWED", "HTTP method is not allowed for this resource"),
    "retired_version": (410, "UNSUPPORTED_API_VERSION", "this version of the API is retired"),
    "malformed": (400, "JSON_PARSER_ERROR", "the body is not the JSON expected here"),
    "malformed_id": (400, "MALFORMED_ID", "malformed id"),
    "malformed_query": (400, "MALFORMED_QUERY", "the statement is malformed"),
    "bad_operator": (400, "INVALID_QUERY_FILTER_OPERATOR", "the operator does not fit the field"),
    "invalid_field": (400, "INVALID_FIELD", "no such field"),
    "invalid_type": (400, "INVALID_TYPE", "sObject type is not supported"),
    "query_timeout": (400, "QUERY_TIMEOUT", "Your query request was running for too long."),
    "bad_locator": (400, "INVALID_QUERY_LOCATOR", "invalid query locator"),
    "bad_header": (400, "INVALID_HEADER", "invalid request header"),
    "missing_argument": (400, "MISSING_ARGUMENT", "a required parameter is missing"),
    "number_outside_range": (400, "NUMBER_OUTSIDE_VALID_RANGE", "value outside of valid range"),
    "required_field_missing": (400, "REQUIRED_FIELD_MISSING", "Required fields are missing"),
    "string_too_long": (400, "STRING_TOO_LONG", "value too large"),
    "bad_picklist": (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "bad value for restricted picklist field"),
    "bad_reference": (400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"),
    "not_writeable": (400, "INVALID_FIELD_FOR_INSERT_UPDATE", "the field may not be written"),
    "duplicate_value": (400, "DUPLICATE_VALUE", "duplicate value found"),
    "duplicates": (400, "DUPLICATES_DETECTED", "a rule of the organisation sees a duplicate"),
    "locked": (400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records"),
    "duplicate_external_id": (400, "DUPLICATE_EXTERNAL_ID", "more than one record has this external id"),
    "bad_input": (400, "INVALID_INPUT", "the request is not what is expected here"),
    "limit_exceeded": (400, "LIMIT_EXCEEDED", "too much for one request"),
    "bad_search": (400, "MALFORMED_SEARCH", "the search is malformed"),
    "bad_job": (400, "INVALIDJOB", "the job is not what is expected here"),
    "bad_job_state": (400, "INVALIDJOBSTATE", "the job's state forbids this"),
    "precondition_failed": (412, "PRECONDITION_FAILED", "the record was changed since"),
    "bad_async_job": (400, "InvalidJob", "the job is not what is expected here"),
    "bad_async_state": (400, "InvalidJobState", "the job's state forbids this"),
    "bad_batch": (400, "InvalidBatch", "the batch is not what is expected here"),
    "bad_media_type": (415, "UNSUPPORTED_MEDIA_TYPE", "the content type is not supported here"),
    "apex": (400, "APEX_ERROR", "the class refused the call"),
    "delete_failed": (400, "DELETE_FAILED", "the record could not be deleted"),
    "rule": (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "a rule of the organisation forbids this"),
    "conflict_state": (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "the record's status forbids this"),
    # Kernel codes that this vendor answers in its own way: there is no 429, no Retry-After and no idempotency key.
    "throttled": (403, "REQUEST_LIMIT_EXCEEDED", _BUSY),
    "throttled_silently": (
        403,
        "REQUEST_LIMIT_EXCEEDED",
        _BUSY,
    ),
    "concurrency": (403, "REQUEST_LIMIT_EXCEEDED", _BUSY),
    "throttled_in_disguise": (403, "REQUEST_LIMIT_EXCEEDED", _BUSY),
    "row_locked": (400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
    "forbidden": (403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object"),
    "server_error": (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred."),
    "maintenance": (
        503,
        "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
        "The organisation is read-only during maintenance.",
    ),
    "idempotency_mismatch": (400, "DUPLICATE_VALUE", "duplicate value found"),
    "idempotency_in_progress": (400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
}


def as_error(refusal: Refusal) -> dict[str, Any]:
    """Return a refusal as one of the errors of a record in a set."""
    _, code, words = ROWS.get(refusal.code, ROWS["malformed"])
    fields = refusal.extra.get("fields") or ([refusal.field] if refusal.field else [])
    return {"statusCode": code, "message": refusal.detail or words, "fields": fields}


def as_result(refusal: Refusal) -> dict[str, Any]:
    """Return a refusal as the result of a record in a set."""
    return {"success": False, "errors": [as_error(refusal)]}


def rolled_back() -> dict[str, Any]:
    """Return the result of a record that was good and went with the others."""
    words = "Record rolled back because not all records were valid and the request was using AllOrNone header"
    return {
        "success": False,
        "errors": [{"statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK", "message": words, "fields": []}],
    }


TOKEN_ROWS: Mapping[str, tuple[int, str, str]] = {
    "invalid_client_id": (400, "invalid_client_id", "client identifier invalid"),
    "invalid_client": (401, "invalid_client", "invalid client credentials"),
    "invalid_grant": (400, "invalid_grant", "authentication failure"),
    "unsupported_grant_type": (400, "unsupported_grant_type", "grant type not supported"),
}


_ASYNC_CODES = {"INVALID_SESSION_ID": "InvalidSessionId", "REQUEST_LIMIT_EXCEEDED": "ExceededQuota"}


def refuse(refusal: Refusal, call: Call | None) -> Reply:
    """Return a refusal in the vendor's shape: an array, or what token, SOAP and streaming endpoints have instead."""
    if refusal.code in TOKEN_ROWS:
        status, code, words = TOKEN_ROWS[refusal.code]
        return json_reply({"error": code, "error_description": refusal.detail or words}, status)
    if refusal.code == "several":
        return json_reply(refusal.extra["urls"], 300)
    if refusal.code == "bad_oauth_token":
        return Reply(403, {"content-type": "text/html;charset=UTF-8"}, b"Bad_OAuth_Token")
    status, code, words = ROWS[refusal.code]
    path = call.operation.path if call is not None else ""
    if path.startswith("/cometd"):
        advice = {"reconnect": "none" if status in (401, 403) else "retry", "interval": 0}
        error = f"{status}::{words}"
        told = {"channel": "/meta/handshake", "successful": False, "error": error, "advice": advice}
        return json_reply([told], status)
    if path.startswith("/services/async"):
        return async_forms.refused(call, _ASYNC_CODES.get(code, code), refusal.detail or words)
    if path.startswith("/services/oauth2") and status == 400:
        return json_reply({"error": "invalid_request", "error_description": refusal.detail or words}, status)
    if path.startswith("/services/Soap"):
        return Reply(status if status > 500 else 500, _XML, _soap_fault(code, refusal.detail or words))
    shown: dict[str, Any] = {"message": refusal.detail or words, "errorCode": code}
    fields = refusal.extra.get("fields") or ([refusal.field] if refusal.field else None)
    if fields and status == 400:
        shown["fields"] = fields
    return json_reply([shown], status)


_XML = {"content-type": "text/xml; charset=UTF-8"}


def _soap_fault(code: str, words: str) -> bytes:
    return _FAULT.format(code=escape(code), words=escape(words)).encode()


def soap_fault(code: str, words: str) -> Reply:
    """Return a SOAP fault; clients look for the prefix `sf:`."""
    return Reply(500, _XML, _soap_fault(code, words))
