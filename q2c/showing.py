"""Showing tallies: the same lines and documents for every command that examines something."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from contracts.findings import Rule, Tally, worst
from contracts.verification.baseline import Sorted
from contracts.verification.outputs import document, github, junit, markdown, sarif

FORMATS = ("text", "json", "junit", "markdown", "sarif", "github")
_EVIDENCE_LINES_MAX = 6


def format_option(function: Callable[..., None]) -> Callable[..., None]:
    """Add the option that says who is going to read."""
    return click.option(
        "--format",
        "chosen",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        help="Who is going to read.",
    )(function)


def show(tallies: Sequence[Tally], chosen: str, rules: Mapping[str, Rule], configuration: str) -> None:
    """Write tallies on standard output in a format; `configuration` is the file that findings without a place get."""
    found = Sorted(tallies=tuple(tallies))
    if chosen == "json":
        click.echo(document.written(found, version("q2c-harness")), nl=False)
    elif chosen == "junit":
        click.echo(junit.written(found.tallies), nl=False)
    elif chosen == "markdown":
        click.echo(markdown.written(found), nl=False)
    elif chosen == "sarif":
        click.echo(sarif.written(found, rules, configuration, version("q2c-harness")), nl=False)
    elif chosen == "github":
        for line in github.lines(found.tallies):
            click.echo(line)
    else:
        for tally in tallies:
            _lines(tally)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show on standard error how far each suite is, when that is a terminal."""
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def told(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name)
            bar.update(tasks[name], completed=done, total=total or None)

        yield told


def _lines(tally: Tally) -> None:
    for name in tally.passed:
        click.echo(f"  holds    {name}")
    for name, reason in tally.skipped:
        click.echo(f"  skipped  {name} {reason}")
    for finding in tally.findings:
        word = "BROKEN" if finding.severity == "error" else finding.severity
        click.echo(f"  {word:<8} {finding.rule} {finding.message}")
        for line in finding.evidence[:_EVIDENCE_LINES_MAX]:
            click.echo(f"             {line}")
    if tally.could_not_run:
        click.echo(f"  could not run: {tally.could_not_run}")
    errors = sum(finding.severity == "error" for finding in tally.findings)
    figures = f"{tally.checked} checked, {errors} broken, {len(tally.skipped)} skipped"
    click.echo(f"{tally.suite}: {worst([tally.outcome])}. {figures}, {tally.seconds:.1f} s.")
