"""What people ask for about money that is owed: refunds, write-offs, disputes, promises, and the closing of periods.

Each is a submission, as orders are. What gives money away waits for a second person in the exception queue: who asks is
the caller, who approves is whoever drives the case again, and never the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from integration.api.doors import add, caller_of
from integration.api.idempotency import Key
from integration.api.process import KEYED, command
from integration.api.shapes.process import SubmissionView
from integration.api.shapes.receivables import (
    InvoiceDispute,
    PaymentPromise,
    PeriodClosing,
    PeriodReopening,
    RefundRequest,
    WriteOffRequest,
)
from integration.flows import cash_requests


async def request_refund(request: Request, body: RefundRequest, key: Key) -> Response:
    """Ask for money back from a payment; a second person has to approve it in the exception queue."""
    start = cash_requests.refund(
        body.request, body.payment, body.transaction or "", caller_of(request).name,
        amount_minor=body.amount_minor, adjust=body.adjust, reason=body.reason,
    )  # fmt: skip
    return await command(request, body, key, "request_refund", body.request, start)


async def request_write_off(request: Request, body: WriteOffRequest, key: Key) -> Response:
    """Ask for an invoice to be written off; a second person has to approve it, unless it is within the tolerance."""
    start = cash_requests.write_off(
        body.request, body.invoice, body.transaction or "", body.reason, caller_of(request).name
    )
    return await command(request, body, key, "request_write_off", f"{body.invoice}/{body.request}", start)


async def dispute_invoice(request: Request, body: InvoiceDispute, key: Key) -> Response:
    """Note that a customer disputes an invoice: the disputed part is not dunned until it is decided."""
    start = cash_requests.dispute_invoice(
        body.request, body.invoice, body.transaction or "", body.reason, caller_of(request).name,
        amount_minor=body.amount_minor,
    )  # fmt: skip
    return await command(request, body, key, "dispute_invoice", body.request, start)


async def promise_payment(request: Request, body: PaymentPromise, key: Key) -> Response:
    """Note that a customer promised to pay until a day; dunning waits for it."""
    start = cash_requests.promise(body.account, body.until, caller_of(request).name, body.transaction or "")
    return await command(request, body, key, "promise_payment", f"{body.account}/{body.until}", start)


async def close_period(request: Request, body: PeriodClosing, key: Key) -> Response:
    """Close a month of a legal entity as soon as its checklist is clear; open points become an exception case."""
    start = cash_requests.close_period(body.entity, body.period, caller_of(request).name, body.attempt)
    return await command(request, body, key, "close_period", f"{body.entity}/{body.period}", start)


async def reopen_period(request: Request, body: PeriodReopening, key: Key) -> Response:
    """Ask for a closed month to be opened again; a second person has to approve it."""
    start = cash_requests.reopen_period(
        body.entity, body.period, body.module, body.reason, caller_of(request).name, attempt=body.attempt
    )
    return await command(request, body, key, "reopen_period", f"{body.entity}/{body.period}/{body.module}", start)


_ASKED: tuple[tuple[str, Callable[..., Any], str], ...] = (
    ("/refunds", request_refund, "receivables:request"),
    ("/write-offs", request_write_off, "receivables:request"),
    ("/invoice-disputes", dispute_invoice, "receivables:request"),
    ("/payment-promises", promise_payment, "receivables:request"),
    ("/period-closings", close_period, "periods:close"),
    ("/period-reopenings", reopen_period, "periods:close"),
)


def router() -> APIRouter:
    """Return the routes of what is asked for about money."""
    routes = APIRouter(tags=["receivables"])
    for path, endpoint, scope in _ASKED:
        add(routes, "POST", path, endpoint, scope=scope, refuses=KEYED, status=202, response_model=SubmissionView)
    return routes
