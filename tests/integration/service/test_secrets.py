"""Secrets and how they are used: rotated in their files while calls and webhooks go on."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from domain.http import Request
from integration.intake import Source, Unverified
from integration.service.configuration import SYSTEMS, Misconfigured, Peer
from integration.service.secrets import Secret
from integration.service.vendors import parts
from integration.system import System

NOW_US = 1_790_000_000_000_000


class File:
    """A secret in a file, and a clock for how often it is looked at."""

    def __init__(self, path: Path, *lines: str) -> None:
        self.path, self.now = path, 0.0
        self.write(*lines)
        self.secret = Secret(file=path, steady=lambda: self.now)

    def write(self, *lines: str) -> None:
        """Replace the file, as programs that rotate secrets do."""
        other = self.path.with_suffix(".new")
        other.write_text("\n".join(lines))
        os.replace(other, self.path)
        self.now += 2.0


def _peers(**peers: Peer) -> dict[str, Peer]:
    return {name: peers.get(name, Peer(address="http://127.0.0.1:1")) for name in SYSTEMS}


def _system(name: str, peer: Peer) -> System:
    return parts(_peers(**{name: peer})).systems[name]


def _source(name: str, peer: Peer) -> Source:
    return next(each for each in parts(_peers(**{name: peer})).sources if each.name == name)


def _believes(source: Source, request: Request) -> bool:
    try:
        source.verify(request, NOW_US)
    except Unverified:
        return False
    return True


def _signed(secret: str, header: str = "stripe-signature") -> Request:
    stamp = str(NOW_US // 1_000_000)
    digest = hmac.new(secret.encode(), f"{stamp}.{{}}".encode(), hashlib.sha256).hexdigest()
    return Request("integration", "POST", "/webhooks/payment", {header: f"t={stamp},v1={digest}"}, b"{}")


# --- values ---------------------------------------------------------------------------------------------------------


def test_a_secret_in_a_file_is_read_again_when_the_file_is_replaced(tmp_path: Path) -> None:
    file = File(tmp_path / "secret", "old")
    assert file.secret.values() == ("old",)
    file.write("new", "old", "")
    assert file.secret.values() == ("new", "old")
    assert file.secret.current() == "new"


def test_a_file_is_looked_at_once_a_second_at_most(tmp_path: Path) -> None:
    file = File(tmp_path / "secret", "old")
    file.secret.values()
    (tmp_path / "secret").write_text("new")
    assert file.secret.current() == "old"
    file.now += 1.0
    assert file.secret.current() == "new"


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("\n")])
def test_a_rotation_that_is_half_done_locks_nobody_out(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    file = File(tmp_path / "secret", "good")
    spoil(file.path)
    file.now += 2.0
    assert file.secret.current() == "good"


def test_a_secret_never_shows() -> None:
    assert repr(Secret("hush")) == "Secret(set)"


# --- webhooks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "header"), [("payment", "stripe-signature"), ("erp", "x-script-signature"), ("fulfilment", "x-signature")]
)
def test_while_a_webhook_secret_is_rotated_both_values_are_believed(name: str, header: str, tmp_path: Path) -> None:
    file = File(tmp_path / "secret", "old")
    source = _source(name, Peer(address="http://x", webhook_secret=file.secret))
    assert _believes(source, _signed("old", header))
    assert not _believes(source, _signed("new", header))
    file.write("new", "old")
    assert _believes(source, _signed("old", header))
    assert _believes(source, _signed("new", header))
    file.write("new")
    assert not _believes(source, _signed("old", header))


@pytest.mark.parametrize("said", ["t=1800000000,v1=\xe9", f"t={'9' * 5000},v1=0", "Basic \xe9", "\xe9"])
@pytest.mark.parametrize("name", ["payment", "erp", "fulfilment", "billing"])
def test_whatever_a_stranger_writes_into_a_header_is_a_refusal(name: str, said: str) -> None:
    names = ("stripe-signature", "x-script-signature", "x-signature", "authorization")
    request = Request("integration", "POST", f"/webhooks/{name}", dict.fromkeys(names, said), b"{}")
    for peer in (Peer(address="http://x"), Peer(address="http://x", webhook_user="hook", webhook_secret=Secret("s"))):
        source = _source(name, peer)
        with pytest.raises(Unverified):
            source.verify(request, 1_800_000_000_000_000)


@pytest.mark.parametrize(
    ("name", "secret"), [("payment", b"whsec_q2c_integration"), ("fulfilment", b"fulfilment-secret")]
)
def test_the_secrets_of_the_mocks_open_no_door_beside_real_credentials(name: str, secret: bytes) -> None:
    header = {"payment": "stripe-signature", "fulfilment": "x-signature"}[name]
    request = _signed(secret.decode(), header)
    assert _believes(_source(name, Peer(address="http://x")), request)
    assert not _believes(_source(name, Peer(address="http://x", secret=Secret("sk_live_real"))), request)


def test_the_passwords_of_billing_may_be_rotated_too(tmp_path: Path) -> None:
    file = File(tmp_path / "secret", "old")
    source = _source("billing", Peer(address="http://x", webhook_user="hook", webhook_secret=file.secret))

    def said(user: str, password: str) -> Request:
        coded = base64.b64encode(f"{user}:{password}".encode()).decode()
        return Request("integration", "POST", "/webhooks/billing", {"authorization": f"Basic {coded}"}, b"{}")

    assert _believes(source, said("hook", "old"))
    assert not _believes(source, said("other", "old"))
    file.write("new", "old")
    assert _believes(source, said("hook", "new"))
    assert not _believes(source, Request("integration", "POST", "/", {"authorization": "Basic %%%"}, b"{}"))
    assert not _believes(source, Request("integration", "POST", "/", {}, b"{}"))


def test_only_our_organisation_is_believed() -> None:
    source = _source("crm", Peer(address="http://x", organisation="00D9"))
    ours = Request("integration", "POST", "/webhooks/crm", {}, b"<OrganizationId>00D9</OrganizationId>")
    assert _believes(source, ours)
    assert not _believes(source, Request("integration", "POST", "/webhooks/crm", {}, b"<OrganizationId>00D1<"))


# --- signing in -----------------------------------------------------------------------------------------------------


def test_a_key_that_was_rotated_is_used_for_the_next_call(tmp_path: Path) -> None:
    file = File(tmp_path / "secret", "sk_old")
    system = _system("payment", Peer(address="http://x", secret=file.secret))
    assert system.credentials is not None
    assert system.credentials()["authorization"] == "Bearer sk_old"
    assert "stripe-version" in system.credentials()
    file.write("sk_new")
    assert system.credentials()["authorization"] == "Bearer sk_new"


def test_accounts_with_a_number_sign_in_with_it() -> None:
    system = _system("tax", Peer(address="http://x", user="2000000001", secret=Secret("licence")))
    assert system.credentials is not None
    scheme, _, coded = system.credentials()["authorization"].partition(" ")
    assert (scheme, base64.b64decode(coded)) == ("Basic", b"2000000001:licence")


def test_the_crm_is_asked_for_a_token_with_the_secret_of_the_moment(tmp_path: Path) -> None:
    file = File(tmp_path / "secret", "first")
    system = _system("crm", Peer(address="http://x", user="app", secret=file.secret))
    assert system.token is not None
    file.write("second")
    assert b"client_secret=second" in system.token.call(NOW_US).body


@pytest.mark.parametrize("kind", ["PS256", "ES256"])
def test_the_erp_gets_an_assertion_that_our_key_has_signed(kind: str) -> None:
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    key = rsa.generate_private_key(65537, 2048) if kind == "PS256" else ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    peer = Peer(address="https://erp.example/", user="consumer", key_id="cert-1", secret=Secret(pem))
    system = _system("erp", peer)
    assert system.token is not None
    assertion = system.token.call(NOW_US).body.decode().rpartition("client_assertion=")[2]
    head, claims, signature = (_bytes(part) for part in assertion.split("."))
    assert json.loads(head) == {"typ": "JWT", "alg": kind, "kid": "cert-1"}
    told = json.loads(claims)
    assert (told["iss"], told["aud"]) == ("consumer", "https://erp.example/services/rest/auth/oauth2/v1/token")
    assert 0 < told["exp"] - NOW_US // 1_000_000 <= 3600
    signed = assertion.rpartition(".")[0].encode()
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(signature, signed, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    else:
        pair = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        public.verify(pair, signed, ec.ECDSA(hashes.SHA256()))


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_key_that_cannot_sign_is_found_out_at_the_start() -> None:
    with pytest.raises(Misconfigured, match="private key in PEM"):
        _system("erp", Peer(address="http://x", user="u", secret=Secret("not a key")))


def test_without_credentials_the_adapters_keep_those_of_the_mocks() -> None:
    made = parts(_peers())
    assert made.systems["payment"].headers["authorization"].startswith("Bearer ")
    assert all(system.credentials is None for system in made.systems.values())
