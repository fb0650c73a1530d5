"""The target's process: ended whole, with whatever it started."""

from __future__ import annotations

import os
import time
from pathlib import Path

from simulator.replay.process import TargetProcess

CHILD = "sleep 60 & echo $! > child; wait"
LEADER_THAT_LEAVES = "sleep 60 & echo $! > child"


def child_of(folder: Path) -> int:
    end = time.monotonic() + 30
    while not (found := (folder / "child").read_text() if (folder / "child").exists() else ""):
        assert time.monotonic() < end, "the child did not start"
        time.sleep(0.01)
    return int(found)


def is_gone(pid: int) -> bool:
    """Wait until a process has ended: a signal takes its time."""
    end = time.monotonic() + 30
    while lives(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not lives(pid)


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def started(folder: Path, script: str) -> TargetProcess:
    process = TargetProcess(("sh", "-c", script), folder, dict(os.environ), folder / "log")
    process.start()
    return process


def test_children_end_with_it(tmp_path: Path) -> None:
    process = started(tmp_path, CHILD)
    child = child_of(tmp_path)
    process.end()
    assert is_gone(child)


def test_children_of_one_that_has_ended_already_end_too(tmp_path: Path) -> None:
    process = started(tmp_path, LEADER_THAT_LEAVES)
    child = child_of(tmp_path)
    end = time.monotonic() + 30
    while not process.problem():
        assert time.monotonic() < end
        time.sleep(0.01)
    assert lives(child)
    process.end()
    assert is_gone(child)


def test_ending_twice_is_ending_once(tmp_path: Path) -> None:
    process = started(tmp_path, "exit 3")
    process.end()
    process.end()
    assert "status" in process.problem()


def test_one_that_stands_still_is_stopped_with_its_children_and_goes_on(tmp_path: Path) -> None:
    process = started(tmp_path, CHILD)
    child = child_of(tmp_path)
    try:
        process.stand_still(still=True)
        assert becomes(child, "T")
        process.stand_still(still=False)
        assert becomes(child, "S")
    finally:
        process.kill()


def becomes(pid: int, state: str) -> bool:
    """Wait until a process is in a state."""
    end = time.monotonic() + 30
    while (found := Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]) != state:
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return found == state
