"""What each trouble of a scenario is called, and the scenario without it."""

from __future__ import annotations

from scenarios.library import named
from simulator.experiments.attribution import troubles


def test_faults_are_told_with_their_own_numbers() -> None:
    told = {each.text: each.without for each in troubles(named("quarter_end"))}
    assert "a message arrives 20m late" in told
    assert "the process dies before durable write 15,000 or 100,000; it is back after 30s" in told
    assert not [text for text in told if "`" in text]
    kept = {fault.kind for fault in told["a message arrives 20m late"].faults}
    assert "delay" not in kept
    assert "reorder" in kept
