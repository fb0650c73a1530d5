"""Summaries of a verdict for others: JUnit XML for CI servers, Markdown for a pull request. Told from the document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from contracts.checks.sla import LAST_DAYS
from contracts.findings import Finding, Tally
from contracts.verification.outputs import junit
from contracts.verification.outputs.markdown import code, escaped
from q2c.report.document import CheckRow, VerdictDocument
from q2c.report.sections.levels import attained, target_of
from q2c.run_folder import ReplayNote
from q2c.trouble import give_up
from web.words import count, instant

_SHOWN_MAX = 20
_MARKS = {"holds": "✅", "broken": "❌", "unknown": "❓"}


def put(document: VerdictDocument, note: ReplayNote | None, junit_to: Path | None, markdown_to: Path | None) -> None:
    """Write what CI servers and pull requests show, where it was asked for; Trouble says why it cannot be."""
    write(junit_to, lambda: junit_of(document))
    write(markdown_to, lambda: markdown_of(document, note))


def write(file: Path | None, text: Callable[[], str]) -> None:
    """Write a text to a file that was asked for, its folder made; Trouble says why that cannot be."""
    if file is not None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text(), encoding="utf-8")
        except OSError as error:
            give_up(f"cannot write {file}: {error.strerror}")


def junit_of(document: VerdictDocument) -> str:
    """Return a JUnit document: a test case a rule; what was to be proved and was not is a failure too."""
    rows = document.checks
    found = tuple(finding for row in rows for finding in _findings(row))
    skipped = tuple((_name(row), row.reason) for row in rows if row.status == "unknown" and not row.counted)
    tally = Tally(
        suite=f"{document.scenario} against {document.integration}", checked=sum(row.examined for row in rows),
        findings=found, passed=tuple(_name(row) for row in rows if row.status == "holds"), skipped=skipped,
        seconds=document.run.play_seconds + document.run.judge_seconds,
    )  # fmt: skip
    return junit.written((tally,), f"q2c {'replay' if document.engine == 'replay' else 'rehearse'}")


def _name(row: CheckRow) -> str:
    return f"{row.id} {row.title}"


def _findings(row: CheckRow) -> Iterator[Finding]:
    """Yield what makes a rule fail: its first violations as evidence, or why it was not proved."""
    if row.status == "unknown" and row.counted:
        yield Finding(rule=row.id, severity="error", message=f"not proved: {row.reason}", subject=row.title)
    if row.status == "broken":
        evidence = [f"{broken.txn}: {broken.sentence}" for broken in row.violations]
        if row.broken > len(evidence):
            evidence.append(f"and {row.broken - len(evidence)} more")
        message = f"{row.rule} Broken {count(row.broken)} times."
        yield Finding(rule=row.id, severity="error", message=message, subject=row.title, evidence=tuple(evidence))


def markdown_of(document: VerdictDocument, note: ReplayNote | None) -> str:
    """Return the summary for a pull request: the verdict first, what broke with one example each, levels, load."""
    return "\n".join(_lines(document, note)) + "\n"


def _lines(document: VerdictDocument, note: ReplayNote | None) -> Iterator[str]:
    yield f"## {_MARKS[document.status]} {document.word}: {escaped(document.title)}\n"
    yield f"{escaped(document.answer)}\n"
    if note is not None:
        yield f"{_load(note)}\n"
    failed = [row for row in document.checks if row.status != "holds" and row.counted]
    if failed:
        yield "| | rule | times | for example |\n|---|---|---:|---|"
        yield from (_failure(row) for row in failed[:_SHOWN_MAX])
        yield f"\n…and {len(failed) - _SHOWN_MAX} more.\n" if len(failed) > _SHOWN_MAX else ""
    levels = [level for level in document.slas if level.count]
    if levels:
        yield "| service level | days | target | attained | p50 | p95 |\n|---|---|---|---:|---:|---:|"
    for level in levels:
        days = "last 3" if level.column == LAST_DAYS else "normal"
        spans = f"{level.p50_seconds:.1f} s | {level.p95_seconds:.1f} s"
        mark = "" if level.status == "met" else " ⚠"
        yield f"| {level.sla} {level.title} | {days} | {target_of(level)} | {attained(level)}{mark} | {spans} |"
    quiet = sum(row.status == "unknown" and not row.counted for row in document.checks)
    held = sum(row.status == "holds" for row in document.checks)
    yield f"\n{held} rules hold, {quiet} had nothing to judge or read only the inside of our own integration."
    yield f"Seed {document.seed}, {_from_to(document)}. Again: {code(document.repeat)}"


def _from_to(document: VerdictDocument) -> str:
    return f"{instant(document.start_us)} to {instant(document.heal_us)}"


def _load(note: ReplayNote) -> str:
    kept = note.replayed.kept
    said = "as asked" if kept.is_kept else "**not as asked: the verdict is about less load**"
    rest = f"after {note.replayed.settled_seconds:.0f} s" if note.replayed.settled else "**not within its patience**"
    found = (
        f"{count(kept.offered)} acts at {note.speed:g} times business time, {said} (late by "
        f"{kept.p50_seconds * 1000:.0f} ms p50, {kept.p99_seconds * 1000:.0f} ms p99). At rest {rest}."
    )
    if note.prediction is not None:
        errors = [f"{note.prediction.error(share):.1%}" for share in (0.5, 0.95)]
        found += f" Predicted p50 and p95 off by {errors[0]} and {errors[1]}."
    return found


def _failure(row: CheckRow) -> str:
    example = row.violations[0].sentence if row.violations else row.reason
    times = count(row.broken) if row.status == "broken" else ""
    return f"| {_MARKS[row.status]} | {row.id} {escaped(row.title)} | {times} | {escaped(example)} |"
