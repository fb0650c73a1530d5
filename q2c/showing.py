"""Showing tallies: the same lines and documents for every command that examines something."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from types import MappingProxyType

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from contracts.findings import Rule, Tally, worst
from contracts.verification.baseline import Sorted
from contracts.verification.outputs import document, github, junit, markdown, sarif
from q2c.progress import on_terminal
from q2c.progress import progress as one_progress

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
            show_tally(tally)


@contextmanager
def progress(
    names: Sequence[str] = (), expected_seconds: Mapping[str, float] = MappingProxyType({}), at_once: int = 1
) -> Iterator[Callable[[str, int, int], None]]:
    """Show on standard error how far each suite is, and the time left as the last run has it."""
    course = Course(names, expected_seconds, at_once, time.monotonic)
    if not on_terminal():
        with one_progress("all") as shown:
            yield lambda name, done, total: shown.step(
                course.told(name, done, total) / course.size, f"{name} {done}/{total}"
            )
        return
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"))
    with Progress(*columns, console=console, transient=True) as bar:
        overall = bar.add_task("all", total=max(1, len(names)), said="", visible=bool(names))
        tasks: dict[str, TaskID] = {}

        def told(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=None, said="")
            bar.update(tasks[name], completed=done, total=total or None, said=f"{done}/{total}" if total else "")
            bar.update(overall, completed=course.told(name, done, total), said=course.left())

        yield told


class Course:
    """How far all suites are together, and how long the rest will take when it takes what it took last time."""

    def __init__(
        self, names: Sequence[str], expected_seconds: Mapping[str, float], at_once: int, now: Callable[[], float]
    ) -> None:
        self._left = dict.fromkeys(names, 1.0)
        self._expected, self._at_once, self._now, self._began = expected_seconds, max(1, at_once), now, now()

    @property
    def size(self) -> int:
        """How many suites there are, as far as is known."""
        return max(1, len(self._left))

    def told(self, name: str, done: int, total: int) -> float:
        """Take note of the progress of a suite; return how many suites are done, with their parts."""
        self._left[name] = 1.0 - (done / total if total else 0.0)
        return len(self._left) - sum(self._left.values())

    def left(self) -> str:
        """Say how long it will take still: from the last run, or from how far this one has come."""
        done = len(self._left) - sum(self._left.values())
        if self._left.keys() <= self._expected.keys():
            open_seconds = {name: share * self._expected[name] for name, share in self._left.items()}
            seconds = max([sum(open_seconds.values()) / self._at_once, *open_seconds.values()])
        elif done >= 1:
            seconds = (self._now() - self._began) / done * sum(self._left.values())
        else:
            return ""
        return f"about {seconds:.0f} s left"


def show_tally(tally: Tally, details: bool = True) -> None:
    """Write a tally as text: what was found and, with details, what held and what was skipped."""
    for name in tally.passed if details else ():
        click.echo(f"  holds    {name}")
    for name, reason in tally.skipped if details else ():
        click.echo(f"  skipped  {name} {reason}")
    for finding in tally.findings:
        word = "BROKEN" if finding.severity == "error" else finding.severity
        where = f"{finding.place}: " if finding.place else ""
        click.echo(f"  {word:<8} {finding.rule} {where}{finding.subject}: {finding.message}")
        for line in finding.evidence[:_EVIDENCE_LINES_MAX]:
            click.echo(f"             {line}")
    if tally.could_not_run:
        click.echo(f"  could not run: {tally.could_not_run}")
    errors = sum(finding.severity == "error" for finding in tally.findings)
    figures = f"{tally.checked} checked, {errors} broken, {len(tally.skipped)} skipped"
    click.echo(f"{tally.suite}: {worst([tally.outcome])}. {figures}, {tally.seconds:.1f} s.")
