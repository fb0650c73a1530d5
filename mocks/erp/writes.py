"""The writes: each reads its parameters, asks the model and answers with the address of the record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from domain.http import Reply
from mocks.erp.addresses import RECORDS, Handler, address, found
from mocks.erp.bodies import Collection, LineBody, LinesBody, OrderBody
from mocks.erp.catalogue import invalid_reference
from mocks.erp.drafts import lines_of
from mocks.erp.model import Erp
from mocks.erp.order_records import OrderRecord
from mocks.erp.record_types import TYPES, RecordType
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import Call, Refusal

Part = Callable[[Erp], Any]
DONE = Reply(204)


def created(call: Call, kind: str, record: Any) -> Reply:
    """Return the reply that says where a written record is."""
    key = record.doc.id if hasattr(record, "doc") else record.id
    return Reply(204, {"location": address(call, f"{RECORDS}/{kind}/{key}")})


def token(erp: Erp, call: Call) -> Reply:
    """Issue an access token."""
    body = {
        "access_token": erp.tokens.issue(call.body),
        "refresh_token": None,
        "expires_in": str(erp.quirks.token_seconds),
        "token_type": "bearer",
    }
    return Reply(200, {"content-type": "application/json"}, encode_json(body))


# --- the same for all types -----------------------------------------------------------------------------------------


def creating(kind: str, part: str) -> Handler:
    """Return the handler that creates a record; several at once only asynchronously."""

    def create(erp: Erp, call: Call) -> Reply:
        if isinstance(call.body, Collection):
            detail = "Collections are created asynchronously only. Set Prefer to respond-async."
            raise Refusal("invalid_header", detail, "Prefer")
        return created(call, kind, getattr(erp, part).create(call.body, call.txn))

    return create


def putting(kind: str, part: str) -> Handler:
    """Return the handler that creates or updates the record of an external id."""

    def put(erp: Erp, call: Call) -> Reply:
        name, given = call.params["id"], call.body.externalId
        if not name.startswith("eid:") or len(name) == 4:
            raise Refusal("invalid_content", "PUT needs an external id in the address: eid:<external id>.", "id")
        if given is not None and given != name[4:]:
            raise Refusal("invalid_content", "externalId differs from the one in the address.", "externalId")
        return created(call, kind, getattr(erp, part).put(name[4:], call.body, call.txn))

    return put


def changing(kind: str, part: str) -> Handler:
    """Return the handler that changes a record."""
    record_type = TYPES[kind]

    def change(erp: Erp, call: Call) -> Reply:
        return created(call, kind, getattr(erp, part).change(found(record_type, erp, call), call.body))

    return change


def deleting(kind: str, part: str) -> Handler:
    """Return the handler that deletes a record; what is posted stays."""
    record_type = TYPES[kind]

    def delete(erp: Erp, call: Call) -> Reply:
        record = found(record_type, erp, call)
        if part:
            getattr(erp, part).remove(record)
            return DONE
        detail = "This record cannot be deleted: it is posted. Credit, refund or reverse it instead."
        raise Refusal("user_error", detail, "id")

    return delete


def transforming(source: RecordType, target: str, make: Callable[[Erp, Any, Call], Any]) -> Handler:
    """Return the handler that makes a record of one type from one of another."""
    return lambda erp, call: created(call, target, make(erp, found(source, erp, call), call))


# --- sales orders ---------------------------------------------------------------------------------------------------


def patch_order(erp: Erp, call: Call) -> Reply:
    """Approve, close or cancel an order, close lines of it, or change its header and lines."""
    record: OrderRecord = found(TYPES["salesOrder"], erp, call)
    body: OrderBody = call.body
    wanted = str(body.orderStatus.id or body.orderStatus.refName) if body.orderStatus is not None else ""
    if wanted in ("C", "H"):
        erp.orders.close(record)
    elif wanted == "B" and body.item is None:
        erp.orders.approve(record)
    elif wanted not in ("", "A", "B"):
        raise Refusal("user_error", f"An order cannot be given the status {wanted}.", "orderStatus")
    elif body.item is not None and body.item.items and all(line.isClosed for line in body.item.items):
        erp.orders.close_lines(record, _positions(record, body.item))
    elif wanted != "A" or body.item is not None:
        erp.orders.update(record, body if "item" in _replaced(call) else _merged(record, body))
    return created(call, "salesOrder", record)


def _replaced(call: Call) -> list[str]:
    for name in call.query:
        if name != "replace":
            raise Refusal("invalid_parameter", f"Invalid query parameter {name}.", name)
    return call.query.get("replace", "").split(",")


def _merged(record: OrderRecord, body: OrderBody) -> OrderBody:
    """Return the body with the lines the order keeps: those given change theirs by line number, others are added."""
    if body.item is None:
        return body
    kept = lines_of(None, record.doc.lines, record.doc.currency).items
    rows: dict[int, LineBody] = {row.line or number: row for number, row in enumerate(kept, 1)}
    for given in body.item.items:
        if given.line is None:
            rows[max(rows, default=0) + 1] = given
        elif given.line not in rows:
            raise invalid_reference(given.line, "item.items.line")
        else:
            rows[given.line] = _changed(rows[given.line], given)
    items = tuple([msgspec.structs.replace(row, line=number) for number, row in rows.items()])
    return msgspec.structs.replace(body, item=LinesBody(items=items))


def _changed(before: LineBody, given: LineBody) -> LineBody:
    """Return a line with the fields that are given; a new quantity or rate makes a new amount."""
    changes: dict[str, Any] = {
        name: value for name, value in msgspec.structs.asdict(given).items() if value is not None and name != "line"
    }
    if "amount" not in changes and ("quantity" in changes or "rate" in changes):
        changes["amount"] = None
    return msgspec.structs.replace(before, **changes)


def _positions(record: OrderRecord, lines: LinesBody) -> frozenset[int]:
    by_line = {line.id: position for position, line in enumerate(record.doc.lines)}
    positions = set()
    for index, line in enumerate(lines.items):
        position = by_line.get(str(line.line if line.line is not None else line.orderLine))
        if position is None:
            raise invalid_reference(line.line, f"item.items[{index}].line")
        positions.add(position)
    return frozenset(positions)
