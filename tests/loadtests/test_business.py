"""Business: lags, duplicates and backlog, from changes in the systems of record."""

from __future__ import annotations

from loadtests.business import ORDER, Business, limits_of
from loadtests.desk import Change

SPEED = 60.0


def change(second: float, system: str, kind: str, status: str, **said: str) -> Change:
    """Return a change, so many seconds of the wall after the start."""
    found = {"id": f"{kind}-1", "before": "", "txn": "Q-1", "ref": "", **said}
    return Change(number=0, at_us=round(second * SPEED * 1e6), system=system, kind=kind, status=status, **found)


def whole(business: Business) -> dict[str, float]:
    """Play one lifecycle; return its lags by name."""
    changes = [
        change(1, "crm", "quote", "accepted"), change(3, "erp", "order", "validating"),
        change(4, "erp", "order", "booked", before="validating"), change(6, "billing", "invoice", "pending"),
        change(7, "erp", "invoice", "open"), change(8, "payment", "payment", "processing"),
        change(9, "payment", "payment", "succeeded", before="processing"), change(11, "crm", "mirror", ""),
        change(14, "erp", "cash", "applied"), change(20, "erp", "order", "billed", before="booked"),
    ]  # fmt: skip
    return {each.name: each.seconds for each in business.take(changes)}


def test_each_lag_is_measured_once_in_seconds_of_the_wall() -> None:
    assert whole(Business(SPEED)) == {
        ORDER: 3, "signature to invoice": 5, "invoice posting": 1, "status to CRM": 4, "payment posting": 5,
        "signature to cash": 13,
    }  # fmt: skip


def test_what_takes_longer_than_its_limit_is_late() -> None:
    business = Business(SPEED, limits_of({ORDER: 2.5}))
    whole(business)
    assert (business.counts[ORDER], business.late[ORDER]) == (1, 1)
    assert business.late["invoice posting"] == 0


def test_what_is_signed_and_not_booked_is_waiting() -> None:
    business = Business(SPEED)
    business.take([change(1, "crm", "quote", "accepted"), change(2, "crm", "quote", "accepted", txn="Q-2")])
    assert business.waiting() == ["Q-1", "Q-2"]
    business.take([change(3, "erp", "order", "booked")])
    assert business.waiting() == ["Q-2"]
    assert business.running(ORDER) == 1


def test_a_second_order_for_the_same_reference_is_a_duplicate() -> None:
    business = Business(SPEED)
    business.take([change(1, "erp", "order", "booked", ref="Q-1-v1", id="SO1")])
    business.take([change(2, "erp", "order", "billed", ref="Q-1-v1", id="SO1", before="booked")])
    assert not business.duplicates
    business.take([change(3, "erp", "order", "booked", ref="Q-1-v1", id="SO2")])
    assert business.duplicates == ["erp has a second order for Q-1-v1: SO2"]


def test_a_clock_that_still_runs_is_decided_once_it_is_over_its_limit() -> None:
    business = Business(SPEED, limits_of({ORDER: 10.0}))
    business.take([change(1, "crm", "quote", "accepted"), change(1, "crm", "quote", "accepted", txn="Q-2")])
    business.take([change(5, "erp", "order", "booked")])
    at_us = round(SPEED * 1e6)
    assert business.within(0, 2 * at_us, 9 * at_us) == (1, 1, 2)
    assert business.within(0, 2 * at_us, 12 * at_us) == (1, 2, 2)
    assert business.within(5 * at_us, 6 * at_us, 9 * at_us) == (0, 0, 0)
