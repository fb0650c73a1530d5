from __future__ import annotations

import threading

from contracts.findings import Progress, Tally
from contracts.verification.runner import run


class _Suite:
    def __init__(self, name: str, barrier: threading.Barrier | None = None, mistake: str = "") -> None:
        self.name, self._barrier, self._mistake = name, barrier, mistake

    def run(self, progress: Progress) -> Tally:
        if self._barrier is not None:
            self._barrier.wait(timeout=10)
        progress(1, 1)
        if self._mistake:
            raise ValueError(self._mistake)
        return Tally(suite=self.name, checked=1)


def test_suites_run_side_by_side_and_answer_in_their_order() -> None:
    barrier = threading.Barrier(2)  # each waits for the other: one after the other would never end
    told: list[tuple[str, int, int]] = []
    tallies = run([_Suite("a", barrier), _Suite("b", barrier)], lambda *step: told.append(step))
    assert [tally.suite for tally in tallies] == ["a", "b"]
    assert sorted(told) == [("a", 0, 0), ("a", 1, 1), ("b", 0, 0), ("b", 1, 1)]


def test_a_mistake_of_ours_ends_one_suite_only_and_is_said() -> None:
    wrong, right = run([_Suite("a", mistake="no such thing"), _Suite("b")], lambda *_: None)
    assert wrong.outcome == "could not run"
    assert "no such thing" in wrong.could_not_run
    assert right.outcome == "holds"


def test_no_suite_at_all_gives_no_tally() -> None:
    assert run([], lambda *_: None) == ()
