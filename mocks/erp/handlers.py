"""What each operation does: reads its parameters, asks the model, renders the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from domain.http import Reply
from mocks.erp import queries, suiteql
from mocks.erp.bodies import FulfilmentBody, OrderBody, PaymentBody
from mocks.erp.catalogue import invalid_reference
from mocks.erp.customers import CustomerRecord
from mocks.erp.filters import matches
from mocks.erp.jobs import Job
from mocks.erp.model import Erp
from mocks.erp.orders import OrderRecord
from mocks.erp.views import CUSTOMER, VIEWS
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import Call, Refusal

RECORDS = "/services/rest/record/v1"
JOBS = "/services/rest/async/v1/job"
JSON_TYPE = "application/vnd.oracle.resource+json; type=singular; charset=UTF-8"
LIST_TYPE = "application/vnd.oracle.resource+json; type=collection; charset=UTF-8"
_LARGEST_PAGE = 1_000
_SUITEQL_ROWS = 100_000
Handler = Callable[[Erp, Call], Reply]


def address(call: Call, path: str) -> str:
    """Return an absolute URL built from the host the client used."""
    return f"https://{call.request.headers.get('host') or call.request.host}{path}"


def _created(call: Call, kind: str, key: str) -> Reply:
    return Reply(204, {"location": address(call, f"{RECORDS}/{kind}/{key}")})


def _external(call: Call) -> str:
    name = call.params["id"]
    if not name.startswith("eid:") or len(name) == 4:
        raise Refusal("invalid_content", "PUT needs an external id in the address: eid:<external id>.", "id")
    return name[4:]


def _found(part: Any, call: Call, kind: str) -> Any:
    record = part.find(call.params["id"])
    if record is None:
        raise Refusal("missing_record", f"The record instance of {kind} with the key {call.params['id']} is missing.")
    return record


# --- writes ---------------------------------------------------------------------------------------------------------


def token(erp: Erp, call: Call) -> Reply:
    """Issue an access token."""
    body = {
        "access_token": erp.tokens.issue(call.body),
        "refresh_token": None,
        "expires_in": str(erp.quirks.token_seconds),
        "token_type": "bearer",
    }
    return Reply(200, {"content-type": "application/json"}, encode_json(body))


def put_customer(erp: Erp, call: Call) -> Reply:
    """Create or update the customer of an external id."""
    return _created(call, "customer", erp.customers.put(_external(call), call.body).id)


def post_customer(erp: Erp, call: Call) -> Reply:
    """Create a customer."""
    return _created(call, "customer", erp.customers.create(call.body).id)


def patch_customer(erp: Erp, call: Call) -> Reply:
    """Change a customer."""
    record: CustomerRecord = _found(erp.customers, call, "customer")
    return _created(call, "customer", erp.customers.change(record, call.body).id)


def put_order(erp: Erp, call: Call) -> Reply:
    """Create or update the sales order of an external id."""
    return _created(call, "salesOrder", erp.orders.put(_external(call), call.body, call.txn).doc.id)


def post_order(erp: Erp, call: Call) -> Reply:
    """Create a sales order."""
    return _created(call, "salesOrder", erp.orders.create(call.body, call.txn).doc.id)


def patch_order(erp: Erp, call: Call) -> Reply:
    """Approve, close or cancel an order, close lines of it, or change its header."""
    record: OrderRecord = _found(erp.orders, call, "salesOrder")
    body: OrderBody = call.body
    wanted = str(body.orderStatus.id or body.orderStatus.refName) if body.orderStatus is not None else ""
    if wanted in ("C", "H"):
        erp.orders.close(record)
    elif wanted in ("A", "B"):
        if wanted == "B":
            erp.orders.approve(record)
    elif wanted:
        raise Refusal("user_error", f"An order cannot be given the status {wanted}.", "orderStatus")
    elif body.item is not None and body.item.items and all(line.isClosed for line in body.item.items):
        erp.orders.close_lines(record, _positions(record, body))
    else:
        erp.orders.update(record, body)
    return _created(call, "salesOrder", record.doc.id)


def _positions(record: OrderRecord, body: OrderBody) -> frozenset[int]:
    by_line = {line.id: position for position, line in enumerate(record.doc.lines)}
    assert body.item is not None
    positions = set()
    for index, line in enumerate(body.item.items):
        position = by_line.get(str(line.line if line.line is not None else line.orderLine))
        if position is None:
            raise invalid_reference(line.line, f"item.items[{index}].line")
        positions.add(position)
    return frozenset(positions)


def put_fulfilment(erp: Erp, call: Call) -> Reply:
    """Record the item fulfilment of an external id."""
    return _created(call, "itemFulfillment", erp.fulfilments.put(_external(call), call.body).doc.id)


def transform_fulfilment(erp: Erp, call: Call) -> Reply:
    """Fulfil a sales order."""
    order = _found(erp.orders, call, "salesOrder")
    body: FulfilmentBody = call.body
    record = erp.fulfilments.create(order, body.externalId or "", body)
    return _created(call, "itemFulfillment", record.doc.id)


def transform_invoice(erp: Erp, call: Call) -> Reply:
    """Bill a sales order; lines that are not given are the order's."""
    order = _found(erp.orders, call, "salesOrder")
    record = erp.invoices.create_from(order, call.body, call.txn)
    return _created(call, "invoice", record.doc.id)


def put_invoice(erp: Erp, call: Call) -> Reply:
    """Post the invoice of an external id."""
    return _created(call, "invoice", erp.invoices.put(_external(call), call.body, call.txn).doc.id)


def post_invoice(erp: Erp, call: Call) -> Reply:
    """Post an invoice."""
    return _created(call, "invoice", erp.invoices.create(call.body, call.txn).doc.id)


def put_credit_memo(erp: Erp, call: Call) -> Reply:
    """Post the credit memo of an external id."""
    return _created(call, "creditMemo", erp.credit_memos.put(_external(call), call.body, call.txn).doc.id)


def post_credit_memo(erp: Erp, call: Call) -> Reply:
    """Post a credit memo."""
    return _created(call, "creditMemo", erp.credit_memos.create(call.body, call.txn).doc.id)


def put_payment(erp: Erp, call: Call) -> Reply:
    """Post the customer payment of an external id, or apply more of it."""
    return _created(call, "customerPayment", erp.payments.put(_external(call), call.body, call.txn).doc.id)


def post_payment(erp: Erp, call: Call) -> Reply:
    """Post a customer payment."""
    return _created(call, "customerPayment", erp.payments.create(call.body, call.txn).doc.id)


def patch_payment(erp: Erp, call: Call) -> Reply:
    """Apply more of a payment."""
    record = _found(erp.payments, call, "customerPayment")
    return _created(call, "customerPayment", erp.payments.change(record, call.body).doc.id)


def transform_payment(erp: Erp, call: Call) -> Reply:
    """Pay an invoice: its whole balance unless the body says otherwise."""
    invoice = _found(erp.invoices, call, "invoice")
    body: PaymentBody = call.body
    record = erp.payments.create_for(invoice, body, call.txn)
    return _created(call, "customerPayment", record.doc.id)


def put_refund(erp: Erp, call: Call) -> Reply:
    """Post the customer refund of an external id."""
    return _created(call, "customerRefund", erp.refunds.put(_external(call), call.body, call.txn).doc.id)


def put_journal(erp: Erp, call: Call) -> Reply:
    """Post the journal entry of an external id."""
    return _created(call, "journalEntry", erp.journals.put(_external(call), call.body, call.txn).id)


def post_journal(erp: Erp, call: Call) -> Reply:
    """Post a journal entry."""
    return _created(call, "journalEntry", erp.journals.create(call.body, call.txn).id)


# --- asynchronous ---------------------------------------------------------------------------------------------------


def preferring(handler: Handler) -> Handler:
    """Return the handler that also takes requests with `Prefer: respond-async`."""

    def either(erp: Erp, call: Call) -> Reply:
        if "respond-async" not in call.request.headers.get("prefer", "") or call.number == JOB_RUN:
            return handler(erp, call)
        again = Call(call.request, call.operation, call.params, call.now_us, JOB_RUN)
        again.body, again.txn, again.key = call.body, call.txn, call.key
        job = erp.jobs.accept(again, lambda key: address(call, f"{JOBS}/{key}"))
        headers = {"location": address(call, f"{JOBS}/{job.id}"), "preference-applied": "respond-async"}
        return Reply(202, headers)

    return either


JOB_RUN = "job"
"""The number of a call that a job runs."""


def job(erp: Erp, call: Call) -> Reply:
    """Show a job."""
    found = erp.jobs.find(call.params["id"])
    body = {
        "id": found.id,
        "completed": found.is_completed,
        "progress": "succeeded" if found.is_completed else "pending",
        "task": {"links": [{"rel": "self", "href": address(call, f"{JOBS}/{found.id}/task")}]},
    }
    return Reply(200, {"content-type": JSON_TYPE}, encode_json(body))


def job_tasks(erp: Erp, call: Call) -> Reply:
    """List the one task of a job."""
    found = erp.jobs.find(call.params["id"])
    href = address(call, f"{JOBS}/{found.id}/task/1")
    row = {"id": "1", "completed": found.is_completed, "links": [{"rel": "self", "href": href}]}
    return Reply(200, {"content-type": LIST_TYPE}, encode_json(_page(call, [row], 0, _LARGEST_PAGE)))


def job_task(erp: Erp, call: Call) -> Reply:
    """Show the task of a job."""
    found = erp.jobs.find(call.params["id"])
    href = address(call, f"{JOBS}/{found.id}/task/1/result")
    body = {"id": "1", "completed": found.is_completed, "links": [{"rel": "result", "href": href}]}
    return Reply(200, {"content-type": JSON_TYPE}, encode_json(body))


def job_result(erp: Erp, call: Call) -> Reply:
    """Return what the job's request was answered, or its refusal; not there while the job runs."""
    found: Job = erp.jobs.find(call.params["id"])
    if isinstance(found.outcome, Refusal):
        raise found.outcome
    if found.outcome is None:
        raise Refusal("missing_record", f"The job {found.id} has no result yet.")
    return found.outcome


# --- reads ----------------------------------------------------------------------------------------------------------


def reader(kind: str, part: str) -> Handler:
    """Return the handler that shows one record of a type; `fields` chooses, `expandSubResources` opens sublists."""
    view = VIEWS[kind]

    def read(erp: Erp, call: Call) -> Reply:
        owner: Any = erp
        for name in part.split("."):
            owner = getattr(owner, name)
        record = _found(owner, call, kind)
        query = _reading(call)
        if kind == "customer" and "fields" in query:
            shown = _some(CUSTOMER, query["fields"], lambda getter: getter(erp, record))
        elif "fields" in query:
            shown = _some(view(erp, record), query["fields"], lambda value: value)
        else:
            shown = view(erp, record)
            if query.get("expandSubResources", "").lower() != "true":
                _close_sublists(shown, call, kind)
        links = [{"rel": "self", "href": address(call, f"{RECORDS}/{kind}/{shown.get('id', call.params['id'])}")}]
        body = {"links": links, **{name: value for name, value in shown.items() if value is not None}}
        return Reply(200, {"content-type": JSON_TYPE}, encode_json(body))

    return read


def _reading(call: Call) -> dict[str, str]:
    if "?" not in call.request.target:
        return {}
    for name in call.query:
        if name not in ("fields", "expandSubResources", "simpleEnumFormat"):
            raise Refusal("invalid_parameter", f"Invalid query parameter {name}.", name)
    return call.query


def _some(known: Mapping[str, Any], wanted: str, value: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the fields that are asked for; refuse one that the record does not have."""
    result = {}
    for name in wanted.replace(" ", "").split(","):
        if name not in known:
            raise Refusal("invalid_parameter", f"Unknown field {name}.", "fields")
        result[name] = value(known[name])
    return result


def _close_sublists(shown: dict[str, Any], call: Call, kind: str) -> None:
    """Show sublists as links only."""
    for name in ("item", "taxDetails", "apply", "line"):
        if name in shown:
            href = address(call, f"{RECORDS}/{kind}/{shown['id']}/{name}")
            shown[name] = {"links": [{"rel": "self", "href": href}]}


def lister(kind: str, table: str) -> Handler:
    """Return the handler that lists the records of a type as ids and links; `q` filters them."""

    def list_records(erp: Erp, call: Call) -> Reply:
        for name in call.query:
            if name not in ("q", "limit", "offset"):
                raise Refusal("invalid_parameter", f"Invalid query parameter {name}.", name)
        limit, offset = _paging(call)
        ids = matches(erp, table, call.query.get("q", ""))
        rows = [
            {"links": [{"rel": "self", "href": address(call, f"{RECORDS}/{kind}/{key}")}], "id": key} for key in ids
        ]
        return Reply(200, {"content-type": LIST_TYPE}, encode_json(_page(call, rows, offset, limit)))

    return list_records


def suiteql_query(erp: Erp, call: Call) -> Reply:
    """Run a SuiteQL query; needs `Prefer: transient`."""
    if "transient" not in call.request.headers.get("prefer", ""):
        detail = "Required header is missing or has an invalid value. Set Prefer to transient."
        raise Refusal("invalid_header", detail, "Prefer")
    for name in call.query:
        if name not in ("limit", "offset"):
            raise Refusal("invalid_parameter", f"Invalid query parameter {name}.", name)
    limit, offset = _paging(call)
    rows = queries.run(erp, suiteql.parse(call.body.q))[:_SUITEQL_ROWS]
    page = _page(call, rows, offset, limit)
    page["items"] = [queries.as_text(row) for row in page["items"]]
    return Reply(200, {"content-type": LIST_TYPE}, encode_json(page))


def limits(erp: Erp, call: Call) -> Reply:
    """Show the concurrency limit of the account."""
    slots = erp.quirks.concurrent
    body = {"accountConcurrencyLimit": slots, "accountUnallocatedConcurrencyLimit": slots, "limitType": "account"}
    return Reply(200, {"content-type": JSON_TYPE}, encode_json(body))


def _paging(call: Call) -> tuple[int, int]:
    limit, offset = _number(call, "limit", _LARGEST_PAGE), _number(call, "offset", 0)
    if not 1 <= limit <= _LARGEST_PAGE:
        raise Refusal("invalid_parameter", f"limit must be 1 to {_LARGEST_PAGE}.", "limit")
    if offset % limit:
        raise Refusal("invalid_parameter", "offset must be divisible by limit.", "offset")
    return limit, offset


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise Refusal("invalid_parameter", f"{name} must be a number of at least 0.", name)
    return int(text)


def _page(call: Call, rows: Iterable[Any], offset: int, limit: int) -> dict[str, Any]:
    everything = list(rows)
    items = everything[offset : offset + limit]
    more = offset + limit < len(everything)
    path = call.request.target.partition("?")[0]
    base = address(call, path)
    links = [{"rel": "self", "href": f"{base}?limit={limit}&offset={offset}"}]
    if offset:
        links.append({"rel": "previous", "href": f"{base}?limit={limit}&offset={max(0, offset - limit)}"})
    if more:
        links.append({"rel": "next", "href": f"{base}?limit={limit}&offset={offset + limit}"})
        last = (len(everything) - 1) // limit * limit
        links.append({"rel": "last", "href": f"{base}?limit={limit}&offset={last}"})
    return {
        "links": links, "count": len(items), "hasMore": more, "items": items, "offset": offset,
        "totalResults": len(everything),
    }  # fmt: skip
