"""Sales sees the credit status that the ERP has now, whatever old message it is told by."""

from __future__ import annotations

import json
from typing import Any

from integration.effects import Assign, Call, Effect, Emit, Lookup, Park, Sleep
from integration.flow import Flow, FlowContext
from integration.flows.credit_status import show_credit
from integration.outcomes import Answer, Begun, Mapped, Outcome, Published, Slept
from integration.settings import Settings

AT_US = 1_790_000_000_000_000
CONTEXT = FlowContext("credit-status/A-1", "show_credit", "", Settings())


def played(told: str, now: str, *copies: tuple[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Play the flow of a message that tells a status while the ERP has another; return what is shown and told.

    `copies` are what reads show before that: a status, and when the customer had changed.
    """
    reads = [*copies, (now, "2026-12-24T17:41:38Z")] if copies else [(now, "")]
    arguments = {"account": "A-1", "status": told, "stamp": "2026-12-24T17:41:38Z"}
    flow = Flow("credit-status/A-1", show_credit(CONTEXT, arguments))
    shown: dict[str, Any] = {}
    events: list[str] = []
    effect: Effect | None = flow.resume(Begun("credit-status/A-1", "show_credit", arguments))
    while effect is not None:
        outcome: Outcome
        if isinstance(effect, Call) and effect.operation == "read_customer":
            status, changed = reads.pop(0)
            body = {"id": "7", "custentity_credit_status": status, "subsidiary": {"id": "US"}}
            body |= {"lastModifiedDate": changed} if changed else {}
            outcome = Answer(200, json.dumps(body).encode(), AT_US)
        elif isinstance(effect, Call):
            shown = json.loads(effect.body)
            outcome = Answer(204, b"", AT_US)
        elif isinstance(effect, Sleep):
            outcome = Slept()
        elif isinstance(effect, Lookup):
            outcome = Mapped(None)
        elif isinstance(effect, Emit):
            events.append(effect.type)
            outcome = Published("e")
        else:
            assert isinstance(effect, Assign)
            outcome = Mapped(effect.value)
        effect = flow.resume(outcome)
    return shown, events


def test_a_message_that_comes_late_does_not_bring_an_old_status_back() -> None:
    shown, events = played(told="warning", now="soft_hold")
    assert shown["CreditStatus__c"] == "soft_hold"
    assert events == ["q2c.credit_hold.applied.v1"]


def test_a_hold_that_is_over_when_its_message_comes_is_not_shown() -> None:
    shown, events = played(told="soft_hold", now="clear")
    assert shown["CreditStatus__c"] == "clear"
    assert events == []


def test_a_copy_that_lags_behind_the_message_is_asked_again() -> None:
    shown, events = played(
        "soft_hold", "soft_hold", ("clear", "2026-12-20T08:00:00Z"), ("clear", "2026-12-24T17:41:37Z")
    )
    assert shown["CreditStatus__c"] == "soft_hold"
    assert events == ["q2c.credit_hold.applied.v1"]


def test_people_hear_of_a_copy_that_never_shows_what_was_told() -> None:
    arguments = {"account": "A-1", "status": "soft_hold", "stamp": "2026-12-24T17:41:38Z"}
    flow = Flow("credit-status/A-1", show_credit(CONTEXT, arguments))
    old = {"id": "7", "custentity_credit_status": "clear", "lastModifiedDate": "2026-12-20T08:00:00Z"}
    effect, reads = flow.resume(Begun("credit-status/A-1", "show_credit", arguments)), 0
    while not isinstance(effect, Park):
        reads += isinstance(effect, Call)
        body = json.dumps({**old, "subsidiary": {"id": "US"}}).encode()
        effect = flow.resume(Answer(200, body, AT_US) if isinstance(effect, Call) else Slept())
    assert (reads, effect.code, effect.context) == (120, "CONFLICT.STATE", {"account": "A-1"})
