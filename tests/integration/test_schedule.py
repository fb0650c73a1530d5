"""The schedule of sweeps: at their intervals, without gaps, remembered, and soon after a long absence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain import history
from integration.effects import Call, Sleep
from integration.flow import FlowContext
from integration.flows.steps import do
from integration.flows.sweeps import Sweep
from integration.outcomes import Failed
from integration.schedule import Schedule
from integration.settings import Settings

START_US = 1_790_000_000_000_000
SECOND_US = 1_000_000
HOUR = 3600
SWEEP = Sweep("look", HOUR, 600)


class Memory:
    """What a journal remembers."""

    def __init__(self, latest_us: int = 0) -> None:
        self.latest_us = latest_us

    def latest(self, _name: str) -> int:
        return self.latest_us

    def remember(self, _name: str, started_us: int) -> None:
        self.latest_us = started_us


def _swept(world: Any, run_seconds: int, takes_seconds: float = 0.0, **said: Any) -> list[tuple[int, int]]:
    """Return when each sweep began and how far it looked back, in seconds from the start."""
    found: list[tuple[int, int]] = []

    async def look(_context: FlowContext, arguments: Mapping[str, Any]) -> None:
        found.append((made.now_seconds, (arguments["since_us"] - START_US) // SECOND_US))
        await Sleep(takes_seconds)

    made = world({"look": look}, settings=Settings(passive_after_seconds=86_400))  # a replay would look twice
    host = made.integration._host
    Schedule(made.integration, host, [SWEEP], **said)
    made.run(run_seconds)
    return found


def test_each_sweep_looks_back_to_the_start_of_the_one_before_and_some_more(world: Any) -> None:
    assert _swept(world, 3 * HOUR + 1) == [(HOUR, -600), (2 * HOUR, HOUR - 600), (3 * HOUR, 2 * HOUR - 600)]


def test_a_sweep_that_is_still_under_way_is_not_joined_by_another(world: Any) -> None:
    assert [at for at, _ in _swept(world, 4 * HOUR + 1, takes_seconds=1.5 * HOUR)] == [HOUR, 3 * HOUR]


def test_a_sweep_that_people_have_not_seen_to_tries_again_at_the_next_interval(world: Any) -> None:
    """One that stayed parked for days kept every later one away, and what a lost message had told was never found."""
    swept: list[int] = []

    async def look(_context: FlowContext, arguments: Mapping[str, Any]) -> None:
        await do(FlowContext("look", "look", "", Settings()), Call(system="payment", operation="list", target="/list"))
        swept.append(arguments["since_us"] // SECOND_US - START_US // SECOND_US)

    def moved(now: int, call: Call) -> Failed | None:
        assert not made.integration.open_cases(), "nobody has to act while it is being tried again"
        return Failed("rejected", 308) if now < 2 * HOUR + 60 else None

    made = world({"look": look}, script=moved)
    Schedule(made.integration, made.integration._host, [SWEEP])
    made.run(2 * HOUR)
    assert len(made.integration.open_cases()) == 1
    made.run(3 * HOUR + 10)
    assert made.times("list") == [HOUR, 2 * HOUR, 3 * HOUR]
    assert swept == [-600]
    assert made.of(history.Case)[-1].status == "verified"
    made.run(4 * HOUR + 10)
    assert swept == [-600, HOUR - 600]


def test_after_an_absence_the_first_sweep_comes_soon_and_looks_back_over_all_of_it(world: Any) -> None:
    ago = Memory(START_US - 5 * 86_400 * SECOND_US)
    found = _swept(world, HOUR + 20, memory=ago, first_seconds=10)
    assert found == [(10, -5 * 86_400 - 600), (HOUR + 10, 10 - 600)]
    assert ago.latest_us == START_US + (HOUR + 10) * SECOND_US


class Asleep:
    """A host whose machine sleeps for a day: what falls due meanwhile is done when it wakes up."""

    def __init__(self, host: Any, wakes_us: int) -> None:
        self.now_us = host.now_us
        self._host, self._wakes_us = host, wakes_us

    def call_at(self, at_us: int, action: Any, *arguments: Any) -> None:
        self._host.call_at(max(at_us, self._wakes_us), action, *arguments)


def test_the_sweeps_that_a_machine_has_slept_through_are_one(world: Any) -> None:
    """Of a clock that jumped by weeks came a thousand sweeps at once, and no order was booked until they were over."""
    found: list[tuple[int, int]] = []

    async def look(_context: FlowContext, arguments: Mapping[str, Any]) -> None:
        found.append((made.now_seconds, (arguments["since_us"] - START_US) // SECOND_US))

    made, woke = world({"look": look}), 24 * HOUR + 100
    host = Asleep(made.integration._host, START_US + woke * SECOND_US)
    Schedule(made.integration, host, [SWEEP], Memory(START_US))
    made.run(26 * HOUR + 1)
    assert found == [(woke, -600), (25 * HOUR, 24 * HOUR - 600), (26 * HOUR, 25 * HOUR - 600)]


def test_of_many_workers_one_sweeps_an_interval_and_nothing_falls_between_two(world: Any) -> None:
    found: list[tuple[int, int]] = []

    async def look(_context: FlowContext, arguments: Mapping[str, Any]) -> None:
        found.append((made.now_seconds, (arguments["since_us"] - START_US) // SECOND_US))

    made, shared = world({"look": look}), Memory(START_US)
    to_the_hour = HOUR - START_US // SECOND_US % HOUR
    for after_seconds in (to_the_hour + 100, to_the_hour + 900, to_the_hour + 1800):  # three that started apart
        made.at(after_seconds, lambda: Schedule(made.integration, made.integration._host, [SWEEP], shared))
    made.run(to_the_hour + 4 * HOUR)
    one = to_the_hour + 100
    assert found == [(one + HOUR, -600), (one + 2 * HOUR, one + HOUR - 600), (one + 3 * HOUR, one + 2 * HOUR - 600)]
