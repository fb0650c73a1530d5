"""The process side: quotes are checked while the caller waits, everything else is taken in and goes its way.

A submission answers 202 with the address at which its fate can be read. What it starts has a business key of its own,
so that the same quote, submitted by a portal and told by the CRM, is one order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import BaseModel

from domain.events.envelope import rfc3339
from integration.api.doors import House, add, caller_of, house_of
from integration.api.idempotency import (
    Answered,
    Key,
    fingerprint_of,
    flow_of,
    key_of,
    require_accepted,
    result_of,
    submitted,
)
from integration.api.problems import Refused
from integration.api.shapes.base import Link, Money
from integration.api.shapes.process import (
    Cancellation,
    CheckView,
    Pause,
    QuoteReference,
    QuoteValidation,
    QuoteValidationRequest,
    Resumption,
    SubmissionView,
)
from integration.effects import Start
from integration.flows import requests
from integration.flows.quote_checks import DOWN, Report, judged, of_trail
from integration.limits import OPEN

BASE = "/api/v1"
DEADLINE_SECONDS, DEADLINE_LONGEST_SECONDS = 8.0, 20.0
"""How long a validation takes at most, and the most that a caller may ask for."""

KEYED = (
    "idempotency-key-missing", "idempotency-key-invalid", "idempotency-key-reused", "idempotency-key-in-flight",
    "duplicate-request", "business-rule", "state-conflict", "body-too-large", "unsupported-media-type",
)  # fmt: skip
_QUOTED = (*KEYED, "not-found", "version-conflict")


# --- quotes ---------------------------------------------------------------------------------------------------------


async def validate_quote(
    request: Request,
    body: QuoteValidationRequest,
    prefer: Annotated[str, Header(description="`wait=3` asks for an answer within three seconds.")] = "",
) -> QuoteValidation:
    """Check a quote against price book, product mapping, tax engine and credit standing.

    The answer comes within the deadline whatever the systems do: a check that could not be made in time is `unknown`.
    Nothing is changed anywhere; the check itself is kept in the journal, as evidence.
    """
    house, trace = house_of(request), request.state.trace
    validation = f"{trace.trace_id}{trace.span_id}"
    down = sorted(peer.standing.system for peer in house.node.peers() if peer.standing.state == OPEN)
    told = {"quote_id": body.quote_id, "without": down}
    start = Start(flow_id=f"validation/{validation}", name="check_quote", arguments=told)
    report, is_complete = await _checked(house, start, _patience(prefer))
    return _validation(validation, body.quote_id, report, is_complete, house.node.now_us())


async def _checked(house: House, start: Start, deadline_seconds: float) -> tuple[Report, bool]:
    """Return the report on a quote, and whether every system had its say before the time was up."""
    node = house.node
    if "crm" in start.arguments["without"]:
        return judged(DOWN, {}, node.settings), False
    try:
        row = await node.run(start, deadline_seconds)
    except TimeoutError:
        found = node.reader.flow(start.flow_id)
        return of_trail(node.reader.trail(found.number) if found is not None else (), node.settings), False
    report = msgspec.convert(msgspec.msgpack.decode(row.result), Report)
    return report, True


def _patience(prefer: str) -> float:
    """Return the seconds a caller wants to wait (RFC 7240), within reason."""
    for part in prefer.split(","):
        name, _, value = part.strip().partition("=")
        if name.lower() == "wait" and value.strip().isdecimal():
            return min(float(value), DEADLINE_LONGEST_SECONDS)
    return DEADLINE_SECONDS


def _validation(validation: str, quote_id: str, report: Report, is_complete: bool, now_us: int) -> QuoteValidation:
    money = report.currency
    return QuoteValidation(
        id=validation, quote_id=quote_id, number=report.number, version=report.version, account=report.account,
        outcome=report.outcome,  # type: ignore[arg-type]
        checks=tuple(
            CheckView(
                name=check.name,  # type: ignore[arg-type]
                system=check.system,
                outcome=check.outcome,  # type: ignore[arg-type]
                code=check.code, detail=check.detail, answered_at=rfc3339(check.at_us) if check.at_us else None,
            )
            for check in report.checks
        ),
        net=Money(amount_minor=report.net_minor, currency=money) if money else None,
        estimated_tax=(
            Money(amount_minor=report.tax_minor, currency=money) if money and report.tax_minor is not None else None
        ),
        complete=is_complete, validated_at=rfc3339(now_us),
    )  # fmt: skip


# --- submissions ----------------------------------------------------------------------------------------------------


async def submit_order(request: Request, body: QuoteReference, key: Key) -> Response:
    """Submit an accepted quote for new business: it becomes an order, a subscription and invoices."""
    return await _quote(request, body, key, "submit_order", "new")


async def submit_amendment(request: Request, body: QuoteReference, key: Key) -> Response:
    """Submit an accepted amendment: upsell, downsell, swap, price change, co-term, cancel, pause."""
    return await _quote(request, body, key, "submit_amendment", "amend")


async def submit_renewal(request: Request, body: QuoteReference, key: Key) -> Response:
    """Submit an accepted renewal: the subscription goes on under the new terms from the end of the old ones."""
    return await _quote(request, body, key, "submit_renewal", "renew")


async def cancel_subscription(request: Request, body: Cancellation, key: Key) -> Response:
    """Cancel a subscription from a day on, without a quote."""
    start = requests.cancel(body.request, body.subscription, body.entity, body.effective, body.refund)
    return await command(request, body, key, "cancel_subscription", body.request, start)


async def pause_subscription(request: Request, body: Pause, key: Key) -> Response:
    """Pause a subscription between two days."""
    if body.resume <= body.effective:
        raise Refused("business-rule", "a pause ends after the day on which it begins")
    start = requests.pause(body.request, body.subscription, body.entity, body.effective, body.resume)
    return await command(request, body, key, "pause_subscription", body.request, start)


async def resume_subscription(request: Request, body: Resumption, key: Key) -> Response:
    """Resume a paused subscription earlier than planned."""
    start = requests.resume(body.request, body.subscription)
    return await command(request, body, key, "resume_subscription", body.request, start)


async def _quote(request: Request, body: QuoteReference, key: str, operation: str, kind: str) -> Response:
    arguments = {"quote_id": body.quote_id, "number": body.number, "version": body.version, "kind": kind}
    return await _handed_in(request, body, key, operation, "submit_quote", arguments, body.number)


async def command(
    request: Request, body: BaseModel, key: str, operation: str, reference: str, start: Start
) -> Response:
    """Take in a request for a flow, and answer with what became of it."""
    arguments = {"reference": reference, "start": msgspec.structs.asdict(start)}
    return await _handed_in(request, body, key, operation, "submit_command", arguments, start.txn)


async def _handed_in(
    request: Request,
    body: BaseModel,
    key: str,
    operation: str,
    flow: str,
    arguments: Mapping[str, Any],
    txn: str,
) -> Response:
    house, caller = house_of(request), caller_of(request)
    start = Start(
        flow_id=flow_of(caller, operation, key_of(key)),
        name=flow,
        arguments={"caller": caller.name, "fingerprint": fingerprint_of(body), **arguments},
        txn=txn,
    )
    answered = await submitted(house, start)
    if answered.result is not None:
        require_accepted(answered.result)
    view = submission_view(answered.flow_id, answered.result, txn)
    headers = {"location": view.links["self"].href, **_replayed(answered)}
    return Response(view.model_dump_json(), status_code=202, media_type="application/json", headers=headers)


def _replayed(answered: Answered) -> dict[str, str]:
    return {"idempotency-replayed": "true"} if answered.replayed else {}


def submission_view(flow_id: str, result: Mapping[str, Any] | None, txn: str) -> SubmissionView:
    """Return a submission as callers see it."""
    _, operation, token = flow_id.split("/")
    told = result or {}
    accepted = told.get("status") == "accepted"
    links = {"self": Link(href=f"{BASE}/submissions/{operation}/{token}")}
    if txn:
        links["transaction"] = Link(href=f"{BASE}/transactions/{txn}")
    return SubmissionView(
        id=f"{operation}/{token}",
        status="pending" if result is None else "accepted" if accepted else "refused",
        operation=operation, reference=told.get("reference"), flow=told.get("flow"),
        already_known=not told["created"] if accepted else None,
        code=told.get("code"), detail=told.get("detail") or told.get("reason"), links=links,
    )  # fmt: skip


async def read_submission(
    request: Request,
    operation: Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")],
    token: Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")],
) -> SubmissionView:
    """Read what became of a submission."""
    flow_id = f"submission/{operation}/{token}"
    row = house_of(request).node.reader.flow(flow_id)
    if row is None:
        raise Refused("not-found", f"nothing was submitted as {operation}/{token}")
    return submission_view(flow_id, result_of(row), row.txn)


# --- the routes -----------------------------------------------------------------------------------------------------

_SUBMISSIONS: tuple[tuple[str, Callable[..., Any], str, tuple[str, ...]], ...] = (
    ("/orders", submit_order, "orders:submit", _QUOTED),
    ("/renewals", submit_renewal, "orders:submit", _QUOTED),
    ("/amendments", submit_amendment, "amendments:submit", _QUOTED),
    ("/cancellations", cancel_subscription, "subscriptions:cancel", KEYED),
    ("/pauses", pause_subscription, "subscriptions:cancel", KEYED),
    ("/resumptions", resume_subscription, "subscriptions:cancel", KEYED),
)


def router() -> APIRouter:
    """Return the routes of the process side."""
    routes = APIRouter(tags=["process"])
    add(
        routes, "POST", "/quote-validations", validate_quote, scope="quotes:validate",
        refuses=("body-too-large", "unsupported-media-type"), response_model=QuoteValidation,
    )  # fmt: skip
    for path, endpoint, scope, refuses in _SUBMISSIONS:
        add(routes, "POST", path, endpoint, scope=scope, refuses=refuses, status=202, response_model=SubmissionView)
    add(
        routes, "GET", "/submissions/{operation}/{token}", read_submission, scope="transactions:read",
        refuses=("not-found",), response_model=SubmissionView,
    )  # fmt: skip
    return routes
