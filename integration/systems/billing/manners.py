"""How the billing platform refuses, how it signs its webhooks, and what they say."""

from __future__ import annotations

import base64
import hmac

import msgspec

from domain.http import Reply, Request
from integration.effects import Call
from integration.intake import Source, Unreadable, Unverified
from integration.outcomes import Failed, Message
from integration.system import System, classifier
from integration.systems.billing.calls import BASE


class _Trouble(msgspec.Struct):
    api_error_code: str = ""
    message: str = ""


_trouble = msgspec.json.Decoder(_Trouble)
_basic = base64.b64encode(b"test_q2c_key:").decode()
_webhook_basic = "Basic " + base64.b64encode(b"q2c:webhook-secret").decode()


def _is_denied(reply: Reply) -> bool:
    return b'"api_error_code"' in reply.body


def _sharpened(failed: Failed) -> Failed:
    try:
        trouble = _trouble.decode(failed.body)
    except msgspec.MsgspecError:
        return failed
    kind = "in_progress" if failed.status == 409 and "idempotency" in trouble.message.lower() else failed.kind
    return msgspec.structs.replace(failed, kind=kind, code=trouble.api_error_code, detail=trouble.message)


class _Subject(msgspec.Struct):
    id: str = ""
    subscription_id: str | None = ""
    reason_code: str | msgspec.UnsetType | None = msgspec.UNSET


class _Content(msgspec.Struct):
    """What an event is about: the first of these that it shows."""

    credit_note: _Subject | None = None
    invoice: _Subject | None = None
    subscription: _Subject | None = None
    customer: _Subject | None = None


class _Event(msgspec.Struct):
    id: str
    occurred_at: int
    event_type: str
    content: _Content


_event = msgspec.json.Decoder(_Event)


def _verify(request: Request, _now_us: int) -> None:
    if not hmac.compare_digest(request.headers.get("authorization", "").encode(), _webhook_basic.encode()):
        raise Unverified("the webhook's user and password are not ours", 401)


def _parse(request: Request) -> list[Message]:
    try:
        event = _event.decode(request.body)
    except msgspec.MsgspecError as error:
        raise Unreadable(str(error)) from error
    told = event.content
    subject = told.credit_note or told.invoice or told.subscription or told.customer or _Subject()
    body = {"id": subject.id, "subscription": subject.subscription_id}
    if subject.reason_code is not msgspec.UNSET:
        body["reason_code"] = subject.reason_code
    return [
        Message(
            source="billing", id=event.id, topic=event.event_type, key=subject.id, body=body,
            sent_us=event.occurred_at * 1_000_000,
        )
    ]  # fmt: skip


SOURCE = Source("billing", "/webhooks/billing", _verify, _parse)
SYSTEM = System(
    name="billing",
    classify=classifier(_sharpened, _is_denied),
    headers={"authorization": f"Basic {_basic}"},
    ping=Call(system="billing", operation="list_item_prices", target=f"{BASE}/item_prices?limit=1", timeout_seconds=10),
)
