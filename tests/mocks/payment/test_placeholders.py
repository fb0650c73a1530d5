"""Placeholders: an id of thirteen x is in just the state that is called for, again and again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

X = "x" * 13


@pytest.fixture
def world(make_bench: Callable[..., Any]) -> Any:
    """Return a processor with placeholders."""
    return make_bench(placeholders=True)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/invoices/in_{X}/finalize", "open"),
        (f"/invoices/in_{X}/pay", "paid"),
        (f"/invoices/in_{X}/void", "void"),
        (f"/invoices/in_{X}/mark_uncollectible", "uncollectible"),
        (f"/payment_intents/pi_{X}/capture", "succeeded"),
        (f"/payment_intents/pi_{X}/cancel", "canceled"),
        (f"/payment_intents/pi_{X}/apply_customer_balance", "succeeded"),
        (f"/quotes/qt_{X}/finalize", "open"),
        (f"/quotes/qt_{X}/accept", "accepted"),
        (f"/refunds/re_{X}/cancel", "canceled"),
        (f"/disputes/dp_{X}/close", "lost"),
        (f"/subscription_schedules/sub_sched_{X}/release", "released"),
        (f"/credit_notes/cn_{X}/void", "void"),
        (f"/payouts/po_{X}/cancel", "canceled"),
        (f"/setup_intents/seti_{X}/cancel", "canceled"),
    ],
)
def test_a_placeholder_can_be_used_again_and_again(world: Any, path: str, status: str) -> None:
    for _ in range(3):
        reply = world.post(path)
        assert (reply.status, json.loads(reply.body).get("status")) == (200, status), reply.body


def test_without_the_switch_a_placeholder_is_nothing(bench: Any) -> None:
    assert bench.post(f"/invoices/in_{X}/pay").status == 404


def test_other_ids_are_never_made_up(world: Any) -> None:
    assert world.post("/invoices/in_00x/pay").status == 404
    assert world.get("/customers/cus_none")["error"]["code"] == "resource_missing"
