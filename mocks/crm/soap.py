"""Login and logout by SOAP, the only operations of it that are spoken here.

Clients look for tags by name: `sessionId` and `serverUrl` without a prefix, the exception's code and message with the
prefix `sf:`. Source: the vendor's public documentation.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, unescape

from domain.http import Reply
from mocks.crm.errors import soap_fault
from mocks.crm.logins import base_url, is_welcome
from mocks.crm.model import Crm
from mocks.kernel.operations import Call

_XML = {"content-type": "text/xml; charset=UTF-8"}
_BODY = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns="urn:partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>{inside}</soapenv:Body></soapenv:Envelope>'
)
_BAD_LOGIN = "Invalid username, password, security token; or user locked out."


def call_soap(crm: Crm, call: Call) -> Reply:
    """Answer a login or a logout; anything else is a fault."""
    text = call.request.body.decode("utf-8", "replace")
    if _tag(text, "username") is not None:
        return _login(crm, call, _tag(text, "username") or "", _tag(text, "password") or "")
    if re.search(r"<(?:\w+:)?logout\b", text):
        if not crm.sessions.close(_tag(text, "sessionId") or ""):
            return soap_fault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader")
        return _answer("<logoutResponse/>")
    return soap_fault("UNKNOWN_EXCEPTION", "only login and logout are spoken here")


def _tag(text: str, name: str) -> str | None:
    found = re.search(rf"<(?:\w+:)?{name}\b[^>]*>([^<]*)</", text)
    return unescape(found[1], {"&quot;": '"', "&apos;": "'"}) if found else None


def _login(crm: Crm, call: Call, username: str, password: str) -> Reply:
    if not is_welcome(crm, username, password):
        return soap_fault("INVALID_LOGIN", _BAD_LOGIN)
    quirks, base = crm.quirks, base_url(crm, call.request)
    session = crm.sessions.open(crm.desk.next("session"), call.now_us)
    version = escape(call.params["version"])
    found = {
        "metadataServerUrl": f"{base}/services/Soap/m/{version}/{quirks.organisation_id}",
        "passwordExpired": "false",
        "sandbox": "false",
        "serverUrl": f"{base}/services/Soap/u/{version}/{quirks.organisation_id}",
        "sessionId": session,
        "userId": quirks.user_id,
    }
    inside = "".join([f"<{name}>{escape(value)}</{name}>" for name, value in found.items()])
    user = {
        "organizationId": quirks.organisation_id,
        "organizationName": "Rehearsal",
        "sessionSecondsValid": str(quirks.session_seconds),
        "userFullName": "Integration User",
        "userId": quirks.user_id,
        "userName": username,
    }
    shown = "".join([f"<{name}>{escape(value)}</{name}>" for name, value in user.items()])
    return _answer(f"<loginResponse><result>{inside}<userInfo>{shown}</userInfo></result></loginResponse>")


def _answer(inside: str) -> Reply:
    body = _BODY.format(inside=inside)
    return Reply(200, _XML, body.encode())
