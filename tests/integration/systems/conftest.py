"""What adapters are asked with: a quote, its account, an invoice's lines; and replies as systems send them."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from domain.http import Reply
from domain.objects import Account, Line, Quote, TaxShare
from integration.effects import Call
from integration.outcomes import Answer, Failed, Unknown
from integration.system import System
from integration.systems.crm import Address

ADDRESS = Address("1 Main St", "San Francisco", "CA", "94105", "US")
ACCOUNT = Account(id="A-1", name="Acme & Sons", entity="US", currency="USD", country="US", region="CA")
LINE = Line(
    id="1", sku="PLAT-STD", kind="recurring", quantity=10, unit_minor=50_00, amount_minor=500_00,
    list_unit_minor=60_00, months=12, period_start=date(2026, 12, 1), period_end=date(2027, 12, 1),
)  # fmt: skip
QUOTE = Quote(
    id="0Q0x", txn="Q-000001", number="Q-000001", version=2, account="A-1", entity="US", currency="USD", kind="new",
    status="accepted", lines=(LINE,), total_minor=500_00, term_start=date(2026, 12, 1), term_months=12,
)  # fmt: skip
SHARE = TaxShare("US-CA", 500_00, 36_25)


def body(call: Call) -> Any:
    """Return the JSON body of a call."""
    return msgspec.json.decode(call.body)


def form(call: Call) -> dict[str, str]:
    """Return the form body of a call."""
    from urllib.parse import unquote_plus

    pairs = [pair.partition("=") for pair in call.body.decode().split("&") if pair]
    assert len({name for name, _, _ in pairs}) == len(pairs), "a name stands twice"
    return {name: unquote_plus(value) for name, _, value in pairs}


def answer(value: Any, status: int = 200) -> Answer:
    """Return an answer with a JSON body."""
    return Answer(status, msgspec.json.encode(value), 1)


def outcome(
    system: System, status: int, value: Any = None, *, write: bool = True, **headers: str
) -> Answer | Failed | Unknown:
    """Return what a system's adapter makes of a reply to a write (or a read)."""
    call = Call(system=system.name, operation="x", target="/x", write=write)
    named = {key.replace("_", "-"): text for key, text in headers.items()}
    raw = b"<html>" if value is None else msgspec.json.encode(value)
    return system.classify(call, Reply(status, named, raw), 7)


@pytest.fixture(params=["crm", "erp", "billing", "tax", "payment", "fulfilment"])
def system(request: pytest.FixtureRequest) -> System:
    """Each system of record in turn."""
    from integration.flows.catalogue import SYSTEMS

    return next(each for each in SYSTEMS if each.name == request.param)
