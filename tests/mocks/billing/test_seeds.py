"""Seeded subscriptions have a past: billed and paid, silent, and a base for credits."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest


@pytest.fixture
def seeded(site: Any) -> Any:
    """A subscription since 15 November 2025: annual core, monthly seats since March, billed to 15 October 2026."""
    site.act(
        "seed_subscription", id="Q-900001", account="A-000009", name="Old Hand", entity="DE", currency="EUR",
        net_term_days=14, street="Weg 1", city="Köln", region="NW", postal_code="50667", country="DE",
        start="2025-11-15", term_end="2027-11-15", billed_to="2026-10-15",
        items=[
            {"sku": "CORE", "kind": "recurring", "quantity": 1, "unit_minor": 1_200_000, "months": 12},
            {"sku": "SEAT", "kind": "recurring", "quantity": 4, "unit_minor": 3000, "months": 1, "start": "2026-03-01"},
            {"sku": "OLD", "kind": "one_time", "quantity": 1, "unit_minor": 700, "months": 0},
        ],
    )  # fmt: skip
    return site


def test_the_past_is_one_paid_invoice_and_no_event(seeded: Any) -> None:
    (invoice,) = seeded.documents("invoice")
    assert (invoice.status, invoice.balance_minor, invoice.number, invoice.tax_minor) == ("paid", 0, "", 0)
    assert invoice.business_date == date(2025, 11, 15)
    core, *seats, once = invoice.lines
    assert (core.period_start, core.period_end) == (date(2025, 11, 15), date(2026, 11, 15))
    assert (seats[0].period_start, seats[0].amount_minor) == (date(2026, 3, 1), 6000)
    assert (seats[-1].period_end, len(seats), once.kind) == (date(2026, 10, 15), 8, "one_time")
    assert seeded.topics() == []
    assert seeded.changes("invoice")[0].cause == "act"


def test_the_future_goes_on_from_there(seeded: Any) -> None:
    seeded.at(date(2026, 11, 15))
    later = seeded.documents("invoice")[1:]
    assert [(i.business_date, [line.sku for line in i.lines]) for i in later] == [
        (date(2026, 10, 15), ["SEAT"]),
        (date(2026, 11, 15), ["CORE", "SEAT"]),
    ]
    assert later[0].due_date == date(2026, 10, 29)


def test_the_past_can_be_credited(seeded: Any) -> None:
    seeded.at(date(2026, 10, 2))
    notes = seeded.cancel(date(2026, 9, 15), key="Q-900001")["credit_notes"]
    assert [(note["type"], note["total"]) for note in notes] == [("refundable", 200_548 + 12_000)]


def test_the_customer_has_terms_and_an_address(seeded: Any) -> None:
    shown = seeded.get("/customers/A-000009")["customer"]
    assert (shown["net_term_days"], shown["billing_address"]["city"]) == (14, "Köln")
    assert seeded.get("/item_prices/OLD-EUR-0")["item_price"]["item_type"] == "charge"


def test_a_known_customer_is_kept(seeded: Any) -> None:
    seeded.act(
        "seed_subscription", id="Q-900002", account="A-000009", name="Other", entity="DE", currency="EUR",
        items=[{"sku": "CORE", "kind": "recurring", "quantity": 1, "unit_minor": 1, "months": 12}],
        start=date(2026, 10, 10), term_end=date(2027, 10, 10), billed_to=date(2026, 10, 10),
    )  # fmt: skip
    assert seeded.get("/customers/A-000009")["customer"]["company"] == "Old Hand"
    assert len(seeded.documents("invoice")) == 1


def test_publishing_a_price_book_changes_no_subscription(seeded: Any) -> None:
    count = len(seeded.documents("subscription"))
    seeded.act("publish_price_book", name="2027")
    assert len(seeded.documents("subscription")) == count
