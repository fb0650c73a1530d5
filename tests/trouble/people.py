"""People who use the integration's API, and senders of messages that are signed right."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import httpx

from integration.journal.opening import open_reader
from integration.systems.payment import WEBHOOK_SECRET
from tests.live import Mocks, Service, Shop, until

KINDS = (("erp", "order"), ("billing", "subscription"), ("billing", "invoice"), ("erp", "invoice"),
         ("payment", "payment"), ("fulfilment", "task"))  # fmt: skip


def staffed(folder: Path, *names: str) -> tuple[str, ...]:
    """Write a configuration in which these people may do everything; return the options that use it.

    A person's token is `of-` and the name.
    """
    lines = []
    for name in names:
        digest = hashlib.sha256(f"of-{name}".encode()).hexdigest()
        lines += [f"[integration.tokens.{name}]", f'sha256 = "{digest}"', 'scopes = ["*"]']
    file = folder / "staffed.toml"
    file.write_text("\n".join(lines) + "\n")
    return ("--config", str(file))


def client(service: Service, name: str) -> httpx.Client:
    """Return a person's client of the API; close it."""
    headers = {"authorization": f"Bearer of-{name}"}
    return httpx.Client(base_url=f"{service.address}/api/v1", headers=headers, timeout=30, trust_env=False)


def told(service: Service, body: bytes) -> httpx.Response:
    """Have the payment processor tell something, signed right; return the answer."""
    stamp = str(int(time.time()))
    digest = hmac.new(WEBHOOK_SECRET, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"stripe-signature": f"t={stamp},v1={digest}"}
    return service.http.post("/webhooks/payment", content=body, headers=headers)


def event(name: str, topic: str, **subject: Any) -> bytes:
    """Return the body of an event of the payment processor."""
    found = {"id": name, "type": topic, "created": int(time.time()), "data": {"object": subject}}
    return json.dumps(found).encode()


def is_whole(database: str) -> bool:
    """Tell whether the audit trail of a journal is without a gap and unchanged."""
    reader = open_reader(database)
    try:
        return reader.verify().intact
    finally:
        reader.close()


def settled(shop: Shop, *numbers: str) -> None:
    """Wait until quotes have become paid invoices."""
    for number in numbers:
        until(lambda number=number: shop.is_settled(number), f"the order and the paid invoice of {number}")  # type: ignore[misc]


def counts(mocks: Mocks, number: str) -> list[int]:
    """Return how many documents of each kind a quote has become; one of each is right."""
    return [len(mocks.documents(system, kind, number)) for system, kind in KINDS]


ONE_OF_EACH = [1] * len(KINDS)
