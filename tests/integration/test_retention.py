"""Tests of integration.retention: ages, and that everything has been thought about."""

from __future__ import annotations

import msgspec
import pytest

from domain.calendar import DAY_US
from domain.events.registry import REGISTRY
from integration.analytics.store import WRITES
from integration.cdc import changes
from integration.flows.catalogue import PROGRAMS, SOURCES
from integration.retention import (
    PASSING_EVENTS,
    PASSING_FLOWS,
    PASSING_SOURCES,
    Ages,
    before_us,
    family_of,
    passes_event,
    passes_flow,
)

MONEY_EVENTS = {
    "amendment", "billing_schedule", "credit_memo", "dispute", "fx_rate", "gl", "invoice", "order", "partner_deal",
    "payment", "payment_dispute", "payout", "period", "revenue", "usage",
}  # fmt: skip
STANDING_EVENTS = {"credit_hold", "customer", "subscription"}
"""What accounts are: their view is made of all events of these families."""
MONEY_FLOWS = {
    "apply_memos", "bill", "chargeback", "close_period", "collect", "credit", "dispute_invoice", "intercompany",
    "refund", "reopen_period", "settle", "write_off",
}  # fmt: skip


def test_every_event_of_the_registry_passes_or_tells_of_money_or_of_what_accounts_are() -> None:
    families = {family_of(name) for name in REGISTRY}
    assert families == PASSING_EVENTS | MONEY_EVENTS | STANDING_EVENTS
    assert not PASSING_EVENTS & (MONEY_EVENTS | STANDING_EVENTS)


def test_the_tables_that_are_reconciled_are_built_from_events_that_are_kept() -> None:
    of_people = {"exception", "message"}
    assert not [kind for kind in WRITES if passes_event(kind) and family_of(kind) not in of_people]


def test_every_flow_passes_or_moves_money() -> None:
    assert {*PROGRAMS, *changes.PROGRAMS} == PASSING_FLOWS | MONEY_FLOWS
    assert not PASSING_FLOWS & MONEY_FLOWS


def test_messages_of_billing_and_payment_are_known_for_ever() -> None:
    assert {source.name for source in SOURCES} - set(PASSING_SOURCES) == {"billing", "payment"}


def test_what_nobody_has_thought_about_is_kept() -> None:
    assert not passes_event("q2c.novelty.told.v1")
    assert not passes_flow("novelty")
    assert passes_event("q2c.quote.expired.v1")
    assert not passes_event("q2c.invoice.posted.v1")


def test_an_age_of_0_keeps_for_ever_and_ages_count_in_days() -> None:
    assert before_us(100 * DAY_US, 0) == 0
    assert before_us(100 * DAY_US, 90) == 10 * DAY_US
    assert before_us(10 * DAY_US, 90) == 0


def test_repeated_orders_are_known_for_thirty_days_at_least() -> None:
    with pytest.raises(ValueError, match="must be known for 30 days"):
        Ages(messages_days=29)
    with pytest.raises(msgspec.ValidationError, match="events_days is negative"):
        msgspec.convert({"events_days": -1}, Ages)
    assert Ages.of(7) == Ages(messages_days=30, untaken_days=7, commands_days=7, events_days=7, steps_days=7)
    assert Ages.of(90).messages_days == 90
