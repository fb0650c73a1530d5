"""`q2c verify`: everything that a pull request has to keep, by one command."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click
import msgspec

from contracts.findings import Tally, exit_status, worst
from contracts.verification import assembly, baseline, choosing, configuration, mutants, runner
from contracts.verification.baseline import Sorted
from contracts.verification.outputs import document, github, junit, markdown, sarif
from contracts.verification.page import rules
from q2c import verified
from q2c.extras import require
from q2c.showing import progress, show_tally
from q2c.trouble import give_up


@click.command()
@click.option("--config", type=click.Path(path_type=Path), default=Path("q2c.toml"), show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the reports.  [build/verify]")
@click.option(
    "--only", multiple=True, metavar="NAME", help="Only a table (e.g. fuzz), or suites with this in the name."
)
@click.option("--changed", "base", metavar="REVISION", help="Only what files changed since REVISION may touch.")
@click.option("--github", "for_github", is_flag=True, help="Print annotations for a GitHub workflow as well.")
@click.option("--accept", "reason", help="Accept what is found now, for this reason; needs --until and a baseline.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day of what is accepted.")
@click.option(
    "--mutants", "show_mutants", is_flag=True, help="Show which planted faults the checks notice; run nothing."
)
@click.option("--details", is_flag=True, help="Show what held and what was skipped as well.")
def verify(
    config: Path, out: Path | None, only: tuple[str, ...], base: str | None, for_github: bool, reason: str | None,
    until: datetime | None, show_mutants: bool, details: bool,
) -> None:  # fmt: skip
    """Verify contracts, documents and promises as q2c.toml says; write reports that CI servers and people read.

    \b
    q2c verify
    q2c verify --changed origin/main --github
    q2c verify --only compatibility --only orders
    q2c verify --accept "the partner moves in March" --until 2027-03-31

    Exit status: 0 holds, 1 a contract is broken, 2 bad input, 4 nothing was checked, 5 something could not run.
    """
    if show_mutants:
        _show_mutants()
        return
    require("verify")
    today = datetime.now(UTC).date()
    try:
        chosen = configuration.read(config)
        root = config.resolve().parent
        kept = root / chosen.baseline if chosen.baseline else None
        accepted = baseline.read(kept) if kept is not None and kept.exists() else ()
        tallies = _examined(chosen, root, only, base, out or root / chosen.out)
    except (configuration.Unusable, baseline.Unusable) as refusal:
        give_up(str(refusal))
    found = baseline.sort(tallies, accepted, today)
    if reason is not None:
        _accept(found, accepted, reason, until, kept)
        return
    if only or base is not None:  # what was not looked at is not known to be gone
        found = msgspec.structs.replace(found, stale=())
    _write(found, out or root / chosen.out, config)
    for tally in found.tallies:
        show_tally(tally, details)
    for line in github.lines(found.tallies) if for_github else ():
        click.echo(line)
    _say_baseline(found)
    answer = verified.ANSWERS[worst(tally.outcome for tally in found.tallies)]
    click.echo(f"{answer} Read {(out or Path(chosen.out)) / 'report.html'}")
    raise SystemExit(exit_status(found.tallies))


def _show_mutants() -> None:
    measured = mutants.kills()
    for mutant in mutants.table():
        noticed = measured.get(f"{mutant.kind}/{mutant.name}", ())
        click.echo(f"{mutant.kind:<9} {mutant.name:<32} {' '.join(noticed[:4]) or 'nobody':<16} {mutant.what}")


def _examined(
    chosen: configuration.Configuration, root: Path, only: tuple[str, ...], base: str | None, out: Path
) -> tuple[Tally, ...]:
    with tempfile.TemporaryDirectory() as scratch:
        for name in assembly.unchanged(chosen, root):
            click.echo(f"{name}: compared with itself, for `old` is the very commit that is checked out.", err=True)
        planned = list(enumerate(assembly.planned(chosen, root, Path(scratch))))
        some = choosing.named(planned, only)
        if base is not None:
            some = choosing.changed(some, chosen, choosing.changed_files(root, base))
            click.echo(f"{len(some)} of {len(planned)} suites are touched by what changed since {base}.", err=True)
        expected = document.seconds_of(out / "verify.json")
        names = [each.suite.name for _, each in some]
        with progress(names, expected, chosen.at_once) as told:
            return runner.run_planned(chosen, root, Path(scratch), some, told, expected)


def _write(found: Sorted, folder: Path, config: Path) -> None:
    texts = {
        "verify.json": document.written(found, version("q2c-harness")),
        "verify.xml": junit.written(found.tallies),
        "verify.sarif": sarif.written(found, rules(), str(config), version("q2c-harness")),
        "summary.md": markdown.written(found),
        "report.html": verified.html_of(found, rules(), str(config), version("q2c-harness")),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        give_up(f"cannot write reports to {folder}: {error.strerror}. Name another folder with --out.")


def _say_baseline(found: Sorted) -> None:
    if found.accepted:
        click.echo(f"{len(found.accepted)} accepted findings are set aside.")
    for finding, entry in found.expired:
        click.echo(f"no longer accepted since {entry.until.isoformat()}: {finding.rule} {finding.subject}")
    for entry in found.stale:
        click.echo(f"accepted but gone, remove it from the baseline: {entry.fingerprint} {entry.rule} {entry.subject}")


def _accept(
    found: Sorted, before: tuple[baseline.Accepted, ...], reason: str, until: datetime | None, path: Path | None
) -> None:
    if path is None:
        give_up('nothing says where accepted findings are kept: add `baseline = "..."` to [verify] of q2c.toml.')
    if until is None or until.date() < datetime.now(UTC).date():
        give_up("--accept needs --until with a day to come, as in --until 2027-03-31: what is accepted must end.")
    errors = [finding for tally in found.tallies for finding in tally.findings if finding.severity == "error"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(baseline.written(errors, reason, "", until.date(), before), encoding="utf-8")
    click.echo(f"{len(errors)} findings are accepted until {until.date().isoformat()} in {path}; review and commit it.")
