"""One licence, one budget: what the systems tolerate, the integration keeps to and the checks judge by."""

from __future__ import annotations

from domain.history import Context
from scenarios.library import find
from scenarios.scale import short
from scenarios.timeline import build
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Rehearsal
from simulator.setup import settings_of


def context() -> Context:
    recorder = MemoryRecorder()
    Rehearsal(build(short(find("quarter_end")), 1), recorder)
    (first,) = (record for record in recorder.records if isinstance(record, Context))
    return first


def test_the_integration_and_the_checks_are_told_the_same_limits() -> None:
    told = settings_of(build(short(find("quarter_end")), 1)).limits
    judged = {each.system: (each.requests, each.window_seconds, each.concurrent) for each in context().limits}
    kept = {name: (each.requests, each.window_seconds, each.concurrent) for name, each in told.items()}
    assert judged == {name: kept[name] for name in judged}
    assert set(judged) >= {"crm", "erp", "billing", "tax", "payment"}


def test_the_integration_and_the_checks_are_told_the_same_retry_budget() -> None:
    settings = settings_of(build(short(find("quarter_end")), 1))
    assert context().retry_budget_percent == settings.budget.percent
    assert context().attempts_max == settings.retry.attempts
