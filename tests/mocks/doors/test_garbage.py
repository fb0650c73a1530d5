"""The collector of a server: what is there stays out of it, the young are walked in moments, all is as before after."""

from __future__ import annotations

import gc

from mocks.doors.garbage import patient_collector, settled_collector


def test_what_is_loaded_is_left_out_and_put_back() -> None:
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    with settled_collector():
        assert gc.get_freeze_count() > frozen + 10_000
    assert gc.get_threshold() == thresholds
    assert gc.get_freeze_count() == 0


def test_a_patient_collector_waits_for_many_and_is_as_before_afterwards() -> None:
    thresholds = gc.get_threshold()
    with patient_collector(young=12_345):
        assert gc.get_threshold()[0] == 12_345
    assert gc.get_threshold() == thresholds


def test_a_world_that_grows_is_never_walked_as_a_whole() -> None:
    walked: list[int] = []

    def note(phase: str, said: dict[str, int]) -> None:
        if phase == "start":
            walked.append(said["generation"])

    with settled_collector():
        gc.callbacks.append(note)
        try:
            kept = [[number] for number in range(100_000)]
        finally:
            gc.callbacks.remove(note)
    assert len(kept) == 100_000
    assert set(walked) == {0, 1}
