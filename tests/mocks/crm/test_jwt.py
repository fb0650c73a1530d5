"""Signed logins."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mocks.crm.jwt import BadToken, Claims, claims_of, public_key
from tests.mocks.crm.conftest import START_US, decoded

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
CLAIMS = {"iss": "app", "sub": "a@x", "aud": "https://login.salesforce.com", "exp": START_US // 1_000_000 + 60}


def _part(value: Any) -> str:
    return urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=").decode()


def _signed(key: rsa.RSAPrivateKey = KEY, algorithm: str = "RS256", **more: Any) -> str:
    text = f"{_part({'alg': algorithm})}.{_part({**CLAIMS, **more})}"
    signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_a_good_signature_proves_the_claims() -> None:
    claims = claims_of(_signed(), {"app": PEM})
    assert claims == Claims("app", "a@x", "https://login.salesforce.com", CLAIMS["exp"])  # type: ignore[arg-type]
    assert claims_of(_signed(aud=["https://a", "https://b"]), {"app": PEM}).audience == "https://a"


@pytest.mark.parametrize("form", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1])
def test_both_forms_of_a_public_key_are_read(form: PublicFormat) -> None:
    numbers = KEY.public_key().public_numbers()
    assert public_key(KEY.public_key().public_bytes(Encoding.PEM, form).decode()) == (numbers.n, numbers.e)


@pytest.mark.parametrize(
    "assertion",
    [
        _signed(OTHER),
        _signed(iss="stranger"),
        _signed(algorithm="none"),
        _signed()[:-4],
        _signed().rpartition(".")[0] + ".",
        "a.b.c",
        "",
        "....",
        _signed(exp="soon"),
    ],
)
def test_what_proves_nothing_is_refused(assertion: str) -> None:
    with pytest.raises(BadToken):
        claims_of(assertion, {"app": PEM})


@pytest.mark.parametrize("pem", ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "é"])
def test_a_key_that_is_none_is_told(pem: str) -> None:
    with pytest.raises(ValueError, match=r"PEM|ASCII"):
        public_key(pem)


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, 200),
        ({"exp": START_US // 1_000_000}, 400),
        ({"aud": "https://evil.test"}, 400),
        ({"aud": "http://127.0.0.1:9102"}, 200),
        ({"sub": "stranger"}, 400),
    ],
)
def test_a_signed_login_is_checked_claim_by_claim(new_org: Any, more: dict[str, Any], status: int) -> None:
    org = new_org(client_keys={"app": PEM}, users={"a@x": "pw"})
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    form = urlencode({"grant_type": grant, "assertion": _signed(**more)}).encode()
    reply = org.send("POST", "/services/oauth2/token", form, {"host": "127.0.0.1:9102"})
    assert reply.status == status
    assert ("access_token" in decoded(reply)) is (status == 200)
