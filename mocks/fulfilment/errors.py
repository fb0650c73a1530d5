"""Refusals as problem documents (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.http import Reply
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import Call, Refusal

ROWS: Mapping[str, tuple[int, str]] = {
    "invalid": (422, "The request is not valid"),
    "malformed": (400, "The body cannot be read"),
    "unauthenticated": (401, "A bearer token is required"),
    "not_found": (404, "There is no such resource"),
    "method_not_allowed": (405, "The method is not allowed here"),
    "conflict_state": (409, "The task's status forbids this"),
    "different_content": (409, "The task exists with other content"),
    "throttled": (429, "Too many requests"),
    "throttled_silently": (429, "Too many requests"),
    "concurrency": (429, "Too many requests at once"),
    "row_locked": (412, "The task has changed in the meantime"),
    "forbidden": (403, "The token does not allow this"),
    "server_error": (500, "Something went wrong"),
    "maintenance": (503, "Closed for maintenance"),
    "idempotency_mismatch": (409, "The key belongs to another request"),
    "idempotency_in_progress": (409, "The first request with this key is still running"),
}
"""Code -> (HTTP status, title)."""


def refuse(refusal: Refusal, call: Call | None) -> Reply:
    """Return a refusal as a problem document; 429 and 503 say when to come back if they know."""
    status, title = ROWS[refusal.code]
    problem: dict[str, Any] = {
        "type": f"/problems/{refusal.code}",
        "title": title,
        "status": status,
        "detail": refusal.detail or title,
        "code": refusal.code,
    }
    if refusal.field:
        problem["fields"] = [refusal.field]
    if call is not None:
        problem["instance"] = call.request.target
    headers = {"content-type": "application/problem+json"}
    wait = refusal.extra.get("retry_after_seconds", 0)
    if wait:
        headers["retry-after"] = str(wait)
    if refusal.code == "method_not_allowed":
        headers["allow"] = ", ".join(refusal.extra.get("allow", "").split(","))
    return Reply(status, headers, encode_json(problem))
