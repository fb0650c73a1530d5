"""Messages, deaths and lives: what comes in takes its time; what was in memory is gone, what was kept is there."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from domain.faults import Fault
from domain.history import Attempted, Crashed, Delivered, Fired
from mocks.doors.post import TIMEOUT_SECONDS
from simulator.virtual_asyncio.door import SENDERS_PATIENCE_US
from tests.simulator.conftest import SECOND_US, START_US
from tests.simulator.virtual_asyncio.stand import Stand, application


def death(kind: str, request: int, seconds: float) -> Fault:
    """Return a death at a request, that ends after so many seconds."""
    return Fault(kind=kind, count=request, seconds=seconds, start_us=START_US, end_us=START_US + 10**12)


def delivered(stand: Stand) -> list[tuple[float, int]]:
    return [((each.at_us - START_US) / SECOND_US, each.status) for each in stand.wire.of(Delivered)][:2]


def asking(stand: Stand, handle: Any) -> Any:
    """Return a program that asks for one task, and handles the messages about it."""

    async def main() -> None:
        stand.note((await stand.ask(timeout=60)).status_code)

    return application(main, handle)


def test_a_message_takes_as_long_as_the_program_takes() -> None:
    stand = Stand()

    async def handle(scope: Mapping[str, Any]) -> int:
        stand.note(scope["path"])
        await asyncio.sleep(4)
        return 202

    stand.run(lambda: asking(stand, handle), seconds=86_400)
    at, status = delivered(stand)[0]
    came, path = next(row for row in stand.seen if isinstance(row[1], str))
    assert (at, status, path) == (came + 4, 202, "/webhooks/fulfilment")


def test_a_sender_loses_patience_with_a_slow_program_and_sends_again() -> None:
    stand = Stand()

    async def handle(_scope: Mapping[str, Any]) -> int:
        stand.note("begun")
        await asyncio.sleep(300)
        stand.note("done all the same")
        return 200

    stand.run(lambda: asking(stand, handle), seconds=86_400)
    rows = delivered(stand)
    assert rows[0][1] == 0
    assert len(rows) == 2, "it was sent again"
    assert rows[0][0] - stand.seen[1][0] == SENDERS_PATIENCE_US / SECOND_US == TIMEOUT_SECONDS
    assert "done all the same" in [what for _, what in stand.seen]


def test_an_exception_is_answered_500_and_is_the_programs_own_error() -> None:
    stand = Stand()

    async def handle(_scope: Mapping[str, Any]) -> int:
        raise ZeroDivisionError("oh")

    stand.run(lambda: asking(stand, handle), seconds=86_400)
    assert delivered(stand)[0][1] == 500
    assert list(stand.program.errors) == ["/webhooks/fulfilment: ZeroDivisionError: oh"]


@pytest.mark.parametrize(("kind", "is_done"), [("crash", False), ("crash_after", True)])
def test_a_program_dies_at_a_request_without_a_last_word_and_lives_again(kind: str, is_done: bool) -> None:
    stand = Stand(death(kind, 1, 45))
    kept: list[str] = []

    def factory() -> Any:
        memory: list[str] = []

        async def main() -> None:
            stand.note(("begins", list(memory), list(kept)))
            memory.append("seen")
            kept.append("written")
            try:
                if len(kept) == 1:
                    await stand.ask()
            finally:
                stand.note("a last word")

        return application(main)

    stand.run(factory, seconds=100)
    assert stand.seen[:2] == [(0.0, ("begins", [], [])), (45.0, ("begins", [], ["written"]))]
    assert [what for at, what in stand.seen if at < 45] == [("begins", [], [])], "nobody told it that it died"
    (crash,) = stand.wire.of(Crashed)
    assert (crash.write, crash.back_us) == (1, START_US + 45 * SECOND_US)
    assert [fired.kind for fired in stand.wire.of(Fired)] == [kind]
    assert stand.wire.exists() is is_done
    assert [each.reason for each in stand.wire.of(Attempted)] == (["the caller died"] if is_done else [])


def test_what_was_not_committed_did_not_happen_and_locks_nobody_out(tmp_path: Path) -> None:
    stand = Stand(death("crash_after", 1, 5))

    async def main() -> None:
        rows = sqlite3.connect(tmp_path / "journal.db", isolation_level=None, timeout=0)
        rows.execute("CREATE TABLE IF NOT EXISTS kept (what TEXT)")
        stand.note([what for (what,) in rows.execute("SELECT what FROM kept")])
        rows.execute("INSERT INTO kept VALUES ('committed')")
        rows.execute("BEGIN IMMEDIATE")
        rows.execute("INSERT INTO kept VALUES ('under way')")
        await stand.ask()
        rows.execute("COMMIT")

    stand.main(main)
    assert stand.seen == [(0.0, []), (5.0, ["committed"])]
    assert not stand.program.errors


def test_while_it_is_dead_nobody_answers() -> None:
    stand = Stand(death("crash", 2, 86_400))

    async def main() -> None:
        await stand.ask()
        await stand.ask()

    stand.run(lambda: application(main), seconds=80_000)
    assert {status for _, status in delivered(stand)} == {0}


def test_who_is_dead_is_not_told_that_its_senders_have_gone() -> None:
    stand = Stand(death("crash", 2, 10**6))
    begun: list[asyncio.Event] = []

    async def main() -> None:
        begun.append(asyncio.Event())
        await stand.ask()
        await begun[0].wait()
        await stand.ask()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if scope["type"] == "lifespan":
            running = asyncio.create_task(main())
            await send({"type": "lifespan.startup.complete"})
            await running
        else:
            stand.note("it has come")
            begun[0].set()
            stand.note((await receive())["type"])

    stand.run(lambda: app, seconds=86_400)
    assert len(stand.wire.of(Crashed)) == 1
    assert [what for _, what in stand.seen] == ["it has come"]
