"""Timers follow the business clock: in order, moved with it, and never all at once for the loop's sake."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from integration.drivers.clock import BusinessClock
from integration.drivers.timers import AT_ONCE_MAX, Timers


def _perform(action: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    action(*arguments)


def test_actions_come_in_the_order_of_their_instants_then_of_planning() -> None:
    async def play() -> list[str]:
        clock, done = BusinessClock(), []  # type: ignore[var-annotated]
        timers = Timers(clock, _perform)
        now_us = clock.now_us()
        timers.call_at(now_us + 20_000, done.append, "late")
        timers.call_at(now_us + 10_000, done.append, "first")
        timers.call_at(now_us + 10_000, done.append, "second")
        timers.call_at(now_us - 5_000_000, done.append, "overdue")
        assert done == []  # later, never at once
        await asyncio.sleep(0.1)
        return done

    assert asyncio.run(play()) == ["overdue", "first", "second", "late"]


def test_moving_the_clock_brings_what_is_due_by_then() -> None:
    async def play() -> list[int]:
        clock, done = BusinessClock(), []
        timers = Timers(clock, _perform)
        start_us = clock.now_us()
        timers.call_at(start_us + 3600_000_000, lambda: done.append(1))
        timers.call_at(start_us + 7200_000_000, lambda: done.append(2))
        clock.move(start_us + 3600_000_000)
        await asyncio.sleep(0.05)
        return done

    assert asyncio.run(play()) == [1]


def test_what_an_action_plans_for_now_lets_the_loop_have_its_turn() -> None:
    async def play() -> int:
        clock = BusinessClock()
        timers = Timers(clock, _perform)
        turns = 0

        def again() -> None:
            nonlocal turns
            turns += 1
            timers.call_at(clock.now_us(), again)

        again()
        await asyncio.sleep(0.05)  # would never return if the timers kept the loop for themselves
        timers.close()
        return turns

    assert asyncio.run(play()) > 10


def test_a_flood_of_due_actions_is_done_in_portions() -> None:
    async def play() -> list[int]:
        clock = BusinessClock()
        timers = Timers(clock, _perform)
        done = 0
        portions: list[int] = []

        def act() -> None:
            nonlocal done
            done += 1

        for _ in range(3 * AT_ONCE_MAX):
            timers.call_at(clock.now_us(), act)
        while done < 3 * AT_ONCE_MAX:
            await asyncio.sleep(0)
            portions.append(done)
        return portions

    portions = asyncio.run(play())
    assert max(later - before for before, later in zip([0, *portions], portions, strict=False)) <= AT_ONCE_MAX


def test_closed_timers_do_nothing_any_more() -> None:
    async def play() -> list[int]:
        clock, done = BusinessClock(), []  # type: ignore[var-annotated]
        timers = Timers(clock, _perform)
        timers.call_at(clock.now_us() + 1000, done.append, 1)
        timers.close()
        clock.move(clock.now_us() + 10_000_000)
        await asyncio.sleep(0.02)
        return done

    assert asyncio.run(play()) == []
