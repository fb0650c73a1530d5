"""Signatures: what is signed, what is refused, and that a signature works once."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any
from urllib.parse import quote

import pytest

from domain.http import Request
from mocks.erp import Quirks
from mocks.erp.signing import base_string, header_parameters

STRICT = Quirks(authentication="signature")
TOKEN = "/services/rest/auth/oauth2/v1/token"
TYPE = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
PARAMETERS = {
    "realm": "TSTDRV123_SB1", "oauth_consumer_key": "consumer-key", "oauth_token": "token-id", "oauth_nonce": "n1",
    "oauth_timestamp": "1796904000", "oauth_signature_method": "HMAC-SHA256", "oauth_version": "1.0",
}  # fmt: skip


def signed(target: str, key: str = "consumer-secret&token-secret", **changes: str) -> dict[str, str]:
    """Return the headers of a signed GET."""
    given = {**PARAMETERS, **changes}
    text = base_string(Request("erp", "GET", target, {"host": "erp.test"}), given)
    signature = base64.b64encode(hmac.digest(key.encode(), text.encode(), "sha256")).decode()
    shown = ", ".join(
        f'{name}="{quote(value, safe="")}"' for name, value in {**given, "oauth_signature": signature}.items()
    )
    return {"host": "erp.test", "authorization": f"OAuth {shown}"}


def status(bench: Any, target: str, headers: dict[str, str]) -> int:
    outcome = bench.service.handle(Request("erp", "GET", target, headers), bench.now_us, "r")
    return int(outcome.reply.status)


def test_the_base_string_is_that_of_the_recipe() -> None:
    target = "/services/rest/record/v1/customer/eid:CRM-2/!transform/x?b=2%203&a=1&empty="
    request = Request("erp", "post", target, {"host": "ACME.example:443", "x-forwarded-proto": "https"})
    given = {"realm": "r", "oauth_nonce": "n", "oauth_signature": "s", "oauth_body_hash": "h="}
    assert base_string(request, given) == (
        "POST&https%3A%2F%2Facme.example%2Fservices%2Frest%2Frecord%2Fv1%2Fcustomer%2Feid%3ACRM-2%2F%21transform%2Fx"
        "&a%3D1%26b%3D2%25203%26empty%3D%26oauth_body_hash%3Dh%253D%26oauth_nonce%3Dn"
    )
    plain = Request("erp", "GET", "/a", {"host": "h:8080", "x-forwarded-proto": "http"})
    assert base_string(plain, {}) == "GET&http%3A%2F%2Fh%3A8080%2Fa&"


def test_header_parameters_are_unquoted() -> None:
    assert header_parameters('realm="A_1", oauth_signature="a%2Fb%3D"') == {"realm": "A_1", "oauth_signature": "a/b="}


def test_a_right_signature_lets_in_once(make: Any) -> None:
    bench, target = make(STRICT), "/services/rest/record/v1/customer?limit=5&q=id%20IS%201"
    headers = signed(target)
    assert status(bench, target, headers) == 200
    assert status(bench, target, headers) == 401
    assert status(bench, target, signed(target, oauth_nonce="n2")) == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"realm": "OTHER"},
        {"oauth_consumer_key": "other"},
        {"oauth_token": "other"},
        {"oauth_signature_method": "HMAC-SHA1"},
        {"oauth_version": "2.0"},
        {"oauth_timestamp": "yesterday"},
        {"key": "consumer-secret&other"},
    ],
)
def test_what_is_signed_wrongly_stays_out(make: Any, wrong: dict[str, str]) -> None:
    target = "/services/rest/record/v1/customer"
    assert status(make(STRICT), target, signed(target, **wrong)) == 401


def test_a_signature_is_of_its_path_and_time(make: Any) -> None:
    target = "/services/rest/record/v1/customer"
    assert status(make(STRICT), target + "/1", signed(target)) == 401
    timed = Quirks(authentication="signature", timestamp_seconds=300)
    now = str(make(timed).now_us // 1_000_000)
    assert status(make(timed), target, signed(target, oauth_timestamp=now)) == 200
    assert status(make(timed), target, signed(target, oauth_timestamp=str(int(now) - 301))) == 401


def test_a_strange_bearer_token_stays_out(make: Any) -> None:
    assert status(make(STRICT), "/services/rest/record/v1/customer", {"authorization": "Bearer test"}) == 401


def _jwt(header: Any, claims: Any) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)]
    return ".".join([*parts, "c2ln"])


@pytest.mark.parametrize(
    ("assertion", "told"),
    [
        ("a.b.c", "not a JWT"),
        (_jwt([], {}), "not a JWT"),
        (_jwt({"alg": "PS256"}, {"iss": "other"}), "iss is not"),
        (_jwt({"alg": "PS256"}, {"iss": "consumer-key"}), "no certificate"),
    ],
)
def test_an_assertion_that_proves_nothing_gets_no_token(make: Any, assertion: str, told: str) -> None:
    body = f"grant_type=client_credentials&client_assertion_type={TYPE}&client_assertion={assertion}"
    reply = make(STRICT).call("POST", TOKEN, body.encode(), {"authorization": ""})
    answer = json.loads(reply.body)
    assert (reply.status, answer["error"]) == (401, "invalid_client")
    assert told in answer["error_description"]
