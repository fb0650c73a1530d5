"""Calls about transactions: each finds its document, lets the model change it, and shows it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import msgspec

from domain.http import Reply
from mocks.kernel.operations import Call, Refusal, json_reply
from mocks.tax import bodies, listing, render
from mocks.tax.documents import TYPES, StoredDocument
from mocks.tax.model import TaxEngine
from mocks.tax.reading import Fetch, Listing, query

_ESCAPES = {"_-ava2f-_": "/", "_-ava2b-_": "+", "_-ava3f-_": "?", "_-ava25-_": "%", "_-ava23-_": "#"}
_PLAIN = re.compile(r"[\w.-]*", re.ASCII).fullmatch
Change = Callable[[TaxEngine, StoredDocument, Any], StoredDocument]


def _shown(document: StoredDocument, call: Call, default: frozenset[str], status: int = 200) -> Reply:
    call.txn = call.txn or document.txn
    target = call.request.target
    parts = _parts(target.partition("?")[2], default) if "?" in target else default
    body = render.transaction(document, parts)
    if status != 201 or not document.id:
        return json_reply(body, status)
    path = f"/api/v2/companies/{_quoted(document.company)}/transactions/{_quoted(document.code)}/types/{document.type}"
    return json_reply(body, status, {"location": listing.origin(call) + path})


@lru_cache(maxsize=1_024)
def _parts(text: str, default: frozenset[str]) -> frozenset[str]:
    return render.included(query("?" + text, Fetch).include, default)


def _quoted(text: str) -> str:
    return text if _PLAIN(text) else quote(text, safe="")


def create(model: TaxEngine, call: Call) -> Reply:
    """Calculate a transaction, and store it unless it is an order."""
    _test_hook(call)
    return _shown(model.create(call.body, call.txn), call, render.ALL, 201)


def create_or_adjust(model: TaxEngine, call: Call) -> Reply:
    """Have a transaction stored, whether or not it is there already."""
    _test_hook(call)
    return _shown(model.create_or_adjust(call.body, call.txn), call, render.ALL, 201)


def _test_hook(call: Call) -> None:
    """Honour the vendor's own hook for a request that takes too long."""
    if "ForceTimeout" in call.request.target:
        raise Refusal("timeout")


def code_of(call: Call) -> str:
    """Return the document code of an address, its escapes undone."""
    code = call.params["code"]
    if "_-ava" in code:
        for escape, character in _ESCAPES.items():
            code = code.replace(escape, character)
    return code


def _kind(call: Call) -> str:
    return bodies.spelled(call.params.get("type") or query(call.request.target, Fetch).document_type, TYPES)


def _document(model: TaxEngine, call: Call) -> StoredDocument:
    return model.get(call.params["company"], code_of(call), _kind(call))


def get(model: TaxEngine, call: Call) -> Reply:
    """Show the live revision of a document."""
    return _shown(_document(model, call), call, render.DEFAULT_INCLUDE)


def get_by_id(model: TaxEngine, call: Call) -> Reply:
    """Show a revision by its id."""
    text = call.params["id"]
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise Refusal("entity_not_found", f"There is no transaction with the id {text[:20]}.")
    return _shown(model.archive.by_id(int(text)), call, render.DEFAULT_INCLUDE)


def list_all(model: TaxEngine, call: Call) -> Reply:
    """List the documents of a company."""
    company = call.params["company"]
    model.directory.named(company)
    rows = model.archive.of_company(company)
    parts = render.included(query(call.request.target, Listing).include, frozenset())
    return listing.paged(model, call, rows, listing.DOCUMENT_FIELDS, lambda row: render.transaction(row, parts))


def step(change: Change) -> Callable[[TaxEngine, Call], Reply]:
    """Return the handler of a step that changes one document."""

    def handle(model: TaxEngine, call: Call) -> Reply:
        return _shown(change(model, _document(model, call), call.body), call, render.DEFAULT_INCLUDE)

    return handle


def commit(model: TaxEngine, document: StoredDocument, body: bodies.Commit) -> StoredDocument:
    """Commit a document when the body says so; false changes nothing."""
    return model.commit(document) if body.commit else document


def adjust(model: TaxEngine, call: Call) -> Reply:
    """Replace a committed document by a new revision."""
    document = model.adjust(call.params["company"], code_of(call), _kind(call), call.body)
    return _shown(document, call, render.DEFAULT_INCLUDE)


def refund(model: TaxEngine, call: Call) -> Reply:
    """Make a return of a committed document."""
    return _shown(model.refund(call.params["company"], code_of(call), _kind(call), call.body), call, render.ALL, 201)


def add_lines(model: TaxEngine, call: Call) -> Reply:
    """Add lines to an unfinished document."""
    return _shown(model.add_lines(call.body), call, render.DEFAULT_INCLUDE)


def remove_lines(model: TaxEngine, call: Call) -> Reply:
    """Take lines from an unfinished document."""
    return _shown(model.remove_lines(call.body), call, render.DEFAULT_INCLUDE)


class Locked(msgspec.Struct, frozen=True, rename="camel"):
    """How many documents were locked or unlocked."""

    number_of_records: int


def lock_all(model: TaxEngine, call: Call) -> Reply:
    """Lock or unlock documents by their ids."""
    body: bodies.BulkLock = call.body
    return json_reply(Locked(model.lock_all(body.document_ids, body.is_locked)))
