"""Webhooks: events on their way to the integration, signed over the instant of sending and the exact bytes."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from msgspec import structs

from domain.calendar import SECOND_US
from domain.http import Request
from mocks.kernel.codec import encode_json
from mocks.kernel.desk import Message
from mocks.kernel.operations import Operation, Refusal
from mocks.kernel.signatures import timestamped
from mocks.payment import events, versions, views
from mocks.payment.bodies import EmptyBody
from mocks.payment.model import Processor, given, merged
from mocks.payment.parts import Body, Deleted, MetadataChange
from mocks.payment.queries import EventQuery, Paging
from mocks.payment.records import Endpoint
from mocks.payment.rows import alter, make, page, read, remove

TOLERANCE_SECONDS = 300
ENDPOINTS_MAX = 16
RETRY_SECONDS = (300, 1_800, 7_200, 18_000, 36_000, 43_200, 43_200, 43_200, 43_200)
"""Pauses between attempts: growing, at most half a day, three days at most in all."""
_HEADERS = {"content-type": "application/json; charset=utf-8", "user-agent": "Stripe/1.0 (+q2c)"}


def signature(secret: str, at: int, payload: bytes) -> str:
    """Return the Stripe-Signature header of a payload sent at an instant in seconds."""
    return timestamped(secret, payload, at)


def is_genuine(header: str, payload: bytes, secret: str, at: int, tolerance_seconds: int = TOLERANCE_SECONDS) -> bool:
    """Tell whether a header signs a payload and is not older than the tolerance; any of several v1 may fit."""
    parts = [part.partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    if len(stamps) != 1 or not stamps[0].isdecimal() or abs(at - int(stamps[0])) > tolerance_seconds:
        return False
    wanted = signature(secret, int(stamps[0]), payload).rpartition("=")[2]
    return any(hmac.compare_digest(value.encode(), wanted.encode()) for name, _, value in parts if name == "v1")


def deliver(model: Processor, message: Message, now_us: int) -> Request:
    """Return one attempt to deliver an event; each attempt is signed anew, its payload never changes.

    The request to an endpoint that a caller made has the endpoint's scheme and authority for a host
    (`http://127.0.0.1:4242`), and is in the endpoint's version; the integration's own has the quirks' path.
    """
    quirks, notice = model.quirks, message.content
    endpoint = model.endpoints.get(notice.endpoint)
    version = endpoint.api_version if endpoint is not None and endpoint.api_version else quirks.api_version
    payload = encode_json(events.view(model, notice.event, version))
    if endpoint is None:
        return seal(model, message, Request("integration", "POST", quirks.webhook_target, _HEADERS, payload), now_us)
    address = urlsplit(endpoint.url)
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    host = f"{address.scheme}://{address.netloc}"
    return seal(model, message, Request(host, "POST", target, _HEADERS, payload), now_us)


def seal(model: Processor, message: Message, request: Request, now_us: int) -> Request:
    """Return an attempt to deliver an event signed now, with its endpoint's secret, over the body it has."""
    secret = model.secrets.get(message.content.endpoint, model.quirks.webhook_secret)
    signed = signature(secret, now_us // SECOND_US, request.body)
    return structs.replace(request, headers={**request.headers, "stripe-signature": signed})


# --- endpoints ------------------------------------------------------------------------------------------------------


class EndpointBody(Body, frozen=True, kw_only=True):
    """Make a webhook endpoint."""

    enabled_events: list[str]
    url: str
    api_version: str | None = None
    connect: bool | None = None
    description: str | None = None
    metadata: MetadataChange = None


class EndpointUpdate(Body, frozen=True, kw_only=True):
    """Change a webhook endpoint."""

    description: str | None = None
    disabled: bool | None = None
    enabled_events: list[str] | None = None
    metadata: MetadataChange = None
    url: str | None = None


def create(model: Processor, body: EndpointBody) -> Endpoint:
    """Make an endpoint. Only this answer tells its secret."""
    _require(model, body.url, body.enabled_events)
    if body.api_version is not None:
        versions.touched(body.api_version)
    key = model.new_id("we")
    secret = f"whsec_{model.desk.draws.whole(0, (1 << 64) - 1, 'webhook secret', key):016x}{key[-8:]}"
    endpoint = Endpoint(
        id=key, api_version=body.api_version, created=model.now, description=body.description or None,
        enabled_events=body.enabled_events, metadata=merged({}, body.metadata), url=body.url,
    )  # fmt: skip
    model.secrets[key] = secret
    model.endpoints[key] = endpoint
    return structs.replace(endpoint, secret=secret)


def update(model: Processor, endpoint: Endpoint, body: EndpointUpdate) -> Endpoint:
    """Change where an endpoint is, what it listens to, and whether it does."""
    url, topics = body.url or endpoint.url, body.enabled_events or endpoint.enabled_events
    if body.url is not None or body.enabled_events is not None:
        _require(model, url, topics, endpoint.id)
    status = endpoint.status if body.disabled is None else "disabled" if body.disabled else "enabled"
    after = structs.replace(
        endpoint, **given(body, ("description",)), enabled_events=topics, url=url, status=status,
        metadata=merged(endpoint.metadata, body.metadata),
    )  # fmt: skip
    model.endpoints[endpoint.id] = after
    return after


def delete(model: Processor, endpoint: Endpoint, body: EmptyBody) -> Deleted:
    """Forget an endpoint."""
    model.secrets.pop(endpoint.id, None)
    return model.drop("webhook_endpoint", endpoint, "")


def _require(model: Processor, url: str, topics: list[str], key: str = "") -> None:
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.netloc:
        raise Refusal("url_invalid", f"Not a valid URL: {url[:200]!r}.", field="url")
    if not topics:
        raise Refusal("parameter_invalid", "An endpoint listens to one event at least.", field="enabled_events")
    if not key and len(model.endpoints) >= ENDPOINTS_MAX:
        raise Refusal("parameter_invalid", f"An account has at most {ENDPOINTS_MAX} webhook endpoints.", field="url")


_ENDPOINTS, _ENDPOINT = "/v1/webhook_endpoints", "/v1/webhook_endpoints/{id}"
ROWS: tuple[Operation, ...] = (
    page("list_events", "/v1/events", "event", EventQuery),
    read("get_event", "/v1/events/{id}", "event", views.Event),
    make("create_webhook_endpoint", _ENDPOINTS, "webhook_endpoint", EndpointBody, create, Endpoint),
    page("list_webhook_endpoints", _ENDPOINTS, "webhook_endpoint", Paging),
    read("get_webhook_endpoint", _ENDPOINT, "webhook_endpoint", Endpoint),
    alter("update_webhook_endpoint", _ENDPOINT, "webhook_endpoint", EndpointUpdate, update, Endpoint),
    remove("delete_webhook_endpoint", _ENDPOINT, "webhook_endpoint", delete),
)
