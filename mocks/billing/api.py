"""The dialect: operations, authentication, webhooks and acts of the billing platform (Chargebee v2, catalogue 2.0)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import urlsplit

from domain.http import Reply, Request
from mocks.billing import changes, forms, invoices, seeds
from mocks.billing.errors import JSON, refuse
from mocks.billing.model import Addressed, Billing
from mocks.billing.table import OPERATIONS
from mocks.billing.views import event
from mocks.kernel.codec import encode_json
from mocks.kernel.desk import Message
from mocks.kernel.dialect import Dialect
from mocks.kernel.idempotency import IdempotencyPolicy
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.operations import Call, Refusal

WEBHOOK_RETRIES = (120, 360, 1800, 3600, 18_000, 86_400, 172_800)
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
    except ValueError:
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
    body = encode_json(event(billing, message))
    if type(message.content) is not Addressed:
        headers = _webhook_headers(billing.quirks.webhook_user, billing.quirks.webhook_password)
        return Request("integration", "POST", "/webhooks/billing", headers, body)
    endpoint = message.content.endpoint
    url = urlsplit(endpoint.url)
    user, password = billing.endpoint_logins.get(endpoint.id, ("", ""))
    headers = _webhook_headers(user, password)
    target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    return Request(f"{url.scheme}://{url.netloc}", "POST", target, headers, body)


@lru_cache(maxsize=64)
def _webhook_headers(user: str, password: str) -> Mapping[str, str]:
    login = {"authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"} if user else {}
    return MappingProxyType({**JSON, **login, "user-agent": "ChargeBee"})


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
