"""The terminal: a hunt in plain words, told from its document alone."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from contracts.checks.verdict import BROKEN, HOLDS, UNKNOWN
from q2c.hunting.document import LATE, Caught, Document
from q2c.report import matrix, names

_COLOURS = {HOLDS: "green", BROKEN: "red", LATE: "red", UNKNOWN: "yellow"}
_WORDS = {HOLDS: "NOTHING FOUND", BROKEN: "FOUND", LATE: "FOUND (LATE)", UNKNOWN: "UNKNOWN"}
_SHOWN_MAX = 10


def tell(document: Document, console: Console, report: Path) -> None:
    """Print a hunt: the answer, what was caught, what was covered, how fast it was, and how to repeat it."""
    word = Text(f" {_WORDS[document.status]} ", f"bold reverse {_COLOURS[document.status]}")
    stopped = " Stopped by a person." if document.interrupted else ""
    console.print(Text.assemble("\n", word, "  ", (document.says + stopped, "bold"), "\n"), soft_wrap=True)
    for i, caught in enumerate(document.caught[:_SHOWN_MAX]):
        _tell_caught(caught, console, is_whole=i == 0)
    if len(document.caught) > _SHOWN_MAX:
        console.print(f"and {len(document.caught) - _SHOWN_MAX:,} more: the report has them all\n")
    effort = document.effort
    rows = [
        ("runs", f"{effort.runs:,} in {effort.wall_seconds:,.1f} s ({effort.runs_a_second:,.1f} a second, "
                 f"{effort.executor}); {effort.lifecycles:,} lifecycles"),
        ("time", f"{effort.virtual_hours:,.0f} virtual hours, {effort.virtual_hours_a_wall_minute:,.0f} a minute"),
        ("covered", matrix.hit_of(document.pairs)),
    ]  # fmt: skip
    rows += [("silent", f"planned and never struck: {', '.join(document.silent)}")] if document.silent else []
    rows += [("stuck", f"run {each.number}: {each.trouble}") for each in document.stuck[:_SHOWN_MAX]]
    rows += [("printed", file) for file in document.printed[:_SHOWN_MAX]]
    for label, text in (*rows, ("repeat", document.repeat), ("report", str(report))):
        console.print(Text.assemble("  ", (f"{label:8}", "dim"), text), soft_wrap=True)


def _tell_caught(caught: Caught, console: Console, is_whole: bool) -> None:
    for each in caught.broken:
        times = f" ({each.count:,} times)" if each.count > 1 else ""
        rule = (names.rule(each.check), "bold red")
        line = Text.assemble(f"  run {caught.number}  ", rule, f": {each.sentence}{times}")
        console.print(line, soft_wrap=True)
    if caught.shrunk:
        console.print(f"  {caught.shrunk}", soft_wrap=True, style="dim")
    if is_whole and caught.story:
        console.print("\n".join(f"    {line}" for line in caught.story.splitlines() if line.strip()), soft_wrap=True)
    if caught.advice:
        console.print(f"  {caught.advice}", soft_wrap=True)
    console.print(Text.assemble("  ", ("again   ", "dim"), caught.repeat, "\n"), soft_wrap=True)
