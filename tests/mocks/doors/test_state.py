"""Where inputs are kept."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from mocks.doors.state import FileState, MemoryState


def test_lines_in_memory_are_safe_at_once() -> None:
    state, done = MemoryState(), []
    state.add(b"a")
    state.then(lambda: done.append(1))
    assert (list(state.lines()), done) == ([b"a"], [1])


def test_lines_that_are_many_leave_the_memory_and_come_back_in_order() -> None:
    state, lines = MemoryState(), [f"line {number}".encode() for number in range(1_000)]
    for line in lines:
        state.add(line)
    assert len(state._lines) < 300
    assert list(state.lines()) == lines
    state.add(b"one more")
    assert list(state.lines()) == [*lines, b"one more"]
    state.replace(reversed(lines))
    assert list(state.lines()) == lines[::-1]


def test_lines_in_a_file_outlive_the_process(tmp_path: Path) -> None:
    state = FileState(tmp_path / "world.db")
    for line in (b"a", b"b", "c é".encode()):
        state.add(line)
    state.close()
    assert list(FileState(tmp_path / "world.db").lines()) == [b"a", b"b", "c é".encode()]


def test_a_file_that_others_use_is_refused(tmp_path: Path) -> None:
    state = FileState(tmp_path / "world.db")
    state.add(b"a")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        FileState(tmp_path / "world.db", patience_seconds=0.01)
    state.close()


def test_what_waits_is_done_after_the_commit_and_in_order(tmp_path: Path) -> None:
    done: list[object] = []

    async def turn() -> None:
        state = FileState(tmp_path / "world.db")
        state.then(lambda: done.append("nothing to wait for"))
        state.add(b"a")
        state.then(lambda: done.append("first"))
        state.add(b"b")
        state.then(lambda: done.append("second"))
        done.append("not yet")
        await asyncio.sleep(0)
        done.append(state.batches)
        state.close()

    asyncio.run(turn())
    assert done == ["nothing to wait for", "not yet", "first", "second", 1]


def test_replaced_lines_are_gone(tmp_path: Path) -> None:
    for state in (MemoryState(), FileState(tmp_path / "world.db")):
        state.add(b"a")
        state.replace([b"x", b"y"])
        state.add(b"z")
        assert list(state.lines()) == [b"x", b"y", b"z"]
        state.close()
