"""Findings: what the suites of `q2c verify` found, each with its place, and how much they looked at.

Whatever a suite examines (pacts, documents, a service, a receiver of webhooks), its result is one `Tally`. A tally that
checked nothing is never green: a wrong name, an empty folder or a filter that matches nothing pass silently in Pact,
and have let broken contracts through (pact-ruby#411, pact-provider-verifier#67).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Literal, Protocol

import msgspec

Severity = Literal["error", "warning", "note"]
Outcome = Literal["holds", "broken", "unknown", "could not run"]

EXIT_STATUSES: dict[Outcome, int] = {"holds": 0, "broken": 1, "unknown": 4, "could not run": 5}
_WORST_FIRST: tuple[Outcome, ...] = ("broken", "could not run", "unknown", "holds")
Progress = Callable[[int, int], None]
"""Told how many of how many things are done; the second number is 0 while it is not known."""


class Place(msgspec.Struct, frozen=True):
    """Where a person can mend something: a file (relative to the project), a line and column from 1 (0: not known)."""

    file: str
    line: int = 0
    column: int = 0
    pointer: str = ""

    def __str__(self) -> str:
        """Return it as editors and terminals know it: `file:line:column`, or `file#pointer`."""
        if self.line:
            return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"
        return f"{self.file}#{self.pointer}" if self.pointer else self.file


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of a suite: its id, the rule in one sentence, why it matters, and the source it comes from."""

    id: str
    sentence: str
    severity: Severity = "error"
    why: str = ""
    source: str = ""
    example: str = ""

    @property
    def page(self) -> str:
        """The rule's anchor in the reference of rules."""
        return f"docs/reference/rules.md#{self.id.lower().replace('.', '')}"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One rule broken once: what was wrong, what was expected and what to do, at a place, with short evidence.

    `subject` is what it is about (an operation, an interaction, an event). The fingerprint does not depend on lines, so
    that a finding stays the same while a file grows above it.
    """

    rule: str
    severity: Severity
    message: str
    subject: str
    place: Place | None = None
    evidence: tuple[str, ...] = ()
    detail: str = ""

    @property
    def fingerprint(self) -> str:
        """A stable name of the finding, for baselines and for tools that follow findings over time."""
        place = (self.place.file, self.place.pointer) if self.place else ("", "")
        text = "\n".join((self.rule, self.subject, *place, self.detail))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What one suite did: how many assertions it checked, what it left out and why, and what it found.

    `passed` names the assertions that held, so that reports can show them one by one. `could_not_run` is a sentence
    when the suite could not do its work (the provider is down, a document cannot be read).
    """

    suite: str
    checked: int
    findings: tuple[Finding, ...] = ()
    passed: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    could_not_run: str = ""

    @property
    def outcome(self) -> Outcome:
        """The tally in one word; only errors break, and nothing checked proves nothing."""
        if any(finding.severity == "error" for finding in self.findings):
            return "broken"
        if self.could_not_run:
            return "could not run"
        return "holds" if self.checked else "unknown"


class Suite(Protocol):
    """Something that examines and tells what it found. It takes all it needs by value when it is made."""

    @property
    def name(self) -> str:
        """The name under which its tally is reported."""

    def run(self, progress: Progress) -> Tally:
        """Examine; raise nothing that a person could have caused, but say it in the tally."""


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the outcome of several together: the worst; of none at all, unknown."""
    found = set(outcomes)
    return next((outcome for outcome in _WORST_FIRST if outcome in found), "unknown")


def exit_status(tallies: Iterable[Tally]) -> int:
    """Return the exit status of several tallies together."""
    return EXIT_STATUSES[worst(tally.outcome for tally in tallies)]
