"""`q2c calibrate`: from a log of one's own systems to a scenario file and a page that shows how well it fits."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from q2c.extras import require
from q2c.trouble import give_up
from scenarios.loader import parse
from scenarios.problems import ScenarioError
from simulator.calibration.naming import naming
from simulator.calibration.observations import Unusable
from simulator.calibration.reading import read
from web.shell import render
from web.words import count

if TYPE_CHECKING:  # what fits is an extra
    from simulator.calibration.estimate import Estimate, SystemEstimate

SHOWN = "-"
"""The target that is standard output."""


def _zone(_: click.Context, __: click.Parameter, value: str) -> str:
    try:
        ZoneInfo(value or "Etc/UTC")
    except (KeyError, ValueError, OSError):
        raise click.BadParameter(f"{value!r} is no time zone; expected a name such as Europe/Berlin") from None
    return value


def _pairs(_: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Return NAME=VALUE pairs; for --name the last equals sign divides, as names of activities may have some."""
    found = {}
    for value in values:
        left, sign, right = value.rpartition("=") if parameter.name == "names" else value.partition("=")
        if not sign or not left or not right:
            raise click.BadParameter(f"{value!r}: expected two names with an equals sign between them")
        found[left] = right
    return found


def _quarter(_: click.Context, __: click.Parameter, value: str | None) -> tuple[date, date] | None:
    if value is None:
        return None
    try:
        start, end = (date.fromisoformat(part) for part in value.split(".."))
    except ValueError:
        raise click.BadParameter(f"{value!r}: expected two days such as 2026-10-01..2026-12-31") from None
    if not 88 <= (end - start).days + 1 <= 100:
        raise click.BadParameter(f"{value!r} has {(end - start).days + 1} days; expected 88 to 100")
    return start, end


@click.command()
@click.argument("log", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("calibrated.yaml"),
    show_default=True,
    help="The scenario file to write, its page beside it (.html); - prints it only.",
)
@click.option("--zone", default="", callback=_zone, help="The time zone of local times, and of the quarter [UTC].")
@click.option("--quarter", callback=_quarter, help="First and last day, as 2026-10-01..2026-12-31 [the log's].")
@click.option(
    "--name",
    "names",
    multiple=True,
    callback=_pairs,
    metavar="NAME=SYSTEM",
    help="What an activity or service is: crm, erp, ..., people or ignore. Repeat it.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    callback=_pairs,
    metavar="ROLE=COLUMN",
    help="Which column of a CSV file is start, end, duration, activity, case, outcome, person. Repeat it.",
)
@click.option("--force", is_flag=True, help="Write over files that are there.")
def calibrate(
    log: Path,
    target: Path,
    zone: str,
    quarter: tuple[date, date] | None,
    names: dict[str, str],
    columns: dict[str, str],
    force: bool,
) -> None:
    """Fit the figures of a scenario to LOG: a run's folder, an OpenTelemetry export, a CSV or an XES event log.

    \b
    Examples:
      q2c calibrate runs/20261231-quarter_end-7 --to measured.yaml
      q2c calibrate calls.csv --zone Europe/Berlin --column activity=Service --name 'SAP S4=erp'
      q2c calibrate traces.jsonl
      q2c calibrate orders.xes --name 'Check credit=people'
    """  # fmt: skip
    require("whatif")
    from simulator.calibration.estimate import estimate
    from simulator.calibration.scenario_file import written

    is_shown = str(target) == SHOWN
    if not (is_shown or force):
        _require_room(target)
    try:
        found = estimate(read(log, naming(names), zone, columns), zone or "Etc/UTC", quarter)
    except Unusable as error:
        give_up(str(error))
    text = written(found, "calibrated" if is_shown else name_of(target))
    try:
        parse(text, str(target))
    except ScenarioError as error:
        give_up(f"what was found makes no scenario:\n{error}")
    if is_shown:
        click.echo(text, nl=False)
    else:
        _write(found, target, text)
        _tell(found, target)


def _require_room(target: Path) -> None:
    for file in (target, target.with_suffix(".html")):
        if file.exists():
            give_up(f"{file} is there already; name another with --to, or write over it with --force.")


def _write(found: Estimate, target: Path, text: str) -> None:
    from q2c.report.calibrated import page_of

    try:
        target.write_text(text, encoding="utf-8")
        target.with_suffix(".html").write_text(render(page_of(found)), encoding="utf-8")
    except OSError as error:
        give_up(f"cannot write {target}: {error.strerror}")


def name_of(target: Path) -> str:
    """Return the name of a scenario from the name of its file."""
    letters = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in target.stem.lower())
    name = letters.strip("_")[:60]
    return name if len(name) > 1 and name[0].isalpha() else f"log_{name}"[:60].rstrip("_")


def _tell(found: Estimate, target: Path) -> None:
    for each in found.systems:
        click.echo(_said(each))
    if found.arrivals is not None:
        seen = found.arrivals
        click.echo(f"arrivals: {count(seen.count)} from {seen.first} to {seen.last}, most like {seen.nearest}")
    for note in found.notes:
        click.echo(f"not known: {note}")
    click.echo(f"{target}: written; what is not said in it has the library's defaults")
    click.echo(f"{target.with_suffix('.html')}: how well it fits")


def _said(each: SystemEstimate) -> str:
    fit = each.writes or each.reads
    if fit is None:
        return f"{each.system}: {count(each.calls)} calls, too few for a fit"
    curve, good = fit.best.curve, fit.goodness
    return (
        f"{each.system}: {count(each.calls)} calls, {fit.best.family}, p50 {curve.quantile(0.5):.3g} s, p95 "
        f"{curve.quantile(0.95):.3g} s, KS {good.ks:.3f} (p {good.ks_p:.2f}), "
        f"{each.timed_out / each.calls:.2%} given up, {each.failed / each.calls:.2%} failed"
    )
