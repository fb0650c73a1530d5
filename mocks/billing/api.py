"""The dialect: operations, authentication, webhooks and acts of the billing platform (Chargebee v2, catalogue 2.0)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from domain.http import Reply, Request
from mocks.billing import bodies as f
from mocks.billing import changes, forms, invoices, listing, reading, seeds
from mocks.billing import customer_calls as customers
from mocks.billing import invoice_calls as bills
from mocks.billing import subscription_calls as contracts
from mocks.billing.errors import JSON, refuse
from mocks.billing.model import Billing
from mocks.billing.views import event
from mocks.kernel.codec import encode_json
from mocks.kernel.desk import Message
from mocks.kernel.idempotency import IdempotencyPolicy
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.operations import Call, Operation, Refusal
from mocks.kernel.service import Dialect

WEBHOOK_RETRIES = (120, 360, 1800, 3600, 18_000, 86_400, 172_800)
Handler = Callable[[Billing, Call], Reply]
_BASE = "/api/v2"


def _get(name: str, path: str, handler: Handler) -> Operation:
    return Operation(name, "GET", _BASE + path, handler, summary=_first_line(handler))


def _post(name: str, path: str, handler: Handler, body: Any) -> Operation:
    return Operation(name, "POST", _BASE + path, handler, body, write=True, summary=_first_line(handler))


def _first_line(handler: Handler) -> str:
    return (handler.__doc__ or "").partition("\n")[0]


OPERATIONS = (
    _post("create_customer", "/customers", customers.create_customer, f.CreateCustomer),
    _get("list_customers", "/customers", listing.lists(listing.CUSTOMERS)),
    _get("read_customer", "/customers/{id}", reading.read_customer),
    _post("update_customer", "/customers/{id}", customers.update_customer, f.UpdateCustomer),
    _post("update_billing_info", "/customers/{id}/update_billing_info", customers.update_billing_info, f.UpdateBilling),
    _post(
        "record_excess_payment",
        "/customers/{id}/record_excess_payment",
        customers.record_excess_payment,
        f.ExcessPayment,
    ),
    _post(
        "create_subscription",
        "/customers/{id}/subscription_for_items",
        contracts.create_subscription,
        f.CreateSubscription,
    ),
    _get("list_subscriptions", "/subscriptions", listing.lists(listing.SUBSCRIPTIONS)),
    _get("read_subscription", "/subscriptions/{id}", reading.read_subscription),
    _get(
        "read_scheduled_changes",
        "/subscriptions/{id}/retrieve_with_scheduled_changes",
        contracts.retrieve_with_scheduled_changes,
    ),
    _post(
        "update_subscription",
        "/subscriptions/{id}/update_for_items",
        contracts.update_subscription,
        f.UpdateSubscription,
    ),
    _post(
        "cancel_subscription",
        "/subscriptions/{id}/cancel_for_items",
        contracts.cancel_subscription,
        f.CancelSubscription,
    ),
    _post("change_term_end", "/subscriptions/{id}/change_term_end", contracts.change_term_end, f.ChangeTermEnd),
    _post(
        "remove_scheduled_changes",
        "/subscriptions/{id}/remove_scheduled_changes",
        contracts.remove_scheduled_changes,
        f.Body,
    ),
    _post(
        "remove_scheduled_cancellation",
        "/subscriptions/{id}/remove_scheduled_cancellation",
        contracts.remove_scheduled_cancellation,
        f.Body,
    ),
    _get("list_invoices", "/invoices", listing.lists(listing.INVOICES)),
    _get("read_invoice", "/invoices/{id}", reading.read_invoice),
    _post("add_charge", "/invoices/{id}/add_charge", bills.add_charge, f.AddCharge),
    _post("close_invoice", "/invoices/{id}/close", bills.close_invoice, f.CloseInvoice),
    _post("record_payment", "/invoices/{id}/record_payment", bills.record_payment, f.RecordPayment),
    _post("remove_payment", "/invoices/{id}/remove_payment", bills.remove_payment, f.RemovePayment),
    _post("void_invoice", "/invoices/{id}/void", bills.void_invoice, f.Comment),
    _post("write_off_invoice", "/invoices/{id}/write_off", bills.write_off_invoice, f.Comment),
    _post("stop_dunning", "/invoices/{id}/stop_dunning", bills.stop_dunning, f.Comment),
    _post("resume_dunning", "/invoices/{id}/resume_dunning", bills.resume_dunning, f.Comment),
    _get("list_credit_notes", "/credit_notes", listing.lists(listing.CREDIT_NOTES)),
    _get("read_credit_note", "/credit_notes/{id}", reading.read_credit_note),
    _post("create_credit_note", "/credit_notes", bills.create_credit_note, f.CreateNote),
    _post("record_refund", "/credit_notes/{id}/record_refund", bills.record_refund, f.RecordPayment),
    _get("list_transactions", "/transactions", listing.lists(listing.TRANSACTIONS)),
    _get("read_transaction", "/transactions/{id}", reading.read_transaction),
    _get("list_item_prices", "/item_prices", listing.lists(listing.ITEM_PRICES)),
    _get("read_item_price", "/item_prices/{id}", reading.read_item_price),
    _post("create_item_price", "/item_prices", reading.not_owned, None),
    _post("update_item_price", "/item_prices/{id}", reading.not_owned, None),
    _get("list_events", "/events", listing.lists(listing.EVENTS)),
    _get("read_event", "/events/{id}", reading.read_event),
)


# --- manners ---------------------------------------------------------------------------------------------------------


def identity(call: Call) -> str:
    """Return the caller's own id of what it creates, when it gives one and no idempotency key."""
    if call.operation.name not in ("create_customer", "create_subscription"):
        return ""
    for pair in call.request.body.split(b"&"):
        if pair.startswith(b"id="):
            return pair[3:].decode("ascii", "replace")
    return ""


def authenticate(billing: Billing, request: Request) -> Refusal | None:
    """Check Basic credentials: the api key is the user, the password is empty."""
    given = request.headers.get("authorization", "")
    if given in billing.believed:
        return None
    scheme, _, encoded = given.partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user = colon = password = ""
    expected = billing.quirks.api_key
    if scheme.lower() != "basic" or not user or not colon or password or (expected and user != expected):
        return Refusal("unauthenticated")
    if user.startswith("live_"):
        return Refusal("unauthenticated", "this is a rehearsal: keys of live sites are not taken")
    billing.believed.add(given)
    return None


def finish(reply: Reply, _call: Call) -> Reply:
    """Return the reply as it is: views and refusals have the vendor's content type already."""
    return reply


def deliver(billing: Billing, message: Message, _now_us: int) -> Request:
    """Render a webhook: the event as JSON, with the endpoint's Basic credentials and no signature."""
    headers = _webhook_headers(billing.quirks.webhook_user, billing.quirks.webhook_password)
    return Request("integration", "POST", "/webhooks/billing", headers, encode_json(event(billing, message)))


@lru_cache(maxsize=64)
def _webhook_headers(user: str, password: str) -> Mapping[str, str]:
    basic = base64.b64encode(f"{user}:{password}".encode()).decode()
    return MappingProxyType({**JSON, "authorization": f"Basic {basic}", "user-agent": "ChargeBee"})


DIALECT = Dialect(
    system="billing",
    operations=OPERATIONS,
    refuse=refuse,
    decode=forms.read,
    identity=identity,
    authenticate=authenticate,
    finish=finish,
    deliver=deliver,
    acts={
        "create_item_price": seeds.create_item_price,
        "seed_subscription": seeds.seed_subscription,
        "publish_price_book": seeds.publish_price_book,
    },
    agenda={"wake": changes.wake, "dun": invoices.dun},
    limits=LimitPolicy(requests=1000, window_seconds=60, retry_after_seconds=10),
    idempotency=IdempotencyPolicy(
        header=forms.KEY_HEADER,
        key_length_max=forms.KEY_LENGTH_MAX,
        retention_seconds=1800,
        keeps_server_errors=False,
        replay_header=("chargebee-idempotency-replayed", "true"),
    ),
    retry_seconds=WEBHOOK_RETRIES,
)
