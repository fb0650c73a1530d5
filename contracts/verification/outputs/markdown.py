"""Markdown: the summary of a pull request or of a CI job. What was wrong first, then what was looked at."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.findings import Finding, Tally, worst
from contracts.verification.baseline import Sorted

_ANSWERS = {
    "holds": "**The contracts hold.**",
    "broken": "**A contract is broken.**",
    "unknown": "**Nothing was proved:** a suite found nothing to check.",
    "could not run": "**Not everything could run.**",
}
_SHOWN_MAX = 20


def written(found: Sorted) -> str:
    """Return the summary."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Sorted) -> Iterator[str]:
    tallies = found.tallies
    checked, errors = sum(tally.checked for tally in tallies), _count(tallies, "error")
    yield f"## q2c verify\n\n{_ANSWERS[worst(tally.outcome for tally in tallies)]}"
    yield f"{checked:,} assertions checked, {errors} broken, {_count(tallies, 'warning')} warnings."
    findings = [finding for tally in tallies for finding in tally.findings if finding.severity != "note"]
    if findings:
        yield "\n| | rule | about | what | where |\n|---|---|---|---|---|"
        yield from (_row(finding) for finding in findings[:_SHOWN_MAX])
    if len(findings) > _SHOWN_MAX:
        yield f"\n…and {len(findings) - _SHOWN_MAX} more."
    yield "\n| suite | result | checked | findings | seconds |\n|---|---|---:|---:|---:|"
    for tally in tallies:
        said = f"{tally.outcome}: {tally.could_not_run}" if tally.could_not_run else tally.outcome
        figures = f"{tally.checked:,} | {len(tally.findings)} | {tally.seconds:.1f}"
        yield f"| {escaped(tally.suite)} | {escaped(said)} | {figures} |"
    yield from _baseline(found)


def _baseline(found: Sorted) -> Iterator[str]:
    if found.accepted:
        yield f"\n{len(found.accepted)} accepted findings are set aside by the baseline."
    for finding, entry in found.expired:
        yield f"\nNo longer accepted since {entry.until.isoformat()}: {code(finding.rule)} {escaped(finding.subject)}."
    if found.stale:
        yield f"\n{len(found.stale)} entries of the baseline no longer occur; remove them."


def _row(finding: Finding) -> str:
    where = code(str(finding.place)) if finding.place else ""
    cells = (finding.severity, code(finding.rule), escaped(finding.subject), escaped(finding.message), where)
    return f"| {' | '.join(cells)} |"


def _count(tallies: tuple[Tally, ...], severity: str) -> int:
    return sum(finding.severity == severity for tally in tallies for finding in tally.findings)


def escaped(text: str) -> str:
    """Return text that stays in its cell and is no markup of its own, whatever a server sent us."""
    for mark in ("\\", "|", "<", "`", "[", "*", "_", "@"):
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def code(text: str) -> str:
    """Return text as code that stays in its cell: nothing can be escaped in it, so two marks have others instead."""
    words = " ".join(text.replace("`", "'").replace("|", "¦").split())
    return f"`{words}`"
