"""Problems: every way in which the interface refuses, as a table, and the documents that say so (RFC 9457).

A type is a path of the interface itself: it is stable, and answers with the page on it. `code` is the place in the
error taxonomy, which other systems of the company know as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from domain.errors import is_retryable

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "/api/v1/problems/"


class Problem(msgspec.Struct, frozen=True):
    """One kind of refusal: its name in the type, what it means, and what the caller can do."""

    name: str
    status: int
    code: str
    title: str
    meaning: str
    remedy: str

    @property
    def type(self) -> str:
        """The URI reference that names the kind."""
        return f"{TYPE_PREFIX}{self.name}"


_ROWS = (
    Problem(
        "unauthenticated", 401, "AUTH.UNAUTHENTICATED", "We do not know you",
        "The request carries no bearer token, or one that nobody here has.",
        "Send `Authorization: Bearer <token>`. Ask operations for a token, or exchange your client secret for one.",
    ),
    Problem(
        "token-expired", 401, "AUTH.TOKEN_EXPIRED", "The token has expired",
        "A signed token lives for a quarter of an hour.",
        "Ask for a new one at `POST /api/v1/oauth2/token` and repeat the request once.",
    ),
    Problem(
        "forbidden", 403, "AUTH.FORBIDDEN", "Your scopes do not allow this",
        "The token is good, but it does not have the scope that the operation names.",
        "Ask operations for the scope in `scope` of the `WWW-Authenticate` header, or use another token.",
    ),
    Problem(
        "second-person-needed", 403, "POLICY.COMPLIANCE", "Somebody else has to approve",
        "What one person asks for another one approves: the same caller cannot do both.",
        "Have it approved by another person with the scope `exceptions:approve`.",
    ),
    Problem(
        "not-found", 404, "VALIDATION.BUSINESS_RULE", "There is no such thing",
        "Nothing is known under this address or name.",
        "Check the identifier. What was submitted a moment ago is known at once.",
    ),
    Problem(
        "method-not-allowed", 405, "VALIDATION.SCHEMA", "The method is not for this address",
        "The address exists, but not for this method.",
        "Use a method of the `Allow` header.",
    ),
    Problem(
        "invalid-request", 400, "VALIDATION.SCHEMA", "The request does not have the form that is asked for",
        "The body, a parameter or a header is not what the interface description says; `errors` names each field.",
        "Correct the fields that are named. The same request is refused again.",
    ),
    Problem(
        "body-too-large", 413, "VALIDATION.LIMIT", "The body is too large",
        "A body has at most 256 KiB.",
        "Send less at once, in several requests.",
    ),
    Problem(
        "unsupported-media-type", 415, "VALIDATION.FORMAT", "The body is of a kind that nobody here reads",
        "Bodies are JSON (`application/json`), except at the token endpoint, which takes a form.",
        "Send `Content-Type: application/json` and a JSON body.",
    ),
    Problem(
        "idempotency-key-missing", 400, "VALIDATION.MISSING_FIELD", "An Idempotency-Key is needed",
        "What changes something carries a key, so that a repetition after a lost answer does no harm.",
        "Make a new random key for each intent, keep it before you send, send it again with every repetition.",
    ),
    Problem(
        "idempotency-key-invalid", 400, "VALIDATION.FORMAT", "The Idempotency-Key is not usable",
        "A key is a text of 1 to 255 printable ASCII characters, in double quotes or without them.",
        "Use a UUID in double quotes.",
    ),
    Problem(
        "idempotency-key-reused", 422, "CONFLICT.DUPLICATE_REQUEST", "The key belongs to another request",
        "A request with this key and another content was taken in before; nothing was done now.",
        "A new intent needs a new key. A repetition must be word for word what was sent before.",
    ),
    Problem(
        "idempotency-key-in-flight", 409, "CONFLICT.DUPLICATE_REQUEST", "The first request with this key still runs",
        "Two requests with one key came at the same time; one of them is at work.",
        "Repeat it after the seconds that `Retry-After` names: the answer will be that of the first.",
    ),
    Problem(
        "duplicate-request", 409, "CONFLICT.DUPLICATE_REQUEST", "This exists already, and says something else",
        "A business key (a quote version, a request's own id) stands for one intent, and it was used for another one.",
        "Look at what exists. A different intent needs a business key of its own.",
    ),
    Problem(
        "state-conflict", 409, "CONFLICT.STATE", "The state does not allow this",
        "What the request is about is in a state from which this is not possible.",
        "Read its state again, then decide.",
    ),
    Problem(
        "version-conflict", 409, "CONFLICT.VERSION", "It is not the version that you take it for",
        "The identifier leads to something else than the rest of the request says.",
        "Read it again, then send what is true now.",
    ),
    Problem(
        "precondition-failed", 412, "CONFLICT.VERSION", "Somebody was faster",
        "The `If-Match` header names a state that has passed.",
        "Read it again, decide again, send the new `ETag`.",
    ),
    Problem(
        "business-rule", 422, "VALIDATION.BUSINESS_RULE", "A rule of the business forbids this",
        "The request is well formed, but what it asks for is against a rule; `detail` says which.",
        "Ask for something else, or have the facts corrected in the system that owns them.",
    ),
    Problem(
        "too-many-requests", 429, "DEPENDENCY.RATE_LIMITED", "Too many requests",
        "A caller may send a limited number of requests per second, and hold a limited number of streams.",
        "Come again after the seconds that `Retry-After` names.",
    ),
    Problem(
        "internal", 500, "INTERNAL.BUG", "We made a mistake",
        "Something went wrong that should not. Whether anything was done is not known.",
        "Repeat the request with the same key once; then tell operations the `trace_id`.",
    ),
    Problem(
        "unavailable", 503, "DEPENDENCY.UNAVAILABLE", "The service cannot take requests now",
        "The service starts, stops, or cannot write. If a write was under way, what was asked may have been done.",
        "Repeat the request with the same key after the seconds that `Retry-After` names.",
    ),
    Problem(
        "not-offered", 501, "VALIDATION.BUSINESS_RULE", "This installation does not offer it",
        "The operation exists, but what it needs is not configured.",
        "Use the alternative that `detail` names.",
    ),
)  # fmt: skip

PROBLEMS: Mapping[str, Problem] = MappingProxyType({row.name: row for row in _ROWS})
"""Every kind of refusal by name."""

_OF_CODE = {
    "CONFLICT.STATE": "state-conflict",
    "CONFLICT.VERSION": "version-conflict",
    "CONFLICT.DUPLICATE_REQUEST": "duplicate-request",
    "DEPENDENCY.UNAVAILABLE": "unavailable",
}


def problem_of_code(code: str) -> str:
    """Return the name of the problem for a code of the taxonomy, or for what is a name of a problem itself."""
    return code if code in PROBLEMS else _OF_CODE.get(code, "business-rule")


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one part of a request: a JSON pointer into the body, or the name of a parameter or header."""

    field: str
    place: str
    message: str


class Refused(Exception):
    """A request is refused: the name of the problem, what is wrong this time, and what else to say."""

    def __init__(
        self,
        name: str,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        code: str = "",
    ) -> None:
        super().__init__(detail or name)
        self.problem, self.detail, self.errors = PROBLEMS[name], detail, tuple(errors)
        self.headers = dict(headers or {})
        self.code = code


def body_of(refused: Refused, instance: str, trace_id: str) -> bytes:
    """Return the problem document of a refusal."""
    problem = refused.problem
    document: dict[str, Any] = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": refused.detail or problem.meaning,
        "instance": instance,
        "code": refused.code or problem.code,
        "retryable": is_retryable(problem.code) or problem.status >= 500 or problem.name.endswith("in-flight"),
        "trace_id": trace_id,
    }
    if refused.errors:
        document["errors"] = refused.errors
    return msgspec.json.encode(document)
