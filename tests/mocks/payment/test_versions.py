"""Versions: one object in the words of every major version, and what breaks integrations that skip one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mocks.payment.versions import MAJORS, is_known

ACACIA, BASIL, CLOVER, ENDIVE = (f"{MAJORS[name]}.{name}" for name in ("acacia", "basil", "clover", "endive"))


@pytest.fixture
def ask(bench: Any) -> Any:
    """Return the way to call an operation in a version; refused calls return their error."""

    def call(version: str, method: str, path: str, raw: str = "") -> Any:
        reply = bench.send(method, f"/v1{path}", raw.encode(), **{"stripe-version": version})
        body = json.loads(reply.body)
        assert reply.headers["stripe-version"] == version
        return body if reply.status == 200 else body["error"]

    return call


def paid_invoice(ask: Any) -> str:
    """Make, finalize and pay an invoice of a subscription with a discount."""
    ask(ENDIVE, "POST", "/coupons", "id=TEN&percent_off=10&duration=forever")
    price = ask(
        ENDIVE, "POST", "/prices", "currency=usd&unit_amount=5000&recurring[interval]=month&product_data[name]=S"
    )
    raw = f"customer=cus_A000001&items[0][price]={price['id']}&discounts[0][coupon]=TEN"
    return str(ask(ENDIVE, "POST", "/subscriptions", raw)["latest_invoice"])


def test_an_invoice_before_basil_tells_its_subscription_and_payment(ask: Any) -> None:
    key = paid_invoice(ask)
    old = ask(ACACIA, "GET", f"/invoices/{key}")
    assert (old["paid"], old["subscription"][:4], old["payment_intent"][:3], old["charge"][:3]) == (
        True,
        "sub_",
        "pi_",
        "ch_",
    )
    assert old["lines"]["data"][0]["type"] == "subscription"
    assert "parent" not in old
    new = ask(BASIL, "GET", f"/invoices/{key}")
    assert not {"paid", "subscription", "payment_intent", "charge"} & new.keys()
    assert new["parent"]["subscription_details"]["subscription"] == old["subscription"]


def test_expanding_what_a_version_removed_is_refused(ask: Any) -> None:
    key = paid_invoice(ask)
    old = ask(ACACIA, "GET", f"/invoices/{key}?expand[]=payment_intent.latest_charge&expand[]=subscription")
    assert old["payment_intent"]["latest_charge"]["amount"] == 4_500
    assert old["subscription"]["current_period_end"] > old["subscription"]["current_period_start"]
    refused = ask(BASIL, "GET", f"/invoices/{key}?expand[]=payment_intent")
    assert "cannot be expanded" in refused["message"]
    subscription = old["subscription"]["id"]
    deep = ask(ACACIA, "GET", f"/subscriptions/{subscription}?expand[]=latest_invoice.payment_intent")
    assert deep["latest_invoice"]["payment_intent"]["status"] == "succeeded"


def test_periods_of_a_subscription_moved_to_its_items(ask: Any) -> None:
    subscription = ask(ENDIVE, "GET", f"/invoices/{paid_invoice(ask)}")["parent"]["subscription_details"][
        "subscription"
    ]
    old, new = (ask(version, "GET", f"/subscriptions/{subscription}") for version in (ACACIA, BASIL))
    assert old["current_period_end"] == new["items"]["data"][0]["current_period_end"]
    assert "current_period_end" not in new


def test_a_discount_before_clover_holds_its_coupon(ask: Any) -> None:
    key = paid_invoice(ask)
    old = ask(BASIL, "GET", f"/invoices/{key}?expand[]=discounts")["discounts"][0]
    new = ask(CLOVER, "GET", f"/invoices/{key}?expand[]=discounts")["discounts"][0]
    assert (old["coupon"]["percent_off"], new["source"]) == (10, {"coupon": "TEN", "type": "coupon"})
    assert "source" not in old
    assert "coupon" not in new


@pytest.mark.parametrize("version", ["2031-01-01.nothing", "yesterday", "2025-03-31.basil.x", "v1"])
def test_an_unknown_version_is_refused_before_anything_changes(bench: Any, version: str) -> None:
    before = len(bench.history)
    reply = bench.send("POST", "/v1/customers", b"name=Acme", **{"stripe-version": version})
    assert reply.status == 400
    assert len(bench.history) == before + 1, "only the arrival"
    assert not is_known(version)
