"""The loop: asyncio as it is, in no time; the clocks a program reads; chance that can be had again."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from tests.simulator.conftest import START_US
from tests.simulator.virtual_asyncio.stand import Stand


def test_two_days_of_sleep_take_no_time() -> None:
    stand = Stand()

    async def main() -> None:
        await asyncio.sleep(2 * 86_400)
        stand.note("awake")

    began = time.process_time()
    assert stand.main(main, seconds=3 * 86_400).seen == [(172_800.0, "awake")]
    assert time.process_time() - began < 5


def test_queues_events_task_groups_and_generators_work_as_they_do() -> None:
    stand = Stand()

    async def ticks() -> AsyncIterator[int]:
        for number in range(3):
            await asyncio.sleep(10)
            yield number

    async def main() -> None:
        queue: asyncio.Queue[int] = asyncio.Queue(maxsize=1)

        async def produce() -> None:
            async for number in ticks():
                await queue.put(number)

        async def consume() -> None:
            for _ in range(3):
                stand.note(await queue.get())
                await asyncio.sleep(15)

        async with asyncio.TaskGroup() as group:
            group.create_task(produce())
            group.create_task(consume())
        stand.note("both")

    assert stand.main(main).seen == [(10.0, 0), (25.0, 1), (40.0, 2), (55.0, "both")]


def test_a_task_group_cancels_its_tasks_in_the_order_in_which_they_began() -> None:
    stand = Stand()

    async def wait(name: int) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            stand.note(name)

    async def main() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for name in range(50):
                    group.create_task(wait(name))
                await asyncio.sleep(1)
                raise LookupError
        except ExceptionGroup:
            pass

    assert [what for _, what in stand.main(main).seen] == list(range(50))


def test_all_clocks_show_virtual_time() -> None:
    stand = Stand()

    async def main() -> None:
        began, loop = time.monotonic(), asyncio.get_running_loop()
        await asyncio.sleep(3600.5)
        stand.note(round(time.monotonic() - began, 6))
        stand.note(round(loop.time(), 6) == round(time.monotonic(), 6) == round(time.perf_counter(), 6))
        now_us = START_US + 3_600_500_000
        stand.note(time.time_ns() // 1_000 == now_us)
        stand.note(datetime.now(UTC) == datetime.fromtimestamp(now_us / 1e6, UTC))

    before = time.time()
    stand.main(main, seconds=4000)
    assert [what for _, what in stand.seen] == [3600.5, True, True, True]
    assert abs(time.time() - before) < 3600, "afterwards the wall is the wall again"


def test_chance_is_the_same_in_every_run_and_another_in_every_life() -> None:
    def drawn() -> Any:
        stand = Stand()

        async def main() -> None:
            stand.note((uuid.uuid4(), uuid.uuid1(), secrets.token_hex(4), random.random()))

        return stand.main(main).seen

    state = random.getstate()
    first = drawn()
    assert drawn() == first
    assert random.getstate() == state, "the chance of others is untouched"
    assert uuid.uuid4() != uuid.uuid4()


def test_an_exception_that_nobody_handles_is_the_programs_own_error() -> None:
    stand = Stand()

    async def fail() -> None:
        raise KeyError("customer")

    async def main() -> None:
        task = asyncio.create_task(fail())
        await asyncio.sleep(1)
        del task
        stand.note("goes on")

    stand.main(main)
    assert stand.seen == [(1.0, "goes on")]
    (error,) = stand.program.errors
    assert error.startswith("KeyError: 'customer' at ")
    assert "test_loop.py:" in error
