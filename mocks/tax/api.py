"""The dialect of the tax engine: AvaTax-compatible REST v2, Basic authentication, JSON."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import quote
from zlib import crc32

import msgspec

from domain.calendar import local_date
from domain.http import Reply, Request
from mocks.kernel.codec import Undecodable
from mocks.kernel.desk import Message
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.operations import Call, Operation, Refusal, json_reply
from mocks.kernel.service import Dialect
from mocks.tax import bodies, listing, places, render, table
from mocks.tax.acts import ACTS
from mocks.tax.calculation import region_of
from mocks.tax.documents import StoredDocument
from mocks.tax.errors import refuse
from mocks.tax.model import KIND, TaxEngine
from mocks.tax.quirks import Quirks

VERSION = "26.10.0"
_ESCAPES = {"_-ava2f-_": "/", "_-ava2b-_": "+", "_-ava3f-_": "?", "_-ava25-_": "%", "_-ava23-_": "#"}

# --- transactions ----------------------------------------------------------------------------------------------------


def _shown(document: StoredDocument, call: Call, default: frozenset[str], status: int = 200) -> Reply:
    call.txn = call.txn or document.txn
    parts = render.included(call.query.get("$include", ""), default) if "?" in call.request.target else default
    headers: dict[str, str] = {}
    if status == 201 and document.id:
        company, code = quote(document.company), quote(document.code)
        headers["location"] = f"/api/v2/companies/{company}/transactions/{code}/types/{document.type}"
    return json_reply(render.transaction(document, parts), status, headers)


def _create(model: TaxEngine, call: Call) -> Reply:
    _test_hook(call)
    return _shown(model.create(call.body), call, render.ALL, 201)


def _create_or_adjust(model: TaxEngine, call: Call) -> Reply:
    _test_hook(call)
    return _shown(model.create_or_adjust(call.body), call, render.ALL, 201)


def _test_hook(call: Call) -> None:
    """Honour the vendor's own hook for a request that takes too long (dialects.md 2.1)."""
    if "ForceTimeout" in call.request.target:
        raise Refusal("timeout")


def _code(call: Call) -> str:
    code = call.params["code"]
    for escape, character in _ESCAPES.items():
        code = code.replace(escape, character)
    return code


def _document(model: TaxEngine, call: Call) -> StoredDocument:
    kind = call.params.get("type") or call.query.get("documentType", "")
    return model.get(call.params["company"], _code(call), kind)


def _get(model: TaxEngine, call: Call) -> Reply:
    return _shown(_document(model, call), call, render.DEFAULT_INCLUDE)


def _get_by_id(model: TaxEngine, call: Call) -> Reply:
    text = call.params["id"]
    if not text.isdigit():
        raise Refusal("entity_not_found", f"There is no transaction with the id {text}.")
    return _shown(model.by_id(int(text)), call, render.DEFAULT_INCLUDE)


def _list(model: TaxEngine, call: Call) -> Reply:
    company = call.params["company"]
    model.require_company(company)
    rows = (row for row in model.desk.book.table(KIND).values() if row.company == company)
    count, page = listing.chosen(rows, call.query)
    parts = render.included(call.query.get("$include", ""), frozenset())
    body: dict[str, Any] = {"@recordsetCount": count, "value": [render.transaction(row, parts) for row in page]}
    skip = int(call.query.get("$skip") or 0)
    if skip + len(page) < count and page:
        path = call.request.target.partition("?")[0]
        body["@nextLink"] = f"{path}?$skip={skip + len(page)}&$top={len(page)}"
        body["nextLink"] = body["@nextLink"]
    return json_reply(body)


def _step(change: Callable[[TaxEngine, StoredDocument, Any], StoredDocument]) -> Callable[[TaxEngine, Call], Reply]:
    def handle(model: TaxEngine, call: Call) -> Reply:
        return _shown(change(model, _document(model, call), call.body), call, render.DEFAULT_INCLUDE)

    return handle


def _commit(model: TaxEngine, document: StoredDocument, body: bodies.Commit) -> StoredDocument:
    return model.commit(document) if body.commit else document


def _adjust(model: TaxEngine, call: Call) -> Reply:
    kind = call.query.get("documentType", "")
    return _shown(model.adjust(call.params["company"], _code(call), kind, call.body), call, render.DEFAULT_INCLUDE)


def _refund(model: TaxEngine, call: Call) -> Reply:
    kind = call.query.get("documentType", "")
    return _shown(model.refund(call.params["company"], _code(call), kind, call.body), call, render.ALL, 201)


# --- the rest --------------------------------------------------------------------------------------------------------


def _ping(model: TaxEngine, call: Call) -> Reply:
    refused = authenticate(model, call.request, always=True)
    name = "" if refused else _pair(call.request)[0]
    kind = "None" if refused else "UsernamePassword"
    return json_reply(
        {
            "version": VERSION,
            "authenticated": refused is None,
            "authenticationType": kind,
            "authenticatedUserName": name,
        }
    )


def _resolve(model: TaxEngine, call: Call) -> Reply:
    given = call.body
    if given is None:
        query = {name[:1].lower() + name[1:]: value for name, value in call.query.items()}
        given = bodies.decode(msgspec.json.encode(query), bodies.Address)
    return json_reply(places.resolve(given, model.desk.draws))


def _companies(model: TaxEngine, call: Call) -> Reply:
    rows = [
        {"id": index, "companyCode": code, "name": code, "isActive": True}
        for index, code in enumerate(model.companies, 1)
    ]
    return json_reply({"@recordsetCount": len(rows), "value": rows})


def _tax_codes(model: TaxEngine, call: Call) -> Reply:
    rows = [{"taxCode": code, "description": text, "isActive": True} for code, text in table.DESCRIPTIONS.items()]
    return json_reply({"@recordsetCount": len(rows), "value": rows})


def _rates(model: TaxEngine, call: Call) -> Reply:
    query = call.query
    address = bodies.Address(
        region=query.get("region"), country=query.get("country"), postal_code=query.get("postalCode")
    )
    country, region, postal = region_of(address)
    day: date = local_date(model.desk.now_us, "UTC")
    parts = model.rates.find(country, region, postal, day)
    total = sum((part.rate for part in parts), start=parts[0].rate * 0 if parts else 0)
    rows = [{"rate": part.rate, "name": part.name, "type": part.level} for part in parts]
    return json_reply({"totalRate": total, "rates": rows})


# --- manners ---------------------------------------------------------------------------------------------------------


def _pair(request: Request) -> tuple[str, str]:
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return name, secret


def authenticate(model: TaxEngine, request: Request, always: bool = False) -> Refusal | None:
    """Check the Basic credentials as strictly as the quirks say; a ping is answered without any."""
    quirks = model.quirks
    if quirks.authentication == "off" or (not always and request.target.startswith("/api/v2/utilities/ping")):
        return None
    header = request.headers.get("authorization", "")
    if header in model.trusted:
        return None
    name, secret = _pair(request)
    known = (name, secret) == (quirks.account, quirks.license_key)
    if not (name and secret) or (quirks.authentication == "verify" and not known):
        return Refusal("unauthenticated")
    if len(model.trusted) < 64:
        model.trusted.add(header)
    return None


def decode(call: Call, refuses_unknown: bool = False) -> Any:
    """Return the body as the operation's model; what `classify` has read already is not read again."""
    if call.body is not None or call.operation.body is None:
        return call.body
    return bodies.decode(call.request.body, call.operation.body, refuses_unknown)


def classify(call: Call, refuses_unknown: bool = False) -> Operation:
    """Tell an estimate from a document: they share a path, and only the second one is a write."""
    if call.operation.name not in ("create_transaction", "create_or_adjust_transaction"):
        return call.operation
    try:
        call.body = decode(call, refuses_unknown)
    except (Refusal, Undecodable):
        return call.operation  # refused in its turn
    if call.operation.name == "create_transaction" and (call.body.type or "SalesOrder").endswith("Order"):
        return ESTIMATE
    return call.operation


def identity(call: Call) -> str:
    """Return the document code: the engine knows a repeated intent by it."""
    if "code" in call.params:
        return _code(call)
    body = call.body
    if isinstance(body, bodies.CreateOrAdjust):
        body = body.create_transaction_model
    return (body.code or "") if isinstance(body, bodies.Transaction) and call.operation.write else ""


def finish(reply: Reply, call: Call) -> Reply:
    """Add the headers that every reply carries; clients of this dialect crash without the correlation id."""
    low, high = crc32(call.number.encode()), crc32(call.request.target.encode())
    at = f"{call.now_us:016x}"
    headers = {
        **reply.headers,
        "x-correlation-id": f"{at[:8]}-{at[8:12]}-{at[12:]}-{high >> 16:04x}-{high & 0xFFFF:04x}{low:08x}",
        "x-avalara-uid": f"{low:08x}{high:08x}",
        "serverduration": "00:00:00.0010000",
        "api-version": VERSION,
    }
    return Reply(reply.status, headers, reply.body)


def _no_webhooks(model: Any, message: Message, now_us: int) -> Request:
    raise AssertionError("the tax engine sends no messages")


_ONE = "/api/v2/companies/{company}/transactions/{code}"
ESTIMATE = Operation(
    "estimate_transaction", "POST", "/api/v2/transactions/create", _create, bodies.Transaction, False,
    "Calculates the tax of an order; nothing is stored.",
)  # fmt: skip
_STEPS: Mapping[str, tuple[Any, Callable[[TaxEngine, StoredDocument, Any], StoredDocument], str]] = {
    "commit": (bodies.Commit, _commit, "Commits a saved document."),
    "uncommit": (None, lambda model, document, _: model.uncommit(document), "Takes a commit back."),
    "void": (bodies.Void, lambda model, document, body: model.void(document, body.code), "Cancels a document."),
    "unvoid": (None, lambda model, document, _: model.unvoid(document), "Takes a cancellation back."),
    "verify": (bodies.Verify, lambda model, document, body: model.verify(document, body), "Checks and posts."),
    "settle": (bodies.Settle, lambda model, document, body: model.settle(document, body), "Checks, renames, commits."),
    "changecode": (
        bodies.ChangeCode,
        lambda model, document, body: model.change_code(document, body.new_code),
        "Gives a document another code.",
    ),
    "lock": (bodies.Lock, lambda model, document, body: model.lock(document, body.is_locked), "Locks a document."),
}
OPERATIONS = (
    Operation("ping", "GET", "/api/v2/utilities/ping", _ping, summary="Tells whether the credentials are good."),
    Operation(
        "create_transaction", "POST", "/api/v2/transactions/create", _create, bodies.Transaction, True,
        "Stores a document with its tax.",
    ),
    Operation(
        "create_or_adjust_transaction", "POST", "/api/v2/transactions/createoradjust", _create_or_adjust,
        bodies.CreateOrAdjust, True, "Stores a document or revises the one there is.",
    ),
    Operation("get_transaction", "GET", _ONE, _get, summary="Reads a document by its code."),
    Operation("get_transaction_of_type", "GET", _ONE + "/types/{type}", _get, summary="Reads by code and type."),
    Operation("get_transaction_by_id", "GET", "/api/v2/transactions/{id}", _get_by_id, summary="Reads by id."),
    Operation("list_transactions", "GET", "/api/v2/companies/{company}/transactions", _list, summary="Lists them."),
    *(
        Operation(f"{name}_transaction", "POST", f"{_ONE}/{name}", _step(change), body, True, summary)
        for name, (body, change, summary) in _STEPS.items()
    ),
    Operation("adjust_transaction", "POST", _ONE + "/adjust", _adjust, bodies.Adjust, True, "Revises a document."),
    Operation("refund_transaction", "POST", _ONE + "/refund", _refund, bodies.Refund, True, "Makes a return."),
    Operation("resolve_address", "POST", "/api/v2/addresses/resolve", _resolve, bodies.Address, False, "Resolves."),
    Operation("resolve_address_by_query", "GET", "/api/v2/addresses/resolve", _resolve, summary="Resolves."),
    Operation("list_companies", "GET", "/api/v2/companies", _companies, summary="Lists companies."),
    Operation("list_tax_codes", "GET", "/api/v2/definitions/taxcodes", _tax_codes, summary="Lists tax codes."),
    Operation("rates_by_address", "GET", "/api/v2/taxrates/byaddress", _rates, summary="Rates of an address."),
    Operation("rates_by_postal_code", "GET", "/api/v2/taxrates/bypostalcode", _rates, summary="Rates of a place."),
)  # fmt: skip


def dialect(quirks: Quirks) -> Dialect:
    """Return the dialect with the limits and the strictness these quirks set."""
    strict = quirks.refuses_unknown_members
    return msgspec.structs.replace(
        DIALECT,
        limits=LimitPolicy(requests=quirks.requests_per_second),
        decode=partial(decode, refuses_unknown=strict),
        classify=partial(classify, refuses_unknown=strict),
    )


DIALECT = Dialect(
    system="tax",
    operations=OPERATIONS,
    refuse=refuse,
    decode=decode,
    identity=identity,
    authenticate=authenticate,
    finish=finish,
    deliver=_no_webhooks,
    acts=ACTS,
    agenda={},
    limits=LimitPolicy(requests=Quirks().requests_per_second),
    classify=classify,
)
