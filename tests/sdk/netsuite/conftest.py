"""A live ERP that verifies every signature, set up as an account is before a team's program comes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from domain.acts import Act
from mocks.doors.live import LiveWorld
from mocks.doors.serving import Running, running
from mocks.doors.settings import quirks_of

ACCOUNT = "TSTDRV123_SB1"


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The private key and certificate of an integration, for PS256 and for ES256."""
    folder, found = tmp_path_factory.mktemp("keys"), {}
    for name, key in (
        ("rsa", rsa.generate_private_key(65_537, 3_072)),
        ("ec", ec.generate_private_key(ec.SECP256R1())),
    ):
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "integration")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=2)).sign(key, hashes.SHA256())
        )  # fmt: skip
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        for suffix, content in (("key", private), ("crt", certificate.public_bytes(serialization.Encoding.PEM))):
            found[f"{name}_{suffix}"] = folder / f"{name}.{suffix}"
            found[f"{name}_{suffix}"].write_bytes(content)
    return found


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory, keys: dict[str, Path]) -> Iterator[Running]:
    """The doors of a live world whose ERP verifies signatures and has periods, items and a script."""
    switches: dict[str, dict[str, Any]] = {
        "erp": {
            "authentication": "signature", "account": ACCOUNT, "job_seconds": 1,
            "certificate": keys["rsa_crt"].read_text() + keys["ec_crt"].read_text(),
        }
    }  # fmt: skip
    world = LiveWorld(quirks=quirks_of(switches))
    first = datetime.now(UTC) - timedelta(days=62)
    months = {"first": f"{first:%Y-%m}", "last": f"{datetime.now(UTC) + timedelta(days=31):%Y-%m}"}
    rows: list[tuple[str, dict[str, Any]]] = [
        *[("open_periods", {"entity": entity, **months}) for entity in ("US", "UK", "DE", "JP")],
        ("create_item", {"sku": "SEAT", "kind": "recurring"}),
        ("create_item", {"sku": "SETUP", "kind": "one_time"}),
        ("create_item", {"sku": "BUNDLE", "kind": "recurring", "components": {"SEAT": 5, "SETUP": 1}}),
        ("deploy_restlet", {"script": "customscript_fixed", "deploy": 1, "reply": {"said": "hello"}}),
    ]
    with running(world, workspace=tmp_path_factory.mktemp("authority")) as doors:
        acts = [Act(at_us=world.clock.now_us(), system="erp", action=name, arguments=said) for name, said in rows]
        doors.do(lambda: world.seed(acts))
        yield doors
