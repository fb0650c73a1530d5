"""Every record is shown as JSON under the name of its resource; what is shown often is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from domain.calendar import SECOND_US
from domain.http import Reply
from mocks.billing import resources as r
from mocks.billing.errors import JSON
from mocks.billing.model import Addressed, Billing
from mocks.billing.views.charges import unbilled_charge, usage
from mocks.billing.views.credit_notes import credit_note
from mocks.billing.views.customers import customer, payment_source
from mocks.billing.views.invoices import invoice
from mocks.billing.views.item_prices import item_price
from mocks.billing.views.lines import SHOWN_MAX
from mocks.billing.views.subscriptions import subscription
from mocks.billing.views.transactions import transaction
from mocks.kernel.codec import encode_json
from mocks.kernel.desk import Message


def quote(_billing: Billing, record: Any) -> r.Shown:
    """Show a quote."""
    shown: r.Shown = record.quote if hasattr(record, "quote") else record
    return shown


def ramp(billing: Billing, record: r.Ramp) -> r.Ramp:
    """Show a ramp: it has succeeded when its day has come."""
    due = record.effective_from * SECOND_US <= billing.book.now_us
    return replace(record, status="succeeded") if due else record


def webhook_status(billing: Billing, message: Message) -> str:
    """Return what became of an event's message, as far as the log says."""
    return "scheduled" if message.topic in billing.quirks.topics else "not_configured"


def event(billing: Billing, message: Message) -> r.Event:
    """Show an event with its content as it was when it happened."""
    told = message.content
    pairs = told.content if type(told) is Addressed else told
    content = {}
    for name, record in pairs:
        content[name] = show(billing, name, record)
    return r.Event(
        id=message.id,
        occurred_at=message.occurred_us // SECOND_US,
        source="api",
        api_version="v2",
        event_type=message.topic,
        webhook_status=webhook_status(billing, message),
        content=content,
    )


VIEWS: dict[str, Callable[[Billing, Any], r.Shown]] = {
    "customer": customer,
    "item_price": item_price,
    "subscription": subscription,
    "invoice": invoice,
    "credit_note": credit_note,
    "transaction": transaction,
    "event": event,
    "payment_source": payment_source,
    "usage": usage,
    "unbilled_charge": unbilled_charge,
    "quote": quote,
    "ramp": ramp,
}
"""Resources whose records are not what is shown; the others are."""
KEPT = frozenset({"customer", "subscription", "invoice", "credit_note", "item_price", "event"})
"""Resources whose JSON is kept."""


def show(billing: Billing, name: str, record: Any) -> msgspec.Raw:
    """Show a record under its resource name, as JSON.

    Records are frozen and shown several times (a reply, an event, a read): the JSON of the latest is kept, under the
    record's id, with the record it shows. That of a subscription holds for its version and for a day: what changes
    without a version (coverage, plans) is not shown. Who changes what another record shows drops that one's JSON.
    """
    if name not in KEPT:
        view = VIEWS.get(name)
        return msgspec.Raw(encode_json(record if view is None else view(billing, record)))
    kept = billing.shown
    found = kept.get(record.id)
    if name == "subscription":
        mark: Any = (record.version, billing.today(record.zone))
        if found is not None and found[0] == mark and record.id not in billing.usages:
            return found[1]
    else:
        mark = record
        if found is not None and found[0] is record:
            return found[1]
    raw = msgspec.Raw(encode_json(VIEWS[name](billing, record)))
    if len(kept) >= SHOWN_MAX:
        kept.clear()
    kept[record.id] = (mark, raw)
    return raw


def reply(body: Any) -> Reply:
    """Return a reply with a JSON body and the vendor's content type."""
    return Reply(200, JSON, encode_json(body))


def shown(billing: Billing, *pairs: tuple[str, Any]) -> Reply:
    """Return the reply that shows records under their resource names."""
    body = {}
    for name, record in pairs:
        body[name] = show(billing, name, record)
    return Reply(200, JSON, encode_json(body))
