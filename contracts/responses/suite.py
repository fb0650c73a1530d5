"""Response fuzzing as a suite: consumers in process, every case of every base, each broken case a finding."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence

from contracts.findings import Finding, Place, Progress, Rule, Tally
from contracts.responses.cases import Base, Case, Consumer, Unreadable, before_of, drawn, enumerated, tried
from contracts.responses.mutators import BY_NAME, Kind, owed

Pairs = Callable[[], Iterable[tuple[Consumer, Base]]]

RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule(
            id="RESP-01", sentence="an answer that means the same is read the same",
            why="Members in another order, a new member, another time zone or a shorter page come without notice.",
            source="RFC 8259, ISO 8601, vendors' pages on compatible changes",
        ),
        Rule(
            id="RESP-02", sentence="a value arrives as it was sent, however long, large or foreign it is",
            why="Cut identifiers and rounded amounts are found months later, in somebody's books.",
            source="RFC 8259 6, ISO 4217",
        ),
        Rule(
            id="RESP-03", sentence="an answer that says more than before, or less of what is optional, loses nothing",
            why="Vendors add words to lists and leave out empty members without a new version.",
            source="vendors' pages on compatible changes",
        ),
        Rule(
            id="RESP-04", sentence="what is no answer is told as trouble and never taken for one",
            why="A 429 that is read as an empty page ends a reconciliation without an error.",
            source="RFC 9110 15, RFC 9112 8",
        ),
        Rule(
            id="RESP-06", sentence="what is delivered twice is done once",
            why="Senders of messages deliver at least once; a second order is found by the customer.",
            source="Standard Webhooks 1.0, CloudEvents 1.0.2",
        ),
        Rule(
            id="RESP-05", sentence="a plain answer can be read",
            why="There is nothing to compare with when it cannot.", source="",
        ),
    )
}  # fmt: skip
_RULE_OF: dict[Kind, str] = {
    "preserving": "RESP-01", "carried": "RESP-02", "evolving": "RESP-03", "refusable": "RESP-04",
}  # fmt: skip
_TOLD_EVERY = 100


class Responses:
    """Consumers in process. With a seed, so many random cases of each base are tried besides."""

    def __init__(
        self, name: str, pairs: Pairs, place: Place | None = None, only: Sequence[str] = (), random_cases: int = 0,
        seed: int = 0,
    ) -> None:  # fmt: skip
        self.name = name
        self._pairs, self._place, self._only = pairs, place, tuple(only)
        self._random_cases, self._seed = random_cases, seed

    def run(self, progress: Progress) -> Tally:
        """Try every case."""
        findings: dict[str, Finding] = {}
        passed: list[str] = []
        checked = 0
        for consumer, base in self._pairs():
            try:
                before = before_of(consumer, base)
            except Unreadable as refusal:
                checked += 1
                findings[base.name] = self._finding("RESP-05", consumer, f"plain@{base.name}", str(refusal))
                continue
            for case in self._cases(base):
                wrong = tried(consumer, case, before)
                if wrong is None:
                    continue
                checked += 1
                if wrong:
                    self._broken(findings, consumer, case, wrong)
                else:
                    passed.append(case.name)
                if checked % _TOLD_EVERY == 0:
                    progress(checked, 0)
        return Tally(suite=self.name, checked=checked, findings=tuple(findings.values()), passed=tuple(passed))

    def _cases(self, base: Base) -> Iterable[Case]:
        found = itertools.chain(enumerated(base), drawn(base, self._random_cases, self._seed))
        return (case for case in found if not self._only or any(name in case.name for name in self._only))

    def _broken(self, findings: dict[str, Finding], consumer: Consumer, case: Case, wrong: str) -> None:
        """Keep a broken case, unless one of its mutators alone is broken at the same base already."""
        if len(case.mutators) > 1 and any(f"{each.name}@{case.base.name}" in findings for each in case.mutators):
            return
        findings[case.name] = self._finding(rule_of(case), consumer, case.name, wrong)

    def _finding(self, rule: str, consumer: Consumer, case: str, wrong: str) -> Finding:
        does = "; ".join(BY_NAME[name].does for name in case.partition("@")[0].split("+") if name in BY_NAME)
        told = f"{does}: " if does else ""
        return Finding(
            rule=rule, severity="error", message=f"{told}{wrong}. {RULES[rule].sentence.capitalize()}.",
            subject=f"{consumer.name} {case}", place=self._place, detail=case,
        )  # fmt: skip


def rule_of(case: Case) -> str:
    """Return the rule that a case asks for."""
    if case.course in ("expired_cursor", "throttled_page"):
        return "RESP-04"
    return _RULE_OF[owed(case.mutators)]


def reference(only: Sequence[str] = (), random_cases: int = 0, seed: int = 0) -> Responses:
    """Return the suite of the reference integration: its readers and its flows that read lists."""

    def pairs() -> Iterable[tuple[Consumer, Base]]:
        from contracts.responses.collected import answers
        from contracts.responses.reference import readings
        from contracts.responses.reference_lists import listings
        from contracts.responses.reference_tokens import signings

        yield from signings()
        yield from listings()
        yield from readings(answers())

    place = Place("contracts/responses/reference.py", 1)
    return Responses("responses of the reference integration", pairs, place, only, random_cases, seed)
