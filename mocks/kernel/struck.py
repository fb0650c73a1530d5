"""What a fault answers in place of a system, in the manner of its vendor or of whatever stands in front of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import formatdate
from types import MappingProxyType

import msgspec

from domain.faults import Fault
from domain.http import Reply
from mocks.kernel.operations import Call, Refusal

PAST_SECONDS = 60
AGES_SECONDS = 30 * 86_400
_HTML: Mapping[str, str] = MappingProxyType({"content-type": "text/html"})
CODES: Mapping[str, str] = MappingProxyType(
    {
        "throttled": "throttled",
        "throttled_silently": "throttled_silently",
        "throttled_until": "throttled",
        "throttled_in_the_past": "throttled",
        "throttled_for_ages": "throttled",
        "throttled_in_disguise": "throttled_in_disguise",
        "pool_taken": "throttled",
        "too_many_at_once": "concurrency",
        "allowance_spent": "allowance_spent",
        "unavailable": "maintenance",
        "maintenance": "maintenance",
        "error_before": "server_error",
        "sticky_error": "server_error",
        "brownout": "server_error",
        "retry_storm": "server_error",
        "error_in_ok": "server_error",
        "key_in_progress": "idempotency_in_progress",
        "key_mismatch": "idempotency_mismatch",
        "row_locked": "row_locked",
        "forbidden": "forbidden",
        "token_expired": "unauthenticated",
        "grant_refused": "invalid_grant",
    }
)
"""Kind of fault -> the code that a dialect words its refusal by."""
MISLEADING = frozenset({"error_in_ok", "job_never_ends"})
"""Kinds whose answer has a status of success although nothing has been done."""
Refuse = Callable[[Refusal, Call], Reply]


def gateway(status: int, title: str) -> Reply:
    """Return the page of a proxy in front of a system: it knows nothing of the vendor's manners."""
    return Reply(status, _HTML, f"<html><head><title>{status} {title}</title></head></html>".encode())


def instead(fault: Fault, call: Call, refuse: Refuse) -> Reply:
    """Return what a fault before the commit answers in place of the operation; `refuse` words a refusal."""
    kind = fault.kind
    if kind == "too_large":
        return gateway(413, "Request Entity Too Large")
    if kind == "redirected":
        return Reply(308, {"location": f"https://moved.example{call.request.target}"})
    if kind == "job_never_ends":
        return Reply(202, {"location": f"/services/rest/async/v1/job/{call.number}"})
    wait_seconds = AGES_SECONDS if kind == "throttled_for_ages" else int(fault.seconds)
    reply = refuse(Refusal(CODES[kind], retry_after_seconds=wait_seconds), call)
    if kind == "error_in_ok":
        return msgspec.structs.replace(reply, status=200)
    if kind == "throttled_until":
        return _until(reply, call.now_us // 1_000_000 + wait_seconds)
    if kind == "throttled_in_the_past":
        return _until(reply, call.now_us // 1_000_000 - PAST_SECONDS)
    return reply


def _until(reply: Reply, at_seconds: int) -> Reply:
    date = formatdate(at_seconds, usegmt=True)
    return msgspec.structs.replace(reply, headers={**reply.headers, "retry-after": date})
