"""Rows: how an operation of the table is made of a kind, a body and what is to be done.

A change is a function of the model and the body, or of the model, the record that the path names, and the body. It
returns the record to be shown, and raises Refusal before anything has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.http import Reply
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import JSON, Call, Operation, Refusal
from mocks.payment import events, expand, listing, render, search, versions
from mocks.payment.bodies import EmptyBody
from mocks.payment.model import Processor
from mocks.payment.parts import Deleted, Page, SearchPage
from mocks.payment.queries import SearchQuery
from mocks.payment.records import Event

Handler = Callable[[Processor, Call], Reply]
Make = Callable[[Processor, Any], Any]
Alter = Callable[[Processor, Any, Any], Any]


# --- replies --------------------------------------------------------------------------------------------------------


def version_of(model: Processor, call: Call) -> str:
    """Return the version a caller asks for, or the account's."""
    return call.request.headers.get("stripe-version") or model.quirks.api_version


def view_of(model: Processor, record: Any) -> Any:
    """Return the view of any record; an event shows its subject in the account's version, whoever asks."""
    return events.view(model, record, model.quirks.api_version) if type(record) is Event else render.shown(record)


def answer(model: Processor, call: Call, record: Any) -> Reply:
    """Return the reply that shows a record, expanded as the caller asks, in the version the caller speaks."""
    version = version_of(model, call)
    view = view_of(model, record)
    kind = view.object
    paths = call.body.expand
    if paths or kind in versions.touched(version):
        view = versions.taken_back(model, expand.plain(view), version)
        if paths:
            expand.expand(model, view, paths, kind, version)
    return Reply(200, JSON, encode_json(view))


def answer_page(model: Processor, call: Call, kind: str, page: Page | SearchPage) -> Reply:
    """Return the reply that shows a page of views of one kind."""
    version = version_of(model, call)
    paths = call.body.expand
    if not paths and kind not in versions.touched(version):
        return Reply(200, JSON, encode_json(page))
    body = versions.taken_back(model, expand.plain(page), version)
    for path in paths:
        if not path.startswith("data."):
            raise Refusal("not_expandable", f"This property cannot be expanded ({path}).", field="expand")
    expand.expand(model, body, paths, kind, version)
    return Reply(200, JSON, encode_json(body))


def answer_list(model: Processor, call: Call, kind: str, found: tuple[list[Any], bool]) -> Reply:
    """Return the reply that shows a page of records."""
    records, more = found
    rows = [view_of(model, record) for record in records]
    return answer_page(model, call, kind, Page(data=rows, has_more=more, url=call.request.target.partition("?")[0]))


def prepare(model: Processor, call: Call, kind: str) -> None:
    """Refuse what cannot be shown before anything changes, and tell the model the caller's key."""
    version = version_of(model, call)
    versions.touched(version)
    for path in call.body.expand:
        expand.require(kind, path, version)
    model.key = call.key


# --- rows -----------------------------------------------------------------------------------------------------------


def read(name: str, path: str, kind: str, reply: Any = None) -> Operation:
    """Return the row that reads the object of a kind that the path names."""

    def handle(model: Processor, call: Call) -> Reply:
        return answer(model, call, model.named(kind, call.params["id"]))

    return Operation(name, "GET", path, handle, None, False, _said(name), EmptyBody, reply)


def page(name: str, path: str, kind: str, query: Any, reply: Any = None) -> Operation:
    """Return the row that lists the objects of a kind."""

    def handle(model: Processor, call: Call) -> Reply:
        return answer_list(model, call, kind, listing.chosen(model, kind, call.body))

    return Operation(name, "GET", path, handle, None, False, _said(name), query, Page)


def find(name: str, path: str, kind: str) -> Operation:
    """Return the row that searches the objects of a kind."""

    def handle(model: Processor, call: Call) -> Reply:
        body: SearchQuery = call.body
        size = listing.page_size(model, body)
        found = search.run(model, kind, search.parse(body.query, kind))
        start = int(body.page) if body.page and body.page.isascii() and body.page.isdecimal() else 0
        end = start + size
        rows = [render.shown(record) for record in found[start:end]]
        following = str(end) if end < len(found) else None
        url = call.request.target.partition("?")[0]
        view = SearchPage(data=rows, has_more=following is not None, next_page=following, url=url)
        return answer_page(model, call, kind, view)

    return Operation(name, "GET", path, handle, None, False, _said(name), SearchQuery, SearchPage)


def make(name: str, path: str, kind: str, body: Any, change: Make, reply: Any = None) -> Operation:
    """Return the row that makes an object of a kind."""

    def handle(model: Processor, call: Call) -> Reply:
        prepare(model, call, kind)
        return answer(model, call, change(model, call.body))

    return Operation(name, "POST", path, handle, body, True, _said(name), None, reply)


def alter(name: str, path: str, kind: str, body: Any, change: Alter, reply: Any = None) -> Operation:
    """Return the row that changes the object of a kind that the path names."""

    def handle(model: Processor, call: Call) -> Reply:
        prepare(model, call, kind)
        return answer(model, call, change(model, model.named(kind, call.params["id"], name), call.body))

    return Operation(name, "POST", path, handle, body, True, _said(name), None, reply)


def remove(name: str, path: str, kind: str, change: Alter, body: Any = EmptyBody) -> Operation:
    """Return the row that deletes the object of a kind that the path names."""

    def handle(model: Processor, call: Call) -> Reply:
        prepare(model, call, kind)
        return answer(model, call, change(model, model.named(kind, call.params["id"], name), call.body))

    return Operation(name, "DELETE", path, handle, None, True, _said(name), body, Deleted)


def row(name: str, method: str, path: str, handle: Handler, body: Any, reply: Any = None) -> Operation:
    """Return the row of an operation that is like no other."""
    asked = (body, None) if method == "POST" else (None, body)
    return Operation(name, method, path, handle, asked[0], method != "GET", _said(name), asked[1], reply)


def _said(name: str) -> str:
    return name.replace("_", " ")
