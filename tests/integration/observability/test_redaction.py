"""No secret gets into a log line: every secret of a configuration, through every way into a line."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest
import structlog

from integration.observability.logs import redactor_of, set_up
from integration.observability.redaction import STRUCK, Redactor
from integration.service.configuration import SYSTEMS, Configuration, configured

PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nq2c/key+line=two==\n-----END PRIVATE KEY-----\n"


def configuration(tmp_path: Path) -> Configuration:
    """A configuration that is full of secrets, with letters that URLs and JSON write in another way."""
    rotated = tmp_path / "payment-secret"
    rotated.write_text("pay/new+secret=1\npay\"old'secret&2\n")
    environment = {
        "Q2C_DATABASE": "postgresql://q2c:data%base-word@db.example/q2c",
        "Q2C_BROKER": "nats://relay:broker-word@broker.example:4222",
        "Q2C_PAYMENT_SECRET_FILE": str(rotated),
        "Q2C_ERP_SECRET": PEM,
    }
    for system in SYSTEMS:
        environment[f"Q2C_{system.upper()}_URL"] = f"https://{system}.example"
        environment[f"Q2C_{system.upper()}_USER"] = f"user-of-{system}"
        environment[f"Q2C_{system.upper()}_WEBHOOK_SECRET"] = f"hook/{system}+s3cret=="
        environment.setdefault(f"Q2C_{system.upper()}_SECRET", f"key of {system} / with?odd&letters=ü")
    del environment["Q2C_PAYMENT_SECRET"]
    return configured({}, environment)


def secrets_of(made: Configuration) -> list[str]:
    values = [value for peer in made.peers.values() for each in (peer.secret, peer.webhook_secret) for value in each.values()]  # fmt: skip  # noqa: E501
    lines = [line for value in values for line in value.splitlines() if not line.startswith("-----")]
    return [*lines, "data%base-word", "broker-word"]


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[tuple[Configuration, io.StringIO]]:
    """The logs of a process with this configuration, as JSON."""
    root, level = logging.getLogger(), logging.getLogger().level
    handlers = list(root.handlers)
    for name in ("uvicorn", "uvicorn.error"):  # as in a process of its own, where no other server set them up
        library = logging.getLogger(name)
        library.handlers, library.propagate, library.level = [], True, logging.NOTSET
    stream = io.StringIO()
    made = configuration(tmp_path)
    set_up(made, stream, as_json=True)
    yield made, stream
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def every_way(secret: str) -> Iterator[Any]:
    """Every way a secret may take into a log line, as actions."""
    ours, theirs = structlog.get_logger("q2c.integration"), logging.getLogger("uvicorn.error")
    basic = base64.b64encode(f"user-of-crm:{secret}".encode()).decode()
    header = {"Authorization": f"Bearer {secret}", "X-Whatever": secret}
    body = json.dumps({"grant": {"note": secret}})
    request = httpx.Request("POST", "https://crm.example/token", params={"q": secret}, headers={"x": "y"})
    yield lambda: ours.info("signing in with %s", secret)
    yield lambda: ours.info("signed in", headers=header, nested={"deep": [secret, (secret,)]})
    yield lambda: ours.warning("refused", body=body, raw=body.encode())
    yield lambda: ours.info("twice", body=json.dumps({"inner": body}))
    yield lambda: ours.info("url", url=str(request.url), other=f"https://x.example/?k={quote_plus(secret)}")
    yield lambda: ours.info("basic", header=f"Basic {basic}", alone=basic)
    yield lambda: ours.bind(bound=secret).error("bound")
    yield lambda: theirs.error("uvicorn says %r", header)
    yield lambda: theirs.info("extra", extra={"told": secret})
    yield lambda: theirs.info({"a": "mapping", "of": secret})

    def raises() -> None:
        try:
            try:
                raise ValueError(f"bad credentials: {secret}")
            except ValueError as error:
                error.add_note(f"sent {secret}")
                raise httpx.HTTPStatusError(f"401 for {request.url}", request=request, response=None) from error  # type: ignore[arg-type]
        except httpx.HTTPStatusError:
            ours.exception("could not sign in", account=secret)
            theirs.exception("the same from a library")

    yield raises


def test_no_secret_of_a_configuration_gets_into_any_line(logged: tuple[Configuration, io.StringIO]) -> None:
    made, stream = logged
    secrets = secrets_of(made)
    assert len(secrets) >= 15
    lines = 0
    for secret in secrets:
        for action in every_way(secret):
            stream.seek(0)
            stream.truncate()
            action()
            written = stream.getvalue()
            lines += written.count("\n")
            assert STRUCK in written
            for spelled in (secret, quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]):
                assert spelled not in written, f"{spelled!r} is in {written}"
            for blob in (secret, f"user-of-crm:{secret}"):
                assert base64.b64encode(blob.encode()).decode().rstrip("=") not in written
            for line in written.splitlines():
                json.loads(line)
    assert lines >= 12 * len(secrets)


def test_a_rotated_secret_is_struck_out_before_and_after(tmp_path: Path) -> None:
    now = ["first-secret"]
    redact = Redactor(lambda: now)
    assert redact("x first-secret y") == f"x {STRUCK} y"
    now[:] = ["second-secret"]
    assert redact("first-secret second-secret") == f"{STRUCK} {STRUCK}"


def test_credentials_that_nobody_configured_are_known_by_their_shape() -> None:
    redact = Redactor()
    for text in (
        '{"access_token": "00Dxx!AQ0AQPLxyz"}', "authorization: Bearer abc.def.ghi", "POST https://ann:pa55@x.example/",
        "GET /cb?api_key=12345&x=1", "stripe-signature: t=1,v1=0badc0de", "{'Cookie': 'sid=42; other=1'}",
        "key sk_live_51Habcdefg used", "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", PEM,
    ):  # fmt: skip
        assert STRUCK in redact(text), text
    for hidden in ("AQ0AQPLxyz", "abc.def", "pa55", "12345", "0badc0de", "sid=42", "51Habc", "eyJzdWI", "MIIEvQ"):
        text = '"access_token": "00Dxx!AQ0AQPLxyz" Bearer abc.def.ghi https://ann:pa55@x ?api_key=12345 {"stripe-signature": "0badc0de"} {"cookie": "sid=42"} sk_live_51Habcdefg eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln'  # noqa: E501
        assert hidden not in redact(f"{text} {PEM}")


def test_what_is_no_secret_stays_readable() -> None:
    redact = Redactor(lambda: ["s3cret-value"])
    text = '{"event": "call ended", "peer": "erp", "flow": "quote/Q-000123-v1", "status": 429, "url": "https://erp.example/x"}'
    assert redact(text) == text


def test_a_long_word_is_read_in_one_walk() -> None:
    word = "x" * 1_000_000  # a search that began anew at each letter would take hours
    assert Redactor()(f"{word} https://ann:pa55@x.example/") == f"{word} https://{STRUCK}@x.example/"


def test_short_values_are_not_taken_for_secrets(tmp_path: Path) -> None:
    assert Redactor(lambda: ["abc", ""])("abc abcdef") == "abc abcdef"


def test_the_password_of_the_database_and_the_broker_are_secrets_too(tmp_path: Path) -> None:
    redact = redactor_of(configuration(tmp_path))
    assert "data%base-word" not in redact("could not connect as q2c with data%base-word")
    assert "broker-word" not in redact("nats says broker-word")
