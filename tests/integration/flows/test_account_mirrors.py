"""What an account shows sales does not go back for ever, although the CRM guards accounts by no sequence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.faults import Fault
from domain.history import Crashed, Flow
from integration.effects import Assign, Call, Lookup
from integration.flow import FlowContext
from integration.flows.account_mirrors import overwritten, show_account, show_on_account
from integration.outcomes import Answer, Failed, Mapped
from integration.settings import Settings
from tests.integration.flows.alone import result_of
from tests.integration.flows.test_orders import one_order
from tests.stage import ACCOUNT, Played, Stage

CONTEXT = FlowContext("test/1", "test", "", Settings())
MADE, CHANGED = "2026-12-01T09:00:00.000+0000", "2026-12-02T09:00:00.000+0000"


LATE = Fault(kind="late_arrival", system="crm", operation="upsert_record", nth=1, seconds=1800.0)


def played_with(*faults: Fault) -> Played:
    """Play a hold that is over after six minutes."""
    stage = one_order(Stage(*faults))
    stage.act("erp", "place_hold", 3.0, account=ACCOUNT, level="soft")
    stage.act("erp", "release_hold", 3.1, account=ACCOUNT)
    return stage.play()


def shown_in(played: Played) -> list[str]:
    return [account.credit_status for account in played.versions("crm", "account")]


def test_a_late_copy_of_a_hold_that_is_over_does_not_stand() -> None:
    played = played_with(LATE)
    assert shown_in(played) == ["clear", "soft_hold", "clear", "soft_hold", "clear"]
    assert played.broken() == {}


@pytest.mark.parametrize(("kind", "count"), [("crash", 67), ("crash", 68), ("crash_after", 67), ("crash_after", 68)])
def test_who_dies_while_an_account_is_shown_again_takes_it_up(kind: str, count: int) -> None:
    played = played_with(LATE, Fault(kind=kind, count=count, seconds=30.0))
    (crashed,) = played.of(Crashed)
    steps = [flow for flow in played.of(Flow) if flow.name in ("sweep_accounts", "show_account")]
    began, ended = steps[0].at_us, [flow.at_us for flow in steps if flow.name == "show_account"][-1]
    assert began <= crashed.at_us < ended
    assert shown_in(played)[-2:] == ["soft_hold", "clear"]
    assert played.broken() == {}


def test_an_account_that_shows_what_we_left_is_left_alone() -> None:
    assert shown_in(played_with()) == ["clear", "soft_hold", "clear"]


class Peers:
    """The CRM, which lists one account, and the cross-reference."""

    def __init__(self, left: dict[str, str] | None, *others: dict[str, str], **row: str) -> None:
        self.left, self.others = left, list(others)
        self.row = {"AccountNumber": "A-1", "CreatedDate": MADE, "SystemModstamp": CHANGED, **row}
        self.written: list[dict[str, str]] = []
        self.status = 204

    def outcome_of(self, effect: Any) -> Any:
        if isinstance(effect, Lookup):
            return Mapped(self.left)
        if isinstance(effect, Assign):
            self.left = {**(self.left or {}), **self.others.pop()} if self.others else self.left
            self.left = effect.value if effect.expected == self.left else self.left
            return Mapped(self.left)
        assert isinstance(effect, Call), effect
        if not effect.write:
            return Answer(200, json.dumps({"records": [self.row]}).encode(), 1)
        self.written.append(json.loads(effect.body))
        return Answer(self.status, b"", 1) if self.status == 204 else Failed("rejected", self.status)


HELD = {"CreditStatus__c": "soft_hold"}
CLEAR = {"CreditStatus__c": "clear"}


@pytest.mark.parametrize(
    ("left", "row", "found"),
    [
        (CLEAR, HELD, 1),
        (CLEAR, {}, 1),
        (CLEAR, CLEAR, 0),
        (None, HELD, 0),
        ({**CLEAR, "Customer__c": "A-1"}, {**CLEAR, "Customer__c": "A-7"}, 1),
        ({"Customer__c": "A-7"}, {**HELD, "Customer__c": "A-7"}, 0),
        (CLEAR, {**HELD, "CreatedDate": CHANGED}, 0),
    ],
)
def test_an_account_is_shown_again_when_it_differs_from_what_we_left(
    left: dict[str, str] | None, row: dict[str, str], found: int
) -> None:
    starts = result_of(overwritten(CONTEXT, 0), Peers(left, **row).outcome_of)
    assert [start.flow_id for start in starts] == [f"account/A-1/{CHANGED}"] * found


def test_what_is_written_once_more_is_what_counts_when_it_is_written() -> None:
    peers = Peers({**CLEAR, "Customer__c": "A-7"})
    assert result_of(show_account(CONTEXT, {"account": "A-1"}), peers.outcome_of) == {"shown": True}
    assert peers.written == [{**CLEAR, "Customer__c": "A-7"}]


def test_a_write_leaves_what_others_left_in_other_fields() -> None:
    peers = Peers(None, {"Customer__c": "A-7"})
    assert result_of(show_on_account(CONTEXT, "A-1", HELD, "1"), peers.outcome_of) is True
    assert (peers.written, peers.left) == ([HELD], {**HELD, "Customer__c": "A-7"})


def test_nothing_is_left_on_an_account_that_is_not_there() -> None:
    peers = Peers(None)
    peers.status = 404
    assert result_of(show_on_account(CONTEXT, "A-1", HELD, "1"), peers.outcome_of) is False
    assert peers.left is None
