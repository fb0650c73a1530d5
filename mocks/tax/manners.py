"""Manners: who is let in, which row a request means, how a repeated intent is known, and what every reply carries."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from zlib import crc32

import msgspec

from domain.http import Reply, Request
from mocks.kernel.codec import Undecodable
from mocks.kernel.desk import Message
from mocks.kernel.operations import Call, Operation, Refusal, json_reply
from mocks.tax import bodies, reading
from mocks.tax import transaction_calls as transactions
from mocks.tax.model import TaxEngine
from mocks.tax.reading import Fetch
from mocks.tax.render import SOFTWARE_VERSION, TransactionReply

_TRUSTED_MAX = 64
CREATE = Operation(
    "create_transaction", "POST", "/api/v2/transactions/create", transactions.create, bodies.Transaction, True,
    "Stores a document with its tax.", Fetch, TransactionReply,
)  # fmt: skip
ESTIMATE = msgspec.structs.replace(
    CREATE, name="estimate_transaction", write=False, summary="Calculates the tax of an order; nothing is stored."
)
CREATE_OR_ADJUST = Operation(
    "create_or_adjust_transaction", "POST", "/api/v2/transactions/createoradjust", transactions.create_or_adjust,
    bodies.CreateOrAdjust, True, "Stores a document or revises the one there is.", Fetch, TransactionReply,
)  # fmt: skip


class Ping(msgspec.Struct, frozen=True, rename="camel"):
    """Whether the engine is there, and whether it takes the credentials."""

    version: str
    authenticated: bool
    authentication_type: str
    authenticated_user_name: str | msgspec.UnsetType = msgspec.UNSET
    authenticated_user_id: int | msgspec.UnsetType = msgspec.UNSET
    authenticated_account_id: int | msgspec.UnsetType = msgspec.UNSET


def ping(model: TaxEngine, call: Call) -> Reply:
    """Tell whether the credentials are good; the answer is 200 in any case."""
    header = call.request.headers.get("authorization", "")
    name = _trusted(model, header)
    if name is None:
        return json_reply(Ping(SOFTWARE_VERSION, False, "None"))
    kind = "OpenIdBearerToken" if header[:6].lower() == "bearer" else "UsernamePassword"
    kind = "AccountIdLicenseKey" if kind == "UsernamePassword" and name.isdigit() else kind
    return json_reply(Ping(SOFTWARE_VERSION, True, kind, name, 1, model.directory.account))


def _trusted(model: TaxEngine, header: str) -> str | None:
    """Return whose an Authorization header is, or None when its credentials are missing or wrong."""
    quirks = model.quirks
    if quirks.authentication == "off":
        return "anybody"
    kind, _, text = header.partition(" ")
    if kind.lower() == "bearer":
        is_known = text.strip() == quirks.license_key if quirks.authentication == "verify" else bool(text.strip())
        return "bearer" if is_known else None
    name, secret = _pair(text) if kind.lower() == "basic" else ("", "")
    if quirks.authentication == "verify":
        return name if (name, secret) == (quirks.account, quirks.license_key) else None
    return name if name and secret else None


def _pair(text: str) -> tuple[str, str]:
    try:
        name, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return name, secret


def authenticate(model: TaxEngine, request: Request) -> Refusal | None:
    """Check the credentials as strictly as the quirks say; a ping is answered without any."""
    header = request.headers.get("authorization", "")
    if header in model.trusted:
        return None
    name = _trusted(model, header)
    if name is None:
        return None if request.target.startswith("/api/v2/utilities/ping") else Refusal("unauthenticated")
    if len(model.trusted) < _TRUSTED_MAX:
        model.trusted.add(header)
    return None


def decode(call: Call, refuses_unknown: bool = False) -> Any:
    """Return the body as the operation's model; what `classify` has read already is not read again."""
    if call.body is not None or call.operation.body is None:
        return call.body
    return reading.decode(call.request.body, call.operation.body, refuses_unknown)


def classify(call: Call, refuses_unknown: bool = False) -> Operation:
    """Tell an estimate from a document: they share a path, and only the second one is a write."""
    if call.operation is not CREATE:
        return call.operation
    try:
        given = call.body = reading.decode(call.request.body, bodies.Transaction, refuses_unknown)
    except (Refusal, Undecodable):
        return CREATE  # refused in its turn
    kind = given.type
    return ESTIMATE if kind is None or kind.endswith("Order") else CREATE


def identity(call: Call, refuses_unknown: bool = False) -> str:
    """Return the document code: the engine knows a repeated intent by it."""
    operation = call.operation
    if operation is CREATE:
        return (call.body.code or "") if call.body is not None else ""
    if operation is CREATE_OR_ADJUST:
        try:
            call.body = reading.decode(call.request.body, bodies.CreateOrAdjust, refuses_unknown)
        except (Refusal, Undecodable):
            return ""  # refused in its turn
        return call.body.create_transaction_model.code or ""
    return transactions.code_of(call) if "code" in call.params else ""


def finish(reply: Reply, call: Call) -> Reply:
    """Add the headers that every reply carries; clients of this dialect crash without the correlation id."""
    asked, low, at = call.fingerprint, crc32(call.number.encode()), f"{call.now_us:016x}"
    headers = {
        **reply.headers,
        "x-correlation-id": f"{at[:8]}-{at[8:12]}-{at[12:]}-{asked[:4]}-{asked[4:8]}{low:08x}",
        "x-avalara-uid": asked,
        "serverduration": "00:00:00.0010000",
        "api-version": SOFTWARE_VERSION,
    }
    return Reply(reply.status, headers, reply.body)


def no_webhooks(model: Any, message: Message, now_us: int) -> Request:
    """Deliver nothing: this engine tells nobody anything unasked."""
    raise AssertionError("the tax engine sends no messages")
