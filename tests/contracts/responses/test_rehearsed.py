"""Changed answers and second deliveries make no difference to the business that the reference integration does."""

from __future__ import annotations

from typing import Any

from contracts.responses.rehearsed import CASES, Rehearsed, _Twice
from domain.http import Reply, Request


def silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def test_other_words_for_the_same_answers_and_second_deliveries_lead_to_the_same_business() -> None:
    tally = Rehearsed().run(silent)
    assert [finding.message for finding in tally.findings] == []
    assert tally.passed == tuple(CASES)
    assert tally.outcome == "holds"


def test_answers_that_mean_something_else_lead_elsewhere_and_that_is_told() -> None:
    tally = Rehearsed({"amounts": ("odd_amount",)}).run(silent)
    assert [(finding.rule, finding.detail) for finding in tally.findings] == [("RESP-01", "amounts")]
    assert "ends in another business state" in tally.findings[0].message


def test_the_door_hands_on_every_message_twice_and_answers_once() -> None:
    came: list[Request] = []

    class Door:
        def receive(self, request: Request) -> Reply:
            came.append(request)
            return Reply(200 if len(came) == 1 else 500)

    door: Any = Door()
    reply = _Twice(door).receive(Request("integration", "POST", "/webhooks/payment"))
    assert (len(came), reply) == (2, Reply(200))
