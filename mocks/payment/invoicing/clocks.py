"""Test clocks. A world has one clock, so advancing a test clock moves the whole world, through all that is due.

`frozen_time` is what a clock showed when it was made or last moved; the distance to the next one is what the world is
moved by. A live world moves; in a rehearsal, whose time is its own, a clock stays `advancing` until that time comes.
"""

from __future__ import annotations

from typing import Any

from domain.calendar import SECOND_US
from mocks.kernel.operations import Operation, Refusal
from mocks.payment.bodies import EmptyBody
from mocks.payment.model import DAY_SECONDS, Processor
from mocks.payment.parts import Body, Deleted, Metadata, Shape
from mocks.payment.queries import Paging
from mocks.payment.rows import alter, make, page, read, remove

_KIND = "test_helpers.test_clock"
LONGEST_SECONDS = 2 * 366 * DAY_SECONDS
LATEST = 4_102_444_800  # the year 2100
_KEPT_SECONDS = 30 * DAY_SECONDS


class Advancing(Shape, frozen=True, kw_only=True):
    """Where a clock is going."""

    target_frozen_time: int


class ClockStatus(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """What a clock is doing."""

    advancing: Advancing | None = None


class TestClock(Shape, frozen=True, kw_only=True):
    """A test clock (`clock_`), as it stands on the wire."""

    __test__ = False

    id: str
    object: str = _KIND
    created: int
    deletes_after: int
    frozen_time: int
    livemode: bool = False
    name: str | None = None
    status: str = "ready"
    status_details: ClockStatus = ClockStatus()

    @property
    def metadata(self) -> Metadata:
        """Clocks have none."""
        return {}


class ClockBody(Body, frozen=True, kw_only=True):
    """Make a clock."""

    frozen_time: int
    name: str | None = None


class AdvanceBody(Body, frozen=True, kw_only=True):
    """Move a clock forward."""

    frozen_time: int


def create(model: Processor, body: ClockBody) -> TestClock:
    """Make a clock; one that is set to the future takes the world there."""
    if not 0 <= body.frozen_time <= LATEST:
        raise Refusal("parameter_invalid_integer", "Not an instant a clock can be set to.", field="frozen_time")
    key = model.new_id("clock")
    clock = TestClock(
        id=key, created=model.now, deletes_after=model.now + _KEPT_SECONDS, frozen_time=body.frozen_time,
        name=body.name or None,
    )  # fmt: skip
    model.add(_KIND, clock)
    if body.frozen_time > model.now:
        model.desk.wish_time(body.frozen_time * SECOND_US)
    return clock


def advance(model: Processor, clock: TestClock, body: AdvanceBody) -> TestClock:
    """Move a clock, and the world with it; it is `advancing` until the world is there."""
    if clock.status != "ready":
        raise Refusal("clock_advancing", f"The test clock is {clock.status}.", field="id")
    distance = body.frozen_time - clock.frozen_time
    if distance <= 0 and model.stand_in is None:
        raise Refusal("parameter_invalid", "A test clock only moves forward.", field="frozen_time")
    if (distance > LONGEST_SECONDS and model.stand_in is None) or body.frozen_time > LATEST:
        raise Refusal("parameter_invalid", "A test clock moves two years at most.", field="frozen_time")
    due_us = model.desk.now_us + min(max(distance, 0), LONGEST_SECONDS) * SECOND_US
    details = ClockStatus(advancing=Advancing(target_frozen_time=body.frozen_time))
    after: TestClock = model.change(_KIND, clock, "advancing", status="advancing", status_details=details)
    model.desk.agenda.add(due_us, "clock_arrives", clock.id, body.frozen_time)
    model.desk.wish_time(due_us)
    return after


def arrives(model: Processor, key: str, frozen_time: int) -> None:
    """Agenda: a clock is where it was going."""
    clock: Any = model.tables[_KIND].get(key)
    if clock is not None:
        model.change(_KIND, clock, "ready", status="ready", status_details=ClockStatus(), frozen_time=frozen_time)


def delete(model: Processor, clock: TestClock, body: EmptyBody) -> Deleted:
    """Delete a clock; its customers stay, for this world is shared."""
    return model.drop(_KIND, clock)


_ALL, _ONE = "/v1/test_helpers/test_clocks", "/v1/test_helpers/test_clocks/{id}"
ROWS: tuple[Operation, ...] = (
    make("create_test_clock", _ALL, _KIND, ClockBody, create, TestClock),
    page("list_test_clocks", _ALL, _KIND, Paging),
    read("get_test_clock", _ONE, _KIND, TestClock),
    alter("advance_test_clock", _ONE + "/advance", _KIND, AdvanceBody, advance, TestClock),
    remove("delete_test_clock", _ONE, _KIND, delete),
)
