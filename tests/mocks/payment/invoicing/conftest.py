"""A processor with a customer who can be billed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest


class Shop:
    """Calls the dialect as a program would; every answer is decoded, and refused ones raise."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self.customer = self.make("customers", name="Acme", payment_method="pm_card_visa")["id"]

    def make(self, path: str, **fields: Any) -> Any:
        """Call an operation that writes; names with brackets are given as `items__0__price`."""
        reply = self.bench.post(f"/{path}", {_bracketed(name): value for name, value in fields.items()})
        assert reply.status == 200, reply.body
        return json.loads(reply.body)

    def refused(self, path: str, **fields: Any) -> tuple[int, str]:
        """Return the status and the code of a refusal."""
        reply = self.bench.post(f"/{path}", {_bracketed(name): value for name, value in fields.items()})
        assert reply.status >= 400, reply.body
        return reply.status, json.loads(reply.body)["error"].get("code", "")

    def get(self, path: str) -> Any:
        """Read."""
        return self.bench.get(f"/{path}")

    def drop(self, path: str) -> Any:
        """Delete."""
        return json.loads(self.bench.send("DELETE", f"/v1/{path}").body)

    def price(self, amount: int = 3_000, interval: str = "month", **fields: Any) -> str:
        """Make a recurring price."""
        product = self.make("products", name="Seat")["id"]
        terms = {"recurring__interval": interval, "currency": "usd", "unit_amount": amount, **fields}
        return str(self.make("prices", product=product, **terms)["id"])

    def invoice(self, *amounts: int, **fields: Any) -> str:
        """Make a draft with a line for each amount."""
        draft = self.make("invoices", customer=self.customer, **fields)["id"]
        for amount in amounts:
            self.make("invoiceitems", customer=self.customer, invoice=draft, amount=amount)
        return str(draft)

    def topics(self) -> list[str]:
        """Return the events there are, the oldest first."""
        return [event.type for event in self.bench.service.model.events.values()]


def _bracketed(name: str) -> str:
    first, *rest = name.split("__")
    return first + "".join(f"[{part}]" for part in rest)


@pytest.fixture
def shop(make_bench: Callable[..., Any]) -> Shop:
    """Return a shop."""
    return Shop(make_bench())
