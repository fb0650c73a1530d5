"""`q2c contracts`: documents and pacts compared, without running anything."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from contracts.compatibility.documents import Unusable, read
from contracts.compatibility.pacts import read_pact
from contracts.compatibility.rules import RULES
from contracts.compatibility.suite import Diff, diff
from contracts.findings import Tally
from q2c import exits
from q2c.commands import matrix
from q2c.commands.registry import registry_command
from q2c.numbers import Whole
from q2c.showing import format_option, show
from q2c.trouble import give_up


@click.group()
def contracts() -> None:
    """Compare contracts on paper: what changed, whom it breaks, and the version number it deserves."""


@contracts.command("diff")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option(
    "--pacts", type=click.Path(path_type=Path), help="A folder of pacts: only what breaks their consumers breaks."
)
@format_option
@click.option("--grace-days", type=Whole(0), default=0, show_default=True, help="How far away a sunset must be.")
@click.option("--all", "show_all", is_flag=True, help="Show compatible changes too.")
def diff_command(old: Path, new: Path, pacts: Path | None, chosen: str, grace_days: int, show_all: bool) -> None:
    """Compare two versions of an OpenAPI 3, AsyncAPI 3 or JSON Schema document.

    \b
    q2c contracts diff published.json openapi.json
    q2c contracts diff published.json openapi.json --pacts contracts/pacts --format github

    Exit status: 0 compatible, 1 somebody breaks, 2 bad input.
    """
    try:
        agreements = [read_pact(path) for path in _pacts_in(pacts)]
        found = diff(read(old), read(new), agreements, datetime.now(UTC).date(), grace_days)
    except Unusable as refusal:
        give_up(str(refusal))
    if chosen == "text":
        _text(found, show_all)
    elif chosen == "json":
        _json(found, show_all)
    else:
        show([_tally(found, show_all)], chosen, RULES, str(new))
    raise SystemExit(exits.BROKEN if _is_broken(found) else exits.HOLDS)


def _pacts_in(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else [folder]
    if not paths:
        give_up(f"{folder} holds no pact (*.json). Without pacts leave --pacts away; with none nothing is narrowed.")
    return paths


def _is_broken(found: Diff) -> bool:
    return any(finding.severity == "error" for finding in found.findings)


def _tally(found: Diff, show_all: bool) -> Tally:
    findings = tuple(finding for finding in found.findings if show_all or finding.severity != "note")
    return Tally(suite="compatibility", checked=1, findings=findings)


def _text(found: Diff, show_all: bool) -> None:
    for finding in _tally(found, show_all).findings:
        where = f"{finding.place}: " if finding.place else ""
        click.echo(f"{where}{finding.severity}: {finding.subject}: {finding.message} [{finding.rule}]")
    notes = sum(finding.severity == "note" for finding in found.findings)
    hidden = f" {notes} compatible changes are not shown (--all)." if notes and not show_all else ""
    errors = sum(finding.severity == "error" for finding in found.findings)
    answer = f"{errors} breaking changes." if errors else "Compatible."
    if found.narrowed and not errors and any(each.change.severity == "error" for each in found.impacts):
        answer = "Compatible with every consumer whose pact is known; it would break others."
    version = f" {found.version} should become {found.next_version}." if found.next_version != found.version else ""
    click.echo(f"{answer}{version}{hidden}")


def _json(found: Diff, show_all: bool) -> None:
    document = {
        "schema_version": 1,
        "broken": _is_broken(found),
        "step": found.step,
        "version": found.version,
        "next_version": found.next_version,
        "narrowed_by_pacts": found.narrowed,
        "changes": [
            {**msgspec.to_builtins(each.change), "severity": each.change.severity, "sentence": each.change.sentence,
             "consumers": each.consumers}
            for each in found.impacts
            if show_all or each.change.severity != "note"
        ],
        "findings": [msgspec.to_builtins(finding) for finding in _tally(found, show_all).findings],
    }  # fmt: skip
    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=1).decode())


for each in (*matrix.COMMANDS, registry_command):
    contracts.add_command(each)
