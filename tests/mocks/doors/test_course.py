"""A course whose requests are struck on their way: what arrives, how often and when."""

from __future__ import annotations

from typing import Any

from domain.faults import Fault
from domain.history import Arrived
from mocks.doors.course import Course
from mocks.doors.settings import begun
from mocks.kernel.outcome import DELIVER
from tests.simulator.conftest import put_task

SECOND_US = 1_000_000


def test_a_repeated_request_arrives_once_more_and_is_no_other_intent() -> None:
    records: list[Any] = []
    fault = Fault(kind="repeated", system="fulfilment", seconds=5)
    course = Course(begun(1, (fault,), {}, {}), records.append)
    outcome = course.ask(SECOND_US, "fulfilment", put_task())
    assert (outcome.wire, outcome.reply.status) == (DELIVER, 201)
    assert course.due_us() <= 6 * SECOND_US
    _, again = course.ask_late(6 * SECOND_US)
    assert again.reply.status == 200
    assert [each.status for each in records if isinstance(each, Arrived)] == [201, 200]
    assert not course.late
