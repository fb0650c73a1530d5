"""`q2c scenarios` and `q2c validate`."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.table import Table

from q2c.consoles import standard_output
from q2c.trouble import give_up
from scenarios.language import Scenario
from scenarios.library import find, names
from scenarios.loader import load
from scenarios.problems import ScenarioError
from scenarios.timeline import expected_lifecycles


def loaded(name: str) -> Scenario:
    """Return a scenario of the library by name, or of a file by path; Trouble says what is wrong with it."""
    try:
        return find(name)
    except ScenarioError as error:
        give_up(str(error))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def scenarios(as_json: bool) -> None:
    """List the library of scenarios.

    \b
    Example:
      q2c scenarios
    """
    found = [loaded(name) for name in names()]
    if as_json:
        rows = [{"name": s.name, "title": s.title, "question": s.question, "expected": list(s.outlook)} for s in found]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("scenario", no_wrap=True)
    table.add_column("lifecycles", justify="right")
    table.add_column("question")
    for scenario in found:
        table.add_row(scenario.name, f"{expected_lifecycles(scenario):,.0f}", scenario.question)
    standard_output().print(table)
    click.echo("\nPlay one with: q2c rehearse NAME")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def validate(file: Path, as_json: bool) -> None:
    """Check a scenario file; say everything that is wrong with it, with file and line.

    \b
    Example:
      q2c validate my_quarter.yaml
    """
    try:
        scenario = load(file)
    except ScenarioError as error:
        if not as_json:
            give_up(str(error))
        problems = [
            {name: getattr(problem, name) for name in ("file", "line", "column", "path", "found", "expected", "hint")}
            for problem in error.problems
        ]
        click.echo(json.dumps({"valid": False, "problems": problems}, ensure_ascii=False, default=str))
        raise SystemExit(2) from None
    if as_json:
        click.echo(json.dumps({"valid": True, "name": scenario.name}))
        return
    click.echo(f"{file}: valid. {scenario.title} (about {expected_lifecycles(scenario):,.0f} lifecycles)")
