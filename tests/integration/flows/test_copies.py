"""A subscription is read at least as new as it was left; what stays older is for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import pytest

from integration.effects import Assign, Call, Lookup, Park, Sleep
from integration.flow import Flow, FlowContext
from integration.flows.copies import changed, latest
from integration.outcomes import Answer, Begun, Mapped, Resumed, Slept
from integration.settings import Settings
from integration.systems import billing

CONTEXT = FlowContext("test/1", "test", "", Settings())


def answer_of(version: int | None) -> Answer:
    shown = {"id": "Q-1", "customer_id": "A-1", "status": "active", "currency_code": "USD", "subscription_items": []}
    told = shown if version is None else {**shown, "resource_version": version}
    return Answer(200, json.dumps({"subscription": told}).encode(), 1)


class Peers:
    """Billing, which shows one version after the other, and the cross-reference."""

    def __init__(self, versions: Iterator[int | None], left: int | None = None) -> None:
        self.versions, self.row = versions, None if left is None else {"version": left}
        self.asked: list[str] = []

    def play(self, program: Any) -> Any:
        """Play a flow to its end, or until it asks people a second time."""
        flow = Flow("test/1", program)
        effect = flow.resume(Begun("test/1", "test", {}))
        while effect is not None and self.asked.count("Park") < 2:
            self.asked.append(type(effect).__name__)
            effect = flow.resume(self._outcome(effect))
        return flow.result

    def _outcome(self, effect: Any) -> Any:
        if isinstance(effect, Lookup):
            return Mapped(self.row)
        if isinstance(effect, Assign):
            assert effect.expected == self.row
            self.row = effect.value
            return Mapped(self.row)
        if isinstance(effect, Call):
            return answer_of(next(self.versions))
        assert isinstance(effect, Sleep | Park), effect
        return Slept() if isinstance(effect, Sleep) else Resumed("clerk")


@pytest.mark.parametrize(
    ("left", "versions", "reads"), [(None, [3], 1), (3, [3], 1), (3, [2, 2, 4], 3), (3, [None], 1)]
)
def test_a_copy_that_is_older_than_what_we_left_is_asked_for_again(
    left: int | None, versions: list[int | None], reads: int
) -> None:
    peers = Peers(iter(versions), left)
    shown = peers.play(latest(CONTEXT, "Q-1"))
    assert shown == answer_of(versions[-1])
    assert (peers.asked.count("Call"), peers.asked.count("Sleep")) == (reads, reads - 1)


def test_people_hear_of_a_copy_that_stays_older() -> None:
    peers = Peers(repeat(2), left=3)
    assert peers.play(latest(CONTEXT, "Q-1")) is None
    assert peers.asked.count("Park") == 2, "and again, if it is older still"


@pytest.mark.parametrize(("left", "version", "kept"), [(None, 4, 4), (3, 4, 4), (5, 4, 5), (3, None, 3)])
def test_a_change_leaves_the_newest_version_behind(left: int | None, version: int | None, kept: int) -> None:
    peers = Peers(iter([version]), left)
    peers.play(changed(CONTEXT, billing.resume("Q-1", "key", "")))
    assert peers.row == {"version": kept}
