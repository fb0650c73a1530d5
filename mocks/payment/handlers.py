"""Handlers: from a call to the nouns that do the work, and back to a reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from domain.http import Reply
from mocks.kernel.operations import Call, Refusal, json_reply
from mocks.payment import balance, bodies, expand, intents, listing, refunds, render, search
from mocks.payment.errors import payment_failed
from mocks.payment.model import Processor, changed, merged
from mocks.payment.records import Charge, Customer, Event, Intent

Handler = Callable[[Processor, Call], Reply]


# --- replies --------------------------------------------------------------------------------------------------------


def body_of(model: Processor, record: Any) -> dict[str, Any]:
    """Return a record as the dialect shows it."""
    return render.event(record, model.quirks.api_version) if type(record) is Event else render.shown(record)


def reply_with(model: Processor, call: Call, record: Any) -> Reply:
    """Return the reply that shows a record, expanded as the caller asks."""
    body = body_of(model, record)
    if call.body is not None and call.body.expand:
        body = expand.expand(model, body, call.body.expand)
    return json_reply(body)


def list_reply(model: Processor, call: Call, records: list[Any], more: bool) -> Reply:
    """Return the reply that shows a page of records."""
    rows = [body_of(model, record) for record in records]
    body = {"object": "list", "data": rows, "has_more": more, "url": call.request.target.partition("?")[0]}
    return json_reply(expand.expand(model, body, call.body.expand))


def got(kind: str) -> Handler:
    """Return the handler that reads one object of a kind."""

    def handle(model: Processor, call: Call) -> Reply:
        return reply_with(model, call, model.named(kind, call.params["id"]))

    return handle


def listed(kind: str) -> Handler:
    """Return the handler that lists the objects of a kind."""

    def handle(model: Processor, call: Call) -> Reply:
        return list_reply(model, call, *listing.chosen(model, kind, call.body))

    return handle


def searched(kind: str, record_type: type) -> Handler:
    """Return the handler that searches the objects of a kind."""

    def handle(model: Processor, call: Call) -> Reply:
        body: bodies.SearchQuery = call.body
        if not 1 <= body.limit <= 100:
            raise Refusal("parameter_invalid_integer", "limit must be from 1 to 100.", field="limit")
        found = search.run(model, kind, search.parse(body.query, record_type))
        start = int(body.page) if body.page and body.page.isdigit() else 0
        rows = [body_of(model, record) for record in found[start : start + body.limit]]
        more = start + body.limit < len(found)
        reply = {
            "object": "search_result",
            "data": rows,
            "has_more": more,
            "next_page": str(start + body.limit) if more else None,
            "url": call.request.target.partition("?")[0],
        }
        return json_reply(expand.expand(model, reply, body.expand))

    return handle


def written(change: Callable[[Processor, Call], Any]) -> Handler:
    """Return the handler of a write: it tells the model the key, and expands what comes out."""

    def handle(model: Processor, call: Call) -> Reply:
        _require_expandable(call)
        model.key = call.key
        record = change(model, call)
        return reply_with(model, call, record)

    return handle


def paying(change: Callable[[Processor, Call], Intent]) -> Handler:
    """Return the handler of a write that may be declined: 402, though the intent has changed."""

    def handle(model: Processor, call: Call) -> Reply:
        _require_expandable(call)
        model.key = call.key
        intent = change(model, call)
        call.txn = call.txn or intent.txn
        if intent.failure is not None and intent.status == "requires_payment_method":
            return payment_failed(intent)
        return reply_with(model, call, intent)

    return handle


def _require_expandable(call: Call) -> None:
    """Refuse an expansion that cannot be before anything changes."""
    if call.body is not None and call.body.expand:
        kind = call.operation.path.split("/")[2].removesuffix("s")
        for path in call.body.expand:
            expand.require(kind, path)


# --- what is done ---------------------------------------------------------------------------------------------------


def named_intent(model: Processor, call: Call) -> Intent:
    """Return the intent that the path names."""
    found: Intent = model.named("payment_intent", call.params["id"])
    return found


def create_refund(model: Processor, call: Call) -> Any:
    """Create a refund; it belongs to the transaction of its payment."""
    refund = refunds.create(model, call.body)
    call.txn = call.txn or model.intents[refund.intent].txn
    return refund


def update_charge(model: Processor, call: Call) -> Any:
    """Change the metadata and the description of a charge."""
    charge: Charge = model.named("charge", call.params["id"])
    after = changed(
        charge,
        metadata=merged(charge.metadata, call.body.metadata),
        description=charge.description if call.body.description is None else call.body.description,
    )
    model.charges[charge.id] = after
    return after


def capture_charge(model: Processor, call: Call) -> Any:
    """Capture a charge by way of its intent."""
    charge: Charge = model.named("charge", call.params["id"])
    intent = intents.capture(model, model.intents[charge.intent], bodies.CaptureBody())
    return model.charges[intent.charge]


def update_record(kind: str) -> Callable[[Processor, Call], Any]:
    """Return what changes the metadata of an object of a kind."""

    def update(model: Processor, call: Call) -> Any:
        record = model.named(kind, call.params["id"])
        after = changed(record, metadata=merged(record.metadata, call.body.metadata))
        model.tables[kind][record.id] = after
        return after

    return update


def read_balance(model: Processor, call: Call) -> Reply:
    """Show what is available and what is pending, by currency."""
    sums = balance.totals(model)
    available = [{"amount": amount, "currency": currency} for currency, (amount, _) in sums.items()]
    pending = [{"amount": amount, "currency": currency} for currency, (_, amount) in sums.items()]
    return json_reply({"object": "balance", "available": available, "pending": pending, "livemode": False})


def customer_methods(model: Processor, call: Call) -> Reply:
    """List the payment methods of the customer that the path names."""
    customer: Customer = model.named("customer", call.params["id"])
    query = msgspec.structs.replace(call.body, customer=customer.id)
    return list_reply(model, call, *listing.chosen(model, "payment_method", query))
