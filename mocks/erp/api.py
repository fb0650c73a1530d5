"""The dialect: NetSuite SuiteTalk REST and RESTlets as a table of operations."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec

from domain.http import Reply
from mocks.erp import job_calls, reads, restlet_calls, schemas, transforms, writes
from mocks.erp.acts import ACTS, plan_recognition
from mocks.erp.addresses import JOBS, RECORDS, Handler
from mocks.erp.auth import TOKEN_PATH, authenticate
from mocks.erp.bodies import ChangeQuery, ListQuery, PageQuery, QueryBody, ReadQuery, RestletQuery, TokenBody
from mocks.erp.errors import refuse
from mocks.erp.job_calls import preferring
from mocks.erp.jobs import KEY_HEADER, run_job
from mocks.erp.quirks import Quirks
from mocks.erp.record_types import TYPES, RecordType
from mocks.erp.replies import JobReply, LimitsReply, PageReply, RowsReply, TaskReply, TokenReply
from mocks.erp.restlets import RESTLET_PATH
from mocks.erp.scripts import deliver, seal
from mocks.erp.wire import decode
from mocks.kernel.dialect import Dialect
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.operations import Call, Operation

WRITABLE = {
    "customer": ("customers", "customers"),
    "contact": ("contacts", "contacts"),
    "opportunity": ("opportunities", "opportunities"),
    "estimate": ("estimates", "estimates"),
    "salesOrder": ("orders", "orders"),
    "invoice": ("invoices", ""),
    "cashSale": ("cash_sales", ""),
    "returnAuthorization": ("returns", "returns"),
    "creditMemo": ("credit_memos", ""),
    "customerPayment": ("payments", ""),
    "customerDeposit": ("deposits", ""),
    "customerRefund": ("refunds", ""),
    "journalEntry": ("journals", ""),
    "serviceSaleItem": ("sale_items", ""),
    "nonInventorySaleItem": ("sale_items", ""),
    "inventoryItem": ("sale_items", ""),
}
"""Record type -> the part of the model that writes it, and the one that deletes it (empty: it cannot be deleted)."""

_UNCHANGED = frozenset({"cashSale", "customerDeposit", "customerRefund", "journalEntry"})  # no PATCH


def _write(name: str, method: str, path: str, handler: Handler, body: Any, query: Any = None) -> Operation:
    return Operation(name, method, f"{RECORDS}/{path}", preferring(handler), body, write=True, query=query)


def _reads(kind: RecordType) -> Iterator[Operation]:
    path = f"{RECORDS}/{kind.name}"
    lister, reader = preferring(reads.lister(kind)), preferring(reads.reader(kind))
    yield Operation(f"list_{kind.plural}", "GET", path, lister, query=ListQuery, reply=PageReply)
    yield Operation(f"read_{kind.noun}", "GET", path + "/{id}", reader, query=ReadQuery, reply=kind.shown)
    for name in kind.sublists:
        where = f"{path}/{{id}}/{name}"
        yield Operation(
            f"list_{kind.noun}_{name}", "GET", where, reads.sublist_reader(kind, name), query=PageQuery, reply=RowsReply
        )  # fmt: skip
        yield Operation(f"read_{kind.noun}_{name}", "GET", where + "/{line}", reads.line_reader(kind, name))


def _writes(kind: RecordType) -> Iterator[Operation]:
    name, noun, body = kind.name, kind.noun, kind.body
    if name == "itemFulfillment":  # an order is fulfilled by a transform, or under an external id
        yield _write(f"upsert_{noun}", "PUT", f"{name}/{{id}}", writes.putting(name, "fulfilments"), body)
        yield _write(f"delete_{noun}", "DELETE", f"{name}/{{id}}", writes.deleting(name, ""), None)
        return
    part, remover = WRITABLE[name]
    yield _write(f"upsert_{noun}", "PUT", f"{name}/{{id}}", writes.putting(name, part), body)
    yield _write(f"create_{noun}", "POST", name, writes.creating(name, part), body)
    if name not in _UNCHANGED:
        change = writes.patch_order if name == "salesOrder" else writes.changing(name, part)
        yield _write(f"update_{noun}", "PATCH", f"{name}/{{id}}", change, body, ChangeQuery)
    yield _write(f"delete_{noun}", "DELETE", f"{name}/{{id}}", writes.deleting(name, remover), None)


def _transforms() -> Iterator[Operation]:
    for name, source, target, make, body in transforms.TRANSFORMS:
        handler = writes.transforming(TYPES[source], target, make)
        yield _write(name, "POST", f"{source}/{{id}}/!transform/{target}", handler, body)


def _restlets() -> Iterator[Operation]:
    for method in ("GET", "DELETE", "POST", "PUT"):
        yield Operation(
            f"restlet_{method.lower()}", method, RESTLET_PATH, restlet_calls.run,
            object if method in ("POST", "PUT") else None, write=method != "GET", query=RestletQuery,
        )  # fmt: skip


OPERATIONS: tuple[Operation, ...] = (
    Operation("token", "POST", TOKEN_PATH, writes.token, TokenBody, summary="client credentials", reply=TokenReply),
    *[operation for kind in TYPES.values() for operation in _reads(kind)],
    *[operation for kind in TYPES.values() if kind.body is not None for operation in _writes(kind)],
    *_transforms(),
    Operation(
        "suiteql", "POST", "/services/rest/query/v1/suiteql", reads.suiteql_query, QueryBody, query=PageQuery,
        reply=RowsReply,
    ),
    Operation("metadata_catalog", "GET", schemas.CATALOGUE, schemas.catalogue),
    Operation("metadata_of_type", "GET", schemas.CATALOGUE + "/{type}", schemas.described),
    Operation("limits", "GET", "/services/rest/system/v1/governanceLimits", reads.limits, reply=LimitsReply),
    Operation("job", "GET", f"{JOBS}/{{id}}", job_calls.job, reply=JobReply),
    Operation("job_tasks", "GET", f"{JOBS}/{{id}}/task", job_calls.job_tasks, reply=RowsReply),
    Operation("job_task", "GET", f"{JOBS}/{{id}}/task/{{task}}", job_calls.job_task, reply=TaskReply),
    Operation("job_result", "GET", f"{JOBS}/{{id}}/task/{{task}}/result", job_calls.job_result),
    *_restlets(),
    Operation("token_info", "GET", "/rest/tokeninfo", restlet_calls.token_info),
)  # fmt: skip
"""Every call the ERP answers; names are stable."""


class _Named(msgspec.Struct):
    """The one field of a body that tells which intent it is."""

    externalId: str = ""


_named = msgspec.json.Decoder(_Named)


def identity(call: Call) -> str:
    """Return the external id a write carries, in its address or body, or the key of an asynchronous request."""
    if not call.operation.write:
        return ""
    headers = call.request.headers
    if "respond-async" in headers.get("prefer", ""):
        return headers.get(KEY_HEADER, "")
    if call.request.method != "POST":
        return call.params.get("id", "").removeprefix("eid:")
    try:
        return _named.decode(call.request.body).externalId
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


def finish(reply: Reply, call: Call) -> Reply:
    """Add the request id every reply carries."""
    return Reply(reply.status, {**reply.headers, "x-n-operationid": call.number or "0"}, reply.body)


def dialect(quirks: Quirks) -> Dialect:
    """Return the dialect with these quirks."""
    limits = LimitPolicy(concurrent=quirks.concurrent, retry_after_seconds=quirks.retry_after_seconds)
    return msgspec.structs.replace(
        DIALECT, limits=limits, decode=partial(decode, unknown_properties=quirks.unknown_properties)
    )


DIALECT = Dialect(
    system="erp",
    operations=OPERATIONS,
    refuse=refuse,
    decode=partial(decode, unknown_properties="error"),
    identity=identity,
    authenticate=authenticate,
    finish=finish,
    deliver=deliver,
    seal=seal,
    acts=ACTS,
    agenda={"run_job": run_job, "plan_recognition": plan_recognition},
    limits=LimitPolicy(concurrent=15),
)
"""The dialect with the default quirks."""
