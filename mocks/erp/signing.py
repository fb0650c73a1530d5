"""Signatures: OAuth 1.0a with HMAC-SHA256, and assertions (JWT) signed with the integration's certificate.

The recipe of the base string is OAuth 1.0a's: the raw, undecoded path, all parameters of header and query
but realm and signature, ports that are the scheme's own left out. A body hash is used when it is there, never required.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import msgspec

from domain.http import Request
from mocks.erp.quirks import Quirks

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
NEEDED = frozenset(
    {
        "realm", "oauth_consumer_key", "oauth_token", "oauth_nonce", "oauth_timestamp", "oauth_signature_method",
        "oauth_signature",
    }
)  # fmt: skip
_PARAMETER = re.compile(r'(\w+)="([^"]*)"', re.ASCII)


def header_parameters(rest: str) -> dict[str, str]:
    """Return the parameters of an OAuth 1 header, unquoted."""
    return {name: unquote(value) for name, value in _PARAMETER.findall(rest)}


def signature_fault(request: Request, given: Mapping[str, str], quirks: Quirks, now_seconds: int) -> str:
    """Return what is wrong with the signature of a request, empty when it is right."""
    expected = {
        "realm": quirks.account,
        "oauth_consumer_key": quirks.consumer_key,
        "oauth_token": quirks.token_id,
        "oauth_signature_method": "HMAC-SHA256",
    }
    for name, value in expected.items():
        if given[name] != value:
            return f"{name} is not the one of this account"
    if given.get("oauth_version", "1.0") != "1.0":
        return "oauth_version is not 1.0"
    if not _is_timely(given["oauth_timestamp"], quirks.timestamp_seconds, now_seconds):
        return "oauth_timestamp is too far from the time of the account"
    key = f"{_quoted(quirks.consumer_secret)}&{_quoted(quirks.token_secret)}".encode()
    digest = hmac.digest(key, base_string(request, given).encode(), "sha256")
    is_right = hmac.compare_digest(base64.b64encode(digest), given["oauth_signature"].encode())
    return "" if is_right else "oauth_signature does not match"


def base_string(request: Request, given: Mapping[str, str]) -> str:
    """Return the text an OAuth 1 signature signs."""
    scheme = request.headers.get("x-forwarded-proto", "https")
    path, _, query = request.target.partition("?")
    host = (request.headers.get("host") or request.host).lower()
    host = host.removesuffix(":443" if scheme == "https" else ":80")
    pairs = [(name, value) for name, value in given.items() if name not in ("realm", "oauth_signature")]
    pairs += parse_qsl(query, keep_blank_values=True)
    normalised = "&".join(f"{name}={value}" for name, value in sorted([(_quoted(n), _quoted(v)) for n, v in pairs]))
    return "&".join([request.method.upper(), _quoted(f"{scheme}://{host}{path}"), _quoted(normalised)])


def _quoted(text: str) -> str:
    return quote(text, safe="~")


def _is_timely(text: str, tolerance_seconds: int, now_seconds: int) -> bool:
    if not (text.isascii() and text.isdecimal() and len(text) < 13):
        return False
    return not tolerance_seconds or abs(int(text) - now_seconds) <= tolerance_seconds


# --- assertions -----------------------------------------------------------------------------------------------------


def assertion_fault(assertion: str, quirks: Quirks, now_seconds: int) -> str:
    """Return what is wrong with a client assertion, empty when it is right: PS256 or ES256, our issuer, in time."""
    head, claims, signature = assertion.split(".")
    try:
        header, told, signed = _json(head), _json(claims), _bytes(signature)
    except (ValueError, msgspec.DecodeError):
        return "client_assertion is not a JWT"
    if not isinstance(header, dict) or not isinstance(told, dict):
        return "client_assertion is not a JWT"
    if told.get("iss") != quirks.consumer_key:
        return "iss is not the client id of the integration"
    expires = told.get("exp")
    if quirks.timestamp_seconds and not (isinstance(expires, int) and now_seconds < expires <= now_seconds + 3_600):
        return "exp is not within the next hour"
    try:
        _verify(str(header.get("alg")), quirks.certificate, f"{head}.{claims}".encode(), signed)
    except ValueError as error:
        return str(error)
    return ""


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _json(part: str) -> Any:
    return msgspec.json.decode(_bytes(part))


def _verify(algorithm: str, certificate: str, content: bytes, signature: bytes) -> None:
    """Verify a signature with the certificate of its kind among these (PEM); raise ValueError when it does not hold."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from cryptography.x509 import load_pem_x509_certificates

    if not certificate:
        raise ValueError("no certificate is set up for this integration")
    kind = {"PS256": rsa.RSAPublicKey, "ES256": ec.EllipticCurvePublicKey}.get(algorithm)
    keys = [found.public_key() for found in load_pem_x509_certificates(certificate.encode())]
    key = next((found for found in keys if kind is not None and isinstance(found, kind)), None)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
            key.verify(signature, content, pss, hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey) and len(signature) == 64:
            pair = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
            key.verify(pair, content, ec.ECDSA(hashes.SHA256()))
        else:
            raise ValueError(f"{algorithm} does not fit a certificate of the integration; expected PS256 or ES256")
    except InvalidSignature:
        raise ValueError("the signature of client_assertion does not match") from None
