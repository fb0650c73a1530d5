"""Quotes priced from an outdated book are found before an order is built: all of them, and no others."""

from __future__ import annotations

from fractions import Fraction

import pytest

from contracts.checks.judge import judge
from domain.history import Case, Changed
from scenarios.library import find
from scenarios.scale import scaled
from scenarios.timeline import build
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Rehearsal


@pytest.mark.parametrize("name", ["quarter_end_spike", "amendment_wave_after_price_rise"])
def test_every_skewed_quote_becomes_a_case_and_none_becomes_an_order(name: str) -> None:
    base = scaled(find(name), 20, 5)
    failures = base.failures.model_copy(update={"price_skew": Fraction(1, 3)})
    timeline = build(base.model_copy(update={"failures": failures}), 3)
    skewed = {each.txn for each in timeline.fallout() if each.cause == "price_skew"}
    recorder = MemoryRecorder()
    Rehearsal(timeline, recorder).run(steps=1)
    cases = {r.txn for r in recorder.records if isinstance(r, Case) and r.code == "DATA_QUALITY.PRICE_MISMATCH"}
    ordered = {r.txn for r in recorder.records if isinstance(r, Changed) and r.kind == "order"}
    assert len(skewed) >= 4
    assert cases == skewed
    assert not ordered & skewed
    assert judge(recorder.history()).status == "holds"
