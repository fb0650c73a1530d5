"""A subscription that pauses goes on when it does: whoever waits learns of it, and since which day."""

from __future__ import annotations

import json
from datetime import date

import pytest

from domain.calendar import midnight_us
from integration.effects import Call, Lookup, Now, Receive
from integration.flow import Flow, FlowContext
from integration.flows import pauses
from integration.outcomes import Answer, Begun, Instant, Mapped, Message, Outcome, Received
from integration.settings import Settings
from integration.systems.billing import BillingSubscription

CONTEXT = FlowContext("amend/1", "apply_amendment", "", Settings())
PAUSED = BillingSubscription(
    id="Q-1", customer_id="A-1", status="paused", currency_code="USD", business_entity_id="US", subscription_items=[]
)
END, HOUR_US = date(2026, 12, 20), 3_600_000_000
THIRD_US = midnight_us(date(2026, 12, 3), Settings().zones["US"])


@pytest.mark.parametrize(
    ("told_us", "seen_us", "day"),
    [
        (THIRD_US - HOUR_US, THIRD_US + HOUR_US, date(2026, 12, 2)),
        (0, THIRD_US + HOUR_US, date(2026, 12, 3)),
        (0, midnight_us(date(2026, 12, 21), "America/New_York"), END),
    ],
    ids=["told the evening before", "nobody told", "by itself, seen late"],
)
def test_a_pause_ends_on_the_day_on_which_it_is_said_to_have_ended(told_us: int, seen_us: int, day: date) -> None:
    flow = Flow("amend/1", pauses._resumed(CONTEXT, PAUSED, END))
    effect = flow.resume(Begun("amend/1", "apply_amendment", {}))
    told = Message(source="billing", id="ev_1", topic="subscription_resumed", key="Q-1", sent_us=told_us)
    shown = {"id": "Q-1", "customer_id": "A-1", "currency_code": "USD", "subscription_items": [], "status": "active"}
    outcomes: dict[type, Outcome] = {
        Now: Instant(THIRD_US - 2 * HOUR_US),
        Receive: Received(told if told_us else None),
        Lookup: Mapped(None),
        Call: Answer(200, json.dumps({"subscription": {**shown, "business_entity_id": "US"}}).encode(), seen_us),
    }
    while effect is not None:
        effect = flow.resume(outcomes[type(effect)])
    assert flow.result[1] == day
