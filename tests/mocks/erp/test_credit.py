"""Credit: limits, holds by people, what waits and what is let go."""

from __future__ import annotations

from typing import Any

import pytest

from domain.charts import CREDIT
from mocks.erp import Quirks

PATH = "salesOrder/eid:Q-000123-v1"
OTHER = "salesOrder/eid:Q-000124-v1"


def status(bench: Any) -> str:
    return str(bench.get("customer/eid:A-000001")["custentity_credit_status"])


def other(bench: Any) -> dict[str, Any]:
    return dict(bench.order(otherRefNum="Q-000124", memo="Q-000124-v1", custbody_txn="Q-000124"))


def test_an_order_beyond_the_limit_waits_and_holds_the_customer(make: Any) -> None:
    bench = make(limit_minor=200_000)
    bench.put(PATH, bench.order())
    assert status(bench) == "clear"
    bench.put(OTHER, other(bench))
    assert bench.get(OTHER)["status"]["id"] == "pendingApproval"
    assert bench.get(OTHER)["custbody_credit_hold"] is True
    assert status(bench) == "soft_hold"
    hold = bench.changes("hold")[-1]
    assert (hold.status, hold.document.level, hold.document.account) == ("active", "soft", "A-000001")
    assert bench.refused("PATCH", OTHER, {"orderStatus": {"id": "B"}}) == (400, "USER_ERROR", "orderStatus")


def test_a_higher_limit_lets_the_waiting_order_go(make: Any) -> None:
    bench = make(limit_minor=200_000)
    bench.put(PATH, bench.order())
    bench.put(OTHER, other(bench))
    bench.act("set_credit_limit", account="A-000001", limit_minor=400_000)
    assert status(bench) == "clear"
    assert bench.get(OTHER)["status"]["id"] == "pendingFulfillment"
    assert bench.statuses("order", "Q-000124-v1") == ["credit_hold", "validated", "submitted", "booked"]
    assert bench.statuses("hold") == ["active", "released"]
    assert bench.erp.credit.balance("1", "USD").unbilled_minor == 300_000
    assert bench.erp.credit.balance("1", "USD").waiting_minor == 0


def test_a_payment_makes_room(make: Any) -> None:
    bench = make(limit_minor=200_000)
    bench.put(PATH, bench.order())
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.put(OTHER, other(bench))
    assert status(bench) == "soft_hold"
    bench.put("customerPayment/eid:pi_1", bench.payment(1606.5))
    assert bench.get(OTHER)["status"]["id"] == "pendingFulfillment"
    assert status(bench) == "clear"


def test_exposure_near_the_limit_is_a_warning(make: Any) -> None:
    bench = make(limit_minor=160_000)
    bench.put(PATH, bench.order())
    assert status(bench) == "warning"
    assert bench.get(PATH)["status"]["id"] == "pendingFulfillment"


@pytest.mark.parametrize(("level", "shown"), [("soft", "soft_hold"), ("hard", "hard_hold")])
def test_a_manual_hold_stops_new_orders_until_released(bench: Any, level: str, shown: str) -> None:
    bench.act("place_hold", account="A-000001", level=level)
    assert status(bench) == shown
    bench.put(PATH, bench.order())
    assert bench.get(PATH)["status"]["id"] == "pendingApproval"
    bench.act("release_hold", account="A-000001")
    assert status(bench) == "clear"
    assert bench.get(PATH)["status"]["id"] == "pendingFulfillment"


def test_a_hard_hold_stops_booked_orders_too(bench: Any) -> None:
    bench.put(PATH, bench.order())
    bench.act("place_hold", account="A-000001", level="soft")
    assert bench.statuses("order")[-1] == "booked"
    bench.act("place_hold", account="A-000001", level="hard")
    assert bench.statuses("order")[-1] == "credit_hold_inflight"
    transform = f"{PATH}/!transform/itemFulfillment"
    assert bench.refused("POST", transform, {"externalId": "task_1"}) == (400, "USER_ERROR", "item")
    bench.act("release_hold", account="A-000001")
    assert bench.call("POST", transform, {"externalId": "task_1"}).status == 204


def test_every_level_is_reached_along_the_credit_chart(bench: Any) -> None:
    bench.act("place_hold", account="A-000001", level="hard")
    bench.act("place_hold", account="A-000001", level="soft")
    bench.act("release_hold", account="A-000001")
    for change in bench.changes("customer"):
        assert change.before in ("", change.status) or CREDIT.allows(change.before, change.status)
    assert bench.statuses("hold") == ["active", "released", "active", "released"]


def test_releasing_a_hold_that_the_limit_would_renew_overrides_it(make: Any) -> None:
    bench = make(limit_minor=100_000)
    bench.put(PATH, bench.order())
    assert status(bench) == "soft_hold"
    bench.act("release_hold", account="A-000001")
    assert bench.get(PATH)["status"]["id"] == "pendingFulfillment"
    assert status(bench) == "clear"
    assert bench.get("customer/eid:A-000001")["creditHoldOverride"]["id"] == "OFF"
    bench.act("set_credit_limit", account="A-000001", limit_minor=120_000)
    assert status(bench) == "soft_hold"


def test_without_automatic_release_somebody_must_approve(make: Any) -> None:
    bench = make(Quirks(releases_orders=False))
    bench.act("place_hold", account="A-000001", level="soft")
    bench.put(PATH, bench.order())
    bench.act("release_hold", account="A-000001")
    assert bench.get(PATH)["status"]["id"] == "pendingApproval"
    assert bench.call("PATCH", PATH, {"orderStatus": {"id": "B"}}).status == 204
    assert bench.get(PATH)["status"]["id"] == "pendingFulfillment"


def test_amendment_orders_add_no_exposure(make: Any) -> None:
    bench = make(limit_minor=200_000)
    bench.put(PATH, bench.order())
    bench.put(OTHER, {**other(bench), "custbody_kind": "amend"})
    assert bench.get(OTHER)["status"]["id"] == "pendingFulfillment"
    assert bench.erp.credit.balance("1", "USD").unbilled_minor == 150_000


def test_an_invoice_long_overdue_is_a_warning(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice(dueDate="2026-11-01"))
    assert status(bench) == "warning"


def test_the_sweep_shows_changes_of_credit(bench: Any) -> None:
    bench.now_us += 60_000_000
    bench.act("place_hold", account="A-000001", level="hard")
    query = "SELECT id, externalid, custentity_credit_status FROM customer WHERE lastmodifieddate >= '{}'"
    assert bench.sql(query.format("2026-12-10T12:00:30Z"))["items"] == [
        {"links": [], "id": "1", "externalid": "A-000001", "custentity_credit_status": "hard_hold"}
    ]
    assert bench.sql(query.format("2026-12-10T12:01:01Z"))["items"] == []


def test_acts_on_unknown_customers_are_mistakes_of_the_scenario(bench: Any) -> None:
    with pytest.raises(ValueError, match="A-000404"):
        bench.act("place_hold", account="A-000404", level="soft")
    with pytest.raises(ValueError, match="soft or hard"):
        bench.act("place_hold", account="A-000001", level="medium")
