"""How the CRM refuses, lets us in and tells of accepted quotes."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from domain.http import Reply, Request
from integration.effects import Call
from integration.intake import Source, Unreadable, Unverified
from integration.outcomes import Answer, Failed, Message
from integration.system import System, Token, TokenSource, classifier
from integration.systems.crm.calls import BASE, PLACE
from integration.systems.wire import (
    FORM,
    form_body,
    read,
)

SESSION_SECONDS = 7200  # from the last call on


class _Trouble(msgspec.Struct):
    errorCode: str = ""
    message: str = ""
    fields: Any = None


_troubles = msgspec.json.Decoder(list[_Trouble])
_TRANSIENT = {
    "REQUEST_LIMIT_EXCEEDED": "throttled",  # a throttle in disguise: 403 without Retry-After
    "UNABLE_TO_LOCK_ROW": "in_progress",
    "SERVER_UNAVAILABLE": "unavailable",
    "INVALID_SESSION_ID": "unauthenticated",
}


_RULE = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
OUTDATED = f"{_RULE}:{PLACE}"
"""The code of a refusal by the organisation's rule `MirrorSequence__c < PRIORVALUE(MirrorSequence__c)`.

A write that was given up and arrives late cannot overwrite a newer one then. The vendor's code is the same for every
rule; the field that a rule stands at says which.
"""


def _sharpened(failed: Failed) -> Failed:
    if failed.status in (429, 503):
        return failed
    try:
        first = _troubles.decode(failed.body)[0]
    except (msgspec.MsgspecError, IndexError):
        return failed
    kind = _TRANSIENT.get(first.errorCode, failed.kind)
    code = OUTDATED if first.errorCode == _RULE and first.fields == [PLACE] else first.errorCode
    return msgspec.structs.replace(failed, kind=kind, code=code, detail=first.message)


def _is_denied(reply: Reply) -> bool:
    return reply.body.startswith(b"[")  # errors are an array, and nothing that we ask for is


class _TokenBody(msgspec.Struct):
    access_token: str


_token = msgspec.json.Decoder(_TokenBody)


_SIGN_IN = Call(
    system="crm", operation="token", method="POST", target="/services/oauth2/token", headers=FORM,
    body=form_body(
        [("grant_type", "client_credentials"), ("client_id", "q2c-integration"), ("client_secret", "q2c-secret")]
    ),
)  # fmt: skip


def _sign_in(_at_us: int) -> Call:
    return _SIGN_IN


def _session(answer: Answer) -> Token:
    return Token({"authorization": f"Bearer {read(answer, _token).access_token}"}, SESSION_SECONDS)


SYSTEM = System(
    name="crm",
    classify=classifier(_sharpened, _is_denied),
    token=TokenSource(_sign_in, _session),
    ping=Call(system="crm", operation="limits", target=f"{BASE}/limits", timeout_seconds=10),
)


ORGANISATION = "00D000000000001EAA"
_TAG = re.compile(rb"<(?:sf:)?(\w+)>([^<]*)</")


def _verify(request: Request, _now_us: int) -> None:
    # Outbound messages are not signed: the organisation's id and the network path are all there is. What a message
    # says is therefore a hint only; the flow reads the quote itself.
    if b"<OrganizationId>" + ORGANISATION.encode() + b"</OrganizationId>" not in request.body:
        raise Unverified("the message is not from our organisation", 401)


def _parse(request: Request) -> list[Message]:
    return [_notification(part) for part in request.body.split(b"<Notification>")[1:]]


def _notification(part: bytes) -> Message:
    fields = {name.decode(): value.decode() for name, value in _TAG.findall(part)}
    ids = _IDS.findall(part)
    if len(ids) < 2 or "QuoteNumber" not in fields:
        raise Unreadable("an outbound message names its notification, the quote and the quote's number")
    version = int(float(fields.get("Version__c", "1")))
    reference = f"{fields['QuoteNumber']}-v{version}"
    return Message(
        source="crm", id=ids[0].decode(), topic="quote.accepted", key=reference, txn=fields["QuoteNumber"],
        body={"quote_id": ids[1].decode(), "reference": reference},
    )  # fmt: skip


_IDS = re.compile(rb"<(?:sf:)?Id>([^<]*)</")
SOURCE = Source(
    "crm",
    "/webhooks/crm",
    _verify,
    _parse,
    Reply(
        200,
        {"content-type": "text/xml"},
        b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>'
        b"</notificationsResponse></soapenv:Body></soapenv:Envelope>",
    ),
)
