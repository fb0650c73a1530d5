"""Work beside: the same result whoever does it, and nothing of a failure is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contracts.checks.judge import judge
from q2c import beside, rehearsing, run_folder
from q2c.beside import Beside
from scenarios.library import find
from scenarios.scale import scaled
from simulator.recorder import StoredHistory


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a second process do it, whatever this machine has to spare."""
    monkeypatch.setattr(beside, "can_fork", lambda: True)


@pytest.mark.usefixtures("forks")
def test_another_process_does_the_work() -> None:
    there = Beside(os.getpid)
    assert there.is_forked
    assert there.result() != os.getpid()
    assert there.result() == there.result()
    assert not there.is_forked


def test_without_a_second_process_it_is_done_when_it_is_asked_for() -> None:
    done: list[int] = []
    here = Beside(lambda: done.append(1), may_fork=False)
    assert not here.is_forked
    assert not done
    here.result()
    here.result()
    assert done == [1]


@pytest.mark.usefixtures("forks")
def test_what_fails_there_fails_here_with_its_reason() -> None:
    def broken() -> None:
        raise OSError("no room on the disk")

    there = Beside(broken)
    assert there.is_forked
    with pytest.raises(OSError, match="no room on the disk"):
        there.result()


@pytest.mark.usefixtures("forks")
def test_a_process_that_is_killed_is_stood_in_for() -> None:
    ours = os.getpid()
    there = Beside(lambda: ours if os.getpid() == ours else os._exit(7))
    assert there.result() == ours


def test_a_run_is_the_same_with_one_process_and_with_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    for number in (1, 2):
        monkeypatch.setattr(beside, "can_fork", lambda number=number: number == 2)
        folder = run_folder.create(tmp_path, f"by-{number}", 3)
        small = scaled(find("quarter_end"), orders=12, subscriptions=4)
        played = rehearsing.rehearse_into(small, 3, folder)
        assert played.recording.is_forked == (number == 2)
        rehearsed = rehearsing.judged(played)
        bodies = list(StoredHistory(folder.history).bodies())
        told.append((rehearsed.digest, rehearsed.records, rehearsed.verdict, bodies, folder.timeline.read_bytes()))
    assert told[0] == told[1]


def test_records_beyond_what_is_kept_in_memory_stream_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = []
    for most in (100, 1_000_000):
        monkeypatch.setattr(rehearsing, "RECORDS_IN_MEMORY_MAX", most)
        folder = run_folder.create(tmp_path, f"most-{most}", 3)
        played = rehearsing.rehearse_into(scaled(find("quarter_end"), orders=12, subscriptions=4), 3, folder)
        rehearsed = rehearsing.judged(played)
        assert isinstance(played.history, StoredHistory) == (most == 100)
        digests.append((rehearsed.digest, rehearsed.records, rehearsed.verdict))
    assert digests[0] == digests[1]


def test_records_of_a_live_run_stream_to_disk_from_the_first_on(tmp_path: Path) -> None:
    small = scaled(find("quarter_end"), orders=12, subscriptions=4)
    played = rehearsing.rehearse_into(small, 3, run_folder.create(tmp_path, "one", 3))
    verdict, digest = judge(played.history), played.recording.result()
    recording = rehearsing.Recording(tmp_path / "live.parquet", live=True)
    for record in StoredHistory(played.folder.history):
        recording.add(record)
    assert (tmp_path / "live.partial").stat().st_size > 0
    history, kept, records = recording.close()
    assert (kept.result(), records) == (digest, played.records)
    assert judge(history) == verdict
