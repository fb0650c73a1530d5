"""Stories: for each broken rule, its sentence, the smallest story that shows it, and how many more there are."""

from __future__ import annotations

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.registry import BY_ID
from contracts.checks.story import Line, story_of
from contracts.checks.verdict import BROKEN, Result, Verdict, Violation

OTHERS_MAX = 20
"""How many other violations of a rule are named in one sentence each."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One broken rule: the smallest story as (instant, sentence), and the sentences of the others."""

    check: str
    title: str
    rule: str
    txn: str
    sentence: str
    steps: tuple[Line, ...]
    broken: int
    others: tuple[str, ...]

    @property
    def more(self) -> int:
        """How many further violations there are."""
        return self.broken - 1


def stories_of(verdict: Verdict, facts: Facts) -> tuple[Told, ...]:
    """Return the smallest story of each broken rule, in the order of the verdict."""
    return tuple(_told(result, facts) for result in verdict.results if result.status == BROKEN)


def _told(result: Result, facts: Facts) -> Told:
    smallest = min(result.violations, key=size)
    others = [each.sentence for each in result.violations if each is not smallest]
    return Told(
        check=result.check, title=BY_ID[result.check].title, rule=BY_ID[result.check].rule, txn=smallest.txn,
        sentence=smallest.sentence, steps=story_of(smallest, facts), broken=result.broken,
        others=tuple(others[:OTHERS_MAX]),
    )  # fmt: skip


def size(violation: Violation) -> tuple[bool, int, int]:
    """Return how much there is to read; one with a business transaction tells most."""
    return not violation.txn, len(violation.evidence), len(violation.sentence)
