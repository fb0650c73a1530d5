"""Trials are functions of themselves, whoever plays them beside others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from domain.history import Sealed
from q2c.hunting.trial import Trial, attempt, play
from scenarios.loader import dump
from tests.demo import demo


def test_a_mutant_in_one_thread_breaks_nothing_in_another() -> None:
    text = dump(demo(3, 2, days=2, run_on_days=2, lost_replies="0.1"))
    trials = [Trial(scenario=text, seed=1, mutant=mutant) for mutant in ("", "fresh_key_per_retry", "")]
    wanted = [attempt(trial).digest for trial in trials]
    assert len(set(wanted)) == 2, "the mutant shows"
    with ThreadPoolExecutor(len(trials)) as threads:
        assert [found.digest for found in threads.map(attempt, trials)] == wanted


def test_a_trial_counts_every_durable_write_not_only_those_with_an_entry_in_the_audit_trail() -> None:
    trial = Trial(scenario=dump(demo(3, 2, days=2, run_on_days=2)), seed=1)
    (sealed,) = [record for record in play(trial) if isinstance(record, Sealed)]
    assert attempt(trial).coverage.durable_writes > sealed.entries
