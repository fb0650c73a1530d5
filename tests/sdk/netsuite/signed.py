"""Plain requests signed by authlib: OAuth 1.0a without a vendor's client, and OAuth 2.0 with a signed assertion.

Run by `test_signed.py` in an environment of its own, with the address, the CA and the keys in environment variables.
"""

from __future__ import annotations

import json
import os
import time
import traceback
from typing import Any

import requests
from authlib.integrations.requests_client import OAuth1Session  # type: ignore[import-not-found]
from authlib.jose import jwt  # type: ignore[import-not-found]
from authlib.oauth1.rfc5849.client_auth import ClientAuth  # type: ignore[import-not-found]
from authlib.oauth1.rfc5849.signature import generate_signature_base_string  # type: ignore[import-not-found]
from oauthlib.oauth1.rfc5849.signature import sign_hmac_sha256  # type: ignore[import-not-found]

BASE = os.environ["ERP"]
RECORDS = f"{BASE}/services/rest/record/v1"
TOKEN = f"{BASE}/services/rest/auth/oauth2/v1/token"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def _sign(client: Any, request: Any) -> Any:
    return sign_hmac_sha256(generate_signature_base_string(request), client.client_secret, client.token_secret)


ClientAuth.register_signature_method("HMAC-SHA256", _sign)


def session(**changes: str) -> Any:
    settings = {
        "client_id": "consumer-key", "client_secret": "consumer-secret", "token": "token-id",
        "token_secret": "token-secret", "realm": "TSTDRV123_SB1", "signature_method": "HMAC-SHA256", **changes,
    }  # fmt: skip
    return OAuth1Session(**settings)


def check_a_body_with_its_hash() -> None:
    with session(force_include_body=True) as http:
        body = {"companyName": "Signed", "subsidiary": {"id": "US"}}
        reply = http.put(f"{RECORDS}/customer/eid:S 1%2F2", json=body)
        assert reply.status_code == 204, reply.text
        assert reply.headers["location"].startswith(BASE), reply.headers
        assert http.get(f"{RECORDS}/customer/eid:S 1%2F2").json()["externalId"] == "S 1/2"


def check_a_query_with_odd_characters() -> None:
    with session() as http:
        query = {"q": 'companyName CONTAIN "a+b &~*=é"', "limit": "5"}
        reply = http.get(f"{RECORDS}/customer", params=query)
        assert (reply.status_code, reply.json()["totalResults"]) == (200, 0), reply.text


def check_a_trailing_slash_and_a_transform() -> None:
    with session(force_include_body=True) as http:
        http.put(f"{RECORDS}/customer/eid:S-3", json={"companyName": "Slash", "subsidiary": {"id": "US"}})
        line = {"item": {"externalId": "SEAT"}, "quantity": 1, "rate": 10}
        reply = http.post(f"{RECORDS}/customer/eid:S-3/!transform/salesOrder", json={"item": {"items": [line]}})
        assert reply.status_code == 204, reply.text
        assert http.get(f"{reply.headers['location']}/").json()["total"] == 10.0


def check_another_method_is_refused() -> None:
    with session(signature_method="HMAC-SHA1") as http:
        assert http.get(f"{RECORDS}/customer").status_code == 401


def check_a_signature_works_once() -> None:
    with session() as http:
        first = http.get(f"{RECORDS}/customer")
    again = requests.get(f"{RECORDS}/customer", headers={"Authorization": first.request.headers["Authorization"]})
    assert (first.status_code, again.status_code) == (200, 401)


def _assertion(algorithm: str, key: str, **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": "consumer-key", "scope": ["rest_webservices"], "aud": TOKEN, "iat": now, "exp": now + 300, **changes,
    }  # fmt: skip
    with open(os.environ[key]) as file:
        encoded: bytes = jwt.encode({"alg": algorithm, "typ": "JWT", "kid": "certificate-1"}, claims, file.read())
    return encoded.decode()


def _ask(assertion: str) -> requests.Response:
    form = {
        "grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": assertion,
    }  # fmt: skip
    return requests.post(TOKEN, data=form)


def check_a_token_for_a_signed_assertion() -> None:
    for algorithm, key in (("PS256", "RSA_KEY"), ("ES256", "EC_KEY")):
        reply = _ask(_assertion(algorithm, key))
        assert reply.status_code == 200, reply.text
        assert reply.json()["expires_in"] == "3600"
        bearer = {"Authorization": f"Bearer {reply.json()['access_token']}"}
        assert requests.get(f"{RECORDS}/customer", headers=bearer).status_code == 200


def check_a_wrong_assertion_gets_no_token() -> None:
    good = _assertion("PS256", "RSA_KEY")
    for wrong in (good[:-8] + "AAAAAAAA", _assertion("PS256", "RSA_KEY", iss="stranger"), "a.b.c", ""):
        reply = _ask(wrong)
        assert (reply.status_code, reply.json()["error"]) == (401, "invalid_client"), reply.text
    assert requests.get(f"{RECORDS}/customer", headers={"Authorization": "Bearer invented"}).status_code == 401


if __name__ == "__main__":
    for name, check in [(name, check) for name, check in globals().items() if name.startswith("check_")]:
        error = None
        try:
            check()
        except Exception:
            error = traceback.format_exc(limit=-4)
        print(json.dumps({"check": name, "error": error}), flush=True)
