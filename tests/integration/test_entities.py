"""Tests of integration.entities and integration.mailbox: who runs, who waits, and who gets which message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from integration.entities import EntityQueues
from integration.journal.protocol import InboxRow
from integration.mailbox import Mailbox
from integration.outcomes import Message


@limits(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["2026-01", "2026-02", "2026-03"])), max_size=30))
def test_each_entity_has_one_runner_and_the_rest_follow_in_order(flows: list[tuple[str, str]]) -> None:
    queues: EntityQueues[int] = EntityQueues()
    running = [number for number, (key, order) in enumerate(flows) if queues.enter(key, order, number, number)]
    assert len(running) == len({key for key, _ in flows})
    for first in running:
        key, ran = flows[first][0], []
        while (following := queues.leave(key)) is not None:
            ran.append(following)
        waiting = [number for number, flow in enumerate(flows) if flow[0] == key and number != first]
        assert ran == sorted(waiting, key=lambda number: (flows[number][1], number))


def test_an_entity_held_before_a_restart_is_held_after_it() -> None:
    queues: EntityQueues[int] = EntityQueues()
    queues.hold("a", 1)
    assert not queues.enter("a", "", 2, 2)
    with pytest.raises(AssertionError, match="two flows run for a"):
        queues.hold("a", 3)
    assert queues.leave("a") == 2
    assert queues.leave("a") is None
    assert queues.enter("a", "", 4, 4)


def row(number: int, key: str = "k", at_us: int = 0) -> InboxRow:
    return InboxRow(number, Message(source="s", id=str(number), topic="t", key=key, received_us=at_us), True)


def test_messages_and_waiters_meet_by_address_in_the_order_of_arrival() -> None:
    mailbox: Mailbox[str] = Mailbox()
    mailbox.store(row(1))
    mailbox.store(row(2))
    mailbox.store(row(3, "other"))
    assert mailbox.peek(("t", "k")) == row(1)
    mailbox.take(row(1))
    assert mailbox.peek(("t", "k")) == row(2)
    mailbox.wait(("t", "x"), "first")
    mailbox.wait(("t", "x"), "second")
    mailbox.leave(("t", "x"), "first")
    assert mailbox.next_waiter(("t", "x")) == "second"
    assert mailbox.next_waiter(("t", "x")) is None
    assert mailbox.peek(("t", "x")) is None


def test_messages_that_nobody_has_taken_are_dropped_by_their_age_and_the_young_stay_in_their_order() -> None:
    mailbox: Mailbox[str] = Mailbox()
    rows = [row(1, "k", 10), row(2, "old", 10), row(3, "k", 20), row(4, "young", 20), row(5, "k", 30)]
    for each in rows:
        mailbox.store(each)
    mailbox.drop(20)
    assert mailbox.peek(("t", "old")) is None
    assert mailbox.peek(("t", "young")) == rows[3]
    for each in (rows[2], rows[4]):
        assert mailbox.peek(("t", "k")) == each
        mailbox.take(each)
    assert mailbox.peek(("t", "k")) is None
