"""Seen: one look at a trial for the sake of one rule: what was played, and what the rule says of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from io import StringIO

from contracts.checks.facts import Facts
from contracts.checks.judge import judge
from contracts.checks.verdict import BROKEN, Result, Violation
from domain.faults import Fault
from domain.history import MemoryHistory
from q2c.hunting.trial import Trial, play
from q2c.report.stories import size


@dataclass(frozen=True)
class Seen:
    """A trial that was played, and the result of one rule."""

    trial: Trial
    facts: Facts
    result: Result

    @property
    def is_broken(self) -> bool:
        """Tell whether the rule is broken."""
        return self.result.status == BROKEN

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The plan as it was played, every fault with its window."""
        return self.facts.context.faults

    @cached_property
    def violations(self) -> tuple[Violation, ...]:
        """The violations, the one that takes least to tell first."""
        return tuple(sorted(self.result.violations, key=size))


def look(trial: Trial, check: str) -> Seen:
    """Play a trial and judge it by one rule."""
    history = MemoryHistory(play(trial, StringIO()))  # one look of many: nobody reads what a program prints
    facts = Facts(history)
    return Seen(trial, facts, judge(history, only=[check], facts=facts).result(check))
