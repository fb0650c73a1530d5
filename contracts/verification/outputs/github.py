"""Workflow commands: lines on standard output that GitHub shows beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.findings import Finding, Tally

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}
_SHOWN_MAX = 50
"""GitHub shows ten of a kind for each step and fifty in all; more lines would only hide the summary."""


def lines(tallies: tuple[Tally, ...]) -> Iterator[str]:
    """Yield a command for each finding, errors first, and one for each suite that could not run."""
    findings = [finding for tally in tallies for finding in tally.findings]
    findings.sort(key=lambda finding: list(_LEVELS).index(finding.severity))
    yield from (_line(finding) for finding in findings[:_SHOWN_MAX])
    if len(findings) > _SHOWN_MAX:
        yield f"::notice title=q2c::{len(findings) - _SHOWN_MAX} more findings are in the report"
    for tally in tallies:
        if tally.could_not_run:
            yield f"::error title={_property(tally.suite)} could not run::{_message(tally.could_not_run)}"


def _line(finding: Finding) -> str:
    place = finding.place
    said = f"{finding.subject}: {finding.message}"
    where = f"file={_property(place.file)},line={max(1, place.line)}," if place else ""
    return f"::{_LEVELS[finding.severity]} {where}title={_property(finding.rule)}::{_message(said)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
