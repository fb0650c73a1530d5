"""The suites of compatibility: a document against its predecessor, and pacts against a document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec

from contracts.compatibility import advice, asyncapi, bidirectional, openapi
from contracts.compatibility.documents import Document, Unusable, read
from contracts.compatibility.pacts import Pact, read_pact
from contracts.compatibility.schemas import Change, Comparison
from contracts.compatibility.usage import Impact, impacts, usage
from contracts.findings import Finding, Progress, Severity, Tally

_NAMES_MAX = 4


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    """What `q2c contracts diff` has to tell: every change, whom it touches, and the version it deserves."""

    impacts: tuple[Impact, ...]
    step: advice.Step
    version: str
    next_version: str
    findings: tuple[Finding, ...]
    narrowed: bool

    @property
    def breaking(self) -> tuple[Impact, ...]:
        """The changes that break somebody: anybody, or when pacts are known one of their consumers."""
        errors = (impact for impact in self.impacts if impact.change.severity == "error")
        return tuple(impact for impact in errors if impact.consumers or not self.narrowed)


def diff(
    old: Document, new: Document, pacts: Sequence[Pact] = (), today: date | None = None, grace_days: int = 0
) -> Diff:
    """Compare two versions of a document; with pacts, say which of their consumers each change touches."""
    changes = changes_between(old, new, today, grace_days)
    narrowed = bool(pacts) and "openapi" in old.tree
    usages = {pact.consumer: usage(pact, old) for pact in pacts} if narrowed else {}
    found = tuple(impacts(changes, usages))
    version = str((old.tree.get("info") or {}).get("version", "")) if isinstance(old.tree.get("info"), dict) else ""
    step = advice.step_of(changes)
    too_small = advice.version_finding(old, new, changes)
    findings = [finding_of(impact, narrowed) for impact in found]
    return Diff(
        impacts=found, step=step, version=version, next_version=advice.next_version(version, step),
        findings=(*findings, *([too_small] if too_small else [])), narrowed=narrowed,
    )  # fmt: skip


def changes_between(old: Document, new: Document, today: date | None = None, grace_days: int = 0) -> list[Change]:
    """Return the changes between two documents of one kind: OpenAPI 3, AsyncAPI 3 or JSON Schema."""
    kinds = [_kind(old), _kind(new)]
    if kinds[0] != kinds[1]:
        raise Unusable(f"{old.name} is {kinds[0]}, {new.name} is {kinds[1]}; only documents of one kind compare.")
    if kinds[0] == "OpenAPI":
        return openapi.compare(old, new, today, grace_days)
    if kinds[0] == "AsyncAPI":
        return asyncapi.compare(old, new)
    return list(Comparison(new.name, "", "response").compare(old.root, new.root))


def _kind(document: Document) -> str:
    if "swagger" in document.tree:
        raise Unusable(f"{document.place('/swagger')}: Swagger 2.0 is not read; convert it to OpenAPI 3 first.")
    return "OpenAPI" if "openapi" in document.tree else "AsyncAPI" if "asyncapi" in document.tree else "JSON Schema"


def finding_of(impact: Impact, narrowed: bool) -> Finding:
    """Return the finding of a change. One that touches no known consumer does not break, but is told."""
    change = impact.change
    severity: Severity = change.severity
    if narrowed and severity == "error" and not impact.consumers:
        severity = "warning"
    who = f" It breaks {', '.join(impact.consumers)}." if impact.consumers and severity == "error" else ""
    if severity == "warning" and impact.consumers:
        who = f" It touches {', '.join(impact.consumers)}."
    return Finding(
        rule=change.rule, severity=severity, message=change.sentence + who, subject=change.operation,
        place=change.place, detail=f"{change.part} {change.path} {change.old} {change.new}",
    )  # fmt: skip


class Compatibility:
    """The suite that compares pairs of documents: what was published, and what is about to be."""

    def __init__(
        self, pairs: Sequence[tuple[Path, Path]], pacts: Sequence[Path] = (), today: date | None = None,
        new: Sequence[Path] = (),
    ) -> None:  # fmt: skip
        self.name = f"compatibility of {_names([*(after for _, after in pairs), *new])}"
        self._pairs, self._pacts, self._today = tuple(pairs), tuple(pacts), today
        self._skipped = tuple((str(path), "it is new: nothing was published before") for path in new)

    def run(self, progress: Progress) -> Tally:
        """Compare all pairs; a document that cannot be read is said, the others are compared."""
        findings: list[Finding] = []
        passed, unable, checked = [], [], 0
        try:
            pacts = [read_pact(path) for path in self._pacts]
        except Unusable as refusal:  # without them nobody knows whom a change breaks
            return Tally(suite=self.name, checked=0, could_not_run=str(refusal))
        for number, (old, new) in enumerate(self._pairs, 1):
            try:
                found = diff(read(old), read(new), pacts, self._today)
            except Unusable as refusal:
                unable.append(str(refusal))
                continue
            finally:
                progress(number, len(self._pairs))
            checked += 1
            findings.extend(finding for finding in found.findings if finding.severity != "note")
            if not any(finding.severity == "error" for finding in found.findings):
                passed.append(f"{new} is compatible with {old}")
        return Tally(
            suite=self.name, checked=checked, findings=tuple(findings), passed=tuple(passed), skipped=self._skipped,
            could_not_run=" ".join(unable),
        )  # fmt: skip


def _names(paths: Sequence[Path]) -> str:
    names = sorted({path.name for path in paths})
    return ", ".join(names) if len(names) < _NAMES_MAX else f"{len(names)} documents"


class BiDirectional:
    """The suite that compares pacts with their provider's document."""

    def __init__(self, pairs: Sequence[tuple[Path, Path]]) -> None:
        self.name = f"pacts on paper: {_names([document for _, document in pairs])}"
        self._pairs = tuple(pairs)

    def run(self, progress: Progress) -> Tally:
        """Compare every pact with its document."""
        findings: list[Finding] = []
        passed, unable, checked = [], [], 0
        for number, (pact_path, document_path) in enumerate(self._pairs, 1):
            try:
                pact, document = read_pact(pact_path), read(document_path)
                found = bidirectional.compare(pact, document)
            except Unusable as refusal:
                unable.append(str(refusal))
                continue
            finally:
                progress(number, len(self._pairs))
            checked += len(pact.interactions)
            findings.extend(found)
            if not any(finding.severity == "error" for finding in found):
                passed.append(f"{pact.consumer} -> {pact.provider}: {len(pact.interactions)} interactions are possible")
        return Tally(
            suite=self.name, checked=checked, findings=tuple(findings), passed=tuple(passed),
            could_not_run=" ".join(unable),
        )  # fmt: skip
