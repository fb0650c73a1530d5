"""The verdict of a load: what the checks say of the integration, and whether the load was as it was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.checks.verdict import BROKEN, HOLDS, Verdict
from contracts.findings import Finding, Outcome, Tally
from loadtests.knee import Knee
from loadtests.outcome import Outcome as Load
from q2c import exits
from q2c.rehearsing import Rehearsed
from q2c.report.document import VerdictDocument
from web.words import counted

_LOAD_RULE, _LAG_RULE, _KNEE_RULE = "LOAD-OFFERED", "LOAD-LAG", "LOAD-KNEE"


def exit_status(verdict: Verdict, load: Load) -> int:
    """Return the exit status of a load whose integration was judged.

    What is broken is broken under any load. A load that was not the one asked for proves nothing good; nor does a
    search that found no knee. That service levels break, and work is left over, is what a search for the knee is for.
    """
    if load.problem:
        return exits.COULD_NOT_RUN
    if verdict.exit_status == exits.BROKEN:
        return exits.BROKEN
    hunted = load.settings.profile == "break"
    if not load.is_kept or (hunted and (load.knee is None or load.knee.status == "unknown")):
        return exits.UNKNOWN
    return exits.HOLDS if hunted and _is_overload(verdict) else verdict.exit_status


def _is_overload(verdict: Verdict) -> bool:
    """Tell whether nothing is wrong but what too much load does: work is late, or still on the way at the end."""
    left_over = [verdict.result(check).under_way > 0 for check in verdict.unknown]
    return verdict.exit_status == exits.LATE or (bool(left_over) and all(left_over))


def tallies(rehearsed: Rehearsed, load: Load, seconds: float) -> tuple[Tally, ...]:
    """Return the load and the checks as suites, for what CI servers read."""
    results = [each for each in rehearsed.verdict.results if each.counted]
    findings = tuple(
        Finding(rule=each.check, severity="error", subject=violation.txn, message=violation.sentence)
        for each in results
        for violation in each.violations
    )
    judged = [each for each in results if each.status in (HOLDS, BROKEN)]
    checks = Tally(
        suite="checks", checked=len(judged), findings=findings,
        passed=tuple(each.check for each in judged if each.status == HOLDS),
        skipped=tuple((each.check, each.reason) for each in results if each.status not in (HOLDS, BROKEN)),
    )  # fmt: skip
    return (_of_load(load, seconds), checks)


def _of_load(load: Load, seconds: float) -> Tally:
    findings = tuple(_findings(load))
    lags = [
        f"{row.name}: {row.count} measured, {row.late} late, {row.waiting} still waiting"
        for row in load.lags
        if row.limit_seconds
    ]
    return Tally(
        suite=f"load {load.settings.profile}", checked=len(lags) + (load.kept is not None), findings=findings,
        passed=(*(("the load was offered as asked",) if load.is_kept else ()), *lags), seconds=seconds,
        could_not_run=load.problem or ("" if load.is_kept else "the load was not offered as asked"),
    )  # fmt: skip


def _findings(load: Load) -> Iterator[Finding]:
    for row in load.lags:
        if row.late:
            yield Finding(
                rule=_LAG_RULE, severity="warning", subject=row.name,
                message=f"{row.late} of {row.count} took longer than {row.limit_seconds:g} s",
            )  # fmt: skip
    for sentence in load.duplicates:
        yield Finding(rule="S1", severity="error", subject="duplicates", message=sentence)
    if load.knee is not None:
        is_known = load.knee.status != "unknown"
        yield Finding(
            rule=_KNEE_RULE, severity="note" if is_known else "warning", subject="knee", message=load.knee.sentence
        )


def markdown(document: VerdictDocument, load: Load) -> str:
    """Return the summary for a pull request: what a release manager asks first, then the load."""
    return "\n".join(_lines(document, load)) + "\n"


def _lines(document: VerdictDocument, load: Load) -> Iterator[str]:
    kept = load.kept
    assert kept is not None, "a load that began says how it was offered"
    outcome: Outcome = "could not run" if load.problem else "holds" if load.is_kept else "unknown"
    yield f"## q2c load {load.settings.profile}\n"
    yield f"**{document.word}**: {document.answer}\n"
    yield f"The load: {outcome}.\n"
    yield (
        f"{kept.offered:,} of {load.asked:,} acts in {kept.asked_seconds:g} s, late by "
        f"{kept.p99_seconds * 1000:.0f} ms at p99; {load.errors:,} of {load.requests:,} requests failed; "
        f"{load.lifecycles:,} lifecycles signed."
    )
    if load.strokes or load.idle:
        idle = f"; {load.idle:,} strokes found nothing to repeat" if load.idle else ""
        yield f"\nStorm: {load.copies:,} copies delivered, {load.copies_refused:,} not accepted{idle}."
    if load.knee is not None:
        yield f"\nKnee: {_knee(load.knee)}"
    yield "\n| lag | count | still waiting | late | limit | p50 | p95 | p99 | worst |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for row in load.lags:
        limit = f"{row.limit_seconds:g} s" if row.limit_seconds else ""
        times = [row.percentiles_ms.get(f"p{p}_ms") for p in (50, 95, 99, 100)]
        figures = " | ".join("" if each is None else f"{each / 1000:.2f} s" for each in times)
        yield f"| {row.name} | {row.count:,} | {row.waiting:,} | {row.late:,} | {limit} | {figures} |"
    for check in document.checks:
        if check.status == BROKEN:
            often = "once" if check.broken == 1 else f"{check.broken:,} times"
            yield f"\n**{check.id}** broken {often}: {check.violations[0].sentence}"


def _knee(found: Knee) -> str:
    sure = f" ({found.confidence:.0%} confidence)" if found.confidence else ""
    return f"{found.status}: {found.sentence}{sure}; {counted(len(found.steps), 'step')}"
