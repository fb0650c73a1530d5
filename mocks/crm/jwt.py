"""Signed logins: a JWT with RS256, checked with nothing but integers (RFC 7519, RFC 8017 section 8.2.2)."""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Mapping
from typing import Any

import msgspec

_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class BadToken(Exception):
    """An assertion that proves nothing; the message says why."""


class Claims(msgspec.Struct, frozen=True):
    """What an assertion says: who asks, for whom, of whom, and until when (seconds since the epoch)."""

    issuer: str
    subject: str
    audience: str
    expires: int


def claims_of(assertion: str, keys: Mapping[str, str]) -> Claims:
    """Return the claims of an assertion whose signature is good; raise BadToken.

    `keys` are the public keys (PEM) by issuer; with no keys at all signatures are not checked.
    """
    try:
        head, body, signature = assertion.split(".")
        header, said = _decode(_unpadded(head)), _decode(_unpadded(body))
        claims = Claims(str(said["iss"]), str(said["sub"]), _first(said["aud"]), int(said["exp"]))
    except (ValueError, KeyError, TypeError, msgspec.DecodeError) as error:
        raise BadToken("invalid assertion") from error
    if header.get("alg") != "RS256":
        raise BadToken("algorithm must be RS256")
    if keys:
        if claims.issuer not in keys:
            raise BadToken("client identifier invalid")
        if not _is_signed(f"{head}.{body}".encode(), _unpadded(signature), *public_key(keys[claims.issuer])):
            raise BadToken("invalid signature")
    return claims


def _first(audience: Any) -> str:
    return str(audience[0]) if isinstance(audience, list) and audience else str(audience)


def _unpadded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _is_signed(message: bytes, signature: bytes, modulus: int, exponent: int) -> bool:
    size = (modulus.bit_length() + 7) // 8
    if len(signature) != size or size < 64:
        return False
    found = pow(int.from_bytes(signature, "big"), exponent, modulus).to_bytes(size, "big")
    digest = _SHA256 + hashlib.sha256(message).digest()
    return found == b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest


def public_key(pem: str) -> tuple[int, int]:
    """Return (modulus, exponent) of a PEM with a public RSA key; raise ValueError when it holds none."""
    lines = [line.strip() for line in pem.strip().splitlines() if line.strip() and not line.startswith("-----")]
    try:
        der = b64decode("".join(lines), validate=True)
        inside, _ = _element(der, 0x30)
        if "BEGIN RSA PUBLIC KEY" not in pem:  # the key is wrapped: algorithm, then a bit string
            _, rest = _element(inside, 0x30)
            bits, _ = _element(rest, 0x03)
            inside, _ = _element(bits[1:], 0x30)
        modulus, rest = _element(inside, 0x02)
        exponent, _ = _element(rest, 0x02)
    except (binascii.Error, IndexError) as error:
        raise ValueError("expected a PEM with a public RSA key") from error
    return int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")


def _element(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """Return the content of the first DER element, which must have this tag, and what follows it."""
    if der[0] != tag:
        raise ValueError("expected a PEM with a public RSA key")
    length, start = der[1], 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(der[2 : 2 + count], "big"), 2 + count
    return der[start : start + length], der[start + length :]
