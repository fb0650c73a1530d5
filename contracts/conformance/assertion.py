"""Assertions: one promise each, with its id, level (RFC 2119), sentence and source; and what came of trying it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Literal, Protocol, TypeVar

import msgspec

from contracts.findings import Finding, Place, Progress, Rule, Severity, Tally

EVIDENCE_MAX = 12
Level = Literal["MUST", "SHOULD", "MAY"]
_SEVERITIES: dict[Level, Severity] = {"MUST": "error", "SHOULD": "error", "MAY": "note"}


class Broken(Exception):
    """The promise is not kept; the message says what was seen and what was expected."""


class Untaken(Broken):
    """Not even what is plain and right was taken: the first promise that meets it is broken, others were not tried."""


class Skipped(Exception):
    """The promise cannot be tried here, or the profile does not make it; the message says why."""


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """One promise. `attempt` tries it: it returns when it is kept, else raises Broken or Skipped."""

    id: str
    level: Level
    sentence: str
    source: str
    attempt: Callable[[Any], Awaitable[None]]

    @property
    def rule(self) -> Rule:
        """The promise as a rule of the reports."""
        return Rule(id=self.id, sentence=self.sentence, severity=_SEVERITIES[self.level], source=self.source)


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one assertion: `holds`, `broken` or `skipped`, with a reason and the exchanges that show it."""

    assertion: Assertion
    outcome: Literal["holds", "broken", "skipped"]
    reason: str = ""
    evidence: tuple[str, ...] = ()


T = TypeVar("T")
Attempt = Callable[[T], Awaitable[None]]


class Catalogue:
    """The assertions of one kind, in the order of their ids. A decorator adds one: its docstring is the sentence."""

    def __init__(self) -> None:
        self.assertions: list[Assertion] = []

    def promise(self, name: str, level: Level, source: str) -> Callable[[Attempt[T]], Attempt[T]]:
        """Add the decorated function as an assertion."""

        def add(attempt: Attempt[T]) -> Attempt[T]:
            sentence = " ".join((inspect.getdoc(attempt) or "").split())
            assert sentence, f"{name} says nothing"
            self.assertions.append(Assertion(id=name, level=level, sentence=sentence, source=source, attempt=attempt))
            self.assertions.sort(key=lambda assertion: assertion.id)
            return attempt

        return add

    def chosen(self, ids: Iterable[str]) -> list[Assertion]:
        """Return some of the assertions, or all when none is named; raise KeyError for an unknown id."""
        wanted = set(ids)
        unknown = wanted - {assertion.id for assertion in self.assertions}
        if unknown:
            known = ", ".join(assertion.id for assertion in self.assertions)
            raise KeyError(f"no assertion is called {', '.join(sorted(unknown))}; known are: {known}")
        return [assertion for assertion in self.assertions if not wanted or assertion.id in wanted]


def require(condition: bool, message: str) -> None:
    """Raise Broken unless a condition holds."""
    if not condition:
        raise Broken(message)


class Subject(Protocol):
    """What assertions are tried on: it remembers what was exchanged since it was last cleared."""

    def clear(self) -> None:
        """Forget what was exchanged."""

    def evidence(self) -> tuple[str, ...]:
        """Return what was exchanged, a line each."""


async def attempt_all(subject: Subject, assertions: Sequence[Assertion], progress: Progress) -> list[Tried]:
    """Try assertions one after the other and return what came of each."""
    tried: list[Tried] = []
    untaken = ""
    for number, assertion in enumerate(assertions, 1):
        subject.clear()
        try:
            await assertion.attempt(subject)
        except Broken as broken:
            if untaken and isinstance(broken, Untaken):
                reason = f"what is right is not taken, see {untaken}: mend the target file, or the service"
                tried.append(Tried(assertion=assertion, outcome="skipped", reason=reason))
                continue
            untaken = untaken or (assertion.id if isinstance(broken, Untaken) else "")
            evidence = subject.evidence()[-EVIDENCE_MAX:]
            tried.append(Tried(assertion=assertion, outcome="broken", reason=str(broken), evidence=evidence))
        except Skipped as skipped:
            tried.append(Tried(assertion=assertion, outcome="skipped", reason=str(skipped)))
        else:
            tried.append(Tried(assertion=assertion, outcome="holds"))
        progress(number, len(assertions))
    return tried


def tally(name: str, subject: str, tried: Sequence[Tried], place: Place | None, could_not_run: str = "") -> Tally:
    """Return what came of some assertions as a tally; broken ones of level MAY are notes."""
    findings = tuple(
        Finding(
            rule=each.assertion.id, severity=_SEVERITIES[each.assertion.level], subject=subject, place=place,
            message=f"{each.assertion.sentence} {each.reason} ({each.assertion.level}, {each.assertion.source})",
            evidence=each.evidence,
        )
        for each in tried
        if each.outcome == "broken"
    )  # fmt: skip
    return Tally(
        suite=name,
        checked=sum(each.outcome != "skipped" for each in tried),
        findings=findings,
        passed=tuple(f"{each.assertion.id} {each.assertion.sentence}" for each in tried if each.outcome == "holds"),
        skipped=tuple((each.assertion.id, each.reason) for each in tried if each.outcome == "skipped"),
        could_not_run=could_not_run,
    )
