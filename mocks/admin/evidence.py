"""The views of what happened: requests, documents and deliveries, as blocks from the values of the control."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from mocks.admin import state
from mocks.admin.control import Control
from mocks.admin.frame import ANY_SYSTEM, at, pretty, site, status_cell
from mocks.admin.shapes import AttemptRow, DeliveryLog, DocumentDetail, Documents, RequestDetail, RequestRow, Search
from web import words
from web.blocks import Block, Cell, Group, Items, Section, Table, Text, columns
from web.blocks import row as cells
from web.forms import Code, Field, Form
from web.site import SitePage

# --- journal ------------------------------------------------------------------------------------------------------

_EFFECTS = ("done", "read", "replayed", "refused", "faulted")


def journal(control: Control, search: Search) -> SitePage:
    """Return the page of requests that fit."""
    found = control.requests.find(search)
    fields = (
        Field(name="system", label="System", kind="select", options=ANY_SYSTEM, value=search.system),
        Field(name="method", label="Method", value=search.method),
        Field(name="path", label="Path", value=search.path, note="* stands for any text"),
        Field(name="operation", label="Operation", value=search.operation),
        Field(name="status", label="Status", value=str(search.status or "")),
        Field(name="effect", label="Effect", kind="select", value=search.effect,
              options=(("", "any"), *((each, each) for each in _EFFECTS))),
        Field(name="key", label="Key", value=search.key), Field(name="txn", label="Transaction", value=search.txn),
        Field(name="text", label="Text in the body", value=search.text),
    )  # fmt: skip
    blocks: tuple[Block, ...] = (
        Form(id="filter", action="/ui/journal", method="get", button="Find", fields=fields),
        requests_table(found.requests, f"{words.counted(found.count, 'request')} fit"),
        Text(f"{words.count(found.forgotten)} older requests are forgotten." if found.forgotten else ""),
        Form(id="forget", action="/ui/journal/clear", button="Forget all requests",
             confirm="The journal will be empty; the world stays as it is. Forget all requests?"),
    )  # fmt: skip
    lede = "The last requests of every system, the newest first."
    return site("Journal", "/ui/journal", Section("requests", "Requests", blocks), lede=lede, follows=True)


def requests_table(rows: list[RequestRow], caption: str) -> Table:
    """Return requests as a table."""
    titles = columns("Number", "When", "System", "Request", "Operation", "#Status", "Effect", "Transaction")
    return Table(caption=caption, columns=titles, empty="No request fits.", rows=tuple(
        cells(
            Cell(each.number, href=f"/ui/journal/{quote(each.number)}"), at(each.at_us), each.system,
            f"{each.method} {each.target}", each.operation, status_cell(each.status), _effect(each), each.txn,
        )
        for each in rows
    ))  # fmt: skip


def _effect(each: RequestRow) -> str:
    return each.effect if each.wire == "deliver" else f"{each.effect}; reply: {each.wire}"


def request(found: RequestDetail) -> SitePage:
    """Return the page of one request."""
    row = found.row
    facts = Table(caption="What it was", columns=columns("Fact", "Value"), rows=tuple(
        cells(name, text or words.NOTHING) for name, text in (
            ("When", at(row.at_us)), ("System", row.system), ("Operation", row.operation), ("Key", row.key),
            ("Transaction", row.txn), ("Effect", row.effect), ("Wire", row.wire), ("Status", str(row.status)),
        )
    ))  # fmt: skip
    asked = Section("request", "Request", (
        facts, _headers("Headers of the request", found.request_headers), _body("Body as read", found.request_plain),
        Code("Body of the request", found.request_body) if found.request_body else Text("It had no body."),
    ))  # fmt: skip
    answered = Section("reply", "Reply", (
        _headers("Headers of the reply", found.reply_headers),
        Code("Body of the reply", _json_or_text(found.reply_body)) if found.reply_body else Text("It had no body."),
    ))  # fmt: skip
    return site(f"{row.method} {row.target}", "/ui/journal", asked, answered, lede=f"Request {row.number}.")


def _headers(caption: str, headers: Mapping[str, str]) -> Table:
    rows = tuple(cells(name, value) for name, value in headers.items())
    return Table(caption=caption, columns=columns("Name", "Value"), rows=rows)


def _body(label: str, value: Any) -> Block:
    return Code(label, pretty(value)) if isinstance(value, dict | list) else Text("")


def _json_or_text(text: str) -> str:
    try:
        return msgspec.json.format(text, indent=2)
    except msgspec.DecodeError:
        return text


# --- documents ----------------------------------------------------------------------------------------------------


def kinds(control: Control) -> SitePage:
    """Return the page of all kinds of documents."""
    sections = []
    for name, service in control.live.services.items():
        book = service.desk.book
        rows = tuple(
            cells(Cell(kind, href=f"/ui/documents/{name}/{quote(kind)}"), words.count(count),
                  chart.name if (chart := book.chart(kind)) is not None else words.NOTHING)
            for kind, count in state.kinds(service).items()
        )  # fmt: skip
        table = Table(caption=f"What {name} keeps", columns=columns("Kind", "#Entries", "State chart"), rows=rows)
        sections.append(Section(name, name, (table,)))
    return site("Documents", "/ui/documents", *sections, lede="What the systems of record keep.", follows=True)


def documents(found: Documents, wanted: Mapping[str, str]) -> SitePage:
    """Return the page of one kind of documents."""
    here = f"/ui/documents/{found.system}/{quote(found.kind)}"
    fields = (
        Field(name="status", label="Status", value=wanted["status"]),
        Field(name="txn", label="Transaction", value=wanted["txn"]),
        Field(name="text", label="Text anywhere", value=wanted["text"]),
    )
    rows = tuple(
        cells(Cell(each.id, href=f"{here}/{quote(each.id, safe='/')}"), each.status, each.txn)
        for each in found.documents
    )
    table = Table(caption=f"{len(rows)} of {words.count(found.count)}, the newest first", rows=rows,
                  columns=columns("Id", "Status", "Transaction"), empty="None fits.")  # fmt: skip
    form = Form(id="filter", action=here, method="get", button="Find", fields=fields)
    section = Section("entries", f"{found.kind} of {found.system}", (form, table))
    return site(found.kind, "/ui/documents", section, lede=f"Kept by {found.system}.")


def document(found: DocumentDetail) -> SitePage:
    """Return the page of one document."""
    sections = [Section("entry", "As the system keeps it", (Code("The entry", pretty(found.entry)),))]
    if found.chart is not None:
        chart, status = found.chart, found.row.status
        next_ = words.listed(chart.next, "or") or "nothing: this is the end"
        states = tuple(f"{state} (now)" if state == status else state for state in chart.states)
        sections.append(Section("chart", "State chart", (
            Text(f"It is {status or 'in no state'}. From here it may go to: {next_}."),
            Group(f"States of {chart.name}", (Items(states),)),
        )))  # fmt: skip
    rows = tuple(
        cells(at(step.at_us), step.before or words.NOTHING, step.status, _cause(step.cause)) for step in found.history
    )
    titles = columns("When", "Before", "After", "Cause")
    table = Table(caption="Changes, the earliest first", columns=titles, rows=rows, empty="None is remembered.")
    sections.append(Section("history", "History", (table,)))
    if found.document is not None:
        canonical = Code("The canonical document", pretty(found.document))
        sections.append(Section("document", "As every system would say it", (canonical,)))
    lede = f"{found.kind} of {found.system}" + (f", transaction {found.row.txn}" if found.row.txn else "")
    return site(found.row.id, "/ui/documents", *sections, lede=lede)


def _cause(cause: str) -> Cell:
    is_request = cause.startswith("r") and cause[1:].isdecimal()
    return Cell(cause or words.NOTHING, href=f"/ui/journal/{cause}" if is_request else "")


# --- deliveries ---------------------------------------------------------------------------------------------------


def deliveries(log: DeliveryLog, system: str) -> SitePage:
    """Return the page of messages out."""
    choose = Field(name="system", label="System", kind="select", options=ANY_SYSTEM, value=system)
    titles = columns("#Number", "When", "System", "Topic", "Transaction", "#Attempt", "To, remarks", "#Status", "")
    attempts = Table(caption="Attempts, the newest first", columns=titles, empty="None yet.", rows=tuple(
        cells(
            str(each.number), at(each.at_us), each.system, each.topic, each.txn, str(each.attempt),
            _where(each), status_cell(each.status),
            Cell("Redeliver", action=f"/ui/deliveries/{each.number}/redeliver", label=f"Redeliver {each.number}"),
        )
        for each in log.attempts[:200]
    ))  # fmt: skip
    waiting = Table(caption="On their way", columns=columns("System", "Topic", "Due"), empty="None.", rows=tuple(
        cells(each.system, each.topic, at(each.due_us)) for each in log.waiting[:200]
    ))  # fmt: skip
    form = Form(id="filter", action="/ui/deliveries", method="get", button="Find", fields=(choose,))
    return site(
        "Deliveries", "/ui/deliveries", Section("log", "Log", (form, attempts)),
        Section("waiting", "Waiting", (waiting,)), lede="Webhooks, outbound messages and events.", follows=True,
    )  # fmt: skip


def _where(each: AttemptRow) -> str:
    marks = [each.url] if each.url else []
    if each.manual:
        marks.append("asked for by a person")
    if each.fault:
        marks.append(f"fault: {each.fault}")
    if not each.genuine:
        marks.append("forged")
    return "; ".join([*marks, *([each.note] if each.note else [])]) or words.NOTHING
