"""`q2c verify`: everything that a pull request has to keep, by one command."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click

from contracts.findings import exit_status, worst
from contracts.verification import assembly, baseline, configuration, runner
from contracts.verification.baseline import Sorted
from contracts.verification.outputs import document, github, junit, markdown, sarif
from contracts.verification.page import rules
from q2c.showing import progress, show
from q2c.trouble import give_up

_ANSWERS = {
    "holds": "The contracts hold.",
    "broken": "A contract is broken.",
    "unknown": "Nothing was proved: a suite found nothing to check.",
    "could not run": "Not everything could run; that is no success.",
}


@click.command()
@click.option("--config", type=click.Path(path_type=Path), default=Path("q2c.toml"), show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the reports.  [build/verify]")
@click.option("--github", "for_github", is_flag=True, help="Print annotations for a GitHub workflow as well.")
@click.option("--accept", "reason", help="Accept what is found now, for this reason; needs --until and a baseline.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day of what is accepted.")
def verify(config: Path, out: Path | None, for_github: bool, reason: str | None, until: datetime | None) -> None:
    """Verify contracts, documents and promises as q2c.toml says; write reports that CI servers and people read.

    \b
    q2c verify
    q2c verify --github --out reports
    q2c verify --accept "the partner moves in March" --until 2027-03-31

    Exit status: 0 holds, 1 a contract is broken, 2 bad input, 4 nothing was checked, 5 something could not run.
    """
    today = datetime.now(UTC).date()
    try:
        chosen = configuration.read(config)
        root = config.resolve().parent
        accepted = (
            baseline.read(root / chosen.baseline) if chosen.baseline and (root / chosen.baseline).exists() else ()
        )
        with tempfile.TemporaryDirectory() as scratch:
            suites = assembly.suites(chosen, root, Path(scratch))
            with progress() as told:
                tallies = runner.run(suites, told, chosen.at_once)
    except (configuration.Unusable, baseline.Unusable) as refusal:
        give_up(str(refusal))
    found = baseline.sort(tallies, accepted, today)
    if reason is not None:
        _accept(found, accepted, reason, until, root / chosen.baseline if chosen.baseline else None)
        return
    _write(found, out or root / chosen.out, config)
    show(found.tallies, "text", rules(), str(config))
    for line in github.lines(found.tallies) if for_github else ():
        click.echo(line)
    _say_baseline(found)
    click.echo(f"{_ANSWERS[worst(tally.outcome for tally in found.tallies)]} Reports: {out or chosen.out}")
    raise SystemExit(exit_status(found.tallies))


def _write(found: Sorted, folder: Path, config: Path) -> None:
    texts = {
        "verify.json": document.written(found, version("q2c-harness")),
        "verify.xml": junit.written(found.tallies),
        "verify.sarif": sarif.written(found, rules(), str(config), version("q2c-harness")),
        "summary.md": markdown.written(found),
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
