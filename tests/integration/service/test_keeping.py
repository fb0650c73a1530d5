"""What a subscriber may leave to its node: changes are stored, or swept for, or told again later."""

from __future__ import annotations

import pytest

from domain.http import Reply, Request
from integration.effects import Start
from integration.outcomes import Launched
from integration.service.keeping import SWEEP_BACK_SECONDS, StreamKeeper

NOW_US = 1_790_000_000_000_000
REQUEST = Request("integration", "POST", "/changes/crm", {}, b"[]")


class Node:
    """A node whose intake gives one answer to everything."""

    def __init__(self, reply: Reply | None) -> None:
        self.reply, self.started = reply, list[Start]()

    def now_us(self) -> int:
        return NOW_US

    def receive(self, request: Request) -> Reply | None:
        return self.reply

    def launch(self, start: Start) -> Launched:
        self.started.append(start)
        return Launched(start.flow_id, True)


@pytest.mark.parametrize(
    ("reply", "is_taken", "sweeps"),
    [(Reply(200), True, 0), (Reply(400, {}, b"unreadable"), True, 1), (None, False, 0)],
)
def test_what_the_intake_refuses_is_swept_for(reply: Reply | None, is_taken: bool, sweeps: int) -> None:
    node = Node(reply)
    assert StreamKeeper(node).take(REQUEST) is is_taken  # type: ignore[arg-type]
    assert [start.name for start in node.started] == ["sweep_quotes"] * sweeps
    for start in node.started:
        assert start.arguments == {"since_us": NOW_US - SWEEP_BACK_SECONDS * 1_000_000}
