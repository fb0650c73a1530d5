from contextlib import suppress
from statistics import median
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.charts import FULFILMENT
from domain.charts.chart import IllegalTransition
from domain.history import Changed
from mocks.kernel.operations import Refusal
from tests.mocks.fulfilment.conftest import Shop


def test_a_task_starts_completes_and_tells(shop: Any) -> None:
    shop.act("set_duration", id="Q-000001-v1", seconds=600)
    shop.ask()
    shop.go(59)
    assert shop.status() == "requested"
    shop.go(1)
    assert shop.status() == "in_progress"
    shop.go(599)
    assert shop.service.collect() == []
    shop.go(1)
    assert shop.status() == "completed"
    (delivery,) = shop.service.collect()
    assert (delivery.message.topic, delivery.message.txn) == ("task.completed", "Q-000001")
    document: Any = [each for each in shop.history if isinstance(each, Changed)][-1].document
    assert (document.id, document.ref, document.txn) == ("Q-000001-v1", "Q-000001-v1", "Q-000001")
    assert (document.status, document.skus) == ("completed", ("SEAT",))
    assert shop.service.due_us() is None


def test_durations_have_the_median_and_the_tail_they_should(shop: Any) -> None:
    for number in range(400):
        shop.ask(f"Q-{number:06d}-v1")
    shop.go(30 * 86_400)
    done = [each for each in shop.history if isinstance(each, Changed) and each.status == "completed"]
    seconds = sorted((each.at_us - 1_796_000_000_000_000) / 1e6 - 60 for each in done)
    assert len(seconds) == 400
    assert 1_300 < median(seconds) < 2_400
    assert 12_000 < seconds[379] < 40_000


def test_durations_can_be_changed_for_all(shop: Any) -> None:
    shop.act("set_duration", median_seconds=10, p95_seconds=11)
    shop.ask()
    shop.go(60 + 20)
    assert shop.status() == "completed"
    with pytest.raises(ValueError, match="expected 0 < median < p95"):
        shop.act("set_duration", median_seconds=10, p95_seconds=5)


def test_a_paused_task_keeps_the_time_it_has_left(shop: Any, json_of: Any) -> None:
    shop.act("set_duration", id="Q-000001-v1", seconds=600)
    shop.ask()
    shop.go(60 + 100)
    paused = json_of(shop.send("POST", "/v1/tasks/Q-000001-v1/pause"))
    assert (paused["paused"], paused["status"]) == (True, "in_progress")
    shop.go(10_000)
    assert json_of(shop.send("POST", "/v1/tasks/Q-000001-v1/pause")) == paused
    assert shop.status() == "in_progress"
    assert json_of(shop.send("POST", "/v1/tasks/Q-000001-v1/resume"))["paused"] is False
    shop.send("POST", "/v1/tasks/Q-000001-v1/resume")
    shop.go(499)
    assert shop.status() == "in_progress"
    shop.go(1)
    assert shop.status() == "completed"
    assert shop.send("POST", "/v1/tasks/Q-000001-v1/pause").status == 409


def test_a_cancelled_task_never_completes(shop: Any) -> None:
    shop.ask()
    shop.go(60)
    assert shop.send("POST", "/v1/tasks/Q-000001-v1/cancel").status == 200
    assert shop.send("POST", "/v1/tasks/Q-000001-v1/cancel").status == 200
    shop.go(30 * 86_400)
    assert shop.steps() == ["requested", "in_progress", "cancelled"]
    assert shop.service.collect() == []


def test_only_what_is_completed_can_be_reversed(shop: Any, json_of: Any) -> None:
    shop.ask()
    refused = shop.send("POST", "/v1/tasks/Q-000001-v1/reverse")
    assert (refused.status, json_of(refused)["code"]) == (409, "conflict_state")
    shop.go(60)
    shop.act("complete_task", id="Q-000001-v1")
    for _ in range(2):
        assert shop.send("POST", "/v1/tasks/Q-000001-v1/reverse").status == 200
    assert shop.status() == "reversed"
    assert shop.send("POST", "/v1/tasks/Q-000001-v1/cancel").status == 409


def test_a_failed_task_is_tried_again_by_itself(new_shop: Any, json_of: Any) -> None:
    shop = new_shop(retry_seconds=600)
    shop.ask()
    shop.go(60)
    shop.act("fail_task", id="Q-000001-v1", reason="no stock")
    assert json_of(shop.send("GET", "/v1/tasks/Q-000001-v1"))["reason"] == "no stock"
    assert [each.message.topic for each in shop.service.collect()] == ["task.failed"]
    shop.go(30 * 86_400)
    assert shop.steps() == ["requested", "in_progress", "failed", "requested", "in_progress", "completed"]
    assert json_of(shop.send("GET", "/v1/tasks/Q-000001-v1"))["attempts"] == 2


def test_failed_tasks_stay_failed_until_somebody_asks_again(new_shop: Any) -> None:
    shop = new_shop(retry_seconds=0, failure_ppm=1_000_000)
    shop.ask()
    shop.go(30 * 86_400)
    assert shop.status() == "failed"
    assert shop.send("POST", "/v1/tasks/Q-000001-v1/retry").status == 200
    assert shop.status() == "requested"


def test_a_task_may_complete_in_parts(new_shop: Any, json_of: Any) -> None:
    shop = new_shop(partial_ppm=1_000_000)
    shop.ask(skus="A B C")
    shop.go(30 * 86_400)
    assert shop.steps() == ["requested", "in_progress", "partially_completed", "completed"]
    told = shop.service.collect()
    assert [each.message.topic for each in told] == ["task.partially_completed", "task.completed"]
    assert json_of(shop.send("GET", "/v1/tasks/Q-000001-v1"))["completed"] == ["A", "B", "C"]
    first = shop.service.prepare(told[0], shop.now_us)
    assert b'"completed":["A"]' in first.body


def test_a_part_is_less_than_the_whole(shop: Any) -> None:
    shop.ask(skus="A B")
    shop.go(60)
    for lines in (0, 2):
        with pytest.raises(Refusal):
            shop.act("complete_part_of_task", id="Q-000001-v1", lines=lines)
    shop.act("complete_part_of_task", id="Q-000001-v1", lines=1)
    assert shop.status() == "partially_completed"


class Walk(RuleBasedStateMachine):
    """Callers, people and time do whatever they like to one task; the chart holds and nothing is told twice."""

    def __init__(self) -> None:
        super().__init__()
        self.shop = Shop(failure_ppm=300_000, partial_ppm=300_000)
        self.shop.ask(skus="A B")

    @rule(step=st.sampled_from(["cancel", "reverse", "pause", "resume", "retry"]))
    def call(self, step: str) -> None:
        before = len([each for each in self.shop.history if isinstance(each, Changed)])
        reply = self.shop.send("POST", f"/v1/tasks/Q-000001-v1/{step}")
        changed = len([each for each in self.shop.history if isinstance(each, Changed)]) > before
        assert reply.status == 200 or (reply.status == 409 and not changed)

    @rule(step=st.sampled_from(["complete", "fail"]))
    def act(self, step: str) -> None:
        with suppress(Refusal, IllegalTransition):
            self.shop.act(f"{step}_task", id="Q-000001-v1")

    @rule(seconds=st.sampled_from([1, 60, 3_600, 86_400]))
    def wait(self, seconds: int) -> None:
        self.shop.go(seconds)

    @invariant()
    def every_step_is_in_the_chart_and_told_once(self) -> None:
        changes = [each for each in self.shop.history if isinstance(each, Changed) and each.before != each.status]
        for change in changes:
            assert not change.before or FULFILMENT.allows(change.before, change.status)
        told = [message.topic for message in self.shop.service.desk.outbox]
        news = ("completed", "failed", "partially_completed")
        assert told == [f"task.{change.status}" for change in changes if change.status in news]


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
