"""The adapters with the credentials of a deployment: how we sign in to each system, and whose webhooks we believe.

Adapters come with the credentials of the mocks. Here they get those that are configured: read anew for every token and
every call, so that a secret that is rotated in its file is used at once. A webhook secret may have two values while it
is rotated; messages under either are believed.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Mapping

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from domain.http import Request
from integration.cdc import changes
from integration.effects import Call
from integration.flows.catalogue import MORE_SYSTEMS, PROGRAMS, ROUTES, SOURCES, SYSTEMS
from integration.intake import Source, Unverified
from integration.process import Parts
from integration.service.configuration import Misconfigured, Peer
from integration.service.secrets import Secret
from integration.system import System, TokenSource
from integration.systems.payment import verify_signature
from integration.systems.wire import FORM, form_body

_ASSERTION_SECONDS = 300
_ERP_TOKEN = "/services/rest/auth/oauth2/v1/token"
_ERP_SCOPES = ("restlets", "rest_webservices")


def parts(peers: Mapping[str, Peer]) -> Parts:
    """Return what the integration is made of, under the credentials of these peers."""
    known = [system for system in (*SYSTEMS, *MORE_SYSTEMS) if system.name in peers]
    systems = {system.name: _signed_in(system, peers[system.name]) for system in known}
    sources = tuple(_believed(source, peers[source.name]) for source in SOURCES)
    return Parts(
        programs={**PROGRAMS, **changes.PROGRAMS},
        systems=systems,
        sources=(*sources, changes.SOURCE),
        routes=(*ROUTES, *changes.ROUTES),
    )


# --- signing in -----------------------------------------------------------------------------------------------------


def _signed_in(system: System, peer: Peer) -> System:
    """Return a system as the configured user; as it is when nothing is configured (a trial)."""
    if not peer.secret:
        return system
    replace = msgspec.structs.replace
    if system.token is not None:
        source = TokenSource(lambda at_us: _token(system.name, peer, at_us), system.token.read)
        if system.name != "crm":
            _signature(_private_key(peer), b"")  # a key that cannot sign is found out now, not in the night
        return replace(system, token=source)
    return replace(system, credentials=lambda: {**system.headers, **_KEYS[system.name](peer)})


def _basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def _bearer(peer: Peer) -> dict[str, str]:
    return {"authorization": f"Bearer {peer.secret.current()}"}


_KEYS: Mapping[str, Callable[[Peer], dict[str, str]]] = {
    "billing": lambda peer: _basic(peer.secret.current(), ""),
    "tax": lambda peer: _basic(peer.user, peer.secret.current()),
    "payment": _bearer,
    "fulfilment": _bearer,
    "legacy_erp": lambda peer: {"x-account-key": peer.secret.current()},
}


def _token(system: str, peer: Peer, at_us: int) -> Call:
    """Return the call that asks a system for a token, with the secret of the moment."""
    return _crm_token(peer) if system == "crm" else _erp_token(system, peer, at_us)


def _crm_token(peer: Peer) -> Call:
    body = form_body(
        [("grant_type", "client_credentials"), ("client_id", peer.user), ("client_secret", peer.secret.current())]
    )
    return Call(
        system="crm", operation="token", method="POST", target="/services/oauth2/token", headers=FORM, body=body
    )


def _erp_token(system: str, peer: Peer, at_us: int) -> Call:
    """Ask for a token with an assertion that our certificate's key has signed (PS256, ES256)."""
    now_seconds = at_us // 1_000_000
    key = _private_key(peer)
    claims = {
        "iss": peer.user,
        "scope": _ERP_SCOPES,
        "aud": peer.address.rstrip("/") + _ERP_TOKEN,
        "iat": now_seconds,
        "exp": now_seconds + _ASSERTION_SECONDS,
    }
    head = {
        "typ": "JWT",
        "alg": "ES256" if isinstance(key, ec.EllipticCurvePrivateKey) else "PS256",
        "kid": peer.key_id,
    }
    signed = b".".join(_text(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    assertion = signed + b"." + _text(_signature(key, signed))
    body = form_body(
        [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion.decode()),
        ]
    )
    return Call(system=system, operation="token", method="POST", target=_ERP_TOKEN, headers=FORM, body=body)


def _private_key(peer: Peer) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key("\n".join(peer.secret.values()).encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as wrong:
        raise Misconfigured(f"erp: the secret must be a private key in PEM without a password ({wrong})") from wrong
    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise Misconfigured("erp: the private key must be RSA (PS256) or of an elliptic curve (ES256)")
    return key


def _signature(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, signed: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signed, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _text(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


# --- believing webhooks ---------------------------------------------------------------------------------------------


def _believed(source: Source, peer: Peer) -> Source:
    """Return a source whose requests are verified by what is configured; as it is when nothing is (a trial).

    The mocks' own webhook secrets are known to everybody: beside real credentials nobody is believed by them.
    """
    if source.name == "crm" and peer.organisation:
        return msgspec.structs.replace(source, verify=_of_organisation(peer.organisation))
    if not peer.webhook_secret:
        return msgspec.structs.replace(source, verify=_nobody) if peer.secret else source
    if source.name == "billing":
        return msgspec.structs.replace(source, verify=_by_password(peer.webhook_user, peer.webhook_secret))
    if source.name in _SIGNATURES:
        return msgspec.structs.replace(source, verify=_by_signature(_SIGNATURES[source.name], peer.webhook_secret))
    return source


_SIGNATURES = {"payment": "stripe-signature", "erp": "x-script-signature", "fulfilment": "x-signature"}
Verify = Callable[[Request, int], None]


def _by_signature(header: str, secret: Secret) -> Verify:
    def verify(request: Request, now_us: int) -> None:
        refusal = Unverified("no webhook secret is configured")
        for value in secret.values():
            try:
                verify_signature(request.headers.get(header, ""), request.body, value.encode(), now_us)
            except Unverified as refused:
                refusal = refused
            else:
                return
        raise refusal

    return verify


def _nobody(_request: Request, _now_us: int) -> None:
    raise Unverified("no webhook secret is configured here, so no message is believed", 401)


def _by_password(user: str, secret: Secret) -> Verify:
    def verify(request: Request, _now_us: int) -> None:
        said = _password_of(request.headers.get("authorization", ""))
        fitting = sum(hmac.compare_digest(said, f"{user}:{value}".encode()) for value in secret.values())
        if not fitting:
            raise Unverified("the webhook's user and password are not ours", 401)

    return verify


def _password_of(header: str) -> bytes:
    scheme, _, coded = header.partition(" ")
    try:
        return base64.b64decode(coded, validate=True) if scheme.lower() == "basic" else b""
    except ValueError:  # not base64, or not even ASCII
        return b""


def _of_organisation(organisation: str) -> Verify:
    mark = f"<OrganizationId>{organisation}</OrganizationId>".encode()

    def verify(request: Request, _now_us: int) -> None:
        if mark not in request.body:
            raise Unverified("the message is not from our organisation", 401)

    return verify
