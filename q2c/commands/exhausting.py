"""Exhausting: what `q2c hunt --exhaustive` does: every point of the canonical flows, with progress and a summary."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import islice

import click
import msgspec

from q2c import exits
from q2c.hunting.canonical import FLOWS, named
from q2c.hunting.exhaustive import BAD, FAILED, HOLDS, IDLE, MODES, Point, Tally, points_of, run
from q2c.progress import progress
from q2c.trouble import give_up
from simulator.experiments.executors import Executor
from web.words import count, counted

ALL = "all"
_SHOWN = 20


def exhaust(
    flow: str, kinds: Collection[str], executor: Executor, runs: int, seconds: float, mutant: str, as_json: bool
) -> None:  # fmt: skip
    """Examine every point of one canonical flow, or of `all`, and end with the exit status of what was found.

    Only plans made of `kinds` of faults are played, and at most so many `runs` and `seconds` (0: no limit).
    """
    try:
        flows = [each.name for each in FLOWS] if flow == ALL else [named(flow).name]
    except ValueError as unknown:
        give_up(f"{unknown}, or all of them: {ALL}")
    points = (point for point in points_of(flows, MODES, mutant) if all(f.kind in kinds for f in point.faults))
    try:
        tally = _examined(list(islice(points, runs or None)), executor, seconds)
    finally:
        executor.close()
    if as_json:
        click.echo(json.dumps(plain_of(tally), indent=1, ensure_ascii=False))
    else:
        _show(tally)
    raise SystemExit(_exit_status(tally))


def _exit_status(tally: Tally) -> int:
    if tally.findings:
        return exits.BROKEN
    return exits.HOLDS if tally.total(HOLDS) else exits.UNKNOWN


def plain_of(tally: Tally) -> dict[str, object]:
    """Return what was found, for JSON: the counts by flow and mode, and every finding with the plan that makes it."""
    by_flow: dict[str, dict[str, dict[str, int]]] = {}
    for (flow, mode, status), number in sorted(tally.counts.items()):
        by_flow.setdefault(flow, {}).setdefault(mode, {})[status] = number
    findings = [
        {
            "flow": each.point.flow, "mode": each.point.mode, "what": each.point.what, "status": each.outcome.status,
            "checks": each.outcome.checks, "sentence": each.outcome.sentence,
            "faults": msgspec.to_builtins(each.point.faults),
        }
        for each in tally.findings
    ]  # fmt: skip
    return {
        "points": tally.planned, "played": tally.done, "seconds": round(tally.seconds, 1),
        "cpu_seconds": round(tally.cpu_seconds, 1), "flows": by_flow, "findings": findings,
    }  # fmt: skip


def _examined(points: Sequence[Point], executor: Executor, seconds: float) -> Tally:
    """Examine points, and show how far it is."""
    with progress(counted(len(points), "point")) as shown:

        def step(tally: Tally) -> None:
            said = f"{count(tally.done)} done, {counted(len(tally.findings), 'finding')}"
            shown.step(tally.done / max(1, len(points)), said)

        return run(points, executor, step, seconds)


def _show(tally: Tally) -> None:
    rows: dict[str, Counter[str]] = {}
    for (flow, mode, status), number in tally.counts.items():
        rows.setdefault(flow, Counter())[mode] += number
        rows[flow]["bad"] += number if status in BAD else 0
        rows[flow][IDLE] += number if status == IDLE else 0
    click.echo(f"{'flow':26}{'deaths':>8}{'pairs':>8}{'faults':>8}{'idle':>8}{'findings':>10}")
    for flow, row in rows.items():
        click.echo(f"{flow:26}{row['deaths']:>8}{row['pairs']:>8}{row['faults']:>8}{row[IDLE]:>8}{row['bad']:>10}")
    for each in tally.findings[:_SHOWN]:
        said = "the run fell over" if each.outcome.status == FAILED else " ".join(each.outcome.checks)
        click.echo(f"{each.outcome.status} {said}: {each.point.flow}: {each.point.what}. {each.outcome.sentence}")
    if len(tally.findings) > _SHOWN:
        click.echo(f"and {count(len(tally.findings) - _SHOWN)} more; all with --json")
    rate = tally.done / tally.seconds if tally.seconds else 0.0
    played = f"{count(tally.done)} of {counted(tally.planned, 'point')} played"
    click.echo(f"{played} in {tally.seconds:.0f} s, {rate:.1f} a second")
