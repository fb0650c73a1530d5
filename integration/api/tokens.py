"""The token endpoint: a client that knows its secret gets a signed token for a quarter of an hour (RFC 6749, 4.4).

A refusal is a problem document that says `error` as well, as OAuth has it, so that both kinds of client understand it.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from fastapi import APIRouter, Request, Response

from integration.api.doors import add_open, house_of
from integration.api.problems import MEDIA_TYPE, Refused, body_of
from integration.api.shapes.casework import TokenView
from integration.service.access import SCOPES, TOKEN_LIFE_SECONDS, Denied

FORM = "application/x-www-form-urlencoded"


async def issue_token(request: Request) -> Response:
    """Exchange a client's secret for a signed token (client credentials).

    Client and secret come in the form (`client_id`, `client_secret`) or with HTTP Basic; `scope` may ask for less than
    the client has.
    """
    house = house_of(request)
    if not house.access.issues_tokens:
        raise Refused("not-offered", "no signing key is configured; use the client's secret as a bearer token")
    peer = request.client.host if request.client is not None else ""
    if wait_seconds := house.budget.spend(f"token endpoint {peer}"):
        raise Refused("too-many-requests", headers={"retry-after": str(wait_seconds)})
    form = _form(await request.body())
    if form is None or form.get("grant_type", "") != "client_credentials":
        error = "invalid_request" if form is None or "grant_type" not in form else "unsupported_grant_type"
        return _refused(request, error, Refused("invalid-request", "expected grant_type=client_credentials"))
    name, secret = _credentials(request, form)
    wanted = form.get("scope", "").split()
    try:
        token, caller = house.access.grant(name, secret, wanted)
    except Denied as denied:
        headers = {"www-authenticate": 'Basic realm="q2c"'}
        return _refused(request, "invalid_client", Refused("unauthenticated", str(denied), headers=headers))
    except ValueError as beyond:
        return _refused(request, "invalid_scope", Refused("invalid-request", str(beyond)))
    view = TokenView(access_token=token, expires_in=TOKEN_LIFE_SECONDS, scope=" ".join(sorted(caller.scopes)))
    return Response(view.model_dump_json(), media_type="application/json", headers={"pragma": "no-cache"})


def _form(body: bytes) -> dict[str, str] | None:
    """Return the fields of a form; None for what is none, or names a field twice."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except (UnicodeError, ValueError):
        return None
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else None


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeError, ValueError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


def _refused(request: Request, error: str, refused: Refused) -> Response:
    document: dict[str, Any] = msgspec.json.decode(
        body_of(refused, request.url.path, request.state.trace.trace_id)
    )  # fmt: skip
    document |= {"error": error, "error_description": document["detail"]}
    content = msgspec.json.encode(document)
    return Response(content, refused.problem.status, refused.headers, MEDIA_TYPE)


_FORM_SCHEMA = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"const": "client_credentials"},
        "client_id": {"type": "string"},
        "client_secret": {"type": "string", "format": "password"},
        "scope": {"type": "string", "description": f"Blanks between them: {' '.join(SCOPES)}"},
    },
}


def router() -> APIRouter:
    """Return the routes of the token endpoint."""
    routes = APIRouter(tags=["access"])
    extra = {"requestBody": {"required": True, "content": {FORM: {"schema": _FORM_SCHEMA}}}}
    names = (
        "invalid-request", "unauthenticated", "unsupported-media-type", "body-too-large", "too-many-requests",
        "not-offered",
    )  # fmt: skip
    add_open(
        routes, "POST", "/oauth2/token", issue_token, response_model=TokenView, openapi_extra=extra,
        refuses=names,
    )  # fmt: skip
    return routes
