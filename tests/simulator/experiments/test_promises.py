"""Promises: a quarter without a case proves nothing, and never makes a promise vanish."""

from __future__ import annotations

import pytest

from simulator.experiments.conditions import parsed
from simulator.experiments.performing import _promised
from simulator.experiments.playing import Model
from simulator.experiments.replications import Sample

KEPT = parsed("p95 SLA-2 <= 5m")


def sample(*seconds: float | None) -> Sample:
    return Sample(Model("1", b""), [{} if each is None else {"p95 SLA-2": each} for each in seconds])


def test_a_promise_that_every_quarter_keeps_is_kept() -> None:
    assert _promised(KEPT, sample(*[10.0] * 10), 0.95).judgement == "kept"


def test_one_quarter_without_a_case_leaves_it_open() -> None:
    found = _promised(KEPT, sample(*[10.0] * 9, None), 0.95)
    assert (found.judgement, found.kept, found.count) == ("undecided", 9, 10)


def test_what_is_broken_elsewhere_stays_broken() -> None:
    assert _promised(KEPT, sample(*[9000.0] * 9, None), 0.95).judgement == "broken"


def test_a_promise_without_any_case_is_refused() -> None:
    with pytest.raises(ValueError, match="no case in any quarter"):
        _promised(KEPT, sample(None, None), 0.95)
