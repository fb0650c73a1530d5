"""How the ERP refuses, how it signs its messages, and what they say."""

from __future__ import annotations

import msgspec

from domain.http import Reply, Request
from integration.effects import Call
from integration.intake import Source, Unreadable
from integration.outcomes import Answer, Failed, Message
from integration.system import System, Token, TokenSource, classifier
from integration.systems.payment import verify_signature
from integration.systems.wire import FORM, form_body, iso_instant, read


class _Detail(msgspec.Struct):
    detail: str = ""
    code: str = msgspec.field(name="o:errorCode", default="")
    path: str = msgspec.field(name="o:errorPath", default="")


class _Trouble(msgspec.Struct):
    details: list[_Detail] = msgspec.field(name="o:errorDetails", default_factory=list)


_trouble = msgspec.json.Decoder(_Trouble)


class _ScriptError(msgspec.Struct):
    code: str = ""
    message: str = ""


class _ScriptTrouble(msgspec.Struct):
    error: _ScriptError | None = None


_script_trouble = msgspec.json.Decoder(_ScriptTrouble)


_TRANSIENT = {
    "SSS_REQUEST_LIMIT_EXCEEDED": "throttled",  # RESTlets answer 400 where REST answers 429
    "RCRD_HAS_BEEN_CHANGED": "in_progress",  # somebody else holds the record; what we write is absolute
}


def _is_denied(reply: Reply) -> bool:
    """Tell a job that is only accepted, which we never ask for, and an error in a reply of success."""
    return reply.status == 202 or b'"o:errorDetails"' in reply.body


def _sharpened(failed: Failed) -> Failed:
    try:
        details = _trouble.decode(failed.body).details
        script = None if details else _script_trouble.decode(failed.body).error
    except msgspec.MsgspecError:
        return failed
    if script is not None:
        details = [_Detail(script.message, script.code)]
    if not details:
        return failed
    first = details[0]
    kind = _TRANSIENT.get(first.code, failed.kind)
    text = f"{first.detail} ({first.path})" if first.path else first.detail
    return msgspec.structs.replace(failed, kind=kind, code=first.code, detail=text)


class _TokenBody(msgspec.Struct):
    access_token: str
    expires_in: str = "3600"


_token = msgspec.json.Decoder(_TokenBody)


# The assertion stands for a JWT signed with the integration's certificate (PS256); the live driver signs it.
_SIGN_IN = Call(
    system="erp", operation="token", method="POST", target="/services/rest/auth/oauth2/v1/token", headers=FORM,
    body=form_body(
        [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", "e30.e30.c2lnbmF0dXJl"),
        ]
    ),
)  # fmt: skip


def _sign_in(_at_us: int) -> Call:
    return _SIGN_IN


def _granted(answer: Answer) -> Token:
    body = read(answer, _token)
    return Token({"authorization": f"Bearer {body.access_token}"}, int(body.expires_in))


SCRIPT_SECRET = b"erp-script-secret"


class _ScriptMessage(msgspec.Struct):
    id: str
    type: str
    account: str
    status: str
    changed_us: int


_script_message = msgspec.json.Decoder(_ScriptMessage)


def _verify(request: Request, now_us: int) -> None:
    verify_signature(request.headers.get("x-script-signature", ""), request.body, SCRIPT_SECRET, now_us)


def _parse(request: Request) -> list[Message]:
    try:
        told = _script_message.decode(request.body)
    except msgspec.MsgspecError as error:
        raise Unreadable(str(error)) from error
    body = {"account": told.account, "status": told.status, "changed": iso_instant(told.changed_us)}
    return [Message(source="erp", id=told.id, topic=told.type, key=told.account, body=body, sent_us=told.changed_us)]


SOURCE = Source("erp", "/webhooks/erp", _verify, _parse)
SYSTEM = System(
    name="erp",
    classify=classifier(_sharpened, _is_denied),
    token=TokenSource(_sign_in, _granted),
    ping=Call(system="erp", operation="limits", target="/services/rest/system/v1/governanceLimits", timeout_seconds=10),
)


def _named(system: System, name: str) -> System:
    """Return another account of the same vendor: the same manners, tokens of its own."""
    assert system.token is not None, "the ERP has tokens"
    assert system.ping is not None, "the ERP can be pinged"
    token, ping = system.token, msgspec.structs.replace(system.ping, system=name)

    def sign_in(at_us: int) -> Call:
        return msgspec.structs.replace(token.call(at_us), system=name)

    return msgspec.structs.replace(system, name=name, token=TokenSource(sign_in, token.read), ping=ping)


SECOND = _named(SYSTEM, "erp2")
