"""Login and logout by SOAP, as clients pick them apart by tag name."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.mocks.crm.conftest import DATA

HEADERS = {
    "content-type": "text/xml",
    "soapaction": "login",
    "host": "login.salesforce.com",
    "x-forwarded-proto": "https",
}
LOGIN = "<n1:login xmlns:n1='urn:x'><n1:username>{}</n1:username><n1:password>{}</n1:password></n1:login>"


def _tag(text: str, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)</{name}>", text)
    assert found is not None, text
    return found[1]


def test_a_login_tells_a_session_and_where_to_use_it(org: Any) -> None:
    reply = org.send("POST", "/services/Soap/u/59.0", LOGIN.format("a&amp;b@x", "pw").encode(), HEADERS)
    text = reply.body.decode()
    assert (reply.status, reply.headers["content-type"]) == (200, "text/xml; charset=UTF-8")
    assert _tag(text, "serverUrl") == "https://login.salesforce.com/services/Soap/u/59.0/00D000000000001EAA"
    assert _tag(text, "userName") == "a&amp;b@x"
    session = {"authorization": f"Bearer {_tag(text, 'sessionId')}"}
    assert org.send("GET", f"{DATA}/limits", headers=session).status == 200


@pytest.mark.parametrize(("user", "password"), [("a", "wrong"), ("b", "right"), ("", "right"), ("a", "")])
def test_a_wrong_login_is_a_fault_with_the_prefix_that_clients_look_for(new_org: Any, user: str, password: str) -> None:
    org = new_org(users={"a": "right"})
    reply = org.send("POST", "/services/Soap/u/59.0", LOGIN.format(user, password).encode(), HEADERS)
    assert reply.status == 500
    assert _tag(reply.body.decode(), "sf:exceptionCode") == "INVALID_LOGIN"
    assert _tag(reply.body.decode(), "faultstring").startswith("INVALID_LOGIN: ")


def test_a_security_token_may_follow_the_password(new_org: Any) -> None:
    org = new_org(users={"a": "right"})
    assert org.send("POST", "/services/Soap/u/59.0", LOGIN.format("a", "rightTOKEN").encode(), HEADERS).status == 200


def test_a_logout_ends_the_session(org: Any) -> None:
    org.login()
    body = f"<e><h><sessionId>{org.token}</sessionId></h><logout xmlns='urn:x'/></e>".encode()
    assert b"<logoutResponse/>" in org.send("POST", "/services/Soap/u/59.0/00D", body, HEADERS).body
    assert org.send("GET", f"{DATA}/limits").status == 401
    assert org.send("POST", "/services/Soap/u/59.0/00D", body, HEADERS).status == 500


@pytest.mark.parametrize("body", [b"", b"<query/>", b"\xff\xfe", b"<username>", b"{}"])
def test_anything_else_is_a_fault(org: Any, body: bytes) -> None:
    reply = org.send("POST", "/services/Soap/u/59.0", body, HEADERS)
    assert reply.status == 500
    assert b"<sf:exceptionCode>UNKNOWN_EXCEPTION<" in reply.body
