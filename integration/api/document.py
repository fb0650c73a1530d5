"""The OpenAPI 3.1 document of the interface, made from the routes that answer.

    document()   as plain values
    text()       as JSON, sorted and indented so that changes read well in a review
    page()       the reference page in Markdown

FastAPI writes most of it; said here is what it cannot know: who may call, how refusals look, which headers come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import msgspec
from fastapi.openapi.utils import get_openapi

from integration.api.problems import MEDIA_TYPE, PROBLEMS
from integration.api.shapes.problem import ProblemDocument
from integration.service.access import SCOPES

BASE = "/api/v1"
_METHODS = ("get", "put", "post", "delete", "patch")
_ABOUT = (
    "Quote-to-cash as a service: quotes are checked while you wait, orders and changes are taken in and go their way, "
    "and where each transaction stands can be read at any time. Every refusal is a problem document (RFC 9457) with a "
    "stable type. What changes something carries an Idempotency-Key. Amounts are integer minor units with an ISO 4217 "
    "currency, instants are RFC 3339 in UTC, dates are local to the legal entity."
)
_TAGS = (
    ("process", "What is taken in: synchronous validation, submissions and what became of them."),
    ("receivables", "What people ask for about money that is owed; what gives it away needs a second person."),
    ("experience", "What is told: transactions, accounts, canonical events. No system of record is asked."),
    ("exceptions", "The exception queue: own, retry, resolve, give up with two people, many at once."),
    ("master data", "The cross-reference between canonical identifiers and those of the systems."),
    ("operations", "The state of the service and of the systems around it."),
    ("access", "Signed tokens for clients that know their secret."),
    ("documents", "The interface described by itself."),
)
_HEADERS: dict[str, Any] = {
    "traceparent": {"description": "The trace of this request (W3C Trace Context).", "schema": {"type": "string"}},
    "ETag": {"description": "The state that was read.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
    "WWW-Authenticate": {"description": "How to be let in; which scope is missing.", "schema": {"type": "string"}},
    "Location": {"description": "Where to read what became of it.", "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "There when the answer is that of an earlier request with this key.",
        "schema": {"const": "true"},
    },
}
_TAGGED = frozenset({"read_transaction", "read_account", "read_exception", "read_mapping", "put_mapping"})
_CONDITIONAL = frozenset({"read_transaction", "read_account"})
_TRACEPARENT = {
    "name": "traceparent",
    "in": "header",
    "required": False,
    "description": "The trace that the request belongs to (W3C Trace Context).",
    "schema": {"type": "string"},
}


@cache
def text() -> str:
    """Return the document as JSON text."""
    return msgspec.json.format(msgspec.json.encode(document(), order="sorted"), indent=2).decode() + "\n"


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document as plain JSON values."""
    from integration.api.application import TITLE, VERSION, routed

    app = routed()
    found = get_openapi(title=TITLE, version=VERSION, openapi_version="3.1.0", description=_ABOUT, routes=app.routes)
    found["servers"] = [{"url": BASE, "description": "Version 1, where the integration listens."}]
    found["tags"] = [{"name": name, "description": about} for name, about in _TAGS]
    components = found.setdefault("components", {})
    components["securitySchemes"] = _security_schemes()
    components["headers"] = _HEADERS
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"] |= {**problem.pop("$defs"), "ProblemDocument": problem}
    components["responses"] = {f"Problem{status}": _refusal(status) for status in _statuses()}
    for _, _, operation in operations(found):
        _finish(operation)
    return found


def _statuses() -> list[int]:
    return sorted({problem.status for problem in PROBLEMS.values()})


def _refusal(status: int) -> dict[str, Any]:
    """Return what all refusals with a status look like; which of them an operation has stands in `x-problems`."""
    names = [f"`{problem.name}` ({problem.title})" for problem in PROBLEMS.values() if problem.status == status]
    more = {401: "WWW-Authenticate", 403: "WWW-Authenticate", 409: "Retry-After", 429: "Retry-After"}
    return {
        "description": f"Refused: {', '.join(names)}.",
        "headers": _ref_headers("traceparent", *([more[status]] if status in more else ())),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
    }


def _ref_headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def operations(found: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (method, path, operation) for every operation of a document."""
    for path, item in found["paths"].items():
        for method in _METHODS:
            if method in item:
                yield method, path, item[method]


def _security_schemes() -> dict[str, Any]:
    flow = {"tokenUrl": f"{BASE}/oauth2/token", "scopes": dict(SCOPES)}
    return {
        "token": {"type": "http", "scheme": "bearer", "description": "A client's secret, or a signed token."},
        "oauth2": {"type": "oauth2", "flows": {"clientCredentials": flow}},
    }


def _finish(operation: dict[str, Any]) -> None:
    """Say of one operation what the frame around all of them does."""
    responses, name = operation["responses"], operation["operationId"]
    responses.pop("422", None)  # what FastAPI says of wrong fields; here it is a problem like all others
    operation.setdefault("parameters", []).append(_TRACEPARENT)
    for status, response in responses.items():
        if int(status) < 400:
            response.setdefault("headers", {}).update(_ref_headers("traceparent", *_headers(int(status), name)))
    for status in sorted({PROBLEMS[problem].status for problem in operation["x-problems"]}):
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    if name in _CONDITIONAL:
        responses["304"] = {"description": "You have it already.", "headers": _ref_headers("ETag", "traceparent")}
        operation["parameters"].append(
            {"name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"}}
        )
    if "text/event-stream" in responses.get("200", {}).get("content", {}):
        responses["200"]["content"]["text/event-stream"] = {"schema": {"type": "string"}}


def _headers(status: int, name: str) -> tuple[str, ...]:
    if status == 202 and name != "re_drive_exceptions":
        return "Location", "Idempotency-Replayed"
    return ("ETag",) if status == 200 and name in _TAGGED else ()


# --- the reference page ---------------------------------------------------------------------------------------------


def page() -> str:
    """Return the reference page, made from the document."""
    found = document()
    parts = [
        "# The API\n\nMade from the routes by `python docs/generate.py`; do not edit. For machines:\n"
        "[integration.json](../../contracts/openapi/integration.json) (OpenAPI 3.1) and the events in\n"
        "[integration.json](../../contracts/asyncapi/integration.json) (AsyncAPI 3); a running service has both at\n"
        "`/api/v1/openapi.json` and `/api/v1/asyncapi.json`. How to use it, with examples:\n"
        "[use the API](../how-to/use-the-api.md).\n"
    ]
    parts.append("## Scopes\n\n| scope | allows |\n|---|---|")
    parts.extend(f"| `{name}` | {about} |" for name, about in SCOPES.items())
    for tag, about in _TAGS:
        rows = [row for row in operations(found) if tag in row[2].get("tags", ())]
        if rows:
            parts.append(f"\n## {tag.capitalize()}\n\n{about}\n")
            parts.append("| call | scope | what it does | refuses with |\n|---|---|---|---|")
            parts.extend(_row(*row) for row in rows)
    parts.append(f"\n{_problems()}")
    return "\n".join(parts) + "\n"


def _row(method: str, path: str, operation: dict[str, Any]) -> str:
    security = operation.get("security") or [{}]
    scopes = ", ".join(f"`{scope}`" for scope in security[0].get("token", ())) or "none"
    about = operation.get("description", operation["summary"]).split("\n\n")[0].replace("\n", " ").replace("|", "or")
    names = ", ".join(f"[{name}](#{name})" for name in _own_refusals(operation))
    return f"| `{method.upper()} {BASE}{path}` | {scopes} | {about} | {names} |"


_COMMON = frozenset(
    {"invalid-request", "unauthenticated", "token-expired", "forbidden", "too-many-requests", "unavailable", "internal"}
)


def _own_refusals(operation: dict[str, Any]) -> Iterable[str]:
    return [name for name in operation["x-problems"] if name not in _COMMON]


def _problems() -> str:
    parts = [
        "## Problems\n\nEvery refusal is one of these; `type` is `/api/v1/problems/<name>`. All operations may refuse\n"
        f"with {', '.join(f'[{name}](#{name})' for name in PROBLEMS if name in _COMMON)}.\n"
    ]
    for problem in PROBLEMS.values():
        parts.append(
            f"### {problem.name}\n\n**{problem.status} {problem.title}** (`{problem.code}`). {problem.meaning}\n\n"
            f"What to do: {problem.remedy[0].lower()}{problem.remedy[1:]}\n"
        )
    return "\n".join(parts)
