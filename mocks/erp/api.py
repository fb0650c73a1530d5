"""The dialect: NetSuite SuiteTalk REST (dialects.md 5.2) as a table of operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from domain.http import Reply, Request
from mocks.erp import job_calls, reads, writes
from mocks.erp.acts import ACTS, plan_recognition
from mocks.erp.addresses import JOBS, RECORDS
from mocks.erp.auth import TOKEN_PATH
from mocks.erp.bodies import (
    CustomerBody,
    FulfilmentBody,
    InvoiceBody,
    JournalBody,
    OrderBody,
    PaymentBody,
    QueryBody,
    RefundBody,
)  # fmt: skip
from mocks.erp.errors import refuse
from mocks.erp.job_calls import preferring
from mocks.erp.jobs import KEY_HEADER, run_job
from mocks.erp.model import Erp
from mocks.erp.quirks import Quirks
from mocks.erp.scripts import deliver
from mocks.erp.wire import decode
from mocks.kernel.codec import Undecodable, decode_json
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.operations import Call, Operation
from mocks.kernel.service import Dialect

_ONE = "{id}"


def _write(name: str, method: str, path: str, handler: Callable[[Any, Call], Reply], body: Any) -> Operation:
    return Operation(name, method, f"{RECORDS}/{path}", preferring(handler), body, write=True)


def _records(name: str, plural: str, kind: str, part: str, table: str) -> tuple[Operation, ...]:
    rows = [Operation(f"read_{name}", "GET", f"{RECORDS}/{kind}/{_ONE}", reads.reader(kind, part))]
    if table:
        rows.append(Operation(f"list_{plural}", "GET", f"{RECORDS}/{kind}", reads.lister(kind, table)))
    return tuple(rows)


OPERATIONS: tuple[Operation, ...] = (
    Operation("token", "POST", TOKEN_PATH, writes.token, summary="client credentials"),
    _write("upsert_customer", "PUT", "customer/{id}", writes.put_customer, CustomerBody),
    _write("create_customer", "POST", "customer", writes.post_customer, CustomerBody),
    _write("update_customer", "PATCH", "customer/{id}", writes.patch_customer, CustomerBody),
    *_records("customer", "customers", "customer", "customers", "customer"),
    _write("upsert_order", "PUT", "salesOrder/{id}", writes.put_order, OrderBody),
    _write("create_order", "POST", "salesOrder", writes.post_order, OrderBody),
    _write("update_order", "PATCH", "salesOrder/{id}", writes.patch_order, OrderBody),
    *_records("order", "orders", "salesOrder", "orders", "salesorder"),
    _write(
        "transform_order", "POST", "salesOrder/{id}/!transform/itemFulfillment", writes.transform_fulfilment,
        FulfilmentBody,
    ),
    _write(
        "transform_order_to_invoice", "POST", "salesOrder/{id}/!transform/invoice", writes.transform_invoice,
        InvoiceBody,
    ),
    _write("upsert_fulfilment", "PUT", "itemFulfillment/{id}", writes.put_fulfilment, FulfilmentBody),
    *_records("fulfilment", "", "itemFulfillment", "fulfilments", ""),
    _write("upsert_invoice", "PUT", "invoice/{id}", writes.put_invoice, InvoiceBody),
    _write("create_invoice", "POST", "invoice", writes.post_invoice, InvoiceBody),
    *_records("invoice", "invoices", "invoice", "invoices", "invoice"),
    _write(
        "transform_invoice_to_payment", "POST", "invoice/{id}/!transform/customerPayment",
        writes.transform_payment, PaymentBody,
    ),
    _write("upsert_credit_memo", "PUT", "creditMemo/{id}", writes.put_credit_memo, InvoiceBody),
    _write("create_credit_memo", "POST", "creditMemo", writes.post_credit_memo, InvoiceBody),
    *_records("credit_memo", "credit_memos", "creditMemo", "credit_memos", "creditmemo"),
    _write("upsert_payment", "PUT", "customerPayment/{id}", writes.put_payment, PaymentBody),
    _write("create_payment", "POST", "customerPayment", writes.post_payment, PaymentBody),
    _write("update_payment", "PATCH", "customerPayment/{id}", writes.patch_payment, PaymentBody),
    *_records("payment", "payments", "customerPayment", "payments", "customerpayment"),
    _write("upsert_refund", "PUT", "customerRefund/{id}", writes.put_refund, RefundBody),
    *_records("refund", "", "customerRefund", "refunds", ""),
    _write("upsert_journal", "PUT", "journalEntry/{id}", writes.put_journal, JournalBody),
    _write("create_journal", "POST", "journalEntry", writes.post_journal, JournalBody),
    *_records("journal", "", "journalEntry", "journals", ""),
    *_records("item", "items", "serviceSaleItem", "catalogue.item_records", "item"),
    *_records("subsidiary", "subsidiaries", "subsidiary", "catalogue.subsidiary_records", "subsidiary"),
    Operation("suiteql", "POST", "/services/rest/query/v1/suiteql", reads.suiteql_query, QueryBody),
    Operation("limits", "GET", "/services/rest/system/v1/governanceLimits", reads.limits),
    Operation("job", "GET", f"{JOBS}/{{id}}", job_calls.job),
    Operation("job_tasks", "GET", f"{JOBS}/{{id}}/task", job_calls.job_tasks),
    Operation("job_task", "GET", f"{JOBS}/{{id}}/task/{{task}}", job_calls.job_task),
    Operation("job_result", "GET", f"{JOBS}/{{id}}/task/{{task}}/result", job_calls.job_result),
)  # fmt: skip
"""Every call the ERP answers; names are stable."""


def identity(call: Call) -> str:
    """Return the external id a write carries, in its address or body, or the key of an asynchronous request."""
    if not call.operation.write:
        return ""
    if "respond-async" in call.request.headers.get("prefer", ""):
        return call.request.headers.get(KEY_HEADER, "")
    name = call.params.get("id", "")
    if call.request.method == "PUT":
        return name.removeprefix("eid:")
    if call.request.method == "POST":
        try:
            body = decode_json(call.request.body)
        except Undecodable:
            return ""
        found = body.get("externalId") if isinstance(body, dict) else None
        return found if isinstance(found, str) else ""
    return name.removeprefix("eid:")


def finish(reply: Reply, call: Call) -> Reply:
    """Add the request id every reply carries."""
    return Reply(reply.status, {**reply.headers, "x-n-operationid": call.number or "0"}, reply.body)


def _authenticate(erp: Erp, request: Request) -> Any:
    return erp.tokens.check(request)


def dialect(quirks: Quirks) -> Dialect:
    """Return the dialect with these quirks."""
    limits = LimitPolicy(concurrent=quirks.concurrent, retry_after_seconds=quirks.retry_after_seconds)
    return msgspec.structs.replace(
        DIALECT, limits=limits, decode=lambda call: decode(call, quirks.unknown_properties)
    )  # fmt: skip


DIALECT = Dialect(
    system="erp",
    operations=OPERATIONS,
    refuse=refuse,
    decode=lambda call: decode(call, "error"),
    identity=identity,
    authenticate=_authenticate,
    finish=finish,
    deliver=deliver,
    acts=ACTS,
    agenda={"run_job": run_job, "plan_recognition": plan_recognition},
    limits=LimitPolicy(concurrent=15),
)
"""The dialect with the default quirks."""
