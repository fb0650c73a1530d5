"""The workspace's own certificate authority: signs leaves for the hosts that the mocks play, and for no others.

Its key stays in the workspace, readable by its owner only, and nobody installs the certificate system-wide: clients are
told of it by environment variables (`q2c env`). Name constraints keep it from vouching for anybody else, should its
key ever leave the machine.
"""

from __future__ import annotations

import datetime as dt
import os
import ssl
import tempfile
from functools import lru_cache
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mocks.doors.hosts import OWN

CERTIFICATE, KEY = "ca.pem", "ca.key"
LOCAL = "localhost"
_CA_DAYS, _LEAF_DAYS = 730, 90
_VENDORS = ("salesforce.com", "force.com", "netsuite.com", "avatax.com", "stripe.com", "chargebee.com")
_DOMAINS = (*_VENDORS, OWN, LOCAL)
_NETWORKS = ("127.0.0.0/8", "::1/128")


class Authority:
    """A certificate authority in a folder; `bundle` is the file that clients are to trust."""

    def __init__(self, folder: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.bundle = folder / CERTIFICATE
        self._certificate, self._key = certificate, key
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self.context = lru_cache(maxsize=512)(self._context)

    def _context(self, host: str = LOCAL) -> ssl.SSLContext:
        """Return a server's context with a leaf for a host name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        with tempfile.TemporaryDirectory() as folder:  # the library loads certificates from files only
            file = Path(folder, "leaf.pem")
            file.touch(mode=0o600)
            file.write_bytes(self._leaf(host) + _pem(self._leaf_key))
            context.load_cert_chain(file)
        return context

    def _leaf(self, host: str) -> bytes:
        public, issuer = self._leaf_key.public_key(), self._certificate
        names: list[x509.GeneralName] = [x509.DNSName(host)]
        if host == LOCAL:
            names += [x509.IPAddress(ip_address(address)) for address in ("127.0.0.1", "::1")]
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = (
            _builder(_LEAF_DAYS)
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])]))
            .issuer_name(issuer.subject)
            .public_key(public)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(purpose, critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(_issuer_key(self._key), critical=False)
        )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def open_authority(folder: Path) -> Authority:
    """Return the authority of a folder; make a new one when there is none yet or it is about to expire.

    The key is written with mode 0600; the folder is made with mode 0700.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate_file, key_file = folder / CERTIFICATE, folder / KEY
    if certificate_file.is_file() and key_file.is_file():
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        left = certificate.not_valid_after_utc - dt.datetime.now(dt.UTC)
        if isinstance(key, ec.EllipticCurvePrivateKey) and left > dt.timedelta(days=_LEAF_DAYS):
            key_file.chmod(0o600)
            return Authority(folder, certificate, key)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _root(key)
    _write_secret(key_file, _pem(key))
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(folder, certificate, key)


def _root(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "q2c mocks of this workspace (not for trust stores)")])
    permitted: list[x509.GeneralName] = [x509.DNSName(domain) for domain in _DOMAINS]
    permitted += [x509.IPAddress(ip_network(network)) for network in _NETWORKS]
    builder = (
        _builder(_CA_DAYS)
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_issuer_key(key), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def _builder(days: int) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=days))


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, key_cert_sign=signs_certificates, crl_sign=signs_certificates, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _issuer_key(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip


def _write_secret(file: Path, content: bytes) -> None:
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
